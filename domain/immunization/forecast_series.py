"""Says what comes next in one evaluated series: whether another dose is due, and when.

Source: CDSi Logic Specification 4.6, chapter 7.
"""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from domain.immunization.conditional_skip import IsCompleted, can_skip
from domain.immunization.duration import Duration, add_duration
from domain.immunization.immunity import is_recommendable, is_series_contraindicated
from domain.immunization.in_effect import in_effect
from domain.immunization.interval_reference import reference_date
from domain.immunization.patient_series import PatientSeries, SeriesForecast, TargetDose
from domain.immunization.reason import ForecastReason, SeriesStatus
from domain.immunization.supporting_data import Age, Interval
from domain.immunization.today import Today

_ONE_DAY = timedelta(days=1)


class AntigenFindings(msgspec.Struct, frozen=True):
    """What holds of a person for all series of an antigen (sections 7.2 and 7.3)."""

    immune: bool
    contraindicated: bool
    forbidden: frozenset[str]


def forecast_series(
    run: PatientSeries, findings: AntigenFindings, *, is_completed: IsCompleted
) -> None:
    """Sets `run.forecast`; target doses found needless are marked as skipped (7.1 and 7.6)."""
    before = len(run.patient.doses)
    while (target := run.target) is not None:
        on = run.patient.today
        if not can_skip(run, context="forecast", on=on, before=before, is_completed=is_completed):
            forecast = _forecast_target(run, target, findings)
            if forecast.earliest_on is None:
                run.forecast = forecast
                return
            on = Today(forecast.earliest_on)
            if not can_skip(
                run, context="forecast", on=on, before=before, is_completed=is_completed
            ):
                run.forecast = forecast
                return
        target.status = "skipped"
        run.current += 1
    if run.valid_count:
        run.forecast = SeriesForecast(status="complete", reasons=("series_complete",))
    else:
        run.forecast = SeriesForecast(status="not_recommended", reasons=("past_history",))


def _forecast_target(
    run: PatientSeries, target: TargetDose, findings: AntigenFindings
) -> SeriesForecast:
    """Table 7-10, from its left."""
    today = run.patient.today
    if findings.immune:
        return _refuse("immune", "immune")
    if findings.contraindicated or is_series_contraindicated(run.series, findings.forbidden):
        return _refuse("contraindicated", "contraindicated")
    season_end_on = target.dose.season_end_on
    if season_end_on is not None and today.passed(season_end_on):
        return _refuse("not_recommended", "season_over")
    dates = _Dates(run, target)
    maximum_on = dates.age_date("maximum")
    if maximum_on is not None and today.reached(maximum_on):
        return _refuse("aged_out", "too_old")
    if maximum_on is not None and dates.earliest_on >= maximum_on:
        return _refuse("aged_out", "cannot_finish")
    return dates.forecast(findings.forbidden)


def _refuse(status: SeriesStatus, reason: ForecastReason) -> SeriesForecast:
    return SeriesForecast(status=status, reasons=(reason,))


class _Dates:
    """The dates of table 7-13 for one target dose."""

    def __init__(self, run: PatientSeries, target: TargetDose) -> None:
        self.run = run
        self.patient = run.patient
        self.target = target
        self.ages: list[Age] = in_effect(target.dose.ages, run.patient.today)
        self.intervals: list[tuple[date, Interval]] = [
            (reference_on, interval)
            for interval in in_effect(target.dose.intervals, run.patient.today)
            if (reference_on := reference_date(interval, run, before=len(self.patient.doses)))
        ]
        self.earliest_on, self.reason = self._earliest()

    def age_date(self, name: str) -> date | None:
        """The latest day among the ages of that name, or None where none is set."""
        return _latest(
            self.patient.age_date(age) for row in self.ages if (age := getattr(row, name))
        )

    def interval_date(self, name: str) -> date | None:
        """The latest of all intervals of that name, or None where none is set."""
        return _latest(
            add_duration(reference_on, length)
            for reference_on, row in self.intervals
            if (length := getattr(row, name)) is not None
        )

    def _earliest(self) -> tuple[date, ForecastReason]:
        """FORECASTDTCAN-1; never before birth."""
        evaluations = self.run.evaluations.values()
        held = [e for e in evaluations if e.target is not None]
        last_on = _latest(self.patient.doses[e.place].administered_on for e in held)
        invalid = bool(held) and held[-1].status != "valid"
        candidates: list[tuple[date | None, ForecastReason]] = [
            (self.patient.born_on, "due_now"),
            (last_on, "due_now"),
            (self.age_date("minimum"), "due_by_age"),
            (
                self.interval_date("minimum"),
                "due_by_interval_after_invalid" if invalid else "due_by_interval",
            ),
            (self._conflict_end(), "due_by_conflict"),
            (self.target.dose.season_start_on, "due_by_season"),
        ]
        known = [(day, reason) for day, reason in candidates if day is not None]
        return max(known, key=lambda found: found[0])

    def _conflict_end(self) -> date | None:
        """CALCDTCONFLICT-3."""
        schedule = self.patient.schedule
        return _latest(
            add_duration(dose.administered_on, conflict.end)
            for vaccine in {vaccine.cvx for vaccine in self.target.dose.preferable}
            if (conflicts := schedule.conflicts.get(vaccine))
            for dose in self.patient.doses
            if (conflict := conflicts.get(dose.cvx))
        )

    def forecast(self, forbidden: frozenset[str]) -> SeriesForecast:
        """FORECASTDT-1 to -6."""
        earliest_on = self.earliest_on
        recommended_on = self.age_date("earliest_recommended") or self.interval_date(
            "earliest_recommended"
        )
        overdue_on = self.age_date("latest_recommended") or self.interval_date("latest_recommended")
        past_due_on = overdue_on - _ONE_DAY if overdue_on else None
        maximum_on = self.age_date("maximum")
        adjusted_on = max(earliest_on, recommended_on or earliest_on)
        by_age = recommended_on is not None and recommended_on > earliest_on
        return SeriesForecast(
            status="not_complete",
            dose_number=self._dose_number(),
            earliest_on=earliest_on,
            unadjusted_recommended_on=recommended_on or earliest_on,
            unadjusted_past_due_on=past_due_on,
            recommended_on=adjusted_on,
            past_due_on=max(earliest_on, past_due_on) if past_due_on else None,
            latest_on=maximum_on - _ONE_DAY if maximum_on else None,
            reasons=("due_by_age" if by_age else self.reason,),
            vaccines=self._vaccines(forbidden, earliest_on, adjusted_on),
            overrides=bool(self.target.dose.intervals)
            and all(interval.overrides for interval in self.target.dose.intervals),
            target=self.target.dose.number,
        )

    def _dose_number(self) -> int:
        """FORECASTDN-1: doses of an earlier season are not counted."""
        return 1 + sum(
            target.satisfied_by is not None
            and (
                target.dose.season_start_on is None
                or target.satisfied_by.administered_on >= target.dose.season_start_on
            )
            for target in self.run.targets
        )

    def _vaccines(
        self, forbidden: frozenset[str], earliest_on: date, recommended_on: date
    ) -> tuple[str, ...]:
        """FORECASTRECVAC-1; where both days are past, what may be given today is named too."""
        late = self.patient.today.reached(recommended_on)
        found = {
            vaccine.cvx
            for vaccine in self.target.dose.preferable
            if is_recommendable(vaccine, forbidden)
            and (
                any(
                    self.patient.had_age(day, vaccine.begin_age, vaccine.end_age)
                    for day in (earliest_on, recommended_on)
                )
                or (late and self.patient.has_age(vaccine.begin_age, vaccine.end_age))
            )
        }
        return tuple(sorted(found))


def _latest(days: Iterable[date]) -> date | None:
    return max(days, default=None)


def list_minimum_intervals(target: TargetDose, today: Today) -> list[Duration]:
    """The minimum intervals of a target dose in effect today."""
    rows = in_effect(target.dose.intervals, today)
    return [row.minimum for row in rows if row.minimum is not None]
