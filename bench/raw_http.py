"""An HTTP/1.1 client that costs next to nothing, so that a measurement measures the server.

Requests are bytes made before; an answer's head is searched for its length alone.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import TracebackType

_CLOSE = b"\r\nconnection: close"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class UnexpectedStatus(Exception):
    """The server answered something else: what was measured would not be what is claimed."""


def http_request(
    method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
) -> bytes:
    """One request as bytes."""
    said = {"Host": "127.0.0.1", **headers}
    if body is not None:
        said["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + (body or b"")


class Connection:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Connection":
        self._is_over = False
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):  # a server may have closed it before
            await self._writer.wait_closed()

    async def ask(self, request: bytes, *, status: int) -> tuple[bytes, int]:
        """The answer's body, and the bytes it took on the wire. Raises: UnexpectedStatus.

        A server that ends a connection with its answer, as waitress does with a 304, is met anew.
        """
        if self._is_over:
            await self._close()
            await self.__aenter__()
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        self._is_over = _CLOSE in head.lower()
        found = _LENGTH.search(head)
        length = 0 if found is None or status == 304 else int(found[1])
        body = await self._reader.readexactly(length) if length else b""
        if int(head[9:12]) != status:
            raise UnexpectedStatus(f"{head[:80]!r} {body[:200]!r}")
        return body, len(head) + len(body)

    async def head(self, request: bytes) -> dict[str, str]:
        """The header lines of an answer that sends somebody elsewhere, names in small letters.

        Raises: UnexpectedStatus.
        """
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        if not first[9:12].startswith("3"):
            raise UnexpectedStatus(first)
        found = {
            name.lower(): value.strip()
            for name, _, value in (each.partition(":") for each in lines)
        }
        if length := int(found.get("content-length", "0")):
            await self._reader.readexactly(length)
        return found


async def rate(
    port: int, work: Callable[[Connection], Awaitable[None]], *, connections: int, seconds: float
) -> float:
    """How often a second `work` is done over so many connections at once."""
    done = 0
    end = time.perf_counter() + seconds

    async def repeat() -> None:
        nonlocal done
        async with Connection(port) as connection:
            while time.perf_counter() < end:
                await work(connection)
                done += 1

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(connections):
            tasks.create_task(repeat())
    return done / (time.perf_counter() - begun)
