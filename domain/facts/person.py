"""What is said of a person: who they are, where they live, how they are reached."""

from datetime import date
from typing import ClassVar, Literal

from domain.calendar_date import Sex
from domain.facts.place import Place
from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

ReplacementReason = Literal["newborn_numbered", "reissued", "corrected"]
PersonalStatus = Literal["single", "married", "divorced", "widowed"]
EmploymentSector = Literal[
    "federal", "local", "private", "self_employed", "retired", "student", "none"
]
PlaceKind = Literal["hospital", "airport", "land_border", "sea_port", "school"]


class PersonDied(Statement, frozen=True, tag="person.died"):
    carried: ClassVar[Carried] = "person"
    person: PersonId


class PersonDescribed(Statement, frozen=True, tag="person.described"):
    """What an agency said of a person beside an event. A field that is None was not said.

    `born_in` is the birth as a register has it that knows no day: "1961" or "1961-07".
    """

    carried: ClassVar[Carried] = "person"
    person: PersonId
    name_ar: str | None = None
    name_en: str | None = None
    sex: Sex | None = None
    born_on: date | None = None
    nationality: str | None = None  # ISO 3166-1 alpha-3
    born_in: str | None = None


class PersonFirstSeen(Statement, frozen=True, tag="person.first_seen"):
    """Somebody signed in here with this number for the first time: registries are asked about
    them, once for each number.
    """

    person: PersonId
    system: str
    value: str


class PersonReported(Statement, frozen=True, tag="person.reported"):
    """A register said who somebody is; what it said is the `PersonDescribed` beside it."""

    carried: ClassVar[Carried] = "person"
    person: PersonId


class PersonRenamed(Statement, frozen=True, tag="person.renamed"):
    """The new name is in the `PersonDescribed` beside it."""

    carried: ClassVar[Carried] = "person"
    person: PersonId


class NationalityChanged(Statement, frozen=True, tag="nationality.changed"):
    """The new one is in the `PersonDescribed` beside it."""

    carried: ClassVar[Carried] = "person"
    person: PersonId


class PersonalStatusChanged(Statement, frozen=True, tag="personal_status.changed"):
    """As the population register has it. It marries and divorces nobody: those are events."""

    person: PersonId
    status: PersonalStatus


class IdentifierReplaced(Statement, frozen=True, tag="identifier.replaced"):
    """One person known by two numbers: from that day on by that of `person`, no more `former`'s.

    `corrected`: what was reported of `former` in this person's name belongs to `person`.
    """

    carried: ClassVar[Carried] = "person"
    person: PersonId
    former: PersonId
    reason: ReplacementReason


class ContactReported(Statement, frozen=True, tag="contact.reported"):
    """How a person is reached. `mobile` is E.164, `language` ISO 639-1. One at least is said."""

    person: PersonId
    mobile: str | None = None
    email: str | None = None
    language: str | None = None


class EmploymentChanged(Statement, frozen=True, tag="employment.changed"):
    """`employer` is the id of the employing agency, or its licence number."""

    carried: ClassVar[Carried] = "person"
    person: PersonId
    sector: EmploymentSector
    employer: str | None = None


class ResidenceChanged(Statement, frozen=True, tag="residence.changed"):
    """Where a person lives from that day on: an emirate, or a country abroad.

    `is_protected`: nobody else of the family may learn it, so it stays the person's own.
    """

    person: PersonId
    emirate: str | None = None
    country: str | None = None
    is_protected: bool = False

    def policy(self) -> Carried:
        return "own" if self.is_protected else "person"


class PlaceEntered(Statement, frozen=True, tag="place.entered"):
    person: PersonId
    entered: PlaceKind
    place: Place | None = None
