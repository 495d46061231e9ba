"""Where FCM is reached: TLS and HTTP/2, with a connection that is reset, ended or retired as the
weather says. What has not chosen HTTP/2 is handed over to `simulators/fcm_http1.py`.
"""

import asyncio
import ssl
from collections.abc import Mapping

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
from hyperframe.frame import GoAwayFrame

from simulators.certificate import HOST
from simulators.fcm_http1 import Http1
from simulators.fcm_service import Fcm, Verdict

SLOW_SECONDS = 1.0
DRAIN_SECONDS = 0.2  # from the announcement that a connection will be retired to naming the last
STREAM_ID_MAX = 2**31 - 1


class Door:
    """Where senders connect: closed, it refuses everyone and cuts who is connected."""

    def __init__(self, fcm: Fcm, port: int, context: ssl.SSLContext) -> None:
        self._fcm, self._port, self._context = fcm, port, context
        self._listening: asyncio.Server | None = None
        self._connected: set[asyncio.Transport] = set()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            lambda: _Connection(self._fcm, self._connected), HOST, self._port, ssl=self._context
        )

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.close()
        for transport in list(self._connected):
            transport.abort()


class _Connection(asyncio.Protocol):
    """One HTTP/2 connection of a sender."""

    def __init__(self, fcm: Fcm, connected: set[asyncio.Transport]) -> None:
        self._fcm, self._connected = fcm, connected
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._last_begun = 0
        self._last_taken = STREAM_ID_MAX  # what comes after it is never begun
        self._owed = 0  # answers that come late

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connected.add(transport)
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() is None:
            transport.set_protocol(Http1(self._fcm.take, transport))
            return
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, _: Exception | None) -> None:
        self._connected.discard(self._transport)

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
