"""The calculator: a child, one measurement and a standard in, a finding for each indicator out.

It does not depend on today: an answer holds for as long as its measurement and its tables do.
"""

from datetime import date
from typing import Literal

import msgspec

from domain.calendar_date import Sex
from domain.growth.age import LAST_DAY_2006, STANDING_FROM_DAYS, GrowthAge, growth_age
from domain.growth.child import Child, Measured, Measurement, check_measurement, list_measured
from domain.growth.lms import Lms, percentile, z_score
from domain.growth.plausible import GrowthFlag, Unit, is_implausible, suspect_unit
from domain.growth.standard import GrowthStandard, Indicator, Scale

LYING_LESS_STANDING_CM = 0.7  # WHO 2006: a child lying measures so much more
STANDING_FROM_MONTHS = 9  # younger children cannot be measured standing: WHO's R package anthro

Absence = Literal["sex_unknown", "before_term", "outside_table", "oedema"]

# Oedema adds water to the weight: what rests on it says nothing about growth.
_BY_WEIGHT: frozenset[Indicator] = frozenset({"weight_for_age", "weight_for_length", "bmi_for_age"})
_BY_AGE: tuple[tuple[Measured, Indicator], ...] = (
    ("weight_kg", "weight_for_age"),
    ("length_cm", "length_for_age"),
    ("head_cm", "head_for_age"),
    ("arm_cm", "arm_for_age"),
    ("triceps_mm", "triceps_for_age"),
    ("subscapular_mm", "subscapular_for_age"),
)


class GrowthFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator: `value` is what was compared (length converted, BMI worked out).

    `z` is rounded to two decimals as WHO's programs do, `percentile` to one; both are absent for
    the reason in `absent`. `perhaps` is the unit that an implausible value may have been in.
    """

    indicator: Indicator
    value: float
    z: float | None = None
    percentile: float | None = None
    absent: Absence | None = None
    flags: tuple[GrowthFlag, ...] = ()
    perhaps: Unit | None = None


class GrowthAssessment(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one measurement says. `length_cm` is the length as it was compared."""

    measured_on: date
    age: GrowthAge
    length_cm: float | None
    bmi: float | None
    findings: tuple[GrowthFinding, ...]

    def find(self, indicator: Indicator) -> GrowthFinding | None:
        return next((item for item in self.findings if item.indicator == indicator), None)


def assess_growth(
    child: Child, measurement: Measurement, standard: GrowthStandard
) -> GrowthAssessment:
    """A finding for each indicator of which the values were measured, in a fixed order.

    Raises: NotAMeasurement, MeasuredBeforeBirth, GestationOutOfRange.
    """
    check_measurement(child, measurement)
    age = growth_age(child, measurement.measured_on)
    return assess_at_age(child.sex, age, measurement=measurement, standard=standard)


def assess_at_age(
    sex: Sex, age: GrowthAge, *, measurement: Measurement, standard: GrowthStandard
) -> GrowthAssessment:
    """The same for a child whose age is known otherwise; `measurement` has been checked."""
    length = _convert_length(measurement, age)
    weight = measurement.weight_kg
    bmi = None if weight is None or length is None else weight / (length / 100) ** 2
    sitting = _Sitting(sex, measurement, age, standard)
    values = dict(list_measured(measurement))
    if length is not None:
        values["length_cm"] = length
    findings = [
        sitting.by_age(indicator, values[name], name)
        for name, indicator in _BY_AGE
        if name in values
    ]
    if bmi is not None and weight is not None and length is not None:
        findings.append(sitting.by_age("bmi_for_age", bmi, None))
        if age.days <= LAST_DAY_2006:
            findings.append(sitting.by_length(weight, length))
    return GrowthAssessment(
        measured_on=measurement.measured_on,
        age=age,
        length_cm=length,
        bmi=bmi,
        findings=tuple(findings),
    )


def _convert_length(measurement: Measurement, age: GrowthAge) -> float | None:
    """Lying below 24 months and standing from then on, whatever way it was taken.

    Source: WHO igrowup; R package anthro, `anthro_zscores`: below 731 days a height gains 0.7 cm,
    from then on a length loses 0.7 cm; a height below 9 months is taken as a length.
    """
    length = measurement.length_cm
    if length is None:
        return None
    if age.days >= STANDING_FROM_DAYS and measurement.position == "lying":
        # Never below zero: a length of half a centimetre is flagged, not divided by.
        return max(length - LYING_LESS_STANDING_CM, LYING_LESS_STANDING_CM)
    if age.days < STANDING_FROM_DAYS and measurement.position == "standing":
        return length if _stood_too_young(measurement, age) else length + LYING_LESS_STANDING_CM
    return length


def _stood_too_young(measurement: Measurement, age: GrowthAge) -> bool:
    return measurement.position == "standing" and age.months < STANDING_FROM_MONTHS


class _Sitting(msgspec.Struct, frozen=True):
    """One child at one measurement: what every indicator shares."""

    sex: Sex
    measurement: Measurement
    age: GrowthAge
    standard: GrowthStandard

    def by_age(self, indicator: Indicator, value: float, name: Measured | None) -> GrowthFinding:
        if self.age.days <= LAST_DAY_2006:
            return self._find(indicator, value, name, scale="day", at=self.age.days)
        return self._find(indicator, value, name, scale="month", at=self.age.months)

    def by_length(self, weight: float, length: float) -> GrowthFinding:
        scale: Scale = "lying_mm" if self.age.days < STANDING_FROM_DAYS else "standing_mm"
        return self._find("weight_for_length", weight, "weight_kg", scale=scale, at=length * 10)

    def _find(
        self, indicator: Indicator, value: float, name: Measured | None, *, scale: Scale, at: float
    ) -> GrowthFinding:
        found = self._lms(indicator, scale, at)
        if not isinstance(found, Lms):
            return GrowthFinding(indicator=indicator, value=value, absent=found)
        score = z_score(value, found)
        wrong = is_implausible(indicator, round(score, 2))
        return GrowthFinding(
            indicator=indicator,
            value=value,
            z=round(score, 2),
            percentile=round(percentile(score), 1),
            flags=self._flags(indicator, wrong),
            perhaps=suspect_unit(name, value, found) if wrong and name else None,
        )

    def _lms(self, indicator: Indicator, scale: Scale, at: float) -> Lms | Absence:
        if self.measurement.oedema and indicator in _BY_WEIGHT:
            return "oedema"
        if self.sex == "unknown":
            return "sex_unknown"
        if self.age.days < 0 and scale == "day":
            return "before_term"
        return self.standard.find_lms(indicator, self.sex, scale, at=at) or "outside_table"

    def _flags(self, indicator: Indicator, wrong: bool) -> tuple[GrowthFlag, ...]:
        flags: list[GrowthFlag] = ["implausible"] if wrong else []
        by_length = indicator in {"length_for_age", "bmi_for_age", "weight_for_length"}
        if by_length and _stood_too_young(self.measurement, self.age):
            flags.append("standing_too_young")
        return tuple(flags)
