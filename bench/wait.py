"""Waiting for what another process does: asked again and again, never for ever."""

import asyncio
from collections.abc import Awaitable, Callable


async def wait_until(
    holds: Callable[[], Awaitable[bool]], *, poll_seconds: float, seconds_max: float
) -> None:
    """Returns when `holds` answers True. Raises: TimeoutError."""
    async with asyncio.timeout(seconds_max):
        while True:
            if await holds():
                return
            await asyncio.sleep(poll_seconds)
