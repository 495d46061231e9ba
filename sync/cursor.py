"""Cursors: where a phone is in a stream, opaque to it and signed for one person and stream.

First a load by (rank, key), of the stream as it was at `since` or later; then what changed above
`since`, by (number, key). The floor of tombstones is compared with `since`, never with the
position: rows of a load have any number, and a cursor compared by one would start over for ever.
"""

import hmac
import struct
from typing import Literal
from uuid import UUID

import msgspec

from domain.ids import PersonId, RecordKey
from domain.keyed_hash import KEY_BYTES
from store.keys import HASH_BYTES, KeyRing
from timeline.member_stream import MemberStream
from timeline.stream_page import Position

VERSION = 1
_LAYOUT = struct.Struct(f">B16s?qq{KEY_BYTES}s")  # version, incarnation, loading, since, lead, key
CURSOR_BYTES = _LAYOUT.size + HASH_BYTES

BEFORE_ALL = Position(-(2**15), RecordKey(b""))
_LAST_KEY = RecordKey(b"\xff" * KEY_BYTES)

Reset = Literal["new", "cursor", "incarnation", "too_old"]


class Cursor(msgspec.Struct, frozen=True):
    """`since`: the head up to which the phone is complete, or will be when its load has ended."""

    incarnation: UUID
    loading: bool
    since: int
    after: Position


def complete_at(incarnation: UUID, head: int) -> Cursor:
    """The cursor of a phone that holds everything up to a head."""
    return Cursor(incarnation, False, head, Position(head, _LAST_KEY))


def loading_at(stream: MemberStream) -> Cursor:
    """The cursor with which a load begins."""
    return Cursor(stream.incarnation, True, stream.head, BEFORE_ALL)


def seal_cursor(keys: KeyRing, person_id: PersonId, stream_id: UUID, cursor: Cursor) -> bytes:
    """The cursor as a phone keeps it."""
    body = _LAYOUT.pack(
        VERSION,
        cursor.incarnation.bytes,
        cursor.loading,
        cursor.since,
        cursor.after.lead,
        cursor.after.key,
    )
    return body + _signature(keys, person_id, stream_id, body)


def open_cursor(
    keys: KeyRing, person_id: PersonId, stream_id: UUID, sealed: bytes
) -> Cursor | None:
    """The cursor, or None when we did not make it for this person and stream."""
    if len(sealed) != CURSOR_BYTES:
        return None
    body, signature = sealed[: _LAYOUT.size], sealed[_LAYOUT.size :]
    if not hmac.compare_digest(signature, _signature(keys, person_id, stream_id, body)):
        return None
    version, incarnation, loading, since, lead, key = _LAYOUT.unpack(body)
    if version != VERSION:
        return None
    return Cursor(UUID(bytes=incarnation), loading, since, Position(lead, RecordKey(key)))


def why_over(cursor: Cursor, stream: MemberStream) -> Reset | None:
    """Why a phone with this cursor must start the stream over, or None."""
    if cursor.incarnation != stream.incarnation:
        return "incarnation"
    if cursor.since > stream.head:
        return "cursor"
    return "too_old" if cursor.since < stream.tombstone_floor else None


def _signature(keys: KeyRing, person_id: PersonId, stream_id: UUID, body: bytes) -> bytes:
    return keys.hash("sync/cursor", person_id.bytes, stream_id.bytes, body)
