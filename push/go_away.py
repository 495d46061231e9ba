"""GOAWAY read before h2 sees it: h2 takes it as the end of everything, and refuses the answers to
what the peer had begun, which still come (RFC 9113, 6.8).

Used by `push/http2.py` alone. It splits the bytes at frames, and hands on all others as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

HEADER_BYTES = 9
GOAWAY = 0x7
PAYLOAD_BYTES = 8  # last stream and error code; words for people may follow
STREAM_BITS = 0x7FFF_FFFF
# What a peer may send: h2 announces the same, and refuses a longer frame when it is handed on.
FRAME_BYTES_MAX = 16_384


@dataclass(frozen=True, slots=True)
class GoAway:
    """The peer takes no request after `last_stream_id`; up to it, it may still answer."""

    last_stream_id: int


class GoAwayReader:
    """Bytes of one connection in, in any pieces; whole frames and GOAWAYs out, in order."""

    def __init__(self) -> None:
        self._held = b""

    def read(self, data: bytes) -> Iterator[bytes | GoAway]:
        """The frames that are whole by now. A frame's rest is kept until it comes."""
        held = self._held + data
        begun = place = 0
        while len(held) - place >= HEADER_BYTES:
            length = int.from_bytes(held[place : place + 3], "big")
            if length > FRAME_BYTES_MAX:
                place = len(held)
                break
            end = place + HEADER_BYTES + length
            if end > len(held):
                break
            if held[place + 3] == GOAWAY and length >= PAYLOAD_BYTES:
                if place > begun:
                    yield held[begun:place]
                at = place + HEADER_BYTES
                yield GoAway(int.from_bytes(held[at : at + 4], "big") & STREAM_BITS)
                begun = end
            place = end
        self._held = held[place:]
        if place > begun:
            yield held[begun:place]
