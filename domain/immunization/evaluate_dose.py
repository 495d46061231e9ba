"""Judges one dose given against one target dose.

Source: CDSi Logic Specification 4.6, sections 6.1 and 6.3 to 6.10. The conditional skip of 6.2
comes before it, in `evaluate_series.py`.
"""

from domain.immunization.duration import add_duration
from domain.immunization.history import GivenDose
from domain.immunization.in_effect import in_effect
from domain.immunization.interval_reference import reference_date
from domain.immunization.patient_series import Evaluation, PatientSeries
from domain.immunization.reason import EvaluationReason, EvaluationStatus
from domain.immunization.supporting_data import Interval, SeriesDose, SeriesVaccine
from domain.immunization.today import Today

_Judgement = tuple[bool, list[EvaluationReason]]


def evaluate_dose(run: PatientSeries, place: int) -> Evaluation:
    """What the dose at `place` is worth for the target dose now looked for."""
    target = run.target
    assert target is not None
    series_dose, given = target.dose, run.patient.doses[place]
    status: EvaluationStatus
    reasons: list[EvaluationReason]
    condition = find_condition(given)
    if condition is not None:
        status, reasons = "sub_standard", [condition]
    elif given.cvx in series_dose.inadvertent:
        status, reasons = "not_valid", ["inadvertent"]
    else:
        status, reasons = _judge(run, series_dose, place)
    return Evaluation(place, status, tuple(reasons), series_dose.number)


def find_condition(given: GivenDose) -> EvaluationReason | None:
    """Why a dose cannot be evaluated at all (table 6-3), or None."""
    if given.lot_expires_on is not None and given.administered_on > given.lot_expires_on:
        return "lot_expired"
    return "dose_condition" if given.substandard else None


def _judge(
    run: PatientSeries, series_dose: SeriesDose, place: int
) -> tuple[EvaluationStatus, list[EvaluationReason]]:
    """Table 6-31."""
    given = run.patient.doses[place]
    on = Today(given.administered_on)
    aged, age_reasons = _judge_age(run, series_dose, on)
    if "too_old" in age_reasons:
        return "extraneous", age_reasons
    spaced, interval_reasons = _judge_intervals(run, series_dose, place, on)
    unspoiled = not _is_spoiled(run, place)
    suited, vaccine_reasons = _judge_vaccine(run, series_dose, given)
    conflict_reasons: list[EvaluationReason] = [] if unspoiled else ["vaccine_conflict"]
    reasons = [*age_reasons, *interval_reasons, *conflict_reasons, *vaccine_reasons]
    return ("valid" if aged and spaced and unspoiled and suited else "not_valid"), reasons


def _judge_age(run: PatientSeries, series_dose: SeriesDose, on: Today) -> _Judgement:
    """Table 6-15."""
    age_date = run.patient.age_date
    for age in in_effect(series_dose.ages, on):
        if age.absolute_minimum is not None and on.on < age_date(age.absolute_minimum):
            return False, ["too_young"]
        if age.maximum is not None and on.on >= age_date(age.maximum):
            return False, ["too_old"]
        if age.minimum is not None and on.on < age_date(age.minimum):
            return True, ["grace_age"]
    return True, []


def _judge_intervals(
    run: PatientSeries, series_dose: SeriesDose, place: int, on: Today
) -> _Judgement:
    """Tables 6-18 and 6-21: all preferable intervals, or all allowable ones, are kept."""
    reasons: list[EvaluationReason] = []
    for interval in in_effect(series_dose.intervals, on):
        reference_on = reference_date(interval, run, before=place)
        if reference_on is None:
            continue
        if _is_shorter(interval, run, place):
            reasons = ["too_soon"]
            break
        if interval.minimum and on.on < add_duration(reference_on, interval.minimum):
            reasons = ["grace_interval"]
    if reasons != ["too_soon"]:
        return True, reasons
    allowable = in_effect(series_dose.allowable_intervals, on)
    if allowable and not any(_is_shorter(interval, run, place) for interval in allowable):
        return True, []
    return False, reasons


def _is_shorter(interval: Interval, run: PatientSeries, place: int) -> bool:
    """Whether the dose at `place` came before the absolute minimum interval was over."""
    reference_on = reference_date(interval, run, before=place)
    if reference_on is None or interval.absolute_minimum is None:
        return False
    given_on = run.patient.doses[place].administered_on
    return given_on < add_duration(reference_on, interval.absolute_minimum)


def _is_spoiled(run: PatientSeries, place: int) -> bool:
    """Whether an earlier vaccine of any antigen came too near (6.7, CONFLICT-3).

    An earlier dose that this series found not valid conflicts for longer (CALCDTCONFLICT-2).
    """
    doses = run.patient.doses
    conflicts = run.patient.schedule.conflicts.get(doses[place].cvx)
    if not conflicts:
        return False
    given_on = doses[place].administered_on
    for earlier in range(place):
        conflict = conflicts.get(doses[earlier].cvx)
        if conflict is None:
            continue
        evaluation = run.evaluations.get(earlier)
        worked = evaluation is None or evaluation.status == "valid"
        earlier_on = doses[earlier].administered_on
        end = conflict.minimum_end if worked else conflict.end
        if add_duration(earlier_on, conflict.begin) <= given_on < add_duration(earlier_on, end):
            return True
    return False


def _judge_vaccine(run: PatientSeries, series_dose: SeriesDose, given: GivenDose) -> _Judgement:
    """Tables 6-26 and 6-29."""
    outside_age = False
    for vaccine in series_dose.preferable:
        if vaccine.cvx != given.cvx or not _is_same_product(vaccine, given):
            continue
        if run.patient.had_age(given.administered_on, vaccine.begin_age, vaccine.end_age):
            return True, ["low_volume"] if _is_low(vaccine, given) else []
        outside_age = True
    for vaccine in series_dose.allowable:
        if vaccine.cvx != given.cvx:
            continue
        if run.patient.had_age(given.administered_on, vaccine.begin_age, vaccine.end_age):
            return True, []
        outside_age = True
    return False, ["vaccine_outside_age" if outside_age else "wrong_vaccine"]


def _is_same_product(vaccine: SeriesVaccine, given: GivenDose) -> bool:
    """Where a product is asked for, its trade name or its maker must be known to match."""
    if vaccine.trade_name is None and vaccine.mvx is None:
        return True
    named = (given.trade_name or "").casefold() == (vaccine.trade_name or "").casefold()
    made = given.mvx is not None and given.mvx == vaccine.mvx
    return (vaccine.trade_name is not None and named) or made


def _is_low(vaccine: SeriesVaccine, given: GivenDose) -> bool:
    return (
        vaccine.volume_ml is not None
        and given.volume_ml is not None
        and given.volume_ml < vaccine.volume_ml
    )
