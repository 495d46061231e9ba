"""A message centre that speaks SMPP 3.4 as far as a sender needs, in a process of its own.

It keeps each message it accepted, joined again from its parts, and answers as the weather says.
Source: SMPP Protocol Specification 3.4, sections 4.1 to 4.4 and 5.1.

    python -m simulators.smpp SMPP_PORT HTTP_PORT

HTTP_PORT serves `/received` and `/weather`. Whoever binds names the password that is in
OSRATI_SMPP_PASSWORD.
"""

import asyncio
import json
import os
import struct
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import Any  # JSON

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.parent import end_with_parent

HOST = "127.0.0.1"
PDU_BYTES_MAX = 65_536
KEPT_MAX = 100_000
GENERIC_NACK = 0x80000000
BIND_TRANSCEIVER, SUBMIT_SM, UNBIND, ENQUIRE_LINK = 0x09, 0x04, 0x06, 0x15
RESPONSE = 0x80000000
OK, INVALID_COMMAND, NOT_BOUND, BAD_PASSWORD = 0x00, 0x03, 0x04, 0x0E
STATUSES = {
    "system_error": 0x08,
    "invalid_destination": 0x0B,
    "queue_full": 0x14,
    "submit_failed": 0x45,
    "throttled": 0x58,
}
WEATHER = frozenset({*STATUSES, "silent", "hang_up", "fair"})
_HEADER = struct.Struct(">IIII")
_UDHI = 0x40
_UCS2 = 0x08


@dataclass
class MessageCentre:
    """What was accepted, and the weather to come: taken one a message, then it is fair."""

    password: str
    weather: deque[str] = field(default_factory=deque)
    received: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_MAX))
    parts: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict)
    count: int = 0

    async def serve_session(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One session until it ends."""
        is_bound = False
        try:
            while True:
                length, command, _, sequence = _HEADER.unpack(await reader.readexactly(16))
                if not _HEADER.size <= length <= PDU_BYTES_MAX:
                    return
                body = await reader.readexactly(length - _HEADER.size)
                status, answer = OK, b""
                match command:
                    case value if value == BIND_TRANSCEIVER:
                        _, password, *_ = body.split(b"\0")
                        is_bound = password.decode("latin-1") == self.password
                        status, answer = (OK if is_bound else BAD_PASSWORD), b"osrati-centre\0"
                    case value if value == ENQUIRE_LINK:
                        pass
                    case value if value == UNBIND:
                        _write(writer, command | RESPONSE, OK, sequence, b"")
                        return
                    case value if value == SUBMIT_SM and is_bound:
                        weather = self.weather.popleft() if self.weather else "fair"
                        if weather == "silent":
                            continue
                        if weather == "hang_up":
                            writer.transport.abort()
                            return
                        status = STATUSES.get(weather, OK)
                        if status == OK:
                            answer = self._accept(body)
                    case value if value == SUBMIT_SM:
                        status = NOT_BOUND
                    case _:
                        command, status = GENERIC_NACK, INVALID_COMMAND
                _write(writer, command | RESPONSE, status, sequence, answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _accept(self, body: bytes) -> bytes:
        """Keeps a message, whole once its last part is there; the id it is given."""
        self.count += 1
        _, rest = _text(body)  # service_type
        source, rest = _text(rest[2:])
        number, rest = _text(rest[2:])
        esm_class = rest[0]
        _, rest = _text(rest[3:])  # schedule_delivery_time
        _, rest = _text(rest)  # validity_period
        coding, length = rest[2], rest[4]
        octets = rest[5 : 5 + length]
        place = None
        if esm_class & _UDHI:
            header, octets = octets[1 : 1 + octets[0]], octets[1 + octets[0] :]
            place = header[2], header[3], header[4]  # reference, of how many, which
        text = octets.decode("utf-16-be") if coding == _UCS2 else octets.decode("ascii", "replace")
        if place is None:
            self._keep(source, number, text, coding, 1)
        else:
            reference, total, which = place
            held = self.parts.setdefault((number, reference), {})
            held[which] = text
            if len(held) == total:
                whole = "".join(held[part] for part in sorted(held))
                del self.parts[number, reference]
                self._keep(source, number, whole, coding, total)
        return b"%d\0" % self.count

    def _keep(self, source: str, number: str, text: str, coding: int, parts: int) -> None:
        kept = {"from": source, "to": number, "text": text, "coding": coding, "parts": parts}
        self.received.append(kept)

    def http_app(self) -> Starlette:
        """What tests and the demonstration look at and set."""

        async def received(_: Request) -> Response:
            return JSONResponse(list(self.received))

        async def weather(request: Request) -> Response:
            asked = json.loads(await request.body())["weather"]
            if not set(asked) <= WEATHER:
                return JSONResponse({"known": sorted(WEATHER)}, 400)
            self.weather.extend(asked)
            return JSONResponse({"count": self.count})

        return Starlette(
            routes=[
                Route("/received", received),
                Route("/weather", weather, methods=["POST"]),
            ]
        )


def _text(body: bytes) -> tuple[str, bytes]:
    value, _, rest = body.partition(b"\0")
    return value.decode("latin-1"), rest


def _write(
    writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes
) -> None:
    writer.write(_HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body)


async def serve(smpp_port: int, http_port: int) -> None:
    """Serves until the process is told to end."""
    centre = MessageCentre(os.environ["OSRATI_SMPP_PASSWORD"])
    listening = await asyncio.start_server(centre.serve_session, HOST, smpp_port)
    config = uvicorn.Config(centre.http_app(), host=HOST, port=http_port, log_level="warning")
    async with listening:
        await uvicorn.Server(config).serve()


def main() -> None:
    """Serves until it is told to end, or whoever started it is gone: then its input closes."""
    end_with_parent()
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
