"""A few connections beside SQLAlchemy's pool, each lent for one statement.

asyncpg's own pool costs as much as such a statement does: a timer and a shielded task each time.
Here a free connection is taken from a list, and one on which anything went wrong is thrown away.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any  # a connection of the untyped driver


class Glances:
    """At most `connections` at once, opened when they are first needed."""

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], *, connections: int, seconds_max: float
    ) -> None:
        self._connect = connect
        self._seconds_max = seconds_max
        self._turn = asyncio.Semaphore(connections)
        self._free: list[Any] = []
        self._closed = False

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Any]:
        """A connection for one statement. Raises: TimeoutError when none was free in time."""
        if self._turn.locked():
            async with asyncio.timeout(self._seconds_max):
                await self._turn.acquire()
        else:
            await self._turn.acquire()
        try:
            connection = await self._take()
            try:
                yield connection
            except BaseException:  # a statement may still run on it: nobody else shall wait for it
                connection.terminate()
                raise
            if self._closed:
                connection.terminate()
            else:
                self._free.append(connection)
        finally:
            self._turn.release()

    async def close(self) -> None:
        """Closes those that are free; one that is lent is closed when it comes back."""
        self._closed = True
        while self._free:
            await self._free.pop().close()

    async def _take(self) -> Any:
        """The one that was used last, if it still stands: a restart of the server cuts all."""
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
        async with asyncio.timeout(self._seconds_max):
            return await self._connect()
