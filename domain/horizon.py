"""Which days have come, and the first later one on which anything changes by itself."""

from datetime import date


class Horizon:
    """Today, and the waking day that the questions asked of it lead to."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.next_change_on: date | None = None

    def reached(self, day: date) -> bool:
        """Whether `day` has come; if not, it is a day to wake on."""
        if day <= self.today:
            return True
        self.wake_on(day)
        return False

    def wake_on(self, day: date | None) -> None:
        """The answer may differ from `day` on; a day that has come is none to wake on."""
        if day is not None and day > self.today:
            self.next_change_on = min(day, self.next_change_on or day)
