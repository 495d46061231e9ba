"""E-mail by SMTP: a few connections over TLS, kept open, one message after another on each.

aiosmtplib speaks the protocol. A refusal costs what it is about: at RCPT that address, at DATA that
message; at the login or at MAIL it is a fault of ours, which costs nothing and is not tried again
by every message of the batch. What was lost after the message's last line may have gone: that is
said. Nothing of a message is logged, nor what a server says, since it repeats addresses.
Source: RFC 5321, 4.2 and 4.3.2 (answers by step); RFC 3463 (enhanced codes); RFC 3207, RFC 8314.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import msgspec
import structlog
from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from push.answer import ACCEPTED, Answer
from push.mime import build_mime, read_address
from push.outgoing import EmailMessage
from store.clock import Clock

CONNECTIONS_MAX = 4  # relays count them; more wait for their turn
# Waiting for a turn, then the message itself: together well under a delivery's lease.
DEADLINE_SECONDS = 20.0
CONNECT_SECONDS = 10.0
QUIT_SECONDS = 2.0
CLOSING, GO_ON, ACCEPTED_CODE, LOGIN_WANTED, TOO_BIG = 421, 354, 250, 530, 552
_ENHANCED = re.compile(r"5\.(\d{1,3})\.\d{1,3}\b")
_DOT = re.compile(rb"^\.", re.MULTILINE)

Tls = Literal["starttls", "tls"]

# Of a 5xx at RCPT by what its enhanced code is about (RFC 3463, 3): the address, the mailbox.
_ABOUT: Mapping[str, Answer] = MappingProxyType(
    {"1": Answer("refused", "address_invalid"), "2": Answer("refused", "address_invalid")}
)
_log = structlog.get_logger("osrati.push")


class SmtpAccess(msgspec.Struct, frozen=True):
    """How the relay is reached, and who e-mails are from. Without `user` nobody logs in."""

    host: str
    port: int
    sender: str
    tls: Tls = "starttls"
    user: str = ""
    password: str = ""
    certificate_file: Path | None = None


class _Link(SMTP):
    """The library's connection, which lets go of its socket at once: TLS would wait for a peer that
    may be gone.
    """

    def close(self) -> None:
        transport = self.transport
        super().close()
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class _Faulty(Exception):
    """The relay takes nothing of ours now, whoever it is for. `answer` is every message's."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.code)
        self.answer = answer


class _Turn:
    """A message on its way: whether its last line was sent."""

    __slots__ = ("begun",)

    def __init__(self) -> None:
        self.begun = False


class _Batch:
    """What stands for the rest of a batch, once one message has found it."""

    __slots__ = ("answer", "begin_by")

    def __init__(self, begin_by: float) -> None:
        self.begin_by = begin_by
        self.answer: Answer | None = None


class SmtpSender:
    """Sends e-mails through one relay."""

    def __init__(
        self,
        access: SmtpAccess,
        clock: Clock,
        *,
        context: ssl.SSLContext,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        """`context` trusts the relay's certificate."""
        self._access, self._clock, self._context = access, clock, context
        self._deadline_seconds = deadline_seconds
        self._room = asyncio.Semaphore(CONNECTIONS_MAX)
        self._idle: list[_Link] = []

    async def aclose(self) -> None:
        for link in self._idle:
            with suppress(SMTPException, OSError, TimeoutError):
                await link.quit(timeout=QUIT_SECONDS)
            link.close()
        self._idle.clear()
        await asyncio.sleep(0)  # for the transports to let go of their sockets

    async def send(self, messages: Sequence[EmailMessage]) -> Sequence[Answer]:
        """One answer a message, in order."""
        batch = _Batch(asyncio.get_running_loop().time() + self._deadline_seconds)
        return await asyncio.gather(*(self._in_turn(message, batch) for message in messages))

    async def _in_turn(self, message: EmailMessage, batch: _Batch) -> Answer:
        try:
            async with asyncio.timeout_at(batch.begin_by):
                await self._room.acquire()
        except TimeoutError:
            return Answer("retry", "unavailable")
        try:
            if batch.answer is None:
                return await self._send(message)
        except _Faulty as fault:
            if batch.answer is None:
                _log.error("smtp_relay", code=fault.answer.code)
            batch.answer = fault.answer
        finally:
            self._room.release()
        return batch.answer

    async def _send(self, message: EmailMessage) -> Answer:
        address = read_address(message.address)
        if address is None:
            return Answer("refused", "address_invalid")
        try:
            mime = build_mime(message, sender=self._access.sender, at=self._clock.now_utc())
        except ValueError:
            return Answer("refused", "invalid_argument")
        turn = _Turn()
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._transact(address, mime, turn)
        except TimeoutError:  # aiosmtplib's own are of this class, too
            return Answer("unknown" if turn.begun else "retry", "timed_out")
        except (SMTPException, OSError):
            return Answer("unknown" if turn.begun else "retry", "connection_lost")

    async def _transact(self, address: str, mime: bytes, turn: _Turn) -> Answer:
        """One message on one connection. Raises: _Faulty, and whatever ends a connection."""
        link = await self._begin()
        is_whole = False
        try:
            answer = await _hand_over(link, address, mime, turn)
            with suppress(SMTPException, OSError):
                if answer.kind != "accepted":
                    await link.rset()
                is_whole = link.is_connected
        finally:
            if is_whole:
                self._idle.append(link)
            else:
                link.close()
        return answer

    async def _begin(self) -> _Link:
        """A connection that took MAIL: one that was kept, unless its relay has left it by now."""
        while self._idle:
            link = self._idle.pop()
            with suppress(SMTPServerDisconnected):
                if link.is_connected and await self._mail(link):
                    return link
            link.close()
        link = await self._open()
        if not await self._mail(link):
            link.close()
            raise _Faulty(Answer("retry", "unavailable"))
        return link

    async def _mail(self, link: _Link) -> bool:
        """Says who the message is from; False where the relay says goodbye instead."""
        try:
            await link.mail(self._access.sender)
        except SMTPSenderRefused as refused:
            if refused.code == CLOSING:
                return False
            link.close()
            raise _Faulty(_of_ours(refused.code)) from None
        except BaseException:
            link.close()
            raise
        return True

    async def _open(self) -> _Link:
        access = self._access
        link = _Link(
            hostname=access.host,
            port=access.port,
            username=access.user or None,
            password=access.password or None,
            local_hostname=access.sender.rpartition("@")[2],
            timeout=CONNECT_SECONDS,
            use_tls=access.tls == "tls",
            start_tls=access.tls == "starttls",
            tls_context=self._context,
        )
        try:
            await link.connect()
        except (SMTPAuthenticationError, SMTPResponseException) as refused:
            raise _Faulty(_of_ours(refused.code)) from None
        except (SMTPConnectError, SMTPServerDisconnected, TimeoutError) as lost:
            if isinstance(lost.__cause__, ssl.SSLError):
                raise _Faulty(_DISTRUSTED) from None
            raise _Faulty(Answer("retry", "unavailable")) from None
        except (ssl.SSLError, SMTPException):  # no trust, no TLS or no login offered
            raise _Faulty(_DISTRUSTED) from None
        link.timeout = self._deadline_seconds
        return link


_DISTRUSTED = Answer("project_fault", "credentials")


def _of_ours(code: int) -> Answer:
    """A refusal before any reader was named: whoever the message is for, it is about us."""
    return Answer("retry", "unavailable") if code < 500 else _DISTRUSTED


async def _hand_over(link: _Link, address: str, mime: bytes, turn: _Turn) -> Answer:
    """From RCPT to the answer after the last line."""
    try:
        await link.rcpt(address)
    except SMTPRecipientRefused as refused:
        return _at_rcpt(refused.code, refused.message)
    said = await link.execute_command(b"DATA")
    if said.code != GO_ON:
        return _at_data(said.code)
    # aiosmtplib's own `data` does not tell whether a connection was lost before or after this.
    protocol = link.protocol
    if protocol is None:
        raise SMTPServerDisconnected("before the message")
    turn.begun = True
    protocol.write(_DOT.sub(b"..", mime) + b".\r\n")
    said = await protocol.read_response(timeout=link.timeout)
    return ACCEPTED if said.code == ACCEPTED_CODE else _at_data(said.code)


def _at_rcpt(code: int, words: str) -> Answer:
    if code == LOGIN_WANTED:
        raise _Faulty(_DISTRUSTED)
    if code < 500:
        return Answer("retry", "unavailable")
    about = _ENHANCED.search(words)
    if about is None:
        return Answer("refused", "address_invalid")
    return _ABOUT.get(about[1], Answer("refused", "rejected"))


def _at_data(code: int) -> Answer:
    if code == LOGIN_WANTED:
        raise _Faulty(_DISTRUSTED)
    if code < 500:
        return Answer("retry", "unavailable")
    return Answer("refused", "too_big" if code == TOO_BIG else "rejected")
