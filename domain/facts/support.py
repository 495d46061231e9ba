"""What is said of what the state gives: grant, housing, leave, allowance; school; changed law."""

from datetime import date
from typing import ClassVar, Literal

from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

Decision = Literal["approved", "refused", "more_needed"]
HousingSupport = Literal["loan", "grant", "ready_home", "land", "maintenance"]
Benefit = Literal["maternity_leave", "paternity_leave", "child_allowance", "social_support"]
RegistryQuestion = Literal[
    "granted_before",
    "housed_before",
    "income_within_limit",
    "owns_home",
    "owns_trade_licence",
    "took_course",
]
SchoolStage = Literal[
    "nursery",
    "pre_kg",
    "kg1",
    "kg2",
    "grade_1",
    "grade_2",
    "grade_3",
    "grade_4",
    "grade_5",
    "grade_6",
    "grade_7",
    "grade_8",
    "grade_9",
    "grade_10",
    "grade_11",
    "grade_12",
    "graduated",
    "left",
]


class GrantDecided(Statement, frozen=True, tag="grant.decided"):
    """On the marriage grant of a couple."""

    carried: ClassVar[Carried] = "couple"
    husband: PersonId
    wife: PersonId
    decision: Decision
    amount_dirhams: int | None = None
    number: str | None = None


class HousingDecided(Statement, frozen=True, tag="housing.decided"):
    """On housing support of a person, or of a couple."""

    carried: ClassVar[Carried] = "couple"
    person: PersonId
    decision: Decision
    spouse: PersonId | None = None
    support: HousingSupport | None = None
    amount_dirhams: int | None = None
    number: str | None = None

    def policy(self) -> Carried:
        return "couple" if self.spouse is not None else "person"


class BenefitDecided(Statement, frozen=True, tag="benefit.decided"):
    """On leave or an allowance of a person; `child` is for whom, where it is for one."""

    carried: ClassVar[Carried] = "person"
    person: PersonId
    benefit: Benefit
    decision: Decision
    child: PersonId | None = None
    number: str | None = None


class RegistryAnswered(Statement, frozen=True, tag="registry.answered"):
    """What a registry said with yes or no when it was asked in place of a certificate: no figure of
    a person's income or property is kept, only how it stands to the condition."""

    carried: ClassVar[Carried] = "person"
    person: PersonId
    question: RegistryQuestion
    answer: bool


class SchoolStageReached(Statement, frozen=True, tag="school_stage.reached"):
    """`school_year` is the year in which it begins."""

    carried: ClassVar[Carried] = "child"
    person: PersonId
    stage: SchoolStage
    school: str | None = None
    school_year: int | None = None


class SeatReserved(Statement, frozen=True, tag="seat.reserved"):
    carried: ClassVar[Carried] = "child"
    person: PersonId
    stage: SchoolStage
    school: str
    school_year: int | None = None
    number: str | None = None


class SeatReleased(Statement, frozen=True, tag="seat.released"):
    carried: ClassVar[Carried] = "child"
    person: PersonId
    school: str
    number: str | None = None


class RegulationChanged(Statement, frozen=True, tag="regulation.changed"):
    """A rule now covers somebody anew. Without a person it is for the authors of the catalogue."""

    regulation: str
    in_force_on: date
    person: PersonId | None = None
