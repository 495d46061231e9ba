"""One occurrence that a calculator plans: when it is due, what its texts need, and why."""

from datetime import date

import msgspec

from domain.card.record import Parameter, Reason, VaccinationRecord
from domain.fact import Fact


class VisitDays(msgspec.Struct, frozen=True):
    """The days on which one may come for it, and the day on which it is wanted. `is_guest`: it is
    worth no visit of its own, and can be done at another's.
    """

    first_on: date
    last_on: date
    wanted_on: date
    is_guest: bool = False


class PlannedOccurrence(msgspec.Struct, frozen=True, kw_only=True):
    """`id` stays when the plan is made again. `due_until` is the last day before it is overdue,
    where the calculator says more than the card's window; what had closed before `known_on` is
    not made. With `visit` it can be joined with another of the family."""

    id: str
    due_from: date
    due_until: date | None = None
    known_on: date = date.min
    resolved_on: date | None = None
    parameters: tuple[Parameter, ...] = ()
    reasons: tuple[Reason, ...] = ()
    facts: tuple[Fact, ...] = ()
    visit: VisitDays | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A calculator's answer for one situation: its occurrences, and a record beside the cards with
    the `facts` on which it rests besides doses. `parameters` stand instead of the situation's of
    the same name: what the calculator found out, such as the due date."""

    occurrences: tuple[PlannedOccurrence, ...] = ()
    vaccinations: VaccinationRecord | None = None
    facts: tuple[Fact, ...] = ()
    parameters: tuple[Parameter, ...] = ()


NOTHING = Planned()
