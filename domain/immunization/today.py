"""The assessment date, which remembers what it was compared with.

Whatever depends on the passing of time asks `reached` or `passed`, and the answers stay as they
are until the earliest day still ahead that was asked about. So a result that took every decision
about time here holds until `changes_on`: the same comparisons would give the same answers.
"""

from datetime import date, timedelta

_ONE_DAY = timedelta(days=1)


class Today:
    """A day, and the first later day on which any answer it gave would differ."""

    __slots__ = ("changes_on", "on")

    def __init__(self, on: date) -> None:
        self.on = on
        self.changes_on: date | None = None

    def reached(self, day: date) -> bool:
        """Whether `day` is today or past."""
        if self.on >= day:
            return True
        if self.changes_on is None or day < self.changes_on:
            self.changes_on = day
        return False

    def passed(self, day: date) -> bool:
        """Whether `day` is past."""
        return day != date.max and self.reached(day + _ONE_DAY)

    def within(self, effective_on: date | None, cessation_on: date | None) -> bool:
        """Whether today lies from `effective_on` through `cessation_on`; None has no limit."""
        started = effective_on is None or self.reached(effective_on)
        ended = cessation_on is not None and self.passed(cessation_on)
        return started and not ended
