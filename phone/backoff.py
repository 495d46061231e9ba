"""How long to wait after a fault: what the server asks, else ever longer, never all at once."""

import random

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 900.0


class Backoff:
    """Waits of one phone: 5 s, doubling to 15 min, each between half and the whole by chance."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.SystemRandom()
        self._faults = 0

    def succeeded(self) -> None:
        """An answer came: the next fault is the first again."""
        self._faults = 0

    def next_seconds(self, asked: float | None = None) -> float:
        """How long to wait now. `asked` is the server's word: at least so long."""
        doubled = FIRST_SECONDS * 2.0 ** min(self._faults, 16)
        self._faults += 1
        if asked is not None:
            # A little more by chance, so that all whom one outage sent away do not return at once.
            return asked + self._chance.uniform(0, min(asked, FIRST_SECONDS))
        whole = min(doubled, LONGEST_SECONDS)
        return self._chance.uniform(whole / 2, whole)
