"""Whether a measurement can be right: WHO's limits, and which unit a wrong one may have been in.

A flag is a question to whoever measured, never a finding about the child.
"""

from collections.abc import Mapping
from typing import Literal

from domain.growth.child import Measured
from domain.growth.lms import Lms, z_score
from domain.growth.standard import Indicator

GrowthFlag = Literal["implausible", "standing_too_young"]
Unit = Literal["pounds", "grams", "inches", "metres", "millimetres", "inches_twice"]

# Below and above these a z-score is more likely an error than a child.
# Source: WHO igrowup, R packages anthro and anthroplus: flags of each indicator.
_LIMITS: Mapping[Indicator, tuple[float, float]] = {
    "weight_for_age": (-6, 5),
    "length_for_age": (-6, 6),
    "weight_for_length": (-5, 5),
    "bmi_for_age": (-5, 5),
    "head_for_age": (-5, 5),
    "arm_for_age": (-5, 5),
    "triceps_for_age": (-5, 5),
    "subscapular_for_age": (-5, 5),
}

_CM_PER_INCH = 2.54
# What a value has to be multiplied by if it was taken in that unit. "inches_twice" are
# centimetres that someone converted as if they were inches.
_CENTIMETRES: tuple[tuple[Unit, float], ...] = (
    ("inches", _CM_PER_INCH),
    ("metres", 100.0),
    ("millimetres", 0.1),
    ("inches_twice", 1 / _CM_PER_INCH),
)
_UNITS: Mapping[Measured, tuple[tuple[Unit, float], ...]] = {
    "weight_kg": (("pounds", 0.45359237), ("grams", 0.001)),
    "length_cm": _CENTIMETRES,
    "head_cm": _CENTIMETRES,
    "arm_cm": _CENTIMETRES,
}
_LIKELY_Z = 3.0  # a value that another unit brings within this is worth asking about


def is_implausible(indicator: Indicator, score: float) -> bool:
    low, high = _LIMITS[indicator]
    return not low <= score <= high


def suspect_unit(name: Measured, value: float, lms: Lms) -> Unit | None:
    """The unit in which an implausible value would be that of an ordinary child; None: none is."""
    found = [(abs(z_score(value * factor, lms)), unit) for unit, factor in _UNITS.get(name, ())]
    score, unit = min(found, default=(_LIKELY_Z + 1, None))
    return unit if score <= _LIKELY_Z else None
