"""What is said of a pregnancy: confirmed, dated, seen, ended."""

from datetime import date
from typing import ClassVar, Literal

from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

PregnancyOutcome = Literal["birth", "loss", "stillbirth", "termination"]


class PregnancyConfirmed(Statement, frozen=True, tag="pregnancy.confirmed"):
    """`due_on` is the estimated date of delivery, as the reporting hospital dated it.

    `is_first_birth`: she has not given birth before.
    """

    carried: ClassVar[Carried] = "pregnancy"
    mother: PersonId
    father: PersonId | None
    due_on: date
    last_period_on: date | None = None
    cycle_days: int | None = None
    fetus_count: int | None = None
    is_first_birth: bool | None = None


class PregnancyRedated(Statement, frozen=True, tag="pregnancy.redated"):
    """A clinician set the due day as such; it counts above all that can be worked out."""

    carried: ClassVar[Carried] = "stage"
    mother: PersonId
    due_on: date


class PregnancyScanned(Statement, frozen=True, tag="pregnancy.scanned"):
    """An ultrasound found the pregnancy `gestation_days` old on that day."""

    carried: ClassVar[Carried] = "stage"
    mother: PersonId
    gestation_days: int
    fetus_count: int | None = None


class EmbryoTransferred(Statement, frozen=True, tag="embryo.transferred"):
    """An embryo of `embryo_days` after fertilisation was transferred on that day."""

    carried: ClassVar[Carried] = "stage"
    mother: PersonId
    embryo_days: int


class PregnancyEnded(Statement, frozen=True, tag="pregnancy.ended"):
    """`fetus_count` is how many are meant, where only some of several are."""

    carried: ClassVar[Carried] = "stage"
    mother: PersonId
    outcome: PregnancyOutcome
    fetus_count: int | None = None
