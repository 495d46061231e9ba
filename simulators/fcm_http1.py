"""HTTP/1.1 as far as a library sends by it: one request after another on a connection, each with a
length. FCM takes it too; `simulators/fcm_http2.py` hands over what has not chosen HTTP/2.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

END_OF_HEAD = b"\r\n\r\n"


class Said(Protocol):
    """An answer."""

    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


Take = Callable[[str, str, bytes], Said]
"""Path, authorization and body in; the answer out."""


class Http1(asyncio.Protocol):
    """One connection of a sender."""

    def __init__(self, take: Take, transport: asyncio.Transport) -> None:
        self._take, self._transport = take, transport
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(END_OF_HEAD)) >= 0:
            first, *lines = self._held[:end].decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length", "0"))
            begun = end + len(END_OF_HEAD)
            if len(self._held) < begun + length:
                return
            body = self._held[begun : begun + length]
            self._held = self._held[begun + length :]
            path = first.split(" ")[1]
            self._answer(self._take(path, headers.get("authorization", ""), body))

    def _answer(self, said: Said) -> None:
        head = [f"HTTP/1.1 {said.status} X", f"content-length: {len(said.body)}"]
        head += (f"{name}: {value}" for name, value in said.headers.items())
        self._transport.write("\r\n".join(head).encode() + END_OF_HEAD + said.body)
