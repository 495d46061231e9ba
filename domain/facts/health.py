"""What is said of a person's health: doses, conditions, measurements, answers."""

from datetime import date
from typing import ClassVar, Literal

from domain.facts.place import Place
from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

CodeSystem = Literal["cdsi", "icd10", "snomed"]
ConditionNature = Literal["contraindication", "diagnosis", "immunity"]
MeasuringPosition = Literal["lying", "standing"]
NotDoneReason = Literal["absent", "contraindicated", "ill", "immune", "out_of_stock", "other"]
QuestionnaireResult = Literal["on_track", "monitor", "refer"]
RefusalReason = Literal["medical", "personal", "religious", "other"]


class VaccinationGiven(Statement, frozen=True, tag="vaccination.given"):
    """`vaccine_code` is a CVX code (CDC), kept as it came even where nothing here knows it.

    `manufacturer_code` is MVX. `is_partial`: less than a whole dose, spoilt or recalled.
    `given_elsewhere`: the source tells of a dose that another gave.
    """

    carried: ClassVar[Carried] = "child"
    person: PersonId
    vaccine_code: str
    lot_number: str | None = None
    manufacturer_code: str | None = None
    is_partial: bool = False
    given_elsewhere: bool = False
    place: Place | None = None


class VaccinationRefused(Statement, frozen=True, tag="vaccination.refused"):
    """Without a `vaccine_code` every vaccine is refused."""

    carried: ClassVar[Carried] = "child"
    person: PersonId
    vaccine_code: str | None = None
    reason: RefusalReason | None = None


class VaccinationNotDone(Statement, frozen=True, tag="vaccination.not_done"):
    carried: ClassVar[Carried] = "child"
    person: PersonId
    vaccine_code: str
    reason: NotDoneReason


class ConditionRecorded(Statement, frozen=True, tag="condition.recorded"):
    """A diagnosis, a contraindication or evidence of immunity, since the day it `occurred_on`.

    `system` "cdsi" is CDC's code of an observation, which the vaccine calculator reads as it is.
    """

    carried: ClassVar[Carried] = "child"
    person: PersonId
    system: CodeSystem
    code: str
    nature: ConditionNature = "diagnosis"


class ConditionResolved(Statement, frozen=True, tag="condition.resolved"):
    """From that day on the condition holds no more."""

    carried: ClassVar[Carried] = "child"
    person: PersonId
    system: CodeSystem
    code: str


class MeasurementTaken(Statement, frozen=True, tag="measurement.taken"):
    """What was measured on that day: one value at least."""

    carried: ClassVar[Carried] = "child"
    person: PersonId
    weight_kg: float | None = None
    length_cm: float | None = None
    position: MeasuringPosition | None = None
    head_cm: float | None = None
    arm_cm: float | None = None
    triceps_mm: float | None = None
    subscapular_mm: float | None = None
    oedema: bool = False


class QuestionnaireEvaluated(Statement, frozen=True, tag="questionnaire.evaluated"):
    """What the agency made of the answers. `questionnaire` is the catalogue's id of it."""

    carried: ClassVar[Carried] = "child"
    person: PersonId
    questionnaire: str
    result: QuestionnaireResult
    number: str | None = None


class DisabilityRecognised(Statement, frozen=True, tag="disability.recognised"):
    """`ends_on` is the first day on which the recognition holds no more."""

    carried: ClassVar[Carried] = "child"
    person: PersonId
    category: str | None = None
    ends_on: date | None = None
    number: str | None = None
