"""Streams: what one member sees of one circle. The one choke point that raises a head and writes
rows.

Under the circle's lock: number = head + 1, rows sealed with that number, then head, rows, digest
and count in one statement; so commit order is number order and no reader's cursor can miss a row.
Only rows whose content changed are written; what went leaves a tombstone.
"""

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import TypeAlias
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.ids import PersonId, RecordKey
from domain.record import Record
from domain.record_body import BODY_FORMAT, DEFLATED, decode_body, encode_body
from store.circle_tables import StreamRow
from store.keys import OwnerKeys
from store.scope import CircleScope, MemberScope
from store.seal import Place, SealingKey, open_, seal, sealed_epoch, sealed_flags
from store.session import Reading, Unit
from timeline.stream_key import FIRST_EPOCH, get_stream_key, make_stream_key

DIGEST_BYTES = 8
_FORMAT = bytes([BODY_FORMAT])

_WRITE = """
WITH raised AS (
    UPDATE stream SET head = $3, digest = $4, live_count = $5
    WHERE circle_id = $1 AND person_id = $2
)
INSERT INTO stream_record
    (circle_id, person_id, record_key, number, rank, content, removed_on, sealed)
SELECT $1, $2, row.record_key, $3, row.rank, row.content, row.removed_on, row.sealed
FROM unnest($6::bytea[], $7::smallint[], $8::bytea[], $9::date[], $10::bytea[])
    AS row(record_key, rank, content, removed_on, sealed)
ON CONFLICT (circle_id, person_id, record_key) DO UPDATE
SET number = excluded.number, rank = excluded.rank, content = excluded.content,
    removed_on = excluded.removed_on, sealed = excluded.sealed
"""


_PURGE = """
WITH gone AS (
    DELETE FROM stream_record WHERE circle_id = $1 AND person_id = $2 AND removed_on < $3
    RETURNING number
)
UPDATE stream SET tombstone_floor = greatest(tombstone_floor, (SELECT max(number) FROM gone))
WHERE circle_id = $1 AND person_id = $2 AND EXISTS (SELECT 1 FROM gone)
"""


class StreamHead(msgspec.Struct, frozen=True):
    """The head of a stream, as its row says."""

    stream_id: UUID
    incarnation: UUID
    head: int
    digest: int
    live_count: int
    key_epoch: int


Body: TypeAlias = tuple[Record, bytes]
"""A record and its canonical bytes: they tell a change, here and in the refresh log."""


class HeldRecord(msgspec.Struct, frozen=True):
    """A record as it stands in a stream, with its number there."""

    record: Record
    number: int


def row_digest(record_key: bytes, number: int) -> int:
    """The first 64 bits of SHA-256(key | number), signed: what a live row adds to the digest by
    XOR.
    """
    body = record_key + number.to_bytes(8, "big")
    return int.from_bytes(hashlib.sha256(body).digest()[:DIGEST_BYTES], "big", signed=True)


async def write_stream(
    unit: Unit[CircleScope],
    keys: OwnerKeys,
    person_id: PersonId,
    bodies: Iterable[Body],
    *,
    today: date,
) -> int:
    """Makes the member's stream hold exactly these records; how many rows were written.

    The caller holds the circle's lock. A stream is made with its first record. Rows of one call
    share one number.
    """
    bodies = tuple(bodies)
    head = await _find_head(unit, person_id)
    if head is None:
        if not bodies:
            return 0
        head = await _make_stream(unit, keys, person_id)
    key = await get_stream_key(unit, keys, person_id, head.key_epoch)
    held = await _held_rows(unit, person_id)
    number, digest, live = head.head + 1, head.digest, head.live_count
    rows: list[tuple[bytes, int, bytes | None, date | None, bytes | None]] = []
    for record, body in bodies:
        content = keys.digest(_FORMAT + body)
        was_number, was_content, _ = held.pop(record.key, (0, None, 0))
        if was_content == content:
            continue
        if was_content is None:
            live += 1
        else:
            digest ^= row_digest(record.key, was_number)
        digest ^= row_digest(record.key, number)
        place = Place(head.stream_id, record.key, number)
        sealed = seal(key, place, encode_body(record), flags=DEFLATED)
        rows.append((record.key, record.rank, content, None, sealed))
    for gone, (was_number, was_content, rank) in held.items():
        if was_content is not None:
            live -= 1
            digest ^= row_digest(gone, was_number)
            rows.append((gone, rank, None, today, None))
    if rows:
        connection = await unit.raw()
        columns = [list(column) for column in zip(*rows, strict=True)]
        await connection.execute(
            _WRITE, unit.scope.circle_id, person_id, number, digest, live, *columns
        )
    return len(rows)


async def purge_tombstones(unit: Unit[CircleScope], person_id: PersonId, *, before: date) -> None:
    """Clears the member's tombstones made before a day, and raises the stream's floor over them.

    Takes the circle's lock first, as every writer does: a record that comes back keeps its row.
    """
    connection = await unit.raw()
    circle_id = unit.scope.circle_id
    await connection.execute("SELECT 1 FROM circle WHERE circle_id = $1 FOR UPDATE", circle_id)
    await connection.execute(_PURGE, circle_id, person_id, before)


async def list_members_with_stream(unit: Reading[CircleScope]) -> tuple[PersonId, ...]:
    """The members who have a stream in the scope's circle."""
    found = await unit.execute(
        select(col(StreamRow.person_id)).where(col(StreamRow.circle_id) == unit.scope.circle_id)
    )
    return tuple(PersonId(person_id) for person_id in found.scalars())


async def read_stream(session: Reading[MemberScope], keys: OwnerKeys) -> tuple[HeldRecord, ...]:
    """Every live record of the scope's member in the scope's circle, opened; the order is
    unspecified.
    """
    scope = session.scope
    head = await _find_head(session, scope.person_id)
    if head is None:
        return ()
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT record_key, number, sealed FROM stream_record"
        " WHERE circle_id = $1 AND person_id = $2 AND sealed IS NOT NULL",
        scope.circle_id,
        scope.person_id,
    )
    ready: dict[int, SealingKey] = {}
    held = []
    for record_key, number, sealed in rows:
        epoch = sealed_epoch(sealed)
        if epoch not in ready:
            ready[epoch] = await get_stream_key(session, keys, scope.person_id, epoch)
        body = open_(ready[epoch], Place(head.stream_id, record_key, number), sealed)
        flags = sealed_flags(sealed)
        record = decode_body(body, flags, key=record_key, recipient=scope.person_id)
        held.append(HeldRecord(record, number))
    return tuple(held)


async def find_held(
    session: Reading[MemberScope], keys: OwnerKeys, record_key: RecordKey
) -> HeldRecord | None:
    """One live record of the scope's stream, opened, or None when it is not there."""
    return next(
        (held for held in await read_stream(session, keys) if held.record.key == record_key), None
    )


async def find_number(session: Reading[MemberScope], record_key: RecordKey) -> int | None:
    """The number of a live record in the scope's stream, or None when it is not there."""
    scope = session.scope
    connection = await session.raw()
    number: int | None = await connection.fetchval(
        "SELECT number FROM stream_record WHERE circle_id = $1 AND person_id = $2"
        " AND record_key = $3 AND sealed IS NOT NULL",
        scope.circle_id,
        scope.person_id,
        record_key,
    )
    return number


async def find_head(session: Reading[MemberScope]) -> StreamHead | None:
    """The head of the scope's stream, or None before its first record."""
    return await _find_head(session, session.scope.person_id)


async def _find_head(
    session: Reading[CircleScope] | Reading[MemberScope], person_id: PersonId
) -> StreamHead | None:
    connection = await session.raw()
    row = await connection.fetchrow(
        "SELECT stream_id, incarnation, head, digest, live_count, key_epoch FROM stream"
        " WHERE circle_id = $1 AND person_id = $2",
        session.scope.circle_id,
        person_id,
    )
    return None if row is None else StreamHead(*row)


async def _held_rows(
    unit: Unit[CircleScope], person_id: PersonId
) -> dict[RecordKey, tuple[int, bytes | None, int]]:
    connection = await unit.raw()
    rows = await connection.fetch(
        "SELECT record_key, number, content, rank FROM stream_record"
        " WHERE circle_id = $1 AND person_id = $2",
        unit.scope.circle_id,
        person_id,
    )
    return {RecordKey(key): (number, content, rank) for key, number, content, rank in rows}


async def _make_stream(unit: Unit[CircleScope], keys: OwnerKeys, person_id: PersonId) -> StreamHead:
    circle_id = unit.scope.circle_id
    head = StreamHead(uuid4(), uuid4(), 0, 0, 0, FIRST_EPOCH)
    await unit.execute(
        insert(StreamRow).values(
            circle_id=circle_id, person_id=person_id, **msgspec.structs.asdict(head)
        )
    )
    await make_stream_key(unit, keys, person_id, FIRST_EPOCH)
    return head
