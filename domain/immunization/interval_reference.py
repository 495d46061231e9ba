"""The day from which an interval is counted.

Source: CDSi Logic Specification 4.6, table 3-7, CALCDTINT-1, -2, -8 and -9.
"""

from datetime import date

from domain.immunization.patient_series import PatientSeries
from domain.immunization.supporting_data import Interval

_COUNTED = ("valid", "not_valid")


def reference_date(interval: Interval, run: PatientSeries, *, before: int) -> date | None:
    """The day that `interval` runs from, or None when there is none yet and nothing to wait for.

    `before` is the place in the patient's doses of the dose under evaluation; their number when
    the next one is forecast.
    """
    if interval.from_previous:
        return previous_date(run, before=before)
    if interval.from_target_dose is not None:
        return _target_date(run, interval.from_target_dose)
    if interval.from_vaccines:
        return _vaccine_date(run, interval.from_vaccines, before=before)
    if interval.from_observation is not None:
        return run.patient.observed.get(interval.from_observation)
    return None


def previous_date(run: PatientSeries, *, before: int) -> date | None:
    """When the dose before was given: valid or not, but never an inadvertent one."""
    for place in reversed(run.places):
        if place >= before:
            continue
        evaluation = run.evaluations.get(place)
        if evaluation and evaluation.status in _COUNTED and "inadvertent" not in evaluation.reasons:
            return run.patient.doses[place].administered_on
    return None


def _target_date(run: PatientSeries, number: int) -> date | None:
    for target in run.targets:
        if target.dose.number == number and target.satisfied_by is not None:
            return target.satisfied_by.administered_on
    return None


def _vaccine_date(run: PatientSeries, vaccines: frozenset[str], *, before: int) -> date | None:
    doses = run.patient.doses
    for place in range(min(before, len(doses)) - 1, -1, -1):
        if doses[place].cvx in vaccines:
            evaluation = run.evaluations.get(place)
            if evaluation is None or "inadvertent" not in evaluation.reasons:
                return doses[place].administered_on
    return None
