"""How often one person may call: a bucket of calls that fills again, in this process alone.

It keeps one broken phone from taking a process's time; what faces the world bounds the rest.
"""

from collections import OrderedDict
from datetime import datetime

from domain.ids import PersonId
from store.clock import Clock
from sync.error import TooManyCalls

CALLS_MAX = 600  # at once: a first load of many streams, a long outbox, a blob's eighty chunks
CALLS_PER_SECOND = 5.0
PEOPLE_MAX = 10_000  # remembered; x some 200 bytes = 2 MB


class Pace:
    """Buckets by person; the longest unseen are forgotten, which fills theirs."""

    def __init__(
        self, clock: Clock, *, calls_max: int = CALLS_MAX, per_second: float = CALLS_PER_SECOND
    ) -> None:
        self._clock = clock
        self._calls_max = calls_max
        self._per_second = per_second
        self._held: OrderedDict[PersonId, tuple[float, datetime]] = OrderedDict()

    def take(self, person_id: PersonId) -> None:
        """Takes one call. Raises: TooManyCalls when none is left."""
        now = self._clock.now_utc()
        left, seen = self._held.pop(person_id, (float(self._calls_max), now))
        passed = max((now - seen).total_seconds(), 0.0)
        left = min(left + passed * self._per_second, float(self._calls_max))
        self._held[person_id] = (max(left - 1.0, 0.0), now)
        if len(self._held) > PEOPLE_MAX:
            self._held.popitem(last=False)
        if left < 1.0:
            raise TooManyCalls
