"""A pregnancy's contacts as cards: from all that dates it and a table of weeks."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from domain.card.record import Parameter
from domain.error import Refusal
from domain.fact import Fact
from domain.facts.appointment import AppointmentKept, VisitKept
from domain.facts.pregnancy import EmbryoTransferred, PregnancyRedated, PregnancyScanned
from domain.history.gestation import Pregnancy
from domain.history.pregnancy_evidence import due_by, is_possible
from domain.horizon import Horizon
from domain.planned.occurrence import NOTHING, Planned, PlannedOccurrence, VisitDays
from domain.planned.shared_visit import no_visit_shared
from domain.pregnancy.contacts import Contact
from domain.pregnancy.dating import BEGINS_AHEAD_DAYS_MAX, TERM_DAYS
from domain.pregnancy.evidence import (
    EMBRYO_DAYS_MAX,
    EVIDENCE_MAX,
    FETUSES_MAX,
    SCAN_DAYS_MAX,
    SCAN_DAYS_MIN,
    AssignedDueDate,
    LastPeriod,
    PregnancyRecord,
    Scan,
    Transfer,
)
from domain.pregnancy.follow import PregnancyAnswer, PregnancyTables, follow_pregnancy

_BEGINS_AHEAD = timedelta(days=BEGINS_AHEAD_DAYS_MAX)
_TERM = timedelta(days=TERM_DAYS)
_ONE_DAY = timedelta(days=1)


def plan_contacts_of(pregnancy: Pregnancy, tables: PregnancyTables, horizon: Horizon) -> Planned:
    """The contacts still to come after the one that confirmed the pregnancy; where the due date
    cannot be right, one card that asks to have it checked.
    """
    if not horizon.reached(pregnancy.confirmed_on):
        return NOTHING
    found = [fact for fact in pregnancy.evidence if horizon.reached(fact.occurred_on)]
    try:
        answer = follow_pregnancy(_record_of(pregnancy, found), tables, on=horizon.today)
    except Refusal:
        for fact in found:
            due_on = due_by(fact)
            horizon.wake_on(due_on and due_on - _TERM - _BEGINS_AHEAD)
        horizon.wake_on(pregnancy.confirmations[-1].due_on - _TERM - _BEGINS_AHEAD)
        return Planned(occurrences=(_check_of(pregnancy),))
    horizon.wake_on(answer.changes_on)
    due_on = answer.dating.due_on if answer.dating is not None else pregnancy.due_on
    return Planned(
        occurrences=tuple(_occurrences(pregnancy, answer, found)),
        parameters=(Parameter("due_on", due_on.isoformat()),),
    )


def _check_of(pregnancy: Pregnancy) -> PlannedOccurrence:
    return PlannedOccurrence(
        id="check_due_date",
        due_from=pregnancy.known_on,
        parameters=(
            Parameter("contact", 1),
            Parameter("contact_count", 1),
            Parameter("visit", ("check",)),
            Parameter("week", 0),
            Parameter("children", ("one",)),
            *no_visit_shared(),
        ),
    )


def _record_of(pregnancy: Pregnancy, found: Sequence[Fact]) -> PregnancyRecord:
    """What cannot be true of a finding dates nothing: a scan of 50 weeks, an embryo of a month."""
    scans: list[Scan] = []
    transfers: list[Transfer] = []
    assigned: list[AssignedDueDate] = []
    for fact in found:
        match fact.payload:
            case PregnancyScanned(gestation_days=days) if SCAN_DAYS_MIN <= days <= SCAN_DAYS_MAX:
                scans.append(Scan(fact.occurred_on, days))
            case EmbryoTransferred(embryo_days=days) if 0 <= days <= EMBRYO_DAYS_MAX:
                transfers.append(Transfer(fact.occurred_on, days))
            case PregnancyRedated(due_on=due_on):
                assigned.append(AssignedDueDate(due_on, fact.occurred_on))
            case _:
                pass
    visits = sorted({fact.occurred_on for fact in found if _is_visit(fact)})
    first_births = [said.is_first_birth for said in pregnancy.confirmations]
    return PregnancyRecord(
        last_period=_last_period(pregnancy, is_found=bool(scans or transfers)),
        scans=tuple(scans[:EVIDENCE_MAX]),  # the earliest counts
        transfers=tuple(transfers[-EVIDENCE_MAX:]),  # the latest counts
        assigned=tuple(assigned[-EVIDENCE_MAX:]),
        first_contact_on=pregnancy.confirmed_on,
        visits=tuple(visits[:EVIDENCE_MAX]),
        fetus_count=_fetus_count(pregnancy, found),
        first_birth=next((said for said in reversed(first_births) if said is not None), None),
    )


def _last_period(pregnancy: Pregnancy, *, is_found: bool) -> LastPeriod | None:
    """The last period by which a hospital dated the pregnancy; where it dated it otherwise, the
    one that its due date implies. None where that day cannot be right and something else is found.
    """
    said = pregnancy.confirmations[-1]
    if is_found and not is_possible(said, pregnancy.confirmed_on):
        return None
    if said.last_period_on is not None and said.due_on == said.last_period_on + _TERM:
        return LastPeriod(said.last_period_on, said.cycle_days)
    return LastPeriod(said.due_on - _TERM)


def _fetus_count(pregnancy: Pregnancy, found: Sequence[Fact]) -> int:
    """As the latest scan counted, else as the confirmation said."""
    counts = [said.fetus_count for said in pregnancy.confirmations]
    counts += [
        fact.payload.fetus_count for fact in found if isinstance(fact.payload, PregnancyScanned)
    ]
    known = [count for count in counts if count is not None and 1 <= count <= FETUSES_MAX]
    return known[-1] if known else 1


def _is_visit(fact: Fact) -> bool:
    return isinstance(fact.payload, VisitKept | AppointmentKept)


def _occurrences(
    pregnancy: Pregnancy, answer: PregnancyAnswer, found: Sequence[Fact]
) -> Iterator[PlannedOccurrence]:
    visits = [contact for contact in answer.contacts if contact.kind == "visit"]
    for contact in answer.contacts:
        is_delivery = contact.kind == "delivery"
        if contact.number == 1 and not is_delivery:
            continue  # the one that confirmed it
        kept_on = contact.kept_on if contact.number > 1 else None
        yield PlannedOccurrence(
            id="delivery" if is_delivery else f"contact_{contact.number}",
            due_from=contact.due_on,
            known_on=pregnancy.known_on,
            resolved_on=kept_on,
            parameters=_parameters(contact, len(visits), several=answer.multiple),
            facts=tuple(
                fact for fact in found if not _is_visit(fact) or fact.occurred_on == kept_on
            ),
            visit=None if is_delivery else _days_of(contact),
        )


def _days_of(contact: Contact) -> VisitDays:
    return VisitDays(contact.due_on, contact.overdue_on - _ONE_DAY, contact.due_on)


def _parameters(contact: Contact, count: int, *, several: bool) -> tuple[Parameter, ...]:
    is_delivery = contact.kind == "delivery"
    return (
        Parameter("contact", max(1, count) if is_delivery else contact.number),
        Parameter("contact_count", max(1, count)),
        Parameter("visit", ("delivery" if is_delivery else "contact",)),
        Parameter("week", contact.week),
        Parameter("children", ("several" if several else "one",)),
        *no_visit_shared(),
    )
