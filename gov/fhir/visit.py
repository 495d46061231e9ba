"""What an Appointment or an Encounter tells: booked, moved, cancelled, kept, missed; a visit made.

An Appointment's versions are its story, not corrections of one another: each tells what came next.
"""

from collections.abc import Iterable
from datetime import date

from domain.calendar_date import adult_on, local_date
from domain.facts.appointment import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentKept,
    AppointmentMissed,
    AppointmentMoved,
    VisitKept,
    VisitPurpose,
)
from gov.fhir.code import CHECK_UPS, SNOMED_SYSTEMS, VISITS
from gov.fhir.day import find_day, find_instant
from gov.fhir.element import Concept
from gov.fhir.reason import CodeUnused, DayUnknown, NotFinal
from gov.fhir.resource import Appointment, Encounter
from gov.fhir.telling import Telling, Told


def number_of(resource: Appointment) -> str | None:
    """The appointment's own number: its identifier, or its id."""
    for identifier in resource.identifier:
        if identifier.value is not None:
            return identifier.value
    return resource.id


def tell_appointment(
    resource: Appointment, *, earlier: Iterable[Appointment], asserted_on: date
) -> Told:
    """The fact of one version. `earlier` are the versions before it; a day that is not of the
    appointment itself is `asserted_on`, when it was said."""
    number = number_of(resource)
    starts_at = find_instant(resource.start)
    if number is None:
        return NotFinal
    match resource.status:
        case "cancelled":
            return (Telling(asserted_on, lambda who: AppointmentCancelled(who, number)),)
        case "noshow" if starts_at is not None:
            day = local_date(starts_at)
            return (Telling(day, lambda who: AppointmentMissed(who, number)),)
        case "arrived" | "checked-in" | "fulfilled" if starts_at is not None:
            day = local_date(starts_at)
            return (Telling(day, lambda who: AppointmentKept(who, number)),)
        case "booked" if starts_at is not None:
            if any(_stood_elsewhere(other, resource) for other in earlier):
                return (Telling(asserted_on, lambda who: AppointmentMoved(who, number, starts_at)),)
            purpose = _purpose((*resource.service_type, *resource.reason_code)) or "other"
            return (
                Telling(
                    asserted_on, lambda who: AppointmentBooked(who, number, starts_at, purpose)
                ),
            )
        case "booked" | "noshow" | "arrived" | "checked-in" | "fulfilled":
            return DayUnknown
        case _:
            return NotFinal


def tell_encounter(resource: Encounter, *, born_on: date | None) -> Told:
    """The visit that a finished Encounter was, where its type means something to a family."""
    if resource.status != "finished":
        return NotFinal
    day = find_day(resource.period.start) if resource.period is not None else None
    purpose = _purpose(resource.type)
    if purpose is None and day is not None and _is_check_up_of_child(resource, day, born_on):
        purpose = "child_health"
    if purpose is None:
        return CodeUnused
    if day is None:
        return DayUnknown
    kept = purpose
    return (Telling(day, lambda who: VisitKept(who, kept)),)


def _stood_elsewhere(other: Appointment, resource: Appointment) -> bool:
    return (
        other.status in ("booked", "pending")
        and other.start is not None
        and find_instant(other.start) != find_instant(resource.start)
    )


def _codes(concepts: Iterable[Concept]) -> list[str]:
    return [
        coding.code
        for concept in concepts
        for coding in concept.coding
        if coding.system in SNOMED_SYSTEMS and coding.code is not None
    ]


def _purpose(concepts: Iterable[Concept]) -> VisitPurpose | None:
    return next((VISITS[code] for code in _codes(concepts) if code in VISITS), None)


def _is_check_up_of_child(resource: Encounter, day: date, born_on: date | None) -> bool:
    if born_on is None or not CHECK_UPS.intersection(_codes(resource.type)):
        return False
    return day < adult_on(born_on)
