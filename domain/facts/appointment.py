"""What is said of appointments and visits. An appointment is known by its agency's own number."""

from datetime import datetime
from typing import ClassVar, Literal

from domain.facts.place import Place
from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

VisitPurpose = Literal[
    "antenatal", "postnatal", "vaccination", "child_health", "early_intervention", "other"
]
CancelledBy = Literal["person", "facility"]


class AppointmentBooked(Statement, frozen=True, tag="appointment.booked"):
    """`starts_at` is in UTC. `person` is who is seen, the child and not who brings it."""

    carried: ClassVar[Carried] = "visit"
    person: PersonId
    number: str
    starts_at: datetime
    purpose: VisitPurpose
    place: Place | None = None


class AppointmentMoved(Statement, frozen=True, tag="appointment.moved"):
    carried: ClassVar[Carried] = "visit"
    person: PersonId
    number: str
    starts_at: datetime
    place: Place | None = None


class AppointmentCancelled(Statement, frozen=True, tag="appointment.cancelled"):
    carried: ClassVar[Carried] = "visit"
    person: PersonId
    number: str
    cancelled_by: CancelledBy | None = None


class AppointmentKept(Statement, frozen=True, tag="appointment.kept"):
    carried: ClassVar[Carried] = "visit"
    person: PersonId
    number: str


class AppointmentMissed(Statement, frozen=True, tag="appointment.missed"):
    carried: ClassVar[Carried] = "visit"
    person: PersonId
    number: str


class VisitKept(Statement, frozen=True, tag="visit.kept"):
    """A visit, with or without an appointment before it."""

    carried: ClassVar[Carried] = "visit"
    person: PersonId
    purpose: VisitPurpose
    place: Place | None = None
