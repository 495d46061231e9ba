"""HTTP/1.1 as uvicorn speaks it, with an end to patience: slow heads, long heads, slow readers; and
with one reading of what a proxy before it could read in two ways.

A connection without a request holds a file and a place among CONNECTIONS_MAX, so one that sends a
byte a second would keep others out. Bodies have limits of their own (`timeline/request_body.py`).
Whatever is refused here, before the application is asked, is a problem as any other.
"""

import re
from asyncio import TimerHandle, Transport
from collections.abc import Iterable
from typing import Any  # what uvicorn hands on

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.headers import SecurityHeaders, headers_of, saved_as
from api.problem import PROBLEM_TYPE, problem
from domain.error import Busy, OsratiError, Refusal
from timeline.request_body import RequestTooSlow

HEAD_SECONDS_MAX = 10  # a head is 1 or 2 KB: over a poor line it takes a second
HEAD_BYTES_MAX = 16_384  # an access token and a proof have 4 KB
WRITE_SECONDS_MAX = 30  # in which a reader must take what waits: 48 KB, so 1.6 KB a second
HTTP_1_0 = "1.0"
_log = structlog.get_logger("osrati.refused")
HOST = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class HeadMalformed(Refusal):
    code = "request.malformed"
    ar = "الطلب ليس بصيغة HTTP سليمة. حدِّث التطبيق ثم أعد إرساله."
    en = "The request is no well-formed HTTP. Update the app and send it again."


class HeadTooLarge(Refusal):
    code = "request.head_too_large"
    status = 431
    ar = "رأس الطلب أطول من المسموح. احذف ملفات تعريف الارتباط أو حدِّث التطبيق ثم أعد المحاولة."
    en = "The head of the request is too long. Clear the cookies or update the app, then try again."


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    head_seconds_max: float = HEAD_SECONDS_MAX
    head_bytes_max: int = HEAD_BYTES_MAX
    write_seconds_max: float = WRITE_SECONDS_MAX

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections_max = self.limit_concurrency
        self.limit_concurrency = None  # uvicorn's own answer past it is no problem
        self._served = self.app
        self._head_bytes = 0  # of a body that comes in pieces: what stands between and after them
        self._is_head_open = True
        self._refused: type[OsratiError] = HeadMalformed
        self._head_timer: TimerHandle | None = None
        self._write_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._head_bytes > self.head_bytes_max:
            self._refuse(HeadTooLarge)
        elif self._is_head_open or self.cycle is None or self.cycle.response_complete:
            self._await_head()  # also where only blank lines come, or a body that nobody reads
        elif self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_head_open = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_head_open:  # what follows a body is no part of the head: nobody has checked it
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        self._is_head_open, self._head_bytes = False, 0
        if not _has_one_reading(self.headers, self.parser.get_http_version()):
            raise ValueError  # the parser stops, and uvicorn refuses the request
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.head_bytes_max:
            self._refused = HeadTooLarge
            raise ValueError
        most = self._connections_max
        full = most is not None and max(len(self.connections), len(self.tasks)) >= most
        self.app = _busy if full else self._served
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refused)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self.loop.call_later(self.write_seconds_max, self.transport.abort)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.write_seconds_max, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(
                self.head_seconds_max, self._refuse, RequestTooSlow
            )

    def _refuse(self, kind: type[OsratiError]) -> None:
        """Answers and closes; only closes where an answer is on its way, or nothing was asked."""
        if self.transport.is_closing():
            return
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if not is_answering and (self._head_bytes > 0 or kind is not RequestTooSlow):
            self.transport.write(_raw(_answer(kind)))
        self.transport.close()
        self.loop.call_later(self.write_seconds_max, self.transport.abort)


def _has_one_reading(headers: Iterable[tuple[bytes, bytes]], version: str) -> bool:
    """Whether every proxy reads the same host and the same end of the body from this head.

    Source: RFC 9112, 3.2 (one Host, of that form) and 6.1 (of codings we have only `chunked`, and
    an HTTP/1.0 client has none). What the parser refuses by itself is in `test_hostile_http.py`.
    """
    hosts = [value for name, value in headers if name == b"host"]
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    if version == HTTP_1_0 and (codings or not hosts):
        return not codings
    return len(hosts) == 1 and bool(HOST.fullmatch(hosts[0])) and codings in ([], [b"chunked"])


def _answer(kind: type[OsratiError]) -> Response:
    _log.info("refused", code=kind.code)  # before there is a request: without an id
    answer = problem(
        code=kind.code,
        status=kind.status,
        ar=kind.ar,
        en=kind.en,
        retry_after=kind.retry_after_seconds,
    )
    answer.headers["Connection"] = "close"
    return answer


def _raw(answer: Response) -> bytes:
    for name, value in headers_of(https=False).items():
        answer.headers.setdefault(name, value)
    answer.headers["content-disposition"] = saved_as(PROBLEM_TYPE.encode())
    lines = [STATUS_LINE[answer.status_code]]
    lines += [b"%s: %s\r\n" % header for header in answer.raw_headers]
    return b"".join([*lines, b"\r\n", bytes(answer.body)])


async def _answer_busy(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await _answer(Busy)(scope, receive, send)


_busy = SecurityHeaders(_answer_busy)
