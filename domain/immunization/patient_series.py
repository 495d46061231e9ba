"""A series as one person walks it: its target doses, what each dose given was worth, the forecast.

`evaluate_series.py` fills it, then `forecast_series.py`; chapter 8 and 9 only read it.
"""

from datetime import date

import msgspec

from domain.immunization.history import GivenDose
from domain.immunization.patient import Patient
from domain.immunization.reason import (
    EvaluationReason,
    EvaluationStatus,
    ForecastReason,
    SeriesStatus,
    TargetStatus,
)
from domain.immunization.supporting_data import Antigen, Series, SeriesDose


class Evaluation(msgspec.Struct, frozen=True):
    """What one dose given was worth in one series: `target` is the dose number it was held to."""

    place: int
    status: EvaluationStatus
    reasons: tuple[EvaluationReason, ...]
    target: int | None


class SeriesForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What comes next in one series. Dates are None where nothing is due or nothing is said.

    `target` is the series dose looked for; `dose_number` counts the doses had.
    Source: Logic Specification 4.6, table 7-13; past due and latest days are the last good days.
    """

    status: SeriesStatus
    dose_number: int | None = None
    earliest_on: date | None = None
    unadjusted_recommended_on: date | None = None
    unadjusted_past_due_on: date | None = None
    recommended_on: date | None = None
    past_due_on: date | None = None
    latest_on: date | None = None
    reasons: tuple[ForecastReason, ...] = ()
    vaccines: tuple[str, ...] = ()
    overrides: bool = False
    target: int | None = None


class TargetDose:
    """A series dose that this person is to have: the measure of section 3.1."""

    __slots__ = ("dose", "satisfied_by", "status")

    def __init__(self, dose: SeriesDose) -> None:
        self.dose = dose
        self.status: TargetStatus = "not_satisfied"
        self.satisfied_by: GivenDose | None = None


class PatientSeries:
    """`places` are the doses given for this antigen, as places in `patient.doses`."""

    __slots__ = (
        "antigen",
        "current",
        "evaluations",
        "forecast",
        "patient",
        "places",
        "series",
        "targets",
    )

    def __init__(
        self, patient: Patient, *, antigen: Antigen, series: Series, places: list[int]
    ) -> None:
        self.patient = patient
        self.antigen = antigen
        self.series = series
        self.places = places
        self.targets = [TargetDose(dose) for dose in series.doses]
        self.current = 0  # the place in `targets` of the dose now looked for
        self.evaluations: dict[int, Evaluation] = {}
        self.forecast = SeriesForecast(status="not_complete")

    @property
    def target(self) -> TargetDose | None:
        """The target dose now looked for, or None at the end of the series."""
        return self.targets[self.current] if self.current < len(self.targets) else None

    @property
    def valid_count(self) -> int:
        """The number of valid doses. Source: SELECTB-21."""
        return sum(target.status == "satisfied" for target in self.targets)
