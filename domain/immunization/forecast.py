"""The calculator: a person's history and a schedule in, what counts and what is due out.

Source: CDC, CDSi Logic Specification for ACIP Recommendations 4.6, chapter 4.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import msgspec

from domain.immunization.evaluate_series import evaluate_series
from domain.immunization.forecast_series import AntigenFindings, forecast_series
from domain.immunization.group_forecast import GroupForecast, forecast_group
from domain.immunization.history import (
    DoseFlag,
    GivenDose,
    History,
    check_history,
    flag_dose,
)
from domain.immunization.immunity import (
    is_antigen_contraindicated,
    is_immune,
    list_contraindicated_vaccines,
)
from domain.immunization.patient import Patient, dose_order
from domain.immunization.patient_series import PatientSeries
from domain.immunization.reason import EvaluationReason, EvaluationStatus
from domain.immunization.relevant_series import list_relevant_series
from domain.immunization.repeated_report import RepeatRule, find_repeats
from domain.immunization.schedule import Schedule
from domain.immunization.select_series import select_best_series
from domain.immunization.supporting_data import Antigen, SeriesKind
from domain.immunization.today import Today


class AntigenVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a dose was worth for one antigen in the series that was chosen.

    `target` is the dose number it was held to; None after the end of the series.
    """

    group: str
    series_group: str
    kind: SeriesKind
    antigen: str
    series: str
    status: EvaluationStatus
    reasons: tuple[EvaluationReason, ...]
    target: int | None


class DoseVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded dose. Without verdicts it was not counted: `flag` says why, and without a flag
    no series that concerns the person looks for its antigens. `same_as` is the dose counted in
    its stead when the flag is `repeated_report`."""

    id: str
    flag: DoseFlag | None
    verdicts: tuple[AntigenVerdict, ...]
    same_as: str | None = None


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one person on one day; it holds until the day before `changes_on`.

    `doses` are in the order of the history given, `groups` by name and series group.
    """

    assessed_on: date
    changes_on: date | None
    doses: tuple[DoseVerdict, ...]
    groups: tuple[GroupForecast, ...]


def forecast(
    history: History, schedule: Schedule, *, on: date, repeats: RepeatRule | None = None
) -> Forecast:
    """What counts and what is due on that day. Raises: HistoryTooLong, NotYetBorn.

    `repeats` says when two reports are of one dose; without it each report is a dose.
    """
    check_history(history, on=on)
    today = Today(on)
    doses = history.doses
    flags = [flag_dose(dose, history=history, schedule=schedule, today=today) for dose in doses]
    same_as = _mark_repeats(doses, flags, repeats)
    order = sorted(
        (index for index, flag in enumerate(flags) if flag is None),
        key=lambda index: dose_order(doses[index]),
    )
    counted = [doses[index] for index in order]
    patient = Patient(history, schedule=schedule, doses=counted, today=today)
    best = _list_best(patient)
    verdicts = {order[place]: found for place, found in _list_verdicts(best).items()}
    return Forecast(
        assessed_on=on,
        doses=tuple(
            DoseVerdict(
                id=dose.id,
                flag=flags[index],
                verdicts=tuple(verdicts.get(index, ())),
                same_as=same_as.get(index),
            )
            for index, dose in enumerate(doses)
        ),
        groups=_forecast_groups(patient, best),
        changes_on=today.changes_on,
    )


def _mark_repeats(
    doses: Sequence[GivenDose], flags: list[DoseFlag | None], rule: RepeatRule | None
) -> dict[int, str]:
    """Flags the repeated reports among the doses that could be counted; what stands for each."""
    if rule is None:
        return {}
    countable = [index for index, flag in enumerate(flags) if flag is None]
    found = find_repeats([doses[index] for index in countable], rule)
    same_as = {countable[place]: doses[countable[kept]].id for place, kept in found.items()}
    for index in same_as:
        flags[index] = "repeated_report"
    return same_as


def _list_best(patient: Patient) -> list[PatientSeries]:
    places = patient.antigen_doses()
    return [
        run
        for antigen in patient.schedule.data.antigens
        for run in _list_best_of(antigen, patient, places.get(antigen.name, []))
    ]


def _list_best_of(antigen: Antigen, patient: Patient, places: list[int]) -> list[PatientSeries]:
    relevant = list_relevant_series(antigen, patient)
    if not relevant:
        return []
    findings = AntigenFindings(
        is_immune(antigen, patient),
        is_antigen_contraindicated(antigen, patient),
        list_contraindicated_vaccines(antigen, patient),
    )
    runs = [
        PatientSeries(patient, antigen=antigen, series=series, places=places) for series in relevant
    ]
    _Walk(runs, findings).run_all()
    return select_best_series(runs)


class _Walk:
    """Evaluates and forecasts the series of an antigen, those that others ask about first."""

    def __init__(self, runs: list[PatientSeries], findings: AntigenFindings) -> None:
        self.runs = runs
        self.findings = findings
        self.begun: set[int] = set()

    def run_all(self) -> None:
        for run in self.runs:
            self._run(run)

    def _run(self, run: PatientSeries) -> None:
        if id(run) in self.begun:  # done, or in a circle: then it counts as not complete
            return
        self.begun.add(id(run))
        evaluate_series(run, is_completed=self.is_completed)
        forecast_series(run, self.findings, is_completed=self.is_completed)

    def is_completed(self, groups: frozenset[str]) -> bool:
        """Table 6-7."""
        asked = [run for run in self.runs if run.series.group in groups]
        for run in asked:
            self._run(run)
        return any(run.forecast.status == "complete" for run in asked)


def _forecast_groups(patient: Patient, best: list[PatientSeries]) -> tuple[GroupForecast, ...]:
    joined: dict[tuple[str, str], list[PatientSeries]] = defaultdict(list)
    for run in best:
        joined[run.antigen.group, run.series.group].append(run)
    last_given: dict[str, date] = {}
    for dose in patient.doses:
        for association in patient.schedule.vaccines[dose.cvx].associations:
            antigen = patient.schedule.antigens.get(association.antigen)
            if antigen is not None:
                last_given[antigen.group] = dose.administered_on
    return tuple(
        forecast_group(patient.schedule.groups[name], members, last_given_on=last_given.get(name))
        for (name, _), members in sorted(joined.items())
    )


def _list_verdicts(best: list[PatientSeries]) -> dict[int, list[AntigenVerdict]]:
    """By the dose's place in the patient's order."""
    found: dict[int, list[AntigenVerdict]] = defaultdict(list)
    for run in best:
        for place, evaluation in run.evaluations.items():
            found[place].append(
                AntigenVerdict(
                    group=run.antigen.group,
                    series_group=run.series.group_name,
                    kind=run.series.kind,
                    antigen=run.antigen.name,
                    series=run.series.name,
                    status=evaluation.status,
                    reasons=evaluation.reasons,
                    target=evaluation.target,
                )
            )
    return found
