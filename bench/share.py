"""What share of this process's own time is spent in some functions: a profiler that looks at the
stack after each millisecond of processor time.

A profiler that counts calls makes Python's part longer than it is, and what C does shorter.
"""

import signal
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType

INTERVAL_SECONDS = 0.001


@dataclass(slots=True)
class Seen:
    """How many times it was looked, and how many times one of the functions was being run."""

    looks: int = 0
    within: int = 0

    @property
    def percent(self) -> float:
        """The share of these functions, with all that they call."""
        return 100 * self.within / self.looks if self.looks else 0.0


@contextmanager
def profiled(seen: Seen, codes: Collection[CodeType]) -> Iterator[None]:
    """Adds to what was seen of these functions while the block runs. Main thread only."""
    with profiled_parts([(seen, codes)]):
        yield


@contextmanager
def profiled_parts(parts: Sequence[tuple[Seen, Collection[CodeType]]]) -> Iterator[None]:
    """As `profiled`, of several parts at once, each looked for by itself: they may overlap."""

    def look(_: int, frame: FrameType | None) -> None:
        running = set(_running(frame))
        for seen, codes in parts:
            seen.looks += 1
            seen.within += not running.isdisjoint(codes)

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def _running(frame: FrameType | None) -> Iterator[CodeType]:
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back
