"""What one measurement says, at the boundaries of each rule and with input that cannot be right."""

import math
from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.growth.age import growth_age
from domain.growth.assess import Absence, assess_growth
from domain.growth.child import (
    MEASURED_MAX,
    Child,
    GestationOutOfRange,
    MeasuredBeforeBirth,
    Measurement,
    NotAMeasurement,
)
from domain.growth.growth_text import (
    ABSENCE_WORDS,
    FLAG_WORDS,
    INDICATOR_WORDS,
    MEASURE_WORDS,
    UNIT_WORDS,
)
from domain.growth.plausible import GrowthFlag, Unit
from domain.growth.standard import Indicator
from tests.domain.growth.children import BORN_ON, BOY, GIRL, WHO, assess, finding, measured

FIVE_YEARS = 1826


@pytest.mark.parametrize(
    ("age_days", "position", "compared"),
    [
        # 24 months are 730.5 days: 730 is below, 731 is not (WHO igrowup).
        (730, "lying", 80.0),
        (730, "standing", 80.7),
        (730, None, 80.0),
        (731, "standing", 80.0),
        (731, "lying", 79.3),
        (731, None, 80.0),
    ],
)
def test_length_is_turned_into_what_the_age_asks_for(
    age_days: int, position: str, compared: float
) -> None:
    how = measured(age_days, length_cm=80, position=position)  # type: ignore[arg-type]  # see above
    assert assess(GIRL, how).length_cm == pytest.approx(compared)


def test_a_child_under_nine_months_is_not_measured_standing() -> None:
    # 9 months are 273.9 days.
    young = finding(GIRL, measured(273, length_cm=70, position="standing"), "length_for_age")
    assert (young.value, young.flags) == (70, ("standing_too_young",))
    older = finding(GIRL, measured(274, length_cm=70, position="standing"), "length_for_age")
    assert older.value == pytest.approx(70.7)
    assert older.flags == ()


def test_the_two_standards_meet_without_a_gap() -> None:
    # The last row of 2006 is day 1856; 61 months, the first of 2007, are 1856.7 days.
    for days in (1855, 1856, 1857, 1858):
        found = assess(GIRL, measured(days, weight_kg=18, length_cm=109.6))
        scores = {item.indicator: item.z for item in found.findings}
        assert scores["length_for_age"] == pytest.approx(-0.03, abs=0.2)
        assert ("weight_for_length" in scores) == (days <= 1856)


@pytest.mark.parametrize(
    ("age_days", "weight", "length"),
    [
        (3682, True, True),  # 120.97 months: weight is told until 121
        (3683, False, True),  # 121.002 months
        (6970, False, True),  # 228.994 months: length and BMI until 229
        (6971, False, False),  # 229.03 months
        (130 * 365, False, False),  # a child of 130 years
    ],
)
def test_beyond_the_tables_there_is_a_reason_and_no_score(
    age_days: int, weight: bool, length: bool
) -> None:
    how = measured(age_days, weight_kg=40, length_cm=150)
    for indicator, inside in (("weight_for_age", weight), ("bmi_for_age", length)):
        found = finding(BOY, how, indicator)  # type: ignore[arg-type]  # two of the indicators
        assert (found.z is not None) == inside
        assert found.absent == (None if inside else "outside_table")


def test_oedema_leaves_what_does_not_rest_on_weight() -> None:
    found = assess(GIRL, measured(400, weight_kg=9, length_cm=74, head_cm=45, oedema=True))
    absent = {item.indicator for item in found.findings if item.absent == "oedema"}
    assert absent == {"weight_for_age", "weight_for_length", "bmi_for_age"}
    scored = {item.indicator for item in found.findings if item.z is not None}
    assert scored == {"length_for_age", "head_for_age"}


def test_an_unknown_sex_gives_reasons_only() -> None:
    child = Child(born_on=BORN_ON)
    found = assess(child, measured(400, weight_kg=9, length_cm=74))
    assert {item.absent for item in found.findings} == {"sex_unknown"}
    assert found.bmi == pytest.approx(16.4, abs=0.05)


def test_prematurity_is_taken_off_until_two_years() -> None:
    # Born at 32 weeks 0 days, 56 days before 40 weeks.
    child = Child(born_on=BORN_ON, sex="female", gestation_days=32 * 7)
    corrected = growth_age(child, BORN_ON + timedelta(days=730))
    assert (corrected.days, corrected.corrected_by_days) == (674, 56)
    plain = growth_age(child, BORN_ON + timedelta(days=731))
    assert (plain.days, plain.corrected_by_days) == (731, 0)
    # She is compared with children who are 100 days old, not 156.
    as_term = finding(GIRL, measured(100, weight_kg=5.8), "weight_for_age")
    assert finding(child, measured(156, weight_kg=5.8), "weight_for_age").z == as_term.z


@pytest.mark.parametrize(("weeks", "days", "early"), [(36, 6, 22), (37, 0, 0), (41, 0, 0)])
def test_birth_from_37_weeks_on_is_not_corrected(weeks: int, days: int, early: int) -> None:
    child = Child(born_on=BORN_ON, sex="male", gestation_days=weeks * 7 + days)
    assert growth_age(child, BORN_ON + timedelta(days=100)).corrected_by_days == early


def test_before_term_there_is_no_table() -> None:
    child = Child(born_on=BORN_ON, sex="male", gestation_days=30 * 7)  # 70 days early
    assert finding(child, measured(69, weight_kg=3), "weight_for_age").absent == "before_term"
    assert finding(child, measured(70, weight_kg=3), "weight_for_age").z is not None


def test_three_kilograms_at_five_years_are_flagged() -> None:
    found = finding(BOY, measured(FIVE_YEARS, weight_kg=3, length_cm=110), "weight_for_age")
    assert found.z is not None
    assert found.z < -6
    assert found.flags == ("implausible",)


@pytest.mark.parametrize(
    ("length_cm", "unit"),
    [
        (110 / 2.54, "inches"),
        (110 * 2.54, "inches_twice"),
        (1.1, "metres"),
        (1100, "millimetres"),
        (15, None),
    ],
)
def test_a_length_in_another_unit_is_flagged_and_the_unit_named(
    length_cm: float, unit: str | None
) -> None:
    found = finding(BOY, measured(FIVE_YEARS, length_cm=length_cm), "length_for_age")
    assert (found.flags, found.perhaps) == (("implausible",), unit)


@pytest.mark.parametrize(("weight_kg", "unit"), [(18 / 0.45359237, "pounds"), (18_000, "grams")])
def test_a_weight_in_another_unit_is_flagged_and_the_unit_named(
    weight_kg: float, unit: str
) -> None:
    found = finding(BOY, measured(FIVE_YEARS, weight_kg=weight_kg), "weight_for_age")
    assert (found.flags, found.perhaps) == (("implausible",), unit)


def test_the_limits_of_plausibility_are_those_of_who() -> None:
    # Girls' length has power 1, so z is (value / M - 1) / S: at day 365, M 74.0055 and S 0.03479.
    lms = WHO.find_lms("length_for_age", "female", "day", at=365)
    assert lms is not None
    for score, flags in (
        (-6.0, ()),
        (-6.02, ("implausible",)),
        (6.0, ()),
        (6.02, ("implausible",)),
    ):
        length = lms.median * (1 + lms.variation * score)
        assert finding(GIRL, measured(365, length_cm=length), "length_for_age").flags == flags


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, MEASURED_MAX * 1.001])
def test_what_is_no_measurement_is_refused(value: float) -> None:
    with pytest.raises(NotAMeasurement) as refused:
        assess(GIRL, measured(10, weight_kg=value))
    assert refused.value.detail == "weight_kg"


def test_the_largest_number_is_answered() -> None:
    found = finding(GIRL, measured(10, weight_kg=MEASURED_MAX), "weight_for_age")
    assert found.flags == ("implausible",)


def test_a_measurement_before_birth_is_refused() -> None:
    assert assess(GIRL, measured(0, weight_kg=3)).age.days == 0
    with pytest.raises(MeasuredBeforeBirth):
        assess(GIRL, measured(-1, weight_kg=3))


@pytest.mark.parametrize(
    ("days", "refused"), [(146, True), (147, False), (314, False), (315, True)]
)
def test_an_impossible_gestation_is_refused(days: int, refused: bool) -> None:
    # 21 weeks are 147 days, 44 weeks and 6 days are 314.
    child = Child(born_on=BORN_ON, sex="male", gestation_days=days)
    if not refused:
        assess(child, measured(200, weight_kg=6))
        return
    with pytest.raises(GestationOutOfRange):
        assess(child, measured(200, weight_kg=6))


@settings(max_examples=150, deadline=None)
@given(
    st.dates(date(1890, 1, 1), date(2026, 1, 1)),
    st.integers(0, 48_000),
    st.sampled_from(["female", "male", "unknown"]),
    st.one_of(st.none(), st.integers(147, 314)),
    st.floats(0.001, MEASURED_MAX),
    st.floats(0.001, MEASURED_MAX),
)
def test_every_measurement_has_an_answer_and_every_absence_a_reason(
    born_on: date, age_days: int, sex: str, gestation: int | None, weight: float, length: float
) -> None:
    child = Child(born_on=born_on, sex=sex, gestation_days=gestation)  # type: ignore[arg-type]
    how = Measurement(
        measured_on=born_on + timedelta(days=age_days),
        weight_kg=weight,
        length_cm=length,
        position="lying",
    )
    found = assess_growth(child, how, WHO)
    assert found == assess_growth(child, how, WHO)
    for item in found.findings:
        assert (item.z is None) == (item.absent is not None)
        assert (item.z is None) == (item.percentile is None)
        if item.z is not None:
            assert math.isfinite(item.z)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 3600), st.floats(1, 60), st.floats(1, 60))
def test_more_weight_never_has_a_lower_score(age_days: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    scores = [
        finding(BOY, measured(age_days, weight_kg=weight), "weight_for_age").z
        for weight in (low, high)
    ]
    assert scores[0] is not None
    assert scores[1] is not None
    assert scores[0] <= scores[1]


def test_every_code_has_words_in_both_languages() -> None:
    assert set(INDICATOR_WORDS) == set(MEASURE_WORDS) == set(get_args(Indicator))
    assert set(FLAG_WORDS) == set(get_args(GrowthFlag))
    assert set(ABSENCE_WORDS) == set(get_args(Absence))
    assert set(UNIT_WORDS) == set(get_args(Unit))
    for table in (INDICATOR_WORDS, MEASURE_WORDS, FLAG_WORDS, ABSENCE_WORDS, UNIT_WORDS):
        assert all(words.ar and words.en for words in table.values())
