"""What an event says, one type for each kind: read by `gov/event.py`, used by `gov/interpret.py`.

Persons are the numbers by which an agency knows them; who they are is resolved later.
"""

from datetime import date
from typing import Literal

import msgspec

from domain.calendar_date import Sex
from domain.fact import PregnancyOutcome

IdentifierSystem = Literal["emirates_id", "hospital_number", "temporary_number"]


class Identifier(msgspec.Struct, frozen=True):
    """One number of one person. An Emirates ID is its 15 digits and has no assigner."""

    system: IdentifierSystem
    value: str
    assigner: str | None = None


class Person(msgspec.Struct, frozen=True):
    """A person as an event names them. None: it was not said. A newborn always has `born_on`."""

    identifier: Identifier
    name_ar: str | None = None
    name_en: str | None = None
    sex: Sex | None = None
    born_on: date | None = None
    nationality: str | None = None


class MarriageReport(msgspec.Struct, frozen=True):
    """`marriage.registered`."""

    husband: Person
    wife: Person
    contract_number: str | None = None
    emirate: str | None = None


class FamilyBookReport(msgspec.Struct, frozen=True):
    """`family_book.issued`."""

    husband: Person
    wife: Person
    number: str | None = None


class PregnancyReport(msgspec.Struct, frozen=True):
    """`pregnancy.confirmed`. A father who is None was not named."""

    mother: Person
    father: Person | None
    due_on: date


class PregnancyEndReport(msgspec.Struct, frozen=True):
    """`pregnancy.ended`."""

    mother: Person
    outcome: PregnancyOutcome


class BirthReport(msgspec.Struct, frozen=True):
    """`birth.notified`. A father who is None was not named."""

    child: Person
    mother: Person
    father: Person | None
    facility: str | None = None
    emirate: str | None = None


class VaccinationReport(msgspec.Struct, frozen=True):
    """`vaccination.given`. `vaccine_code` is CVX as CDC writes it: at least two digits ("08")."""

    person: Person
    vaccine_code: str
    lot_number: str | None = None


class DeathReport(msgspec.Struct, frozen=True):
    """`person.died`."""

    person: Person


class ErrorReport(msgspec.Struct, frozen=True):
    """`entered_in_error`: the id of another event of the same agency, come already or not yet."""

    event_id: str


EventData = (
    MarriageReport
    | FamilyBookReport
    | PregnancyReport
    | PregnancyEndReport
    | BirthReport
    | VaccinationReport
    | DeathReport
    | ErrorReport
)
