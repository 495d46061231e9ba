"""Points for the patient series of one series group that compete.

Source: CDSi Logic Specification 4.6, sections 8.3 to 8.6, tables 8-7, 8-9 and 8-11.
"""

from collections.abc import Sequence
from datetime import date

from domain.immunization.duration import add_duration
from domain.immunization.forecast_series import list_minimum_intervals
from domain.immunization.in_effect import in_effect
from domain.immunization.patient_series import PatientSeries


def list_scores(runs: list[PatientSeries]) -> list[tuple[int, PatientSeries]]:
    """Each of `runs` with its points: all complete, or all in process, or with no valid dose."""
    if all(run.forecast.status == "complete" for run in runs):
        points = _points([run.valid_count for run in runs], 1)
        return list(zip(points, runs, strict=True))
    if any(run.valid_count for run in runs):
        return _score_in_process(runs)
    return _score_unstarted(runs)


def _score_in_process(runs: list[PatientSeries]) -> list[tuple[int, PatientSeries]]:
    """Table 8-9."""
    finishes = [_finish_on(run) for run in runs]
    completable = [_is_completable(run, on) for run, on in zip(runs, finishes, strict=True)]
    most_valid = _points([run.valid_count for run in runs], 2)
    closest = _points([-_unsatisfied_count(run) for run in runs], 2)
    earliest = _points(
        [
            -on.toordinal() if able and on else None
            for on, able in zip(finishes, completable, strict=True)
        ],
        1,
    )
    return [
        (
            (2 if run.series.is_product_path and _has_all_valid(run) else -2)
            + (3 if completable[place] else -3)
            + most_valid[place]
            + closest[place]
            + earliest[place],
            run,
        )
        for place, run in enumerate(runs)
    ]


def _score_unstarted(runs: list[PatientSeries]) -> list[tuple[int, PatientSeries]]:
    """Table 8-11."""
    starts = [run.forecast.earliest_on for run in runs]
    earliest = _points([-on.toordinal() if on else None for on in starts], 1)
    return [
        (
            earliest[place]
            + (1 if _is_completable(run, _finish_on(run)) else -1)
            + (-1 if run.series.is_product_path else 1),
            run,
        )
        for place, run in enumerate(runs)
    ]


def _points(values: Sequence[int | None], award: int) -> list[int]:
    """The award for the only greatest value, nothing where two share it, a loss for the rest."""
    known = [value for value in values if value is not None]
    if not known:
        return [-award] * len(values)
    best = max(known)
    first = 0 if known.count(best) > 1 else award
    return [first if value == best else -award for value in values]


def _has_all_valid(run: PatientSeries) -> bool:
    """SELECTB-2."""
    return all(e.status == "valid" for e in run.evaluations.values() if e.target is not None)


def _unsatisfied_count(run: PatientSeries) -> int:
    """SELECTB-5."""
    return sum(target.status == "not_satisfied" for target in run.targets)


def _finish_on(run: PatientSeries) -> date | None:
    """SELECTB-12: the earliest date, moved by the longest minimum interval of each later dose."""
    day = run.forecast.earliest_on
    if day is None:
        return None
    for target in run.targets[run.current + 1 :]:
        lengths = list_minimum_intervals(target, run.patient.today)
        start = day
        day = max((add_duration(start, length) for length in lengths), default=start)
    return day


def _is_completable(run: PatientSeries, finish_on: date | None) -> bool:
    """SELECTB-3: the maximum age is that of the last target dose."""
    if finish_on is None:
        return False
    ages = in_effect(run.targets[-1].dose.ages, run.patient.today)
    maxima = [age.maximum for age in ages if age.maximum is not None]
    return all(finish_on < run.patient.age_date(maximum) for maximum in maxima)
