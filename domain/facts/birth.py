"""What is said of a birth, and of who cares for a child."""

from datetime import date
from typing import ClassVar, Literal

from domain.facts.place import Place
from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

GuardianScope = Literal["person", "property", "both"]


class BirthNotified(Statement, frozen=True, tag="birth.notified"):
    """`occurred_on` of the fact is the day of birth in Asia/Dubai.

    `children_count` is how many were born alive of this delivery, `birth_order` which of them this
    is; `gestation_days` how long the pregnancy was.
    """

    carried: ClassVar[Carried] = "pregnancy"
    child: PersonId
    mother: PersonId
    father: PersonId | None
    children_count: int | None = None
    birth_order: int | None = None
    gestation_days: int | None = None
    place: Place | None = None


class CustodyDecided(Statement, frozen=True, tag="custody.decided"):
    """Who holds the child, and who decides for it. `ends_on` is the first day it holds no more."""

    carried: ClassVar[Carried] = "child"
    child: PersonId
    holder: PersonId
    guardian: PersonId | None = None
    ends_on: date | None = None
    number: str | None = None


class GuardianAppointed(Statement, frozen=True, tag="guardian.appointed"):
    """`ends_on` is the first day on which it holds no more."""

    carried: ClassVar[Carried] = "child"
    ward: PersonId
    guardian: PersonId
    scope: GuardianScope = "both"
    ends_on: date | None = None
    number: str | None = None


class GuardianRemoved(Statement, frozen=True, tag="guardian.removed"):
    carried: ClassVar[Carried] = "child"
    ward: PersonId
    guardian: PersonId
    number: str | None = None


class AdoptionDecided(Statement, frozen=True, tag="adoption.decided"):
    """`mother` and `father` are those who take the child in: at least one of them.

    `is_secret`: the birth family learns nothing of the child from then on, nor who they are.
    """

    carried: ClassVar[Carried] = "child"
    child: PersonId
    mother: PersonId | None = None
    father: PersonId | None = None
    is_secret: bool = False
    number: str | None = None
