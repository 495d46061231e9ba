"""Pages of a stream: rows as they lie, framed in the database, so that a page is one value.

Nothing is opened here: the bytes that rest in the table are the bytes on the wire. A page ends
before the row that would pass its limit, and has at least one row where there is one.
"""

from typing import Any  # a row of the driver

import msgspec

from domain.ids import RecordKey
from store.scope import MemberScope
from store.session import Reading

PAGE_ROWS_MAX = 1_024  # rows looked at for one page; the smallest row has 26 bytes

# A frame: key (16) | number (8) | length (2) | sealed. Length 0 is a tombstone.
_PAGE = """
WITH candidate AS (
    SELECT rank, number, record_key,
           record_key || int8send(number)
           || substr(int4send(coalesce(length(sealed), 0)), 3) || coalesce(sealed, ''::bytea)
           AS frame
    FROM stream_record
    WHERE circle_id = $1 AND person_id = $2 AND {rows}
    ORDER BY {order} LIMIT {limit}
), counted AS (
    SELECT *, sum(length(frame)) OVER place AS bytes, row_number() OVER place AS place
    FROM candidate WINDOW place AS (ORDER BY {order})
)
SELECT coalesce(string_agg(frame, ''::bytea ORDER BY place), ''::bytea) AS frames,
       count(*) AS row_count, (SELECT count(*) FROM candidate) AS candidate_count,
       (array_agg({lead} ORDER BY place DESC))[1] AS lead,
       (array_agg(record_key ORDER BY place DESC))[1] AS record_key
FROM counted WHERE bytes <= $3 OR place = 1
"""
_BY_RANK = _PAGE.format(
    rows="sealed IS NOT NULL AND (rank, record_key) > ($4, $5)",
    order="rank, record_key",
    limit=PAGE_ROWS_MAX,
    lead="rank::bigint",
)
_BY_NUMBER = _PAGE.format(
    rows="(number, record_key) > ($4, $5)",
    order="number, record_key",
    limit=PAGE_ROWS_MAX,
    lead="number",
)


class Position(msgspec.Struct, frozen=True):
    """The last row of a page: its rank or number, and its key."""

    lead: int
    key: RecordKey


class RowPage(msgspec.Struct, frozen=True):
    """Frames of rows, the position after them, and whether the order has more."""

    frames: bytes
    row_count: int
    last: Position
    more: bool


async def read_by_rank(
    session: Reading[MemberScope], after: Position, *, bytes_max: int
) -> RowPage:
    """Live rows after a position, what matters first."""
    return await _read(session, _BY_RANK, after, bytes_max)


async def read_by_number(
    session: Reading[MemberScope], after: Position, *, bytes_max: int
) -> RowPage:
    """Rows after a position in the order they were written, tombstones among them."""
    return await _read(session, _BY_NUMBER, after, bytes_max)


async def _read(
    session: Reading[MemberScope], statement: str, after: Position, bytes_max: int
) -> RowPage:
    connection = await session.raw()
    scope = session.scope
    row: Any = await connection.fetchrow(
        statement, scope.circle_id, scope.person_id, bytes_max, after.lead, after.key
    )
    if row["row_count"] == 0:
        return RowPage(b"", 0, after, more=False)
    more = row["row_count"] < row["candidate_count"] or row["candidate_count"] == PAGE_ROWS_MAX
    last = Position(row["lead"], RecordKey(row["record_key"]))
    return RowPage(row["frames"], row["row_count"], last, more)
