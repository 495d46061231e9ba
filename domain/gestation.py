"""Pregnancies by what was said of them: several reports of one are one, and how each ended."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TypeAlias

import msgspec

from domain.circle import Circle
from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.facts.pregnancy import PregnancyConfirmed, PregnancyEnded, PregnancyOutcome
from domain.ids import PersonId
from domain.marriage import Marriage, father_at, is_home

GESTATION_DAYS = 280  # from the last period to the estimated delivery: Naegele's rule
PREGNANCY_DAYS_MAX = 308  # 44 weeks: an end later than this belongs to another pregnancy
SAME_PREGNANCY_DAYS = 84  # two datings of one pregnancy may differ by weeks
CONTRADICTION_DAYS = 14  # a loss and a birth of one mother this near speak of one delivery


class Pregnancy(msgspec.Struct, frozen=True):
    """`first` is the earliest assertion of it (its identity), `start` the one that counts (its
    dating).
    """

    mother: PersonId
    father: PersonId | None
    due_on: date
    first: Fact
    start: Fact
    known_on: date
    ended: PregnancyOutcome | None

    @property
    def last_period_on(self) -> date:
        """The first day of the last period, as the dating implies."""
        return self.due_on - timedelta(days=GESTATION_DAYS)

    @property
    def confirmed_on(self) -> date:
        return self.first.occurred_on


Confirmation: TypeAlias = tuple[Fact, PregnancyConfirmed]
End: TypeAlias = tuple[date, PregnancyOutcome]


def pregnancies_of(
    circle: Circle, facts: tuple[Fact, ...], marriages: list[Marriage]
) -> Iterable[Pregnancy]:
    """The pregnancies at home in the circle, by mother, each in its order."""
    by_mother: dict[PersonId, list[Confirmation]] = {}
    for fact in facts:
        if isinstance(fact.payload, PregnancyConfirmed):
            by_mother.setdefault(fact.payload.mother, []).append((fact, fact.payload))
    for mother in sorted(by_mother, key=lambda person: person.bytes):
        ends = ends_of(mother, facts)
        for group in _grouped(by_mother[mother], ends):
            first, start = group[0][0], group[-1][0]
            due_on = group[-1][1].due_on
            named = next((said.father for _, said in reversed(group) if said.father), None)
            father = father_at(mother, named, first.occurred_on, marriages)
            if is_home(circle, mother, father):
                known_on = min(fact.known_on for fact, _ in group)
                ended = _outcome(group, ends)
                yield Pregnancy(mother, father, due_on, first, start, known_on, ended)


def ends_of(mother: PersonId, facts: tuple[Fact, ...]) -> list[End]:
    """How the mother's pregnancies ended: as hospitals said, then births, each in order."""
    said = [
        (fact.occurred_on, fact.payload.outcome)
        for fact in facts
        if isinstance(fact.payload, PregnancyEnded) and fact.payload.mother == mother
    ]
    births: list[End] = [
        (fact.occurred_on, "birth")
        for fact in facts
        if isinstance(fact.payload, BirthNotified) and fact.payload.mother == mother
    ]
    return births + said


def _grouped(reports: list[Confirmation], ends: list[End]) -> list[list[Confirmation]]:
    """Reports of one pregnancy together, each group in order of precedence.

    Dates of delivery within twelve weeks are one pregnancy dated twice, unless it had ended by the
    day of the later report: after a loss the next may begin within weeks.
    """
    groups: list[list[Confirmation]] = []
    for report in sorted(reports, key=lambda r: (r[0].occurred_on, r[1].due_on, r[0].precedence)):
        for group in reversed(groups):
            apart = abs(report[1].due_on - group[0][1].due_on)
            ended_before = any(
                on < report[0].occurred_on and _is_end_of(group, on) for on, _ in ends
            )
            if apart <= timedelta(days=SAME_PREGNANCY_DAYS) and not ended_before:
                group.append(report)
                break
        else:
            groups.append([report])
    for group in groups:
        group.sort(key=lambda report: report[0].precedence)
    return groups


def _is_end_of(group: list[Confirmation], on: date) -> bool:
    """Whether a pregnancy that ended on that day can be this one, by any of its datings."""
    return any(
        begins_on < on <= begins_on + timedelta(days=PREGNANCY_DAYS_MAX)
        for begins_on in (said.due_on - timedelta(days=GESTATION_DAYS) for _, said in group)
    )


def _outcome(group: list[Confirmation], ends: list[End]) -> PregnancyOutcome | None:
    """How the pregnancy ended, if it did: as a hospital said, else by a birth of its time."""
    outcomes = [outcome for on, outcome in ends if _is_end_of(group, on)]
    return outcomes[-1] if outcomes else None


def was_lost(mother: PersonId, on: date, facts: tuple[Fact, ...]) -> bool:
    """Whether a hospital said that her pregnancy ended without a living child about that day."""
    return any(
        outcome != "birth" and abs(ended_on - on) <= timedelta(days=CONTRADICTION_DAYS)
        for ended_on, outcome in ends_of(mother, facts)
    )
