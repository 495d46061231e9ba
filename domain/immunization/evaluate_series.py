"""Walks one series: holds each dose given, in order, to the target dose then looked for.

Source: CDSi Logic Specification 4.6, section 4.4, figure 4-6, steps 1 to 7.
"""

from domain.immunization.conditional_skip import IsCompleted, can_skip
from domain.immunization.evaluate_dose import evaluate_dose, find_condition
from domain.immunization.patient_series import Evaluation, PatientSeries, TargetDose
from domain.immunization.today import Today


def evaluate_series(run: PatientSeries, *, is_completed: IsCompleted) -> None:
    """Gives each of the antigen's doses an evaluation, and moves `run` to the next target dose."""
    for place in run.places:
        _skip_targets(run, place, is_completed)
        target = run.target
        if target is None:
            run.evaluations[place] = _evaluate_extra(run, place)
            continue
        evaluation = run.evaluations[place] = evaluate_dose(run, place)
        if evaluation.status == "valid":
            _satisfy(run, target, place)


def _skip_targets(run: PatientSeries, place: int, is_completed: IsCompleted) -> None:
    """Section 6.2: a skipped target dose hands the same dose given to the next one."""
    given = run.patient.doses[place]
    target = run.target
    if target is None or not target.dose.skips or find_condition(given) is not None:
        return
    on = Today(given.administered_on)
    while can_skip(run, context="evaluation", on=on, before=place, is_completed=is_completed):
        run.targets[run.current].status = "skipped"
        run.current += 1


def _satisfy(run: PatientSeries, target: TargetDose, place: int) -> None:
    """Steps 5 and 6: a recurring dose is followed by another like it."""
    target.status = "satisfied"
    target.satisfied_by = run.patient.doses[place]
    run.current += 1
    if target.dose.recurring:
        run.targets.insert(run.current, TargetDose(target.dose))


def _evaluate_extra(run: PatientSeries, place: int) -> Evaluation:
    """Step 6a: what is given after the end of the series."""
    condition = find_condition(run.patient.doses[place])
    if condition is not None:
        return Evaluation(place, "sub_standard", (condition,), None)
    return Evaluation(place, "extraneous", ("series_complete",), None)
