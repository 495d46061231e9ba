"""What an Observation tells: a weight, a length, a head; or the day a child is due.

Values come in every unit; what is not a number in a unit that we know is listed, never guessed.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from math import isfinite

from domain.facts.health import MeasurementTaken, MeasuringPosition
from domain.facts.pregnancy import PregnancyConfirmed
from domain.ids import PersonId
from gov.event.value import DUE_AHEAD_DAYS_MAX
from gov.fhir.code import (
    CENTIMETRES,
    DUE_DAYS,
    KILOGRAMS,
    LOINC_SYSTEMS,
    LYING,
    MEASURES,
    STANDING,
    UCUM_SYSTEMS,
    Measure,
)
from gov.fhir.day import find_day
from gov.fhir.element import Quantity
from gov.fhir.reason import CodeUnused, DayContradicted, DayUnknown, NotFinal, ValueUnusable
from gov.fhir.resource import Observation
from gov.fhir.telling import Telling, Told

_FINAL = frozenset({"final", "amended", "corrected"})
# Nobody weighs more; above them a value was written in another unit than it says.
KILOGRAMS_MAX = 700.0
CENTIMETRES_MAX = 300.0
# Pounds and inches give long fractions; a gram and a tenth of a millimetre are what scales show.
_KILOGRAM_DIGITS, _CENTIMETRE_DIGITS = 3, 2
_POSITIONS: Mapping[str, MeasuringPosition] = {LYING: "lying", STANDING: "standing"}


def tell_observation(resource: Observation) -> Told:
    """The fact of one Observation that is not entered in error."""
    codes = [
        coding.code
        for coding in resource.code.coding
        if coding.system in LOINC_SYSTEMS and coding.code is not None
    ]
    measure = next((code for code in codes if code in MEASURES), None)
    is_due_day = any(code in DUE_DAYS for code in codes)
    if measure is None and not is_due_day:
        return CodeUnused
    if resource.status not in _FINAL:
        return NotFinal
    day = _day_of(resource)
    if day is None:
        return DayUnknown
    return _tell_due_day(resource, day) if measure is None else _measured(resource, measure, day)


def _day_of(resource: Observation) -> date | None:
    period = resource.effective_period
    return (
        find_day(resource.effective_date_time)
        or find_day(resource.effective_instant)
        or (find_day(period.start) if period is not None else None)
    )


def _measured(resource: Observation, code: str, day: date) -> Told:
    name = MEASURES[code]
    value = read_quantity(resource.value_quantity, name)
    if value is None:
        return ValueUnusable
    return (Telling(day, lambda who: _measurement(who, code, value)),)


def _measurement(who: PersonId, code: str, value: float) -> MeasurementTaken:
    match MEASURES[code]:
        case "weight_kg":
            return MeasurementTaken(who, weight_kg=value)
        case "length_cm":
            return MeasurementTaken(who, length_cm=value, position=_POSITIONS.get(code))
        case "head_cm":
            return MeasurementTaken(who, head_cm=value)
        case "arm_cm":
            return MeasurementTaken(who, arm_cm=value)


def _tell_due_day(resource: Observation, day: date) -> Told:
    due_on = find_day(resource.value_date_time)
    if due_on is None:
        return ValueUnusable
    if not timedelta(0) <= due_on - day <= timedelta(days=DUE_AHEAD_DAYS_MAX):
        return DayContradicted
    return (Telling(day, lambda who: PregnancyConfirmed(who, None, due_on)),)


def read_quantity(quantity: Quantity | None, measure: Measure) -> float | None:
    """The value in kilograms or centimetres; None where it is none, or no exact one."""
    if quantity is None or quantity.value is None or quantity.comparator is not None:
        return None
    is_weight = measure == "weight_kg"
    factor = _factor(quantity, KILOGRAMS if is_weight else CENTIMETRES)
    if factor is None or not isfinite(quantity.value):
        return None
    value = round(quantity.value * factor, _KILOGRAM_DIGITS if is_weight else _CENTIMETRE_DIGITS)
    return value if 0 < value <= (KILOGRAMS_MAX if is_weight else CENTIMETRES_MAX) else None


def _factor(quantity: Quantity, units: Mapping[str, float]) -> float | None:
    """By UCUM's code where there is one, else by the unit as it is written."""
    if quantity.code is not None and quantity.system in UCUM_SYSTEMS:
        return units.get(quantity.code)
    written = quantity.unit or quantity.code or ""
    return units.get(written.strip().lower())
