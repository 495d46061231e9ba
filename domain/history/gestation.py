"""Pregnancies by what was said of them: several reports of one are one, and how each ended."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TypeAlias

import msgspec

from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.facts.pregnancy import (
    PregnancyConfirmed,
    PregnancyEnded,
    PregnancyOutcome,
    PregnancyRedated,
    PregnancyScanned,
)
from domain.history.pregnancy_evidence import PREGNANCY_DAYS_MAX, SAME_PREGNANCY_DAYS, evidence_of
from domain.ids import PersonId
from domain.people.marriage import Marriage, father_at

GESTATION_DAYS = 280  # from the last period to the estimated delivery: Naegele's rule
CONTRADICTION_DAYS = 14  # a loss and a birth of one mother this near speak of one delivery
SAME_LOSS_DAYS = 7  # two sources that date a loss this near mean the same one


class Pregnancy(msgspec.Struct, frozen=True):
    """`origin` is the earliest report of it, standing or replaced: its identity. `first` is the
    earliest that stands, `start` the one that counts (its dating). `confirmations` are what was
    said of it, the one that counts last; `evidence` what was found besides, by which the calculator
    dates it. `loss` is what ended it, where no birth did.
    """

    mother: PersonId
    father: PersonId | None
    due_on: date
    origin: Fact
    first: Fact
    start: Fact
    known_on: date
    ended: PregnancyOutcome | None
    confirmations: tuple[PregnancyConfirmed, ...]
    evidence: tuple[Fact, ...] = ()
    loss: Fact | None = None

    @property
    def last_period_on(self) -> date:
        """The first day of the last period, as the dating implies."""
        return self.due_on - timedelta(days=GESTATION_DAYS)

    @property
    def confirmed_on(self) -> date:
        return self.first.occurred_on


Confirmation: TypeAlias = tuple[Fact, PregnancyConfirmed]
End: TypeAlias = tuple[date, PregnancyOutcome]
Loss: TypeAlias = tuple[Fact, PregnancyEnded]


def pregnancies_of(
    facts: tuple[Fact, ...], marriages: list[Marriage], *, all_facts: Iterable[Fact] = ()
) -> Iterable[Pregnancy]:
    """Every pregnancy that was confirmed, by mother, each in its order. `all_facts` has those that
    stand no more, too: by them one that is reported anew is known again.
    """
    by_mother = _confirmations(facts)
    ever = _confirmations(all_facts)
    for mother in sorted(by_mother, key=lambda person: person.bytes):
        ends = ends_of(mother, facts)
        groups = _grouped(by_mother[mother], ends)
        origins = _origins(groups, _grouped(ever.get(mother, []), ends))
        for group, origin in zip(groups, origins, strict=True):
            first = group[0][0]
            evidence = evidence_of(
                mother, group[-1][1], first.occurred_on, facts, [on for on, _ in ends]
            )
            start, due_on = _dating(group, evidence)
            named = next((said.father for _, said in reversed(group) if said.father), None)
            father = father_at(mother, named, first.occurred_on, marriages, delivered_on=due_on)
            known_on = min(fact.known_on for fact in (origin, *(fact for fact, _ in group)))
            ended = _outcome(group, ends)
            said = tuple(said for _, said in group)
            loss = _loss_of(group, mother, facts) if ended not in (None, "birth") else None
            yield Pregnancy(
                mother, father, due_on, origin, first, start, known_on, ended, said, evidence, loss
            )


def _confirmations(facts: Iterable[Fact]) -> dict[PersonId, list[Confirmation]]:
    found: dict[PersonId, list[Confirmation]] = {}
    for fact in facts:
        if isinstance(fact.payload, PregnancyConfirmed):
            found.setdefault(fact.payload.mother, []).append((fact, fact.payload))
    return found


def _origins(groups: list[list[Confirmation]], ever: list[list[Confirmation]]) -> list[Fact]:
    """The earliest report of each pregnancy, of those that stand no more, too; no two the same."""
    found: list[Fact] = []
    for group in groups:
        first = group[0][0]
        told = next(
            (one for one in ever if any(fact.identity == first.identity for fact, _ in one)), group
        )
        origin = told[0][0]
        found.append(first if origin in found else origin)
    return found


def find_pregnancy(
    mother: PersonId, born_on: date, pregnancies: Iterable[Pregnancy]
) -> Pregnancy | None:
    """The pregnancy that a birth ended, where one was confirmed."""
    longest = timedelta(days=PREGNANCY_DAYS_MAX)
    found = [
        one
        for one in pregnancies
        if (one.mother, one.ended) == (mother, "birth")
        and timedelta(0) < born_on - one.last_period_on <= longest
    ]
    return max(found, key=lambda one: one.confirmed_on, default=None)


def _identities(reports: Iterable[Confirmation]) -> set[tuple[str, str, str]]:
    return {fact.identity for fact, _ in reports}


def ends_of(mother: PersonId, facts: tuple[Fact, ...]) -> list[End]:
    """How the mother's pregnancies ended: as hospitals said, then births, each in order.

    The loss of one of several ends nothing.
    """
    said = [
        (fact.occurred_on, end.outcome)
        for fact, end in _losses(mother, facts)
        if end.outcome == "birth" or not _is_partial((fact, end), facts)
    ]
    births: list[End] = [
        (fact.occurred_on, "birth")
        for fact in facts
        if isinstance(fact.payload, BirthNotified) and fact.payload.mother == mother
    ]
    return births + said


def _losses(mother: PersonId, facts: tuple[Fact, ...]) -> list[Loss]:
    return [
        (fact, fact.payload)
        for fact in facts
        if isinstance(fact.payload, PregnancyEnded) and fact.payload.mother == mother
    ]


def _is_partial(loss: Loss, facts: tuple[Fact, ...]) -> bool:
    """Whether only some of several were lost: by all that was lost until then somebody is left.

    Where nobody said that there are several there is one, whatever count a loss is told with.
    """
    fact, end = loss
    if end.fetus_count is None:
        return False
    begins_on = fact.occurred_on - timedelta(days=PREGNANCY_DAYS_MAX)
    lost = [
        (other, said.fetus_count)
        for other, said in _losses(end.mother, facts)
        if said.fetus_count is not None
        and said.outcome != "birth"
        and begins_on <= other.occurred_on <= fact.occurred_on
    ]
    return _lost_count(lost) < max(_expected_counts(loss, facts))


def _expected_counts(loss: Loss, facts: tuple[Fact, ...]) -> Iterable[int]:
    """How many there were, as often as anything says so: by the pregnancy, and by the living of
    the same delivery.
    """
    fact, end = loss
    begins_on = fact.occurred_on - timedelta(days=PREGNANCY_DAYS_MAX)
    living: set[PersonId] = set()
    for other in facts:
        match other.payload:
            case PregnancyConfirmed(mother=end.mother) | PregnancyScanned(mother=end.mother):
                if begins_on <= other.occurred_on <= fact.occurred_on:
                    yield other.payload.fetus_count or 1
            case BirthNotified(mother=end.mother) as birth:
                apart = abs(other.occurred_on - fact.occurred_on)
                if apart <= timedelta(days=CONTRADICTION_DAYS):
                    living.add(birth.child)
                    yield max(birth.children_count or 1, birth.birth_order or 1)
            case _:
                pass
    yield max(len(living), 1)


def _lost_count(lost: Iterable[tuple[Fact, int]]) -> int:
    """How many were lost in all.

    Two events of one source are two losses. Losses that several sources date within days of one
    another are the same ones: whoever told of most is believed.
    """
    total, last_on = 0, date.min
    told: dict[str, int] = {}  # by source, of the losses about one day
    for fact, count in sorted(lost, key=lambda one: one[0].occurred_on):
        if fact.occurred_on - last_on > timedelta(days=SAME_LOSS_DAYS):
            total += max(told.values(), default=0)
            told = {}
        told[fact.source] = told.get(fact.source, 0) + count
        last_on = fact.occurred_on
    return total + max(told.values(), default=0)


def _dating(group: list[Confirmation], evidence: tuple[Fact, ...]) -> tuple[Fact, date]:
    """The fact that dates a pregnancy, and its due day: what a clinician set anew, the latest said,
    else the latest confirmation."""
    start, said = group[-1]
    set_anew = [
        (fact, fact.payload.due_on)
        for fact in sorted(evidence, key=lambda fact: fact.precedence)
        if isinstance(fact.payload, PregnancyRedated)
    ]
    return set_anew[-1] if set_anew else (start, said.due_on)


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


def _loss_of(group: list[Confirmation], mother: PersonId, facts: tuple[Fact, ...]) -> Fact | None:
    """What a hospital said of the end of this pregnancy, the last said."""
    found = [
        fact
        for fact, end in _losses(mother, facts)
        if end.outcome != "birth"
        and _is_end_of(group, fact.occurred_on)
        and not _is_partial((fact, end), facts)
    ]
    return found[-1] if found else None


def was_lost(mother: PersonId, on: date, facts: tuple[Fact, ...]) -> bool:
    """Whether a hospital said that her pregnancy ended without a living child about that day."""
    return any(
        outcome != "birth" and abs(ended_on - on) <= timedelta(days=CONTRADICTION_DAYS)
        for ended_on, outcome in ends_of(mother, facts)
    )


def lost_one_of_several(mother: PersonId, born_on: date, facts: tuple[Fact, ...]) -> bool:
    """Whether a hospital said that of those of whom she was delivered then, or was to be, some were
    lost or stillborn. That she chose it is nobody's to know.
    """
    first_on = born_on - timedelta(days=PREGNANCY_DAYS_MAX)
    last_on = born_on + timedelta(days=CONTRADICTION_DAYS)
    near = timedelta(days=CONTRADICTION_DAYS)
    return any(
        end.outcome in ("loss", "stillbirth")
        and first_on <= fact.occurred_on <= last_on
        and (abs(fact.occurred_on - born_on) <= near or _is_partial((fact, end), facts))
        for fact, end in _losses(mother, facts)
    )
