"""Months are added by name and clamped; a day begins at midnight in Dubai."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar_date import Offset, add_months, add_offset, adult_on, local_date


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 28), 1, date(2026, 2, 28)),
        (date(2026, 1, 27), 1, date(2026, 2, 27)),
        (date(2026, 3, 31), 6, date(2026, 9, 30)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
    ],
)
def test_a_month_is_added_by_name_and_clamped(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.integers(-300, 300))
def test_adding_months_moves_the_month_and_never_past_its_end(day: date, months: int) -> None:
    then = add_months(day, months)
    assert (then.year * 12 + then.month) - (day.year * 12 + day.month) == months
    assert then.day <= day.day
    # It is clamped only where the month ends.
    assert then.day == day.day or (then + timedelta(days=1)).month != then.month


@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.integers(0, 300))
def test_an_earlier_day_never_overtakes_a_later_one(day: date, months: int) -> None:
    assert add_months(day, months) <= add_months(day + timedelta(days=1), months)


def test_months_are_added_before_days() -> None:
    # 31 January + 1 month = 28 February, + 30 days = 30 March. Days first would give another day:
    # 31 January + 30 days = 2 March, + 1 month = 2 April.
    assert add_offset(date(2026, 1, 31), Offset(1, 30)) == date(2026, 3, 30)
    assert add_months(date(2026, 1, 31) + timedelta(days=30), 1) == date(2026, 4, 2)
    assert add_offset(date(2026, 1, 31), Offset(1, -1)) == date(2026, 2, 27)


@pytest.mark.parametrize(
    ("born_on", "adult"),
    [
        (date(2008, 11, 21), date(2026, 11, 21)),
        (date(2008, 2, 29), date(2026, 2, 28)),
        (date(2010, 2, 28), date(2028, 2, 28)),
    ],
)
def test_a_person_is_adult_on_the_18th_birthday(born_on: date, adult: date) -> None:
    assert adult_on(born_on) == adult


def test_a_day_begins_at_midnight_in_dubai() -> None:
    # Dubai is four hours ahead of UTC, in summer as in winter.
    for month in (1, 7):
        last = datetime(2026, month, 20, 19, 59, 59, 999_999, UTC)
        assert local_date(last) == date(2026, month, 20)
        assert local_date(last + timedelta(microseconds=1)) == date(2026, month, 21)
