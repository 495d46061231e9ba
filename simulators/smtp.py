"""A mail relay as far as a sender sees it, in a process of its own: SMTP over TLS, with a login.

It keeps each message it accepted, taken apart as a reader's program does, and answers as the
weather says: temporary and lasting refusals at each step, a slow day, a connection cut before or
after the message was taken. aiosmtpd speaks the protocol. Source: RFC 5321, RFC 3463, RFC 4954.

    python -m simulators.smtp DATA_DIR STARTTLS_PORT TLS_PORT HTTP_PORT

DATA_DIR gets `smtp-certificate.pem`, which a sender trusts. HTTP_PORT serves `/received` and
`/weather`. Whoever logs in is `osrati`, with the password that is in OSRATI_SMTP_PASSWORD.
"""

import asyncio
import email
import json
import logging
import os
import ssl
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from pathlib import Path
from typing import Any  # JSON, and what aiosmtpd leaves untyped

import uvicorn
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.certificate import HOST, make_certificate
from simulators.parent import end_with_parent

USER = "osrati"
KEPT_MAX = 100_000
SLOW_SECONDS = 1.0
GOODBYE_SECONDS = 0.05
AT_MAIL = {
    "busy": "421 4.3.2 service not available",
    "rate_limited": "450 4.7.1 too many messages",
    "sender_refused": "553 5.7.1 sender address not owned by this login",
}
AT_RCPT = {
    "greylisted": "450 4.2.0 try again later",
    "mailbox_full": "452 4.2.2 mailbox full",
    "no_such_mailbox": "550 5.1.1 no such mailbox",
    "policy": "550 5.7.1 refused by policy",
}
AT_DATA = {"no_input": "451 4.3.0 not now", "login_gone": "530 5.7.0 authentication required"}
AT_END = {
    "no_space": "452 4.3.1 insufficient storage",
    "spam": "554 5.7.1 refused for its content",
    "too_big": "552 5.3.4 too big",
}
CUTS = {"cut_before", "cut_after", "silent", "slow"}  # before or after DATA's last line
WEATHER = frozenset({*AT_MAIL, *AT_RCPT, *AT_DATA, *AT_END, *CUTS, "fair"})


@dataclass
class MailServer:
    """What was accepted, and the weather to come: taken one a message, then it is fair.

    `is_closed` refuses every login. `connected` counts connections, `logins` tries to log in.
    """

    password: str
    weather: deque[str] = field(default_factory=deque)
    received: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_MAX))
    is_closed: bool = False
    connected: int = 0
    logins: int = 0
    links: set["_Link"] = field(default_factory=set)

    def log_in(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins += 1
        right = LoginPassword(USER.encode(), self.password.encode())
        return AuthResult(success=data == right and not self.is_closed, handled=False)

    async def handle_MAIL(
        self, server: "_Link", _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        server.weather = self.weather.popleft() if self.weather else "fair"
        refusal = AT_MAIL.get(server.weather)
        if refusal is None:
            envelope.mail_from = address
        elif refusal.startswith("421"):
            asyncio.get_running_loop().call_later(GOODBYE_SECONDS, server.hang_up)
        return refusal or "250 OK"

    async def handle_RCPT(
        self, server: "_Link", _: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = AT_RCPT.get(server.weather)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, server: "_Link", _: Session, envelope: Envelope) -> str:
        if refusal := AT_END.get(server.weather):
            return refusal
        assert isinstance(envelope.content, bytes)
        self.received.append(_taken_apart(envelope, envelope.content))
        match server.weather:
            case "cut_after":
                server.hang_up()
            case "silent":
                await asyncio.Event().wait()
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
            case _:
                pass
        return "250 2.0.0 OK"

    def http_app(self) -> Starlette:
        """What tests and the demonstration look at and set."""

        async def received(_: Request) -> Response:
            return JSONResponse(list(self.received))

        async def weather(request: Request) -> Response:
            asked = json.loads(await request.body())
            if not set(asked.get("weather", [])) <= WEATHER:
                return JSONResponse({"known": sorted(WEATHER)}, 400)
            self.weather.extend(asked.get("weather", []))
            self.is_closed = asked.get("closed", self.is_closed)
            if asked.get("hang_up"):
                for link in list(self.links):
                    link.hang_up()
            return JSONResponse({"connected": self.connected, "logins": self.logins})

        return Starlette(
            routes=[Route("/received", received), Route("/weather", weather, methods=["POST"])]
        )


class _Link(SMTP):
    """One connection of a sender."""

    weather = "fair"

    def __init__(self, server: MailServer, **more: Any) -> None:
        super().__init__(
            server,
            hostname="osrati-mail",
            auth_required=True,
            authenticator=server.log_in,
            loop=asyncio.get_running_loop(),
            **more,
        )
        self._mail = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self not in self._mail.links:  # else it is the same, over TLS by now
            self._mail.links.add(self)
            self._mail.connected += 1

    def connection_lost(self, error: Exception | None) -> None:
        self._mail.links.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def smtp_DATA(self, arg: str) -> None:
        if self.weather == "cut_before":
            self.hang_up()
        elif refusal := AT_DATA.get(self.weather):
            await self.push(refusal)
        else:
            await super().smtp_DATA(arg)


def _taken_apart(envelope: Envelope, content: bytes) -> dict[str, Any]:
    """A message as its reader sees it: headers decoded, words by kind, and what is attached."""
    message = email.message_from_bytes(content, policy=policy.default)
    words: dict[str, str] = {}
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        words[kind] = part.get_content() if part is not None else ""
    return {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "headers": {name.lower(): str(value) for name, value in message.items()},
        "text": words["plain"],
        "html": words["html"],
        "attachments": [
            {
                "name": part.get_filename(),
                "type": part.get_content_type(),
                "text": part.get_content() if part.get_content_maintype() == "text" else "",
            }
            for part in message.iter_attachments()
        ],
        "raw": content.decode("ascii", "backslashreplace"),
    }


async def serve(directory: Path, ports: Mapping[str, int]) -> None:
    """Serves until the process is told to end."""
    server = MailServer(os.environ["OSRATI_SMTP_PASSWORD"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*make_certificate(directory, "smtp"))
    loop = asyncio.get_running_loop()
    by_starttls = await loop.create_server(
        lambda: _Link(server, tls_context=context, require_starttls=True), HOST, ports["starttls"]
    )
    by_tls = await loop.create_server(
        lambda: _Link(server, auth_require_tls=False), HOST, ports["tls"], ssl=context
    )
    config = uvicorn.Config(server.http_app(), host=HOST, port=ports["http"], log_level="warning")
    async with by_starttls, by_tls:
        await uvicorn.Server(config).serve()


def main() -> None:
    """Serves until it is told to end, or whoever started it is gone: then its input closes."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it warns of its own old names
    end_with_parent()
    directory, starttls, tls, http = sys.argv[1:5]
    ports = {"starttls": int(starttls), "tls": int(tls), "http": int(http)}
    asyncio.run(serve(Path(directory), ports))


if __name__ == "__main__":
    main()
