"""A pregnancy's contacts as cards: from its dating and a table of weeks."""

from collections.abc import Iterator
from datetime import timedelta

from domain.gestation import Pregnancy
from domain.horizon import Horizon
from domain.planned.occurrence import NOTHING, Planned, PlannedOccurrence
from domain.pregnancy.contacts import Contact
from domain.pregnancy.dating import BEGINS_AHEAD_DAYS_MAX, DueTooFar
from domain.pregnancy.evidence import AssignedDueDate, PregnancyRecord
from domain.pregnancy.follow import PregnancyAnswer, PregnancyTables, follow_pregnancy
from domain.record import Parameter


def plan_contacts_of(pregnancy: Pregnancy, tables: PregnancyTables, horizon: Horizon) -> Planned:
    """The contacts still to come after the one that confirmed the pregnancy; where the due date
    cannot be right, one card that asks to have it checked.
    """
    if not horizon.reached(pregnancy.confirmed_on):
        return NOTHING
    try:
        answer = follow_pregnancy(_record_of(pregnancy), tables, on=horizon.today)
    except DueTooFar:
        horizon.wake_on(pregnancy.last_period_on - timedelta(days=BEGINS_AHEAD_DAYS_MAX))
        return Planned(occurrences=(_check_of(pregnancy),))
    horizon.wake_on(answer.changes_on)
    return Planned(occurrences=tuple(_occurrences(pregnancy, answer)))


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
        ),
    )


def _record_of(pregnancy: Pregnancy) -> PregnancyRecord:
    return PregnancyRecord(
        assigned=(AssignedDueDate(pregnancy.due_on, pregnancy.confirmed_on),),
        first_contact_on=pregnancy.confirmed_on,
    )


def _occurrences(pregnancy: Pregnancy, answer: PregnancyAnswer) -> Iterator[PlannedOccurrence]:
    visits = [contact for contact in answer.contacts if contact.kind == "visit"]
    for contact in answer.contacts:
        is_delivery = contact.kind == "delivery"
        if contact.number == 1 and not is_delivery:
            continue  # the one that confirmed it
        yield PlannedOccurrence(
            id="delivery" if is_delivery else f"contact_{contact.number}",
            due_from=contact.due_on,
            known_on=pregnancy.known_on,
            resolved_on=contact.kept_on if contact.number > 1 else None,
            parameters=_parameters(contact, len(visits), several=answer.multiple),
        )


def _parameters(contact: Contact, count: int, *, several: bool) -> tuple[Parameter, ...]:
    is_delivery = contact.kind == "delivery"
    return (
        Parameter("contact", max(1, count) if is_delivery else contact.number),
        Parameter("contact_count", max(1, count)),
        Parameter("visit", ("delivery" if is_delivery else "contact",)),
        Parameter("week", contact.week),
        Parameter("children", ("several" if several else "one",)),
    )
