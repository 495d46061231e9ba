"""How many deliveries of a channel a process may hold: those begun and not settled, which a crash
may send twice, and some more that are only claimed, so that the next are there when places free.
One that is slow holds its own place, and no other's.
"""

import asyncio


class Window:
    """Places that are taken before a claim, begun before anything of it is weighed or sent, and
    given back by each settling.
    """

    def __init__(self, size: int, *, least: int, ahead: int = 0) -> None:
        """`size` are the places begun at once, `ahead` as many more may be claimed. `least` are the
        places worth a claim: one by one would cost a commit a message.
        """
        self._size, self._least = size, least
        self._free, self._idle = size + ahead, size
        self._freed = asyncio.Event()
        self._turn = asyncio.Lock()

    async def take(self, most: int) -> int:
        """Waits until a claim is worth it; how many places are now the caller's to claim."""
        while self._free < min(most, self._least):
            await self._next_freed()
        taken = min(most, self._free)
        self._free -= taken
        return taken

    def leave(self, count: int) -> None:
        """So many places were taken, and nothing was there to claim."""
        self._free += count
        self._freed.set()

    async def enter(self, count: int) -> None:
        """Waits, in the order of asking, until so many that were claimed may begin."""
        assert count <= self._size
        async with self._turn:
            while self._idle < count:
                await self._next_freed()
            self._idle -= count

    def give(self, count: int) -> None:
        """So many that had begun are settled, or go on no more."""
        self._idle += count
        self.leave(count)

    async def _next_freed(self) -> None:
        self._freed.clear()
        await self._freed.wait()
