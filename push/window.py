"""How many deliveries of a channel a process may hold, claimed and not settled: what a crash of it
may send twice. One that is slow holds its own place, and no other's.
"""

import asyncio


class Window:
    """Places that are taken before a claim and given back by each settling."""

    def __init__(self, size: int, *, least: int) -> None:
        """`least` are the places worth a claim: one by one would cost a commit a message."""
        self._free, self._least = size, least
        self._freed = asyncio.Event()

    async def take(self, most: int) -> int:
        """Waits until a claim is worth it; how many places are now the caller's."""
        while self._free < min(most, self._least):
            self._freed.clear()
            await self._freed.wait()
        taken = min(most, self._free)
        self._free -= taken
        return taken

    def give(self, count: int) -> None:
        """Gives so many places back."""
        self._free += count
        self._freed.set()
