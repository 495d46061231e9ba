"""Rates of two pure pieces of work, taken in turns, so that whatever else the machine does falls on
both alike. Time is the processor time of this process: calls per second of one core.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

BATCH_SECONDS = 0.1  # long beside the clock's step, short beside a neighbour's burst
BATCH_COUNT_MAX = 1 << 20

Work = Callable[[int], None]
"""Does a piece of work the given number of times."""


@dataclass(slots=True)
class _Side:
    work: Work
    batch_count: int
    done_count: int = 0
    spent_seconds: float = 0.0

    def run(self) -> None:
        self.spent_seconds += _spend(self.work, self.batch_count)
        self.done_count += self.batch_count


def compare_rates(ours: Work, baseline: Work, *, seconds: float) -> tuple[float, float]:
    """How often a second of one core each was done: ours, then the baseline. Each side runs about
    `seconds`, and once before that to warm up.
    """
    sides = [_Side(work, _batch_count(work, seconds)) for work in (ours, baseline)]
    while any(side.spent_seconds < seconds for side in sides):
        for side in sides:
            side.run()
    first, second = (side.done_count / side.spent_seconds for side in sides)
    return first, second


def _batch_count(work: Work, seconds: float) -> int:
    """How many calls take about BATCH_SECONDS; found by doubling, which warms caches up too."""
    count = 1
    while count < BATCH_COUNT_MAX and _spend(work, count) < min(BATCH_SECONDS, seconds) / 2:
        count *= 2
    return count


def _spend(work: Work, count: int) -> float:
    """Processor seconds, never 0."""
    begun = time.process_time()
    work(count)
    return max(time.process_time() - begun, 1e-9)
