"""Circles whose refresh failed: the sweep passes them over for a while, so that they keep no other
waiting.

Kept in memory alone: after a restart each is tried once more. A hint, a command or a reader
refreshes such a circle at once all the same.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

from domain.ids import CircleId

FAILING_MAX = 2_000  # four batches of the sweep; the longest unheard of is forgotten first
FIRST_PAUSE = timedelta(seconds=30)
PAUSE_MAX = timedelta(hours=1)


class _Failure(msgspec.Struct, frozen=True):
    pause: timedelta
    until: datetime


class FailingCircles:
    """Which circles failed, and until when each is passed over: 30 s, then twice as long each
    time, at most an hour.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[CircleId, _Failure] = OrderedDict()

    def note_failed(self, circle_id: CircleId, now: datetime) -> None:
        """Passes the circle over from now on, longer than the last time."""
        last = self._failures.pop(circle_id, None)
        pause = FIRST_PAUSE if last is None else min(last.pause * 2, PAUSE_MAX)
        self._failures[circle_id] = _Failure(pause, now + pause)
        if len(self._failures) > FAILING_MAX:
            self._failures.popitem(last=False)

    def note_done(self, circle_id: CircleId) -> None:
        """Forgets that the circle ever failed."""
        self._failures.pop(circle_id, None)

    def passed_over(self, now: datetime) -> frozenset[CircleId]:
        """The circles whose pause is not over."""
        return frozenset(
            circle_id for circle_id, failure in self._failures.items() if now < failure.until
        )
