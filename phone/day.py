"""Which day it is: the day in Asia/Dubai, by a clock that contact with the server corrects.

A phone's own clock may be years off. The server's instant at the last contact tells by how much;
the difference is kept and added. It decides what is shown, never what counts: the server orders
acts by their arrival.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

DUBAI = timezone(timedelta(hours=4), "Asia/Dubai")  # no daylight saving since 1920
OFFSET_NOTICED_SECONDS = 60  # less is the network, not the clock


class PhoneClock(Protocol):
    """The clock of the hardware, right or wrong."""

    def now_utc(self) -> datetime:
        """The instant it shows."""
        ...


class HardwareClock:
    """The machine's clock."""

    def now_utc(self) -> datetime:
        return datetime.now(UTC)


def plan_offset_seconds(phone_utc: datetime, server_utc: datetime) -> int:
    """What must be added to the phone's clock; 0 where it is right but for the network."""
    offset = int((server_utc - phone_utc).total_seconds())
    return offset if abs(offset) >= OFFSET_NOTICED_SECONDS else 0


def corrected_utc(phone_utc: datetime, offset_seconds: int) -> datetime:
    """The instant as the server would say it. A clock at the end of time is left as it is."""
    try:
        return phone_utc + timedelta(seconds=offset_seconds)
    except OverflowError:
        return phone_utc


def day_in_dubai(instant: datetime) -> date:
    """The local day that an instant lies in."""
    return instant.astimezone(DUBAI).date()
