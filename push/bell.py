"""A bell: "look now" within a process, said by whoever wrote something to whoever looks for it.

It is a hint and never the truth: whoever waits looks again after a while in any case.
"""

import asyncio
from contextlib import suppress


class Bell:
    """Rung any number of times before it is heard, it is heard once."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Returns when it is rung, or has been since the last time; at the latest after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()
