"""The clock, handed to whoever needs the time; nobody else reads it.

`OSRATI_TODAY` sets the day in development, so that a due card and a wake can be seen; production
refuses it (`api/settings.py`).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from domain.calendar_date import DUBAI


class Clock(Protocol):
    """Gives the instant and the local day."""

    def now_utc(self) -> datetime:
        """The instant, aware, in UTC."""
        ...

    def today(self) -> date:
        """The day in Asia/Dubai: a day begins at local midnight."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock, or a fixed day of development with the machine's time of day."""

    fixed_today: date | None = None

    def now_utc(self) -> datetime:
        """The machine's instant: signatures and audit keep true time even when the day is set."""
        return datetime.now(UTC)

    def today(self) -> date:
        return self.fixed_today or datetime.now(DUBAI).date()
