"""Pages of a stream: rows as they lie, framed in the database, so that a page is one value.

Nothing is opened here: the bytes that rest in the table are the bytes on the wire. A page ends
before the row that would pass its limit, and has at least one row where there is one.
"""

from typing import Any  # a row of the driver

import msgspec

from domain.ids import RecordKey
from domain.keyed_hash import KEY_BYTES
from store.scope import MemberScope
from store.session import Glance
from timeline.member_stream import MEMBER_STREAM_COLUMNS, MemberStream

PAGE_ROWS_MAX = 1_024  # rows looked at for one page; the smallest row has 26 bytes

FRAME_BYTES = 26  # of a frame, before its sealed body
# A frame: key (16) | number (8) | length (2) | sealed. Length 0 is a tombstone.
_PAGE = """
WITH candidate AS MATERIALIZED (
    SELECT rank, number, record_key,
           record_key || int8send(number)
           || substr(int4send(coalesce(length(sealed), 0)), 3) || coalesce(sealed, ''::bytea)
           AS frame
    FROM stream_record
    WHERE circle_id = $1 AND person_id = $2 AND {rows}
    ORDER BY {order} LIMIT {limit}
), counted AS (
    SELECT *, sum(length(frame)) OVER place AS bytes, row_number() OVER place AS place
    FROM candidate WINDOW place AS (ORDER BY {order} ROWS UNBOUNDED PRECEDING)
), page AS (
    SELECT string_agg(frame, ''::bytea ORDER BY place) AS frames, count(*) AS row_count,
           max({lead})::bigint AS lead, (SELECT count(*) FROM candidate) AS candidate_count
    FROM counted WHERE bytes <= $3 OR place = 1
)
SELECT {head}, page.* FROM stream, page WHERE circle_id = $1 AND person_id = $2
"""
_BY_RANK = _PAGE.format(
    rows="sealed IS NOT NULL AND (rank, record_key) > ($4, $5)",
    order="rank, record_key",
    limit=PAGE_ROWS_MAX,
    lead="rank",
    head=MEMBER_STREAM_COLUMNS,
)
_BY_NUMBER = _PAGE.format(
    rows="(number, record_key) > ($4, $5)",
    order="number, record_key",
    limit=PAGE_ROWS_MAX,
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
    row: Any = await connection.fetchrow(
        statement, scope.circle_id, scope.person_id, bytes_max, after.lead, after.key
    )
    if row is None:
        return None
    stream = MemberStream(*row[:8])
    if row["row_count"] == 0:
        return RowPage(stream, b"", after, more=False)
    more = row["row_count"] < row["candidate_count"] or row["candidate_count"] == PAGE_ROWS_MAX
    last = Position(row["lead"], _last_key(row["frames"]))
    return RowPage(stream, row["frames"], last, more)


def _last_key(frames: bytes) -> RecordKey:
    """The key of the last frame: the lead of a page is its greatest, its last row's."""
    at = last = 0
    while at < len(frames):
        last = at
        at += FRAME_BYTES + int.from_bytes(frames[at + FRAME_BYTES - 2 : at + FRAME_BYTES], "big")
    return RecordKey(frames[last : last + KEY_BYTES])
