"""Dates are added as CDSi adds them. Source: Logic Specification 4.6, table 3-6, its examples."""

from datetime import date

import pytest

from content.schedule.duration_text import parse_duration
from domain.immunization.duration import Duration, add_duration


@pytest.mark.parametrize(
    ("day", "text", "expected"),
    [
        ("2000-01-01", "3 years", "2003-01-01"),  # CALCDT-1
        ("2000-01-01", "6 months", "2000-07-01"),  # CALCDT-2
        ("2000-11-01", "6 months", "2001-05-01"),
        ("2000-01-01", "3 days", "2000-01-04"),  # CALCDT-3
        ("2000-01-01", "3 weeks", "2000-01-22"),
        ("2000-02-01", "5 weeks", "2000-03-07"),  # a leap year
        ("2001-02-01", "5 weeks", "2001-03-08"),
        ("2000-01-15", "0 days - 4 days", "2000-01-11"),  # CALCDT-4
        ("2000-03-31", "6 months", "2000-10-01"),  # CALCDT-5: there is no 31 September
        ("2000-08-31", "6 months", "2001-03-01"),  # nor a 31 February
        ("2000-01-31", "6 months - 4 days", "2000-07-27"),  # CALCDT-6: 31 July less four days
        ("2004-02-29", "1 year", "2005-03-01"),
        ("2004-02-29", "16 years - 4 months", "2019-10-29"),  # 29 February 2020, then October
    ],
)
def test_a_duration_is_added_by_years_then_months_then_days(
    day: str, text: str, expected: str
) -> None:
    moved = add_duration(date.fromisoformat(day), parse_duration(text))
    assert moved == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("day", "duration", "expected"),
    [
        (date(9990, 1, 1), Duration(years=10), date.max),
        (date(9999, 12, 30), Duration(days=5), date.max),
        (date(5, 1, 1), Duration(years=-10), date.min),
        (date(1, 1, 2), Duration(days=-5), date.min),
        (date(9999, 12, 31), Duration(months=-1), date(9999, 12, 1)),
    ],
)
def test_the_ends_of_the_calendar_hold(day: date, duration: Duration, expected: date) -> None:
    assert add_duration(day, duration) == expected
