"""The instant at which people are told things, in local time: the clock's day, and the time of day.

Everything that `push` keeps and compares is of this frame, so a day that is set in development
moves quiet hours and windows together.
"""

from datetime import datetime

from domain.calendar_date import DUBAI
from store.clock import Clock


def local_now(clock: Clock) -> datetime:
    """Now in Asia/Dubai, on the clock's day."""
    time_of_day = clock.now_utc().astimezone(DUBAI).time()
    return datetime.combine(clock.today(), time_of_day, DUBAI)
