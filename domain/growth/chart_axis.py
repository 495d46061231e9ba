"""Where a value lies on a chart, and which values are written beside its axes."""

from collections.abc import Sequence
from math import ceil, floor, log10

import msgspec

_STEPS = (1, 2, 5, 10)


class Axis(msgspec.Struct, frozen=True):
    """Values from `low` to `high`, drawn from the pixel `begin` to the pixel `end`."""

    low: float
    high: float
    begin: float
    end: float

    def place(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return round(self.begin + part * (self.end - self.begin), 1)

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def list_ticks(low: float, high: float, *, count_max: int) -> tuple[float, ...]:
    """At most `count_max` round values in equal steps from `low` or just above to `high`."""
    assert low < high
    step = _round_step((high - low) / count_max)
    first = ceil(round(low / step, 9))
    last = floor(round(high / step, 9))
    return tuple(round(number * step, 9) for number in range(first, last + 1))


def fit_range(values: Sequence[float]) -> tuple[float, float]:
    """A round range that holds all `values` with a little room."""
    low, high = min(values), max(values)
    room = max(high - low, 1.0)
    step = _round_step(room / 8)
    return floor(low / step) * step, ceil(high / step) * step


def _round_step(least: float) -> float:
    """The least of 1, 2, 5 × 10ⁿ that is not below `least`."""
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in _STEPS if step * power >= least - 1e-9)
