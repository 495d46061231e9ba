"""Adding months and counting ages, by one rule for the whole house.

The clamp rule: a month is added by name, and a day that the target month lacks becomes that month's
last day (31 January + 1 month = 28 or 29 February).
Source: ISO 8601-2 duration arithmetic as CDC's CDSi applies it before days (Logic Specification
4.6, date rules), except that CDSi moves to the first of the next month; the immunization
calculator has its own rule for that reason.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta, timezone
from typing import Literal

import msgspec

Sex = Literal["male", "female", "unknown"]

MONTHS_PER_YEAR = 12
ADULT_AGE_YEARS = 18  # Federal Decree-Law 41/2024: legal age counted in Gregorian dates
DUBAI = timezone(
    timedelta(hours=4), "Asia/Dubai"
)  # UTC+4, no daylight saving 1970-2037 (tz database)


def local_date(instant: datetime) -> date:
    """The day in Asia/Dubai on which an instant falls: days begin at local midnight."""
    return instant.astimezone(DUBAI).date()


class Offset(msgspec.Struct, frozen=True):
    """A span of calendar time: months are added first, then days. Any part may be negative."""

    months: int = 0
    days: int = 0


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, clamped to that month's last day."""
    index = day.year * MONTHS_PER_YEAR + (day.month - 1) + months
    year, month = divmod(index, MONTHS_PER_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_offset(day: date, offset: Offset) -> date:
    """`day` moved by the offset's months, then by its days."""
    return add_months(day, offset.months) + timedelta(days=offset.days)


def adult_on(born_on: date) -> date:
    """The day a person born on `born_on` turns 18 (29 February: 28 February in a common year)."""
    return add_months(born_on, ADULT_AGE_YEARS * MONTHS_PER_YEAR)


def whole_years(born_on: date, day: date) -> int:
    """A person's age in whole years on a day (29 February: a year older on the 28th)."""
    years = day.year - born_on.year
    return years if add_months(born_on, years * MONTHS_PER_YEAR) <= day else years - 1
