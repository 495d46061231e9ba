"""One HTTP/2 connection to one host, many requests on it at once: what a provider of pushes wants.

jh2 holds the protocol; this holds the socket. A connection that is lost fails the requests on it,
each with `ConnectionLost`, and the next request opens another. One that the peer retires (GOAWAY)
is read until what the peer had begun is answered, while new requests go over the next; what it says
that it never began goes once more. Nothing else is sent again here.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias
from urllib.parse import urlsplit

import jh2.config
import jh2.connection
import jh2.errors
import jh2.events
import jh2.exceptions

from push.go_away import GoAway, GoAwayReader

STREAMS_MAX = 100  # at once, or fewer where the peer says so
READ_BYTES = 65_536
ANSWER_BYTES_MAX = 65_536
REFUSALS_MAX = 3  # connections that one request may find retired, then it fails as never sent


class ConnectionLost(Exception):
    """The connection ended before the answer came. `sent` is False when the request cannot have
    reached the peer.
    """

    def __init__(self, *, sent: bool) -> None:
        super().__init__("the connection was lost")
        self.sent = sent


class _NotBegun(ConnectionLost):
    """The peer said that it began nothing of this request: it may go over another connection."""

    def __init__(self) -> None:
        super().__init__(sent=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: its status, headers by lower-case name, and its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Outcome: TypeAlias = Answered | ConnectionLost | TimeoutError
"""What became of a request: its answer, or why there is none."""


@dataclass(slots=True)
class _Exchange:
    heard: Callable[[Answered | ConnectionLost], None]
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


class Http2Client:
    """POSTs to one origin over one connection, opened when it is first needed."""

    def __init__(self, origin: str, *, context: ssl.SSLContext) -> None:
        """`origin` such as `https://fcm.googleapis.com`; `context` trusts its certificate."""
        parts = urlsplit(origin)
        assert parts.scheme == "https"
        assert parts.hostname is not None
        self._host, self._port = parts.hostname, parts.port or 443
        self._authority = parts.netloc
        context.set_alpn_protocols(["h2"])
        self._context = context
        self._opening = asyncio.Lock()
        self._link: _Link | None = None
        self._retired: set[_Link] = set()
        self._room = asyncio.Semaphore(STREAMS_MAX)

    async def post(
        self, path: str, headers: Sequence[tuple[str, str]], body: bytes, *, deadline_seconds: float
    ) -> Answered:
        """The peer's answer. Raises: ConnectionLost; TimeoutError past the deadline."""
        request = self._request(path, headers)
        async with asyncio.timeout(deadline_seconds), self._room:
            for _ in range(REFUSALS_MAX):
                link = await self._current()
                with suppress(_NotBegun):
                    return await link.post(request, body)
            raise ConnectionLost(sent=False)

    async def post_each(
        self,
        path: str,
        headers: Sequence[tuple[str, str]],
        bodies: Sequence[bytes],
        heard: Callable[[int, Outcome], None],
        *,
        deadline_seconds: float,
    ) -> None:
        """Posts them all on one connection; `heard` is told of each, by its place, what became of
        it, once and as soon as it is known. Returns when all are told.

        One timer and no task for all of them: by `post` each costs half as much again.
        """
        request = self._request(path, headers)
        until = asyncio.get_running_loop().time() + deadline_seconds
        left = set(range(len(bodies)))
        begun: dict[int, tuple[_Link, int]] = {}
        all_told = asyncio.Event()

        def tell(place: int, outcome: Outcome) -> None:
            if place in left:
                left.remove(place)
                if not left:
                    all_told.set()
                heard(place, outcome)

        async def post_again(place: int) -> None:
            """Of a connection that was retired: seldom."""
            rest = until - asyncio.get_running_loop().time()
            try:
                tell(place, await self.post(path, headers, bodies[place], deadline_seconds=rest))
            except (ConnectionLost, TimeoutError) as lost:
                tell(place, lost)

        async with asyncio.TaskGroup() as again:

            def hear(place: int, outcome: Answered | ConnectionLost) -> None:
                if isinstance(outcome, _NotBegun):
                    again.create_task(post_again(place))
                else:
                    tell(place, outcome)

            try:
                async with asyncio.timeout_at(until):
                    for place, body in enumerate(bodies):
                        try:
                            link = await self._current()
                            stream_id = await link.start(request, body, partial(hear, place))
                            begun[place] = link, stream_id
                        except ConnectionLost as lost:
                            hear(place, lost)
                    if left:
                        await all_told.wait()
            except TimeoutError as late:
                for place in sorted(left):
                    tell(place, late)
            finally:
                for link, stream_id in begun.values():
                    link.give_up(stream_id)

    def _request(self, path: str, headers: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        return [
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", self._authority),
            (":path", path),
            *headers,
        ]

    async def _current(self) -> "_Link":
        link = self._link
        return await self._open() if link is None or link.is_retired else link

    async def aclose(self) -> None:
        links = [*self._retired, *([self._link] if self._link is not None else [])]
        for link in links:
            await link.aclose()

    async def _open(self) -> "_Link":
        async with self._opening:
            if self._link is None or self._link.is_retired:
                await self._let_go()
                try:
                    reader, writer = await asyncio.open_connection(
                        self._host, self._port, ssl=self._context
                    )
                except OSError:
                    raise ConnectionLost(sent=False) from None
                self._link = _Link(reader, writer)
            return self._link

    async def _let_go(self) -> None:
        """Closes the connections that have ended; one that is still answered goes on."""
        if self._link is not None:
            self._retired.add(self._link)
            self._link = None
        for link in [each for each in self._retired if each.is_over]:
            self._retired.remove(link)
            await link.aclose()


class _Link:
    """A connection while it lasts. Retired: it takes no new request. Over: nor gives answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # What we send is our own: checking and folding it again took a third of a request, and
        # marking the token never to be indexed had it encoded anew for each. RFC 7541, 7.1.3 means
        # that for values that can be guessed; nobody else's headers share this connection. Of what
        # comes two headers are read and none is passed on: checking each was a twelfth.
        config = jh2.config.H2Configuration(
            client_side=True,
            header_encoding="utf-8",
            validate_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self._h2 = jh2.connection.H2Connection(config)
        self._reader, self._writer = reader, writer
        self._exchanges: dict[int, _Exchange] = {}
        self._room = asyncio.Event()
        self._go_away = GoAwayReader()
        self._is_flushing = False
        self.is_retired = False
        self.is_over = False
        self._h2.initiate_connection()
        self._flush()
        self._reading = asyncio.create_task(self._read())

    async def post(self, headers: Sequence[tuple[str, str]], body: bytes) -> Answered:
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()

        def heard(outcome: Answered | ConnectionLost) -> None:
            if answer.done():
                return
            if isinstance(outcome, ConnectionLost):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        stream_id = await self.start(headers, body, heard)
        try:
            return await answer
        finally:
            self.give_up(stream_id)

    async def start(
        self,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        heard: Callable[[Answered | ConnectionLost], None],
    ) -> int:
        """Sends a request as soon as there is room; its stream. `heard` is told what becomes of it.

        Raises: ConnectionLost, and then tells nothing.
        """
        await self._until_room(len(body))
        if self.is_retired:
            raise _NotBegun
        try:
            stream_id: int = self._h2.get_next_available_stream_id()
        except jh2.exceptions.NoAvailableStreamIDError:  # after a thousand million requests
            self.is_retired = True
            self._end_if_done()
            raise _NotBegun from None
        try:
            self._h2.send_headers(stream_id, [*headers, ("content-length", str(len(body)))])
            self._h2.send_data(stream_id, body, end_stream=True)
        except jh2.exceptions.ProtocolError:
            self._end()
            raise ConnectionLost(sent=False) from None
        self._exchanges[stream_id] = _Exchange(heard)
        self._flush()
        return stream_id

    def give_up(self, stream_id: int) -> None:
        """Waits for no answer any more, where there was none: nothing is told."""
        if self._exchanges.pop(stream_id, None) is not None:
            with suppress(jh2.exceptions.ProtocolError):
                self._h2.reset_stream(stream_id, jh2.errors.ErrorCodes.CANCEL)
                self._flush()
            self._end_if_done()

    async def aclose(self) -> None:
        self._end()
        self._reading.cancel()
        with suppress(asyncio.CancelledError, OSError):
            await self._reading
        self._writer.close()
        with suppress(OSError, ssl.SSLError):
            await self._writer.wait_closed()

    async def _until_room(self, size: int) -> None:
        """Waits until the peer takes another stream and so many bytes of it."""
        while not self.is_retired:
            streams = self._h2.remote_settings.max_concurrent_streams
            if (
                len(self._exchanges) < min(streams, STREAMS_MAX)
                and self._h2.outbound_flow_control_window >= size
            ):
                return
            self._room.clear()
            await self._room.wait()

    def _flush(self) -> None:
        """Has what is to go written at the end of this turn of the loop, with all that joins it:
        one record and one system call for many requests.
        """
        if not self._is_flushing:
            self._is_flushing = True
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        self._is_flushing = False
        if (data := self._h2.data_to_send()) and not self.is_over:
            self._writer.write(data)

    async def _read(self) -> None:
        try:
            while not self.is_over and (data := await self._reader.read(READ_BYTES)):
                for piece in self._go_away.read(data):
                    if isinstance(piece, GoAway):
                        self._retire(piece.last_stream_id)
                    else:
                        for event in self._h2.receive_data(piece):
                            self._take(event)
                self._flush()
                self._room.set()
        except (OSError, jh2.exceptions.ProtocolError, UnicodeDecodeError):
            pass  # cut, or no peer that speaks as it should
        finally:
            self._end()

    def _retire(self, last_stream_id: int) -> None:
        """No new request; those that the peer has not begun it will not, the others it answers."""
        self.is_retired = True
        for stream_id in list(self._exchanges):
            if stream_id > last_stream_id:
                self._tell(stream_id, _NotBegun())
        self._room.set()
        self._end_if_done()

    def _end_if_done(self) -> None:
        """Ends a retired connection once its last answer is there."""
        if self.is_retired and not self._exchanges:
            self._end()

    def _take(self, event: jh2.events.Event) -> None:
        match event:
            case jh2.events.StreamReset() if event.stream_id is not None:
                refused = event.error_code == jh2.errors.ErrorCodes.REFUSED_STREAM
                self._tell(event.stream_id, _NotBegun() if refused else ConnectionLost(sent=True))
            case jh2.events.ResponseReceived() if event.stream_id in self._exchanges:
                exchange = self._exchanges[event.stream_id]
                exchange.headers = {str(n): str(v) for n, v in event.headers or ()}
                status = exchange.headers.get(":status", "")
                is_one = len(status) == 3 and status.isascii() and status.isdecimal()
                exchange.status = int(status) if is_one else 0
            case jh2.events.DataReceived() if event.stream_id is not None:
                size = event.flow_controlled_length or 0
                self._h2.acknowledge_received_data(size, event.stream_id)
                exchange_or_none = self._exchanges.get(event.stream_id)
                if exchange_or_none is not None:
                    exchange_or_none.body += event.data or b""
                    if len(exchange_or_none.body) > ANSWER_BYTES_MAX:
                        self._tell(event.stream_id, ConnectionLost(sent=True))
            case jh2.events.StreamEnded() if event.stream_id in self._exchanges:
                exchange = self._exchanges[event.stream_id]
                self._tell(
                    event.stream_id,
                    Answered(exchange.status, exchange.headers, bytes(exchange.body)),
                )
            case _:
                pass

    def _tell(self, stream_id: int, outcome: Answered | ConnectionLost) -> None:
        """In a turn of its own: what a listener does wrong ends no reading."""
        exchange = self._exchanges.pop(stream_id, None)
        if exchange is not None:
            asyncio.get_running_loop().call_soon(exchange.heard, outcome)
            self._end_if_done()

    def _end(self) -> None:
        self.is_retired = self.is_over = True
        for stream_id in list(self._exchanges):
            self._tell(stream_id, ConnectionLost(sent=True))
        self._room.set()
        self._writer.close()
