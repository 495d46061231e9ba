"""Chooses, for one antigen, the series that serve a person best.

Source: CDSi Logic Specification 4.6, chapter 8. Points are in `score_series.py`.
"""

from collections import defaultdict

from domain.immunization.patient_series import PatientSeries
from domain.immunization.score_series import list_scores


def select_best_series(runs: list[PatientSeries]) -> list[PatientSeries]:
    """The best patient series of an antigen, at most one of each series group, in group order."""
    groups: dict[str, list[PatientSeries]] = defaultdict(list)
    for run in runs:
        groups[run.series.group].append(run)
    prioritized = {
        group: chosen
        for group, members in sorted(groups.items())
        if (chosen := _prioritize(members)) is not None
    }
    return [run for run in prioritized.values() if _is_best(run, prioritized)]


def _prioritize(members: list[PatientSeries]) -> PatientSeries | None:
    """Sections 8.1 to 8.7: the one prioritized patient series of a series group."""
    scorable = [run for run in members if _is_scorable(run, members)]
    defaults = [run for run in members if run.series.is_default]
    if not scorable:
        return defaults[0] if len(defaults) == 1 else None
    if len(scorable) == 1:
        return scorable[0]
    complete = [run for run in scorable if is_complete(run)]
    in_process = [run for run in scorable if is_in_process(run)]
    if len(complete) == 1:
        return complete[0]
    if not complete and len(in_process) == 1:
        return in_process[0]
    if not complete and not in_process and len(defaults) == 1:
        return defaults[0]
    scores = list_scores(complete or in_process or scorable)
    return min(scores, key=lambda found: (-found[0], _preference(found[1])))[1]


def is_complete(run: PatientSeries) -> bool:
    """SELECTB-6."""
    return run.forecast.status == "complete"


def is_in_process(run: PatientSeries) -> bool:
    """SELECTB-16."""
    return run.forecast.status == "not_complete" and run.valid_count > 0


def _is_scorable(run: PatientSeries, members: list[PatientSeries]) -> bool:
    """SELECTSCORE-2. Priority A is the greatest."""
    series = run.series
    if series.kind == "evaluation_only":
        return is_complete(run)
    if not _is_candidate(run, members):
        return False
    if series.kind == "risk":
        return all(series.priority <= other.series.priority for other in members)
    valid_on = [
        run.patient.doses[place].administered_on
        for place, evaluation in run.evaluations.items()
        if evaluation.status == "valid"
    ]
    if valid_on:
        latest_start = series.max_age_to_start
        return latest_start is None or min(valid_on) < run.patient.age_date(latest_start)
    return not any(other.valid_count or other.series.is_default for other in members)


def _is_candidate(run: PatientSeries, members: list[PatientSeries]) -> bool:
    """SELECTB-24."""
    return run.forecast.status != "contraindicated" or all(
        other.forecast.status == "contraindicated" for other in members
    )


def _preference(run: PatientSeries) -> tuple[bool, int, str]:
    """Best ranked first; one without a rank comes last; names settle what the data leave open."""
    rank = run.series.preference
    return rank is None, rank or 0, run.series.name


def _is_best(run: PatientSeries, prioritized: dict[str, PatientSeries]) -> bool:
    """Table 8-14."""
    if is_complete(run):
        return True
    equivalent = [
        other
        for group, other in prioritized.items()
        if group in run.series.equivalent_groups and other is not run
    ]
    if run.series.kind == "evaluation_only" or any(is_complete(other) for other in equivalent):
        return False
    return run.series.kind == "risk" or all(other.series.kind != "risk" for other in equivalent)
