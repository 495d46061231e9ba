"""Ages and intervals, and the one way to add them to a day.

Every rule of this package adds durations here; `domain/calendar_date.py` clamps to the month's last
day, this moves forward to the next month, as the specification asks.
"""

from datetime import MAXYEAR, date, timedelta

import msgspec

MONTHS_PER_YEAR = 12


class Duration(msgspec.Struct, frozen=True, array_like=True):
    """A span of calendar time; weeks are counted in `days`. Any part may be negative."""

    years: int = 0
    months: int = 0
    days: int = 0


def add_duration(day: date, duration: Duration) -> date:
    """`day` moved by the years, then the months, then the days; kept within the calendar.

    A day that the target month lacks becomes the first of the next month:
    31 March 2000 + 6 months = 1 October 2000; 31 January 2000 + 6 months - 4 days = 27 July 2000.

    Source: CDSi Logic Specification 4.6, table 3-6, CALCDT-1 to CALCDT-6.
    """
    if duration.years:
        day = _add_months(day, duration.years * MONTHS_PER_YEAR)
    if duration.months:
        day = _add_months(day, duration.months)
    if duration.days:
        day = _add_days(day, duration.days)
    return day


def _add_months(day: date, months: int) -> date:
    index = day.year * MONTHS_PER_YEAR + day.month - 1 + months
    year, month = divmod(index, MONTHS_PER_YEAR)
    if year > MAXYEAR:
        return date.max
    if year < 1:
        return date.min
    try:
        return date(year, month + 1, day.day)
    except ValueError:  # the month is shorter, so it is not December
        return date(year, month + 2, 1)


def _add_days(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min
