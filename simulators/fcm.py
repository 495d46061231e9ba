"""Firebase Cloud Messaging as far as a sender sees it: HTTP v1 over TLS and HTTP/2, and the OAuth
token endpoint, in a process of its own.

It keeps what each token received, counts against a quota a minute, and answers as the weather says:
every documented error, a slow day, a reset, a connection that ends or is retired. Source:
Firebase's reference of `projects.messages.send`, ErrorCode and FcmError.

    python -m simulators.fcm DATA_DIR HTTP_PORT HTTP2_PORT

DATA_DIR gets `fcm-certificate.pem`, which a sender trusts, and `fcm-service-account.json`, by which
it proves who it is. HTTP_PORT serves `/token`, `/received`, `/received/count` and
`/weather`.
"""

import asyncio
import json
import os
import signal
import ssl
import sys
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any  # JSON
from urllib.parse import parse_qs
from uuid import uuid4

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hyperframe.frame import GoAwayFrame
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.agency import own_clock
from simulators.certificate import HOST, make_certificate
from simulators.fcm_http1 import Http1
from simulators.secret_file import write_secret

PROJECT = "osrati-demonstration"
ACCOUNT = f"osrati@{PROJECT}.example"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TOKEN_SECONDS = 3_600
DATA_BYTES_MAX = 4_096
QUOTA_PER_MINUTE = 600_000
KEPT_MAX = 200_000
SLOW_SECONDS = 1.0
BUSY_SECONDS = 3
DRAIN_SECONDS = 0.2  # from the announcement that a connection will be retired to naming the last
STREAM_ID_MAX = 2**31 - 1
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"

_ERRORS: Mapping[str, tuple[int, str]] = {
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT"),
    "UNREGISTERED": (404, "NOT_FOUND"),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED"),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED"),
    "UNAVAILABLE": (503, "UNAVAILABLE"),
    "INTERNAL": (500, "INTERNAL"),
}
WEATHER = frozenset(
    {
        *_ERRORS,
        *("quota_until_date", "slow", "reset", "hang_up", "page_not_found", "fair"),
        *("go_away", "drain"),
    }
)


@dataclass
class Fcm:
    """What the service knows: who may send, what was received, and the weather to come.

    `weather` is taken one a message; when none is left it is fair. `dead` are tokens of phones
    that are no more. `received` are message ids and bodies in the order they were accepted.
    """

    account_key: RSAKey
    weather: deque[str] = field(default_factory=deque)
    dead: set[str] = field(default_factory=set)
    received: deque[tuple[str, dict[str, Any]]] = field(
        default_factory=lambda: deque(maxlen=KEPT_MAX)
    )
    access_tokens: dict[str, float] = field(default_factory=dict)
    is_closed: bool = False  # the service account itself was taken away
    quota_per_minute: int = QUOTA_PER_MINUTE
    asked: Counter[int] = field(default_factory=Counter)
    sent_count: int = 0
    door: "Door | None" = None

    def take(self, path: str, authorization: str, body: bytes) -> "Verdict":
        """What becomes of one request."""
        self.sent_count += 1
        weather = self.weather.popleft() if self.weather else "fair"
        if path != f"/v1/projects/{PROJECT}/messages:send" or weather == "page_not_found":
            return Verdict(404, b"<html>not found</html>", {"content-type": "text/html"})
        kind, _, token = authorization.partition(" ")
        if kind != "Bearer" or self.access_tokens.get(token, 0) < own_clock().timestamp():
            return _plain_error(401, "UNAUTHENTICATED")
        minute = int(own_clock().timestamp()) // 60
        self.asked[minute] += 1
        if self.asked[minute] > self.quota_per_minute:
            return _error(
                "QUOTA_EXCEEDED", {"retry-after": str(60 - int(own_clock().timestamp()) % 60)}
            )
        match weather:
            case "slow" | "reset" | "hang_up" | "go_away" | "drain":
                accepted = self._accept(body)
                return Verdict(accepted.status, accepted.body, accepted.headers, weather)
            case "quota_until_date":
                until = own_clock() + timedelta(seconds=BUSY_SECONDS)
                return _error("QUOTA_EXCEEDED", {"retry-after": format_datetime(until, True)})
            case "QUOTA_EXCEEDED" | "UNAVAILABLE":
                return _error(weather, {"retry-after": str(BUSY_SECONDS)})
            case "fair":
                return self._accept(body)
            case _:
                return _error(weather)

    def _accept(self, body: bytes) -> "Verdict":
        try:
            message = json.loads(body)["message"]
            token, data = message["token"], message.get("data", {})
        except (ValueError, KeyError, TypeError):
            return _error("INVALID_ARGUMENT")
        if not isinstance(token, str) or len(token) < 4:
            violation = {"field": "message.token", "description": "not a registration token"}
            return _error("INVALID_ARGUMENT", violations=[violation])
        if token in self.dead:
            return _error("UNREGISTERED")
        if not all(isinstance(value, str) for value in data.values()):
            return _error("INVALID_ARGUMENT")
        if sum(len(k.encode()) + len(v.encode()) for k, v in data.items()) > DATA_BYTES_MAX:
            return _error("INVALID_ARGUMENT")
        name = f"projects/{PROJECT}/messages/{uuid4().hex}"
        self.received.append((name, message))
        return Verdict(200, json.dumps({"name": name}).encode())

    def http_app(self) -> Starlette:
        """The token endpoint, and what tests and the demonstration look at and set."""

        async def token(request: Request) -> Response:
            form = parse_qs((await request.body()).decode())
            try:
                claims = jwt.decode(
                    form["assertion"][0], self.account_key, algorithms=["RS256"]
                ).claims
                honest = claims["iss"] == ACCOUNT and SCOPE in claims["scope"].split()
                honest = honest and claims["exp"] > own_clock().timestamp()
            except (JoseError, KeyError, ValueError):
                honest = False
            if not honest or self.is_closed:
                return JSONResponse({"error": "invalid_grant"}, 400)
            access = uuid4().hex
            self.access_tokens[access] = own_clock().timestamp() + TOKEN_SECONDS
            answer = {"access_token": access, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
            return JSONResponse(answer)

        async def received(_: Request) -> Response:
            return JSONResponse([{"name": name, "message": kept} for name, kept in self.received])

        async def count(_: Request) -> Response:
            return JSONResponse(len(self.received))

        async def weather(request: Request) -> Response:
            asked = json.loads(await request.body())
            if not set(asked.get("weather", [])) <= WEATHER:
                return JSONResponse({"known": sorted(WEATHER)}, 400)
            if asked.get("clear"):
                self.weather.clear()
            self.weather.extend(asked.get("weather", []))
            self.dead |= set(asked.get("dead", []))
            self.quota_per_minute = asked.get("quota_per_minute", self.quota_per_minute)
            self.is_closed = asked.get("closed", self.is_closed)
            if asked.get("revoke"):
                self.access_tokens.clear()
            if "down" in asked and self.door is not None:
                await (self.door.close() if asked["down"] else self.door.open())
            return JSONResponse({"sent_count": self.sent_count})

        return Starlette(
            routes=[
                Route("/token", token, methods=["POST"]),
                Route("/received", received),
                Route("/received/count", count),
                Route("/weather", weather, methods=["POST"]),
            ]
        )


@dataclass(frozen=True)
class Verdict:
    """An answer, and how it is given: at once, late, or not at all after it was accepted."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    manner: str = "fair"


def _error(
    code: str,
    headers: Mapping[str, str] | None = None,
    *,
    violations: Sequence[Mapping[str, str]] = (),
) -> Verdict:
    status, name = _ERRORS[code]
    details: list[dict[str, Any]] = [{"@type": FCM_ERROR, "errorCode": code}]
    if violations:
        details.insert(0, {"@type": BAD_REQUEST, "fieldViolations": list(violations)})
    error = {"code": status, "message": code.lower(), "status": name, "details": details}
    return Verdict(
        status,
        json.dumps({"error": error}).encode(),
        {"content-type": "application/json", **(headers or {})},
    )


def _plain_error(status: int, name: str) -> Verdict:
    error = {"code": status, "message": name.lower(), "status": name}
    return Verdict(status, json.dumps({"error": error}).encode())


class _Connection(asyncio.Protocol):
    """One HTTP/2 connection of a sender."""

    def __init__(self, fcm: Fcm) -> None:
        self._fcm = fcm
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._last_begun = 0
        self._last_taken = STREAM_ID_MAX  # what comes after it is never begun
        self._owed = 0  # answers that come late

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._fcm.door is not None:
            self._fcm.door.connected.add(transport)
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() is None:
            transport.set_protocol(Http1(self._fcm.take, transport))
            return
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, _: Exception | None) -> None:
        if self._fcm.door is not None:
            self._fcm.door.connected.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self._flush()
            self._transport.close()
            return
        for event in events:
            match event:
                case h2.events.RequestReceived() if event.stream_id is not None:
                    headers = {str(name): str(value) for name, value in event.headers or ()}
                    self._requests[event.stream_id] = (headers, bytearray())
                case h2.events.DataReceived() if event.stream_id in self._requests:
                    self._requests[event.stream_id][1].extend(event.data or b"")
                    size = event.flow_controlled_length or 0
                    self._h2.acknowledge_received_data(size, event.stream_id)
                case h2.events.StreamEnded() if event.stream_id in self._requests:
                    headers, body = self._requests.pop(event.stream_id)
                    self._answer(event.stream_id, headers, bytes(body))
                case h2.events.StreamReset() if event.stream_id is not None:
                    self._requests.pop(event.stream_id, None)
                case _:
                    pass
        self._flush()

    def _answer(self, stream_id: int, headers: Mapping[str, str], body: bytes) -> None:
        if stream_id > self._last_taken:
            return
        self._last_begun = stream_id
        verdict = self._fcm.take(headers[":path"], headers.get("authorization", ""), body)
        match verdict.manner:
            case "hang_up":
                self._transport.abort()
            case "reset":
                self._h2.reset_stream(stream_id, h2.errors.ErrorCodes.INTERNAL_ERROR)
            case "slow":
                self._owe(SLOW_SECONDS, stream_id, verdict)
            case "go_away":
                self._retire(stream_id)
                self._owe(DRAIN_SECONDS, stream_id, verdict)
            case "drain":
                self._go_away(STREAM_ID_MAX)
                self._owe(DRAIN_SECONDS, stream_id, verdict)
                asyncio.get_running_loop().call_later(
                    DRAIN_SECONDS / 2, lambda: self._retire(self._last_begun)
                )
            case _:
                self._send(stream_id, verdict)

    def _retire(self, last_stream_id: int) -> None:
        """Names the last request that it takes; closes when each up to it is answered."""
        self._last_taken = last_stream_id
        self._go_away(last_stream_id)

    def _go_away(self, last_stream_id: int) -> None:
        """Writes the frame by hand: h2 would end the connection with it, answers and all."""
        self._flush()
        frame = GoAwayFrame(0)
        frame.last_stream_id = last_stream_id
        self._transport.write(frame.serialize())

    def _owe(self, seconds: float, stream_id: int, verdict: Verdict) -> None:
        def pay() -> None:
            self._owed -= 1
            self._send(stream_id, verdict)
            if not self._owed and self._last_taken != STREAM_ID_MAX:
                self._transport.close()

        self._owed += 1
        asyncio.get_running_loop().call_later(seconds, pay)

    def _send(self, stream_id: int, verdict: Verdict) -> None:
        try:
            self._h2.send_headers(
                stream_id,
                [
                    (":status", str(verdict.status)),
                    ("content-length", str(len(verdict.body))),
                    *verdict.headers.items(),
                ],
            )
            self._h2.send_data(stream_id, verdict.body, end_stream=True)
        except h2.exceptions.ProtocolError:
            return  # the sender waits for it no more
        self._flush()

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._transport.write(data)


def make_account(directory: Path, token_url: str) -> RSAKey:
    """A service account's file, as Google gives one; the key that proves it."""
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "demonstration",
        "private_key": pem.decode(),
        "client_email": ACCOUNT,
        "token_uri": token_url,
    }
    write_secret(directory / "fcm-service-account.json", json.dumps(account).encode())
    return RSAKey.import_key(pem)


class Door:
    """Where senders connect: closed, it refuses everyone and cuts who is connected."""

    def __init__(self, fcm: Fcm, port: int, context: ssl.SSLContext) -> None:
        self._fcm, self._port, self._context = fcm, port, context
        self._listening: asyncio.Server | None = None
        self.connected: set[asyncio.Transport] = set()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: _Connection(self._fcm), HOST, self._port, ssl=self._context
        )

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.close()
        for transport in list(self.connected):
            transport.abort()


async def serve(directory: Path, http_port: int, http2_port: int) -> None:
    """Serves until the process is told to end."""
    certificate, key = make_certificate(directory, "fcm")
    fcm = Fcm(make_account(directory, f"http://{HOST}:{http_port}/token"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    fcm.door = Door(fcm, http2_port, context)
    await fcm.door.open()
    config = uvicorn.Config(fcm.http_app(), host=HOST, port=http_port, log_level="warning")
    try:
        await uvicorn.Server(config).serve()
    finally:
        await fcm.door.close()


def main() -> None:
    """Serves until it is told to end, or whoever started it is gone: then its input closes."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    directory, http_port, http2_port = sys.argv[1:4]
    asyncio.run(serve(Path(directory), int(http_port), int(http2_port)))


def _end_with_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
