"""Joins what antigens need into one answer for each vaccine group.

Source: CDSi Logic Specification 4.6, chapter 9.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

import msgspec

from domain.immunization.patient_series import PatientSeries, SeriesForecast
from domain.immunization.reason import ForecastReason, SeriesStatus
from domain.immunization.supporting_data import (
    Contraindication,
    Indication,
    SeriesKind,
    VaccineGroup,
)

Text = TypeVar("Text", bound=str)


class GroupForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a person needs of one vaccine group, by the series of one series group.

    From `earliest_on` the dose may be given, from `recommended_on` it should be, after
    `past_due_on` it is late, after `latest_on` it is not given. `antigens` are those still needed,
    `vaccines` the types recommended by code where the schedule names any, `targets` the series dose
    looked for in each of `series`.
    """

    group: str
    series_group: str
    kind: SeriesKind
    status: SeriesStatus
    dose_number: int | None
    earliest_on: date | None
    recommended_on: date | None
    past_due_on: date | None
    latest_on: date | None
    reasons: tuple[ForecastReason, ...]
    antigens: tuple[str, ...]
    vaccines: tuple[str, ...]
    series: tuple[str, ...]
    guidance: tuple[str, ...]
    targets: tuple[int | None, ...] = ()


def forecast_group(
    group: VaccineGroup, best: list[PatientSeries], *, last_given_on: date | None
) -> GroupForecast:
    """`best` are the best series, one of each antigen, of one series group; at least one.

    `last_given_on` is the last day on which any vaccine of the group was given.
    """
    forecasts = [run.forecast for run in best]
    needed = [run for run in best if run.forecast.status == "not_complete"]
    status = _status(forecasts)
    due = [run.forecast for run in needed] if status == "not_complete" else []
    earliest_on = _earliest(due, single=len(group.antigens) == 1, last_given_on=last_given_on)
    numbers = [forecast.dose_number for forecast in due if forecast.dose_number is not None]
    return GroupForecast(
        group=group.name,
        series_group=best[0].series.group_name,
        kind=best[0].series.kind,
        status=status,
        dose_number=(min if group.whole else max)(numbers, default=None),
        earliest_on=earliest_on,
        recommended_on=_not_before(earliest_on, due, lambda forecast: forecast.recommended_on),
        past_due_on=_not_before(earliest_on, due, lambda forecast: forecast.past_due_on),
        latest_on=min((f.latest_on for f in due if f.latest_on is not None), default=None),
        reasons=_unique(reason for forecast in forecasts for reason in forecast.reasons),
        antigens=tuple(run.antigen.name for run in needed) if due else (),
        vaccines=tuple(sorted({cvx for forecast in due for cvx in forecast.vaccines})),
        series=tuple(run.series.name for run in best),
        guidance=_guidance(best),
        targets=tuple(run.forecast.target for run in best),
    )


def _status(forecasts: list[SeriesForecast]) -> SeriesStatus:
    """SINGLEANTVG-1 and table 9-4, from its left."""
    statuses = {forecast.status for forecast in forecasts}
    if len(statuses) == 1:
        return statuses.pop()
    order: tuple[SeriesStatus, ...] = (
        "contraindicated",
        "aged_out",
        "not_recommended",
        "not_complete",
    )
    return next((status for status in order if status in statuses), "complete")


def _earliest(
    due: list[SeriesForecast], *, single: bool, last_given_on: date | None
) -> date | None:
    """SINGLEANTVG-2 and MULTIANTVG-1."""
    days = [forecast.earliest_on for forecast in due if forecast.earliest_on is not None]
    if not days:
        return None
    if single:
        return min(days)
    if any(forecast.overrides for forecast in due):
        return max(min(days), last_given_on or min(days))
    return max(days)


def _not_before(
    earliest_on: date | None,
    due: list[SeriesForecast],
    read: Callable[[SeriesForecast], date | None],
) -> date | None:
    """FORECASTVG-2 and -3: the earliest such day, but not before the group's earliest date."""
    first = min((day for forecast in due if (day := read(forecast)) is not None), default=None)
    return max(first, earliest_on) if first and earliest_on else None


def _guidance(best: list[PatientSeries]) -> tuple[str, ...]:
    """FORECASTGUIDANCE-1: of series still needed, and of what was observed."""
    return _unique(text for run in best for text in _list_guidance(run) if text)


def _list_guidance(run: PatientSeries) -> Iterable[str]:
    if run.forecast.status == "not_complete":
        yield from run.series.guidance
    rules: tuple[Indication | Contraindication, ...] = (
        *run.series.indications,
        *run.antigen.contraindications,
        *run.antigen.vaccine_contraindications,
    )
    yield from (rule.guidance for rule in rules if rule.observation in run.patient.observed)


def _unique(values: Iterable[Text]) -> tuple[Text, ...]:
    return tuple(dict.fromkeys(values))
