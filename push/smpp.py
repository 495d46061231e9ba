"""SMS by SMPP 3.4: one bound session that connects again by itself, many messages on it.

aiosmpplib speaks the protocol. What it is handed and has not begun when its time is up is taken
back, so that nothing goes out after it was called unsent. Nothing of a message is logged: the
library's own log is closed, since it names numbers.
Source: SMPP Protocol Specification 3.4, 5.1.3 (command_status).
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from uuid import uuid4

import msgspec
from aiosmpplib import (
    ESME,
    NPI,
    TON,
    AbstractBroker,
    AbstractHook,
    PhoneNumber,
    SmppCommandStatus,
    SmppMessage,
    SubmitSm,
    SubmitSmResp,
)
from aiosmpplib.retrytimer import SimpleExponentialBackoff

from push.answer import ACCEPTED, Answer
from push.outgoing import SmsMessage
from push.sms_text import count_segments

DEADLINE_SECONDS = 20.0  # well under a delivery's lease
RECONNECT_MS = 1_000
RECONNECT_DOUBLINGS_MAX = 5  # up to 32 seconds between two tries
_UDH = 0b01000000  # several parts are joined by a header that every phone understands
_ENCODINGS = {"gsm7": "gsm0338", "ucs2": "ucs2"}

_VERDICTS: Mapping[SmppCommandStatus, Answer] = MappingProxyType(
    {
        SmppCommandStatus.ESME_ROK: ACCEPTED,
        SmppCommandStatus.ESME_RTHROTTLED: Answer("retry", "quota"),
        SmppCommandStatus.ESME_RMSGQFUL: Answer("retry", "quota"),
        SmppCommandStatus.ESME_RSYSERR: Answer("retry", "internal"),
        SmppCommandStatus.ESME_RINVDSTADR: Answer("refused", "address_invalid"),
        SmppCommandStatus.ESME_RINVDSTTON: Answer("refused", "address_invalid"),
        SmppCommandStatus.ESME_RINVDSTNPI: Answer("refused", "address_invalid"),
    }
)


class SmppAccess(msgspec.Struct, frozen=True):
    """How the message centre is reached, and who it says the messages are from."""

    host: str
    port: int
    system_id: str
    password: str
    sender: str = "Osrati"


class _Waiting:
    """A message on its way: whether the session has begun it, and what became of it."""

    __slots__ = ("answer", "begun", "message")

    def __init__(self, message: SubmitSm) -> None:
        self.message = message
        self.begun = False
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()


class _Desk(AbstractBroker, AbstractHook):  # type: ignore[misc]  # the library has no types
    """What the session takes messages from, and tells what became of them."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self.waiting: dict[str, _Waiting] = {}

    async def enqueue(self, message: SmppMessage) -> None:
        assert isinstance(message, SubmitSm)
        self.waiting[message.log_id] = _Waiting(message)
        await self._queue.put(message.log_id)

    async def dequeue(self) -> SmppMessage:
        while True:
            waiting = self.waiting.get(await self._queue.get())
            if waiting is not None:  # else it was taken back
                waiting.begun = True
                return waiting.message

    async def sending(self, smpp_message: SmppMessage, pdu: bytes, client_id: str) -> None:
        return None

    async def received(self, smpp_message: SmppMessage | None, pdu: bytes, client_id: str) -> None:
        if isinstance(smpp_message, SubmitSmResp):
            answer = _VERDICTS.get(smpp_message.command_status, Answer("refused", "rejected"))
            self._settle(smpp_message.log_id, answer)

    async def send_error(self, smpp_message: SmppMessage, error: Exception, client_id: str) -> None:
        if not isinstance(smpp_message, SubmitSm):
            return
        if isinstance(error, ValueError):
            self._settle(smpp_message.log_id, Answer("refused", "invalid_argument"))
        else:
            self._settle(smpp_message.log_id, Answer("unknown", "connection_lost"))

    def _settle(self, log_id: str, answer: Answer) -> None:
        waiting = self.waiting.get(log_id)
        if waiting is not None and not waiting.answer.done():
            waiting.answer.set_result(answer)


class _Session(ESME):  # type: ignore[misc]  # the library has no types
    """The library's session, which closes each connection that it leaves: it forgets to."""

    async def connect(self) -> None:
        if self._writer is not None:
            self._writer.close()
        await super().connect()

    async def _disconnect(self) -> None:
        writer = self._writer
        await super()._disconnect()
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class SmppSender:
    """Sends SMS through one message centre."""

    def __init__(self, access: SmppAccess, *, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._access = access
        self._deadline_seconds = deadline_seconds
        self._desk = _Desk()
        self._esme = _Session(
            smsc_host=access.host,
            smsc_port=access.port,
            system_id=access.system_id,
            password=access.password,
            broker=self._desk,
            hook=self._desk,
            retry_timer=SimpleExponentialBackoff(RECONNECT_MS, RECONNECT_DOUBLINGS_MAX),
            log_level=logging.CRITICAL,
            log_handler=logging.NullHandler(),
        )
        self._session: asyncio.Task[None] | None = None

    async def aclose(self) -> None:
        if self._session is not None:
            self._session.cancel()
            with suppress(asyncio.CancelledError):
                await self._session

    async def send(self, messages: Sequence[SmsMessage]) -> Sequence[Answer]:
        """One answer a message, in order."""
        if self._session is None or self._session.done():
            self._session = asyncio.create_task(self._esme.start())
        return await asyncio.gather(*(self._send(message) for message in messages))

    async def _send(self, message: SmsMessage) -> Answer:
        log_id = uuid4().hex
        await self._desk.enqueue(
            SubmitSm(
                short_message=message.text,
                source=PhoneNumber(self._access.sender, TON.ALPHANUMERIC, NPI.UNKNOWN),
                destination=PhoneNumber(message.number.lstrip("+"), TON.INTERNATIONAL, NPI.ISDN),
                encoding=_ENCODINGS[count_segments(message.text).alphabet],
                esm_class=_UDH,  # taken away again where one part is enough
                auto_message_payload=False,
                registered_delivery=0,
                log_id=log_id,
            )
        )
        waiting = self._desk.waiting[log_id]
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await waiting.answer
        except TimeoutError:
            if waiting.begun:
                return Answer("unknown", "timed_out")
            return Answer("retry", "unavailable")
        finally:
            del self._desk.waiting[log_id]
