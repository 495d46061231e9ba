"""Appointments by what was said of them: an agency's number, its latest day, what became of it."""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from domain.calendar_date import local_date
from domain.fact import Fact
from domain.facts.appointment import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentKept,
    AppointmentMissed,
    AppointmentMoved,
    VisitPurpose,
)
from domain.ids import PersonId

Told = (
    AppointmentBooked
    | AppointmentMoved
    | AppointmentCancelled
    | AppointmentKept
    | AppointmentMissed
)


class Appointment(msgspec.Struct, frozen=True):
    """`start` is what says when it is: the booking, or the last that moved it. `end` is what became
    of it: kept, missed or cancelled.
    """

    person: PersonId
    source: str
    number: str
    starts_at: datetime
    purpose: VisitPurpose
    start: Fact
    known_on: date
    end: Fact | None

    @property
    def on(self) -> date:
        """Its day in Dubai."""
        return local_date(self.starts_at)


def appointments_of(facts: Iterable[Fact]) -> tuple[Appointment, ...]:
    """One person's appointments by their facts in order of precedence, the earliest first. Of one
    that was never booked nothing is made.
    """
    told: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        if isinstance(fact.payload, Told):
            told.setdefault((fact.source, fact.payload.number), []).append(fact)
    found: list[Appointment] = []
    for (source, number), group in told.items():
        booked = [fact for fact in group if isinstance(fact.payload, AppointmentBooked)]
        if not booked:
            continue
        said = booked[-1].payload
        assert isinstance(said, AppointmentBooked)
        start, starts_at = booked[-1], said.starts_at
        for fact in group:
            if isinstance(fact.payload, AppointmentMoved) and fact.precedence > start.precedence:
                start, starts_at = fact, fact.payload.starts_at
        ends = [
            fact
            for fact in group
            if isinstance(fact.payload, AppointmentCancelled | AppointmentKept | AppointmentMissed)
            and fact.precedence > start.precedence
        ]
        known_on = min(fact.known_on for fact in booked)
        if start not in booked:  # moved: nothing is late before that was said
            known_on = start.known_on
        found.append(
            Appointment(
                said.person,
                source,
                number,
                starts_at,
                said.purpose,
                start,
                known_on,
                ends[-1] if ends else None,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.source, one.number)))
