"""Pages of a stream: rows as they lie, framed in the database, so that a page is one value.

Nothing is opened here: the bytes that rest in the table are the bytes on the wire. A page ends
before the row that would pass its limit, and has at least one row where there is one.
"""

import struct
from typing import Any  # a row of the driver

import msgspec

from domain.ids import RecordKey
from domain.keyed_hash import KEY_BYTES
from store.scope import MemberScope
from store.session import Glance
from timeline.member_stream import MEMBER_STREAM_COLUMNS, MemberStream

# Frames of the shipped services have 198 bytes on the average, open cards as much as history: a
# page is nearly full, or few rows are read in vain. With 180 it was one in ten, with 150 in four.
ROW_BYTES_TYPICAL = 200

_PLACE = struct.Struct(f">q{KEY_BYTES}s")
# A frame: key (16) | number (8) | length (2) | sealed. Length 0 is a tombstone.
# Beside them each row's place in the order, lead (8) | key (16): two values whatever the rows are,
# since arrays of a thousand numbers and keys took as long as the frames.
_PAGE = """
WITH candidate AS (
    SELECT rank, number, record_key, sealed FROM stream_record
    WHERE circle_id = $1 AND person_id = $2 AND {rows}
    ORDER BY {order} LIMIT $3
), page AS (
    SELECT string_agg(
               record_key || int8send(number)
               || substr(int4send(coalesce(length(sealed), 0)), 3) || coalesce(sealed, ''::bytea),
               ''::bytea ORDER BY {order}
           ) AS frames,
           string_agg(int8send({lead}) || record_key, ''::bytea ORDER BY {order}) AS places
    FROM candidate
)
SELECT {head}, page.* FROM stream, page WHERE circle_id = $1 AND person_id = $2
"""
_BY_RANK = _PAGE.format(
    rows="sealed IS NOT NULL AND (rank, record_key) > ($4, $5)",
    order="rank, record_key",
    lead="rank",
    head=MEMBER_STREAM_COLUMNS,
)
_BY_NUMBER = _PAGE.format(
    rows="(number, record_key) > ($4, $5)",
    order="number, record_key",
    lead="number",
    head=MEMBER_STREAM_COLUMNS,
)


class Position(msgspec.Struct, frozen=True):
    """The last row of a page: its rank or number, and its key."""

    lead: int
    key: RecordKey


class RowPage(msgspec.Struct, frozen=True):
    """Frames of rows, the position after them, whether the order has more; and the stream as it
    stood in the same snapshot.
    """

    stream: MemberStream
    frames: bytes
    last: Position
    more: bool


async def find_page_by_rank(
    session: Glance[MemberScope], after: Position, *, bytes_max: int
) -> RowPage | None:
    """Live rows after a position, what matters first. None: the scope's member has no stream."""
    return await _find(session, _BY_RANK, after, bytes_max)


async def find_page_by_number(
    session: Glance[MemberScope], after: Position, *, bytes_max: int
) -> RowPage | None:
    """Rows after a position in the order they were written, tombstones among them. None: the
    scope's member has no stream.
    """
    return await _find(session, _BY_NUMBER, after, bytes_max)


async def _find(
    session: Glance[MemberScope], statement: str, after: Position, bytes_max: int
) -> RowPage | None:
    connection = await session.raw()
    scope = session.scope
    rows_max = max(bytes_max // ROW_BYTES_TYPICAL, 1)
    row: Any = await connection.fetchrow(
        statement, scope.circle_id, scope.person_id, rows_max, after.lead, after.key
    )
    if row is None:
        return None
    stream, frames = MemberStream(*row[:8]), row["frames"]
    if frames is None:
        return RowPage(stream, b"", after, more=False)
    places = row["places"]
    found = count = len(places) // _PLACE.size
    if len(frames) > bytes_max:
        count, frames = _cut(frames, places, bytes_max)
    lead, key = _PLACE.unpack_from(places, (count - 1) * _PLACE.size)
    more = count < found or found == rows_max
    return RowPage(stream, frames, Position(lead, RecordKey(key)), more)


def _cut(frames: bytes, places: bytes, bytes_max: int) -> tuple[int, bytes]:
    """How many frames are within the limit, and these. The first one is, however long it is.

    From the end, where few are to go: a frame begins with its key, a keyed hash of 16 bytes.
    """
    count, end = len(places) // _PLACE.size, len(frames)
    while end > bytes_max and count > 1:
        count -= 1
        _, key = _PLACE.unpack_from(places, count * _PLACE.size)
        end = frames.rindex(key, 0, end)
    return count, frames[:end]
