"""Streams: what one member sees of one circle. The one choke point that raises a head and writes
rows.

Under the circle's lock: number = head + 1, rows sealed with that number, then head, rows, digest
and count in one statement; so commit order is number order and no reader's cursor can miss a row.
Only rows whose content changed are written; what went leaves a tombstone.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.dialects.postgresql import insert

from domain.card.record import Record
from domain.card.record_body import BODY_FORMAT, DEFLATED, decode_body, encode_body
from domain.ids import CircleId, PersonId, RecordKey
from store.circle_tables import StreamRow
from store.keys import OwnerKeys
from store.scope import CircleScope, MemberScope
from store.seal import Place, SealingKey, open_, seal, sealed_epoch, sealed_flags
from store.session import Reading, Unit
from timeline.stream_key import (
    FIRST_EPOCH,
    get_stream_key,
    get_wrapped_key,
    make_stream_key,
    open_wrapped_key,
)

DIGEST_BYTES = 8
_FORMAT = bytes([BODY_FORMAT])

# Every member's rows and head in one statement: whoever sees a row sees the head it raised.
_WRITE = """
WITH raised AS (
    UPDATE stream SET head = now.head, digest = now.digest, live_count = now.live_count
    FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::integer[])
        AS now(person_id, head, digest, live_count)
    WHERE stream.circle_id = $1 AND stream.person_id = now.person_id
)
INSERT INTO stream_record
    (circle_id, person_id, record_key, number, rank, content, removed_on, sealed)
SELECT $1, row.person_id, row.record_key, row.number, row.rank, row.content, row.removed_on,
       row.sealed
FROM unnest($6::uuid[], $7::bytea[], $8::bigint[], $9::smallint[], $10::bytea[], $11::date[],
            $12::bytea[])
    AS row(person_id, record_key, number, rank, content, removed_on, sealed)
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
"""A record and its image: it tells a change, here and in the refresh log."""

HeldRow: TypeAlias = tuple[int, bytes | None, int]
"""A row's number, its content (None on a tombstone) and its rank."""

StreamRowValues: TypeAlias = tuple[
    PersonId, bytes, int, int, bytes | None, date | None, bytes | None
]
"""Columns of one row of `stream_record`, but for its circle."""


class HeldStream(msgspec.Struct, frozen=True):
    """A stream before it is written: its head, its newest key as it is wrapped, its rows."""

    head: StreamHead
    wrapped_key: bytes
    rows: dict[RecordKey, HeldRow]


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


def new_head() -> StreamHead:
    """The head of a stream without a record."""
    return StreamHead(uuid4(), uuid4(), 0, 0, 0, FIRST_EPOCH)


async def write_stream(
    unit: Unit[CircleScope],
    keys: OwnerKeys,
    person_id: PersonId,
    bodies: Iterable[Body],
    *,
    today: date,
) -> int:
    """As `write_streams`, of one member whose stream is read first."""
    held = {}
    head = await _find_head(unit, person_id)
    if head is not None:
        wrapped = await get_wrapped_key(unit, person_id, head.key_epoch)
        held[person_id] = HeldStream(head, wrapped, await _held_rows(unit, person_id))
    return await write_streams(unit, keys, {person_id: tuple(bodies)}, held, today=today)


async def write_streams(
    unit: Unit[CircleScope],
    keys: OwnerKeys,
    wanted: Mapping[PersonId, Sequence[Body]],
    held: Mapping[PersonId, HeldStream],
    *,
    today: date,
) -> int:
    """Makes each member's stream hold exactly the records wanted; how many rows were written.

    A held stream of which nothing is wanted is emptied. The caller holds the circle's lock. A
    stream is made with its first record. Rows of one call share one number in each stream.
    """
    heads: list[tuple[PersonId, int, int, int]] = []
    rows: list[StreamRowValues] = []
    for person_id in sorted({*wanted, *held}, key=lambda person: person.bytes):
        bodies = wanted.get(person_id, ())
        stream = held.get(person_id)
        if stream is None:
            if not bodies:
                continue
            stream = await _make_stream(unit, keys, person_id)
        changed, digest, live = changed_rows(
            unit.scope.circle_id, keys, person_id, bodies, stream, today=today
        )
        if changed:
            heads.append((person_id, stream.head.head + 1, digest, live))
            rows += changed
    if rows:
        connection = await unit.raw()
        columns = [list(column) for column in (*zip(*heads, strict=True), *zip(*rows, strict=True))]
        await connection.execute(_WRITE, unit.scope.circle_id, *columns)
    return len(rows)


def changed_rows(
    circle_id: CircleId,
    keys: OwnerKeys,
    person_id: PersonId,
    bodies: Sequence[Body],
    stream: HeldStream,
    *,
    today: date,
) -> tuple[list[StreamRowValues], int, int]:
    """The rows to write to one stream, sealed, and its digest and count of live rows after that."""
    head, held, key = stream.head, dict(stream.rows), None
    number, digest, live = head.head + 1, head.digest, head.live_count
    rows: list[StreamRowValues] = []
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
        if key is None:
            key = open_wrapped_key(keys, circle_id, person_id, head.key_epoch, stream.wrapped_key)
        place = Place(head.stream_id, record.key, number)
        sealed = seal(key, place, encode_body(record), flags=DEFLATED)
        rows.append((person_id, record.key, number, record.rank, content, None, sealed))
    for gone, (was_number, was_content, rank) in held.items():
        if was_content is not None:
            live -= 1
            digest ^= row_digest(gone, was_number)
            rows.append((person_id, gone, number, rank, None, today, None))
    return rows, digest, live


async def purge_tombstones(unit: Unit[CircleScope], person_id: PersonId, *, before: date) -> None:
    """Clears the member's tombstones made before a day, and raises the stream's floor over them.

    Takes the circle's lock first, as every writer does: a record that comes back keeps its row.
    """
    connection = await unit.raw()
    circle_id = unit.scope.circle_id
    await connection.execute("SELECT 1 FROM circle WHERE circle_id = $1 FOR UPDATE", circle_id)
    await connection.execute(_PURGE, circle_id, person_id, before)


async def read_stream(
    session: Reading[MemberScope], keys: OwnerKeys, head: StreamHead | None = None
) -> tuple[HeldRecord, ...]:
    """Every live record of the scope's member in the scope's circle, opened; the order is
    unspecified. `head` is what `find_head` said in this session, where it was asked.
    """
    if head is None:
        head = await find_head(session)
    if head is None:
        return ()
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT record_key, number, sealed FROM stream_record"
        " WHERE circle_id = $1 AND person_id = $2 AND sealed IS NOT NULL",
        session.scope.circle_id,
        session.scope.person_id,
    )
    return await _open_records(session, keys, head, rows)


async def list_held_records(
    session: Reading[MemberScope], keys: OwnerKeys, record_keys: Sequence[RecordKey]
) -> Mapping[RecordKey, HeldRecord]:
    """Those of the scope's stream that are live, opened."""
    head = await find_head(session)
    if head is None:
        return {}
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT record_key, number, sealed FROM stream_record"
        " WHERE circle_id = $1 AND person_id = $2 AND sealed IS NOT NULL AND record_key = ANY($3)",
        session.scope.circle_id,
        session.scope.person_id,
        record_keys,
    )
    opened = await _open_records(session, keys, head, rows)
    return {held.record.key: held for held in opened}


async def _open_records(
    session: Reading[MemberScope], keys: OwnerKeys, head: StreamHead, rows: Iterable[Any]
) -> tuple[HeldRecord, ...]:
    """Rows of the scope's stream, opened. Any: rows of the driver."""
    scope = session.scope
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


async def list_live(
    session: Reading[MemberScope], record_keys: Sequence[RecordKey]
) -> frozenset[RecordKey]:
    """Those of these keys under which the scope's stream has a record."""
    scope = session.scope
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT record_key FROM stream_record WHERE circle_id = $1 AND person_id = $2"
        " AND record_key = ANY($3) AND sealed IS NOT NULL",
        scope.circle_id,
        scope.person_id,
        record_keys,
    )
    return frozenset(RecordKey(row[0]) for row in rows)


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


async def _held_rows(unit: Unit[CircleScope], person_id: PersonId) -> dict[RecordKey, HeldRow]:
    connection = await unit.raw()
    rows = await connection.fetch(
        "SELECT record_key, number, content, rank FROM stream_record"
        " WHERE circle_id = $1 AND person_id = $2",
        unit.scope.circle_id,
        person_id,
    )
    return {RecordKey(key): (number, content, rank) for key, number, content, rank in rows}


async def _make_stream(unit: Unit[CircleScope], keys: OwnerKeys, person_id: PersonId) -> HeldStream:
    circle_id = unit.scope.circle_id
    head = new_head()
    await unit.execute(
        insert(StreamRow).values(
            circle_id=circle_id, person_id=person_id, **msgspec.structs.asdict(head)
        )
    )
    return HeldStream(head, await make_stream_key(unit, keys, person_id, FIRST_EPOCH), {})
