"""The arithmetic of LMS, worked by hand from WHO's chapter 7."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.growth.lms import Lms, measure_at, percentile, z_of_percentile, z_score

# Weight of boys at birth, WHO 2006: L 0.3487, M 3.3464, S 0.14602.
BIRTH_WEIGHT = Lms(0.3487, 3.3464, 0.14602)
ROWS = st.builds(
    Lms,
    st.integers(-20_000, 20_000).map(lambda whole: whole / 10_000),  # as tables write powers
    st.floats(1, 150),
    st.floats(0.02, 0.16),
)


def test_the_median_is_zero_and_the_published_deviations_come_back() -> None:
    assert z_score(3.3464, BIRTH_WEIGHT) == 0
    # WHO's table for boys at birth prints 2.5 kg at -2 SD, 4.4 kg at +2 SD, 2.1 at -3, 5.0 at +3.
    printed = {-3: 2.1, -2: 2.5, -1: 2.9, 1: 3.9, 2: 4.4, 3: 5.0}
    for score, weight in printed.items():
        assert round(measure_at(score, BIRTH_WEIGHT), 1) == weight


def test_beyond_three_deviations_each_step_is_as_long_as_the_one_before() -> None:
    third, second = measure_at(3, BIRTH_WEIGHT), measure_at(2, BIRTH_WEIGHT)
    assert z_score(third + (third - second), BIRTH_WEIGHT) == pytest.approx(4)
    low, lower = measure_at(-2, BIRTH_WEIGHT), measure_at(-3, BIRTH_WEIGHT)
    assert z_score(lower - (low - lower), BIRTH_WEIGHT) == pytest.approx(-4)
    # SD3 = M (1 + 3LS)^(1/L) = 5.031, SD2 = 4.420, so 5.642 kg are at 4. The plain formula has them
    # at ((5.642 / 3.3464)^0.3487 - 1) / (0.14602 * 0.3487) = 3.92.
    assert third + (third - second) == pytest.approx(5.642, abs=0.001)


def test_with_power_one_the_rule_changes_nothing() -> None:
    length = Lms(1.0, 49.8842, 0.03795)
    for score in (-6.5, -3.0, 3.0, 8.25):
        assert z_score(49.8842 * (1 + 0.03795 * score), length) == pytest.approx(score)


@settings(max_examples=200, deadline=None)
@given(ROWS, st.floats(-9, 9), st.floats(-9, 9))
def test_there_and_back_again_and_more_is_always_more(row: Lms, one: float, other: float) -> None:
    low, high = sorted((one, other))
    if measure_at(low, row) <= 0:
        return  # no measurement is so low
    assert z_score(measure_at(low, row), row) == pytest.approx(low, abs=1e-6)
    assert measure_at(low, row) <= measure_at(high, row) + 1e-9


def test_percentiles_are_those_of_the_normal_distribution() -> None:
    assert percentile(0) == 50
    assert round(percentile(-1.881), 1) == 3.0
    assert round(percentile(1.036), 1) == 85.0
    assert percentile(z_of_percentile(97)) == pytest.approx(97)
