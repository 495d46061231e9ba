"""What is known of a child and of one visit to the scales; what cannot be true is refused.

The caller makes these from facts. A value that is merely unlikely is kept and flagged later
(`plausible.py`); refused is only what no arithmetic can be done with.
"""

from collections.abc import Iterator
from datetime import date
from math import isfinite
from typing import Literal

import msgspec

from domain.calendar_date import Sex
from domain.error import Refusal

MEASURED_MAX = 100_000.0  # 100 kg in grams; above it a number is not a measurement in any unit
GESTATION_DAYS_MIN = 21 * 7  # the youngest who lived were born at 21 completed weeks
GESTATION_DAYS_MAX = 44 * 7 + 6

Position = Literal["lying", "standing"]
Measured = Literal["weight_kg", "length_cm", "head_cm", "arm_cm", "triceps_mm", "subscapular_mm"]


class NotAMeasurement(Refusal):
    code = "growth.not_a_measurement"
    ar = "القياس يجب أن يكون عدداً أكبر من صفر. صحّح القيمة ثم أعد المحاولة."
    en = "A measurement must be a number above zero. Correct the value and try again."


class MeasuredBeforeBirth(Refusal):
    code = "growth.measured_before_birth"
    ar = "تاريخ القياس قبل تاريخ الميلاد. صحّح أحد التاريخين."
    en = "The measurement is dated before the birth. Correct one of the two dates."


class GestationOutOfRange(Refusal):
    code = "growth.gestation_out_of_range"
    ar = "مدة الحمل عند الولادة يجب أن تكون بين 21 و44 أسبوعاً. صحّحها ثم أعد المحاولة."
    en = "The length of pregnancy at birth must be 21 to 44 weeks. Correct it and try again."


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """`gestation_days` is the length of the pregnancy at birth, where it is known."""

    born_on: date
    sex: Sex = "unknown"
    gestation_days: int | None = None


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on one day. `position` is how the length was taken; None: as the age
    asks."""

    measured_on: date
    weight_kg: float | None = None
    length_cm: float | None = None
    position: Position | None = None
    head_cm: float | None = None
    arm_cm: float | None = None
    triceps_mm: float | None = None
    subscapular_mm: float | None = None
    oedema: bool = False


def check_measurement(child: Child, measurement: Measurement) -> None:
    """Raises: NotAMeasurement, MeasuredBeforeBirth, GestationOutOfRange; the person corrects it."""
    check_child(child)
    if measurement.measured_on < child.born_on:
        raise MeasuredBeforeBirth
    for name, value in list_measured(measurement):
        if not (isfinite(value) and 0 < value <= MEASURED_MAX):
            raise NotAMeasurement(name)


def check_child(child: Child) -> None:
    """Raises: GestationOutOfRange."""
    days = child.gestation_days
    if days is not None and not GESTATION_DAYS_MIN <= days <= GESTATION_DAYS_MAX:
        raise GestationOutOfRange


def list_measured(measurement: Measurement) -> Iterator[tuple[Measured, float]]:
    """Each value that was measured, by its name."""
    values: tuple[tuple[Measured, float | None], ...] = (
        ("weight_kg", measurement.weight_kg),
        ("length_cm", measurement.length_cm),
        ("head_cm", measurement.head_cm),
        ("arm_cm", measurement.arm_cm),
        ("triceps_mm", measurement.triceps_mm),
        ("subscapular_mm", measurement.subscapular_mm),
    )
    return ((name, value) for name, value in values if value is not None)
