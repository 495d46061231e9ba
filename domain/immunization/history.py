"""What is known of one person: birth, sex, observations and the doses given, as recorded.

The caller makes a `History` from facts; the calculator keeps every dose of it in its answer, also
those that it cannot count, each with a flag that says why.
"""

from datetime import date
from typing import Literal

import msgspec

from domain.calendar_date import Sex
from domain.error import Refusal
from domain.immunization.schedule import Schedule
from domain.immunization.supporting_data import Cvx
from domain.immunization.today import Today

DOSES_MAX = 500  # of one person; 60 is a long life's record
OBSERVATIONS_MAX = 500

DoseFlag = Literal[
    "before_birth", "after_assessment", "unknown_vaccine", "entered_in_error", "repeated_report"
]


class HistoryTooLong(Refusal):
    code = "immunization.history_too_long"
    ar = "سجل التطعيم أطول مما يمكن حسابه. راجع الجرعات المكررة ثم أعد المحاولة."
    en = "The record has more entries than can be counted. Remove repeated ones and try again."


class NotYetBorn(Refusal):
    code = "immunization.not_yet_born"
    ar = "تاريخ الميلاد بعد تاريخ التقييم. صحّح أحد التاريخين."
    en = "The date of birth is after the date of assessment. Correct one of the two."


class GivenDose(msgspec.Struct, frozen=True, kw_only=True):
    """One vaccine given on one day: the specification's vaccine dose administered.

    `mvx` names the maker. `substandard` is the dose condition flag: recalled, spoilt, in part.
    `reported_by` names the exchange, None where it is not known; `primary_source`: it gave the dose
    itself. A dose entered in error is kept and never counted.
    """

    id: str
    cvx: Cvx
    administered_on: date
    mvx: str | None = None
    trade_name: str | None = None
    volume_ml: float | None = None
    lot_expires_on: date | None = None
    substandard: bool = False
    lot_number: str | None = None
    reported_by: str | None = None
    primary_source: bool = False
    entered_in_error: bool = False


class PatientObservation(msgspec.Struct, frozen=True):
    """An observation that holds now, by the schedule's code, since `observed_on` where known."""

    code: str
    observed_on: date | None = None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the calculator is told of one person. The order of entries means nothing."""

    born_on: date
    sex: Sex = "unknown"
    doses: tuple[GivenDose, ...] = ()
    observations: tuple[PatientObservation, ...] = ()
    birth_country: str | None = None


def flag_dose(
    dose: GivenDose, *, history: History, schedule: Schedule, today: Today
) -> DoseFlag | None:
    """Why `dose` by itself cannot be counted today, or None."""
    if dose.entered_in_error:
        return "entered_in_error"
    if dose.cvx not in schedule.vaccines:
        return "unknown_vaccine"
    if dose.administered_on < history.born_on:
        return "before_birth"
    return None if today.reached(dose.administered_on) else "after_assessment"


def check_history(history: History, *, on: date) -> None:
    """Raises: HistoryTooLong, NotYetBorn; the caller tells the person what to correct."""
    if len(history.doses) > DOSES_MAX or len(history.observations) > OBSERVATIONS_MAX:
        raise HistoryTooLong
    if history.born_on > on:
        raise NotYetBorn
