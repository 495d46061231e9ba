"""What was found of one pregnancy after (or before) it was confirmed: which of a mother's scans,
transfers, redatings and visits belong to it.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from domain.fact import Fact
from domain.facts.appointment import AppointmentBooked, AppointmentKept, VisitKept
from domain.facts.pregnancy import (
    EmbryoTransferred,
    PregnancyConfirmed,
    PregnancyRedated,
    PregnancyScanned,
)
from domain.ids import PersonId
from domain.pregnancy.dating import BEGINS_AHEAD_DAYS_MAX, FERTILISED_AFTER_DAYS, TERM_DAYS

PREGNANCY_DAYS_MAX = 308  # 44 weeks: an end later than this belongs to another pregnancy
SAME_PREGNANCY_DAYS = 84  # two datings of one pregnancy may differ by weeks


def is_possible(said: PregnancyConfirmed, confirmed_on: date) -> bool:
    """Whether the pregnancy had begun, or was about to, when it was confirmed."""
    ahead = said.due_on - timedelta(days=TERM_DAYS) - confirmed_on
    return ahead <= timedelta(days=BEGINS_AHEAD_DAYS_MAX)


def evidence_of(
    mother: PersonId,
    said: PregnancyConfirmed,
    confirmed_on: date,
    facts: tuple[Fact, ...],
    ended_on: Iterable[date],
) -> tuple[Fact, ...]:
    """The facts that date the pregnancy and the visits kept, in order; none from before an earlier
    pregnancy's end (`ended_on`).

    What would date it more than twelve weeks otherwise speaks of another pregnancy, unless the day
    that was said cannot be right.
    """
    after_on = max((on for on in ended_on if on < confirmed_on), default=date.min)
    antenatal = {
        (fact.source, fact.payload.number)
        for fact in facts
        if isinstance(fact.payload, AppointmentBooked) and fact.payload.purpose == "antenatal"
    }
    found: list[Fact] = []
    for fact in facts:
        if mother not in fact.payload.subjects() or fact.occurred_on <= after_on:
            continue
        match fact.payload:
            case VisitKept(purpose="antenatal"):
                belongs = _is_in_time(fact, said, confirmed_on)
            case AppointmentKept(number=number):
                belongs = (fact.source, number) in antenatal and _is_in_time(
                    fact, said, confirmed_on
                )
            case PregnancyScanned() | EmbryoTransferred() | PregnancyRedated():
                belongs = _dates(fact, said, confirmed_on)
            case _:
                belongs = False
        if belongs:
            found.append(fact)
    return tuple(sorted(found, key=lambda fact: (fact.occurred_on, fact.precedence)))


def due_by(fact: Fact) -> date | None:
    """The due day that a finding speaks for by itself."""
    match fact.payload:
        case PregnancyRedated(due_on=due_on):
            return due_on
        case PregnancyScanned(gestation_days=days):
            return fact.occurred_on + timedelta(days=TERM_DAYS - days)
        case EmbryoTransferred(embryo_days=days):
            return fact.occurred_on + timedelta(days=TERM_DAYS - FERTILISED_AFTER_DAYS - days)
        case _:
            return None


def _is_in_time(fact: Fact, said: PregnancyConfirmed, confirmed_on: date) -> bool:
    begins_on = min(confirmed_on, said.due_on - timedelta(days=TERM_DAYS))
    return begins_on < fact.occurred_on <= begins_on + timedelta(days=PREGNANCY_DAYS_MAX)


def _dates(fact: Fact, said: PregnancyConfirmed, confirmed_on: date) -> bool:
    due_on = due_by(fact)
    assert due_on is not None
    if isinstance(fact.payload, PregnancyRedated) and fact.occurred_on < confirmed_on:
        return False
    if not is_possible(said, confirmed_on):
        whole = timedelta(days=TERM_DAYS + BEGINS_AHEAD_DAYS_MAX)
        return confirmed_on <= due_on <= confirmed_on + whole
    return abs(due_on - said.due_on) <= timedelta(days=SAME_PREGNANCY_DAYS)
