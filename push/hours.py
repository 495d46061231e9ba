"""Quiet hours: when nobody is to be disturbed, by local time in Asia/Dubai. Pure.

In Ramadan the day turns: people are up late and sleep into the morning. When it begins follows
the moon; the calculated calendar (Umm al-Qura) gives it, and an override from the catalogue wins.
Source: hijridate; the hours are drafts that the owner must confirm (messages that advertise may go
from 07:00 to 21:00 by the regulator's rule).
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

import msgspec
from hijridate import Gregorian

from domain.calendar_date import DUBAI
from domain.entry import Entries

RAMADAN_MONTH = 9
NOON, MORNING = time(12), time(8)


class QuietHours(msgspec.Struct, frozen=True):
    """From one time of day until another, which may lie on the next day; equal times: never."""

    begin: time
    end: time


QUIET = QuietHours(time(21), time(8))
RAMADAN_QUIET = QuietHours(time(1), time(10))  # a draft: told after the night prayer and the meal
CALCULATED_FIRST, CALCULATED_LAST = date(1924, 8, 1), date(2077, 11, 16)


class RamadanOverride(msgspec.Struct, frozen=True):
    """Ramadan of one year as it was announced: its first day, and the first day after it."""

    first_on: date
    ended_on: date


def list_announced(entries: Entries) -> tuple[RamadanOverride, ...]:
    """Every Ramadan that a published catalogue says; one that was withdrawn is none of them."""
    return tuple(
        RamadanOverride(year.first_on, year.last_on + timedelta(days=1))
        for year in sorted(entries.ramadans.values(), key=lambda year: year.first_on)
    )


class Hours(msgspec.Struct, frozen=True):
    """A person's quiet hours: their own, or the default, which Ramadan changes."""

    own: QuietHours | None = None
    overrides: tuple[RamadanOverride, ...] = ()

    def quiet_until(self, local: datetime) -> datetime | None:
        """When the quiet that holds at an instant ends, or None when it is not quiet."""
        for day in (local.date() - timedelta(days=1), local.date()):
            begin, end = self._night_of(day)
            if begin <= local < end:
                return end
        return None

    def opens_on(self, day: date) -> datetime:
        """The first instant of a day at which something of it may be told: never by night."""
        _, end = self._night_of(day - timedelta(days=1))
        return max(end, datetime.combine(day, MORNING, DUBAI))

    def _night_of(self, day: date) -> tuple[datetime, datetime]:
        """The quiet that begins between noon of a day and noon of the next: one each night, so
        that no night falls between the hours of Ramadan and those of other months.
        """
        hours = self._hours_of(day)
        begins_on = day if hours.begin >= NOON else day + timedelta(days=1)
        ends_on = begins_on if hours.begin <= hours.end else begins_on + timedelta(days=1)
        return (
            datetime.combine(begins_on, hours.begin, DUBAI),
            datetime.combine(ends_on, hours.end, DUBAI),
        )

    def _hours_of(self, day: date) -> QuietHours:
        if self.own is not None:
            return self.own
        return RAMADAN_QUIET if is_ramadan(day, self.overrides) else QUIET


def is_ramadan(day: date, overrides: Iterable[RamadanOverride] = ()) -> bool:
    """Whether a day lies in Ramadan: as it was announced that year, else as it is calculated.

    Outside the years of the calculated calendar (1924 to 2077) no day does.
    """
    announced = [each for each in overrides if abs((each.first_on - day).days) < 200]
    if announced:
        return any(each.first_on <= day < each.ended_on for each in announced)
    if not CALCULATED_FIRST <= day <= CALCULATED_LAST:
        return False
    return Gregorian.fromdate(day).to_hijri().month == RAMADAN_MONTH
