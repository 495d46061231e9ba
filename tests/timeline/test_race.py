"""The race: writers that sleep inside their transactions, and a phone that pulls all the while.

Sixteen writers change one stream, each holding its transaction open for a moment; a reader follows
by cursor. Numbering under the circle's lock it misses nothing. The same test with numbers drawn
from a sequence, which is the mistake most often made, finds rows missing: so it can fail.
"""

import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy.dialects.postgresql import insert

from domain.card.record import Record, Why, encode_record
from domain.ids import CircleId, EntryId, RecordKey
from store.circle_tables import CircleRow
from store.scope import CircleScope, MemberScope
from store.seal import Place, seal
from tests.support.house import FixedClock, TestHouse, person
from timeline.record import lock_circle
from timeline.stream import write_stream
from timeline.stream_page import Position, find_page_by_number

pytestmark = pytest.mark.slow

CIRCLE = CircleId(UUID(int=77))
READER = person(1)
WRITERS, WRITES = 16, 12
HOLD_SECONDS_MAX = 0.02
PAGE_BYTES = 4_096


def record(number: int) -> Record:
    return Record(
        key=RecordKey(number.to_bytes(16, "big")),
        recipient=READER,
        entry=EntryId("entry"),
        version=1,
        card="card",
        occurrence=str(number),
        subject=READER,
        rank=1,
        waiting=True,
        window=None,
        resolved_on=None,
        parameters=(),
        why=Why((), ()),
    )


class Stream:
    """One stream that sixteen write: each write adds a record."""

    def __init__(self, house: TestHouse) -> None:
        self.house = house
        self.records: list[Record] = []
        self.written = 0

    async def open(self) -> None:
        keys = await self.house.ground.keys.circle(CIRCLE)
        body = b'{"id":"%s","kind":"single","members":[]}' % str(CIRCLE).encode()
        async with self.house.ground.database.unit(CircleScope(CIRCLE)) as unit:
            await unit.execute(
                insert(CircleRow).values(
                    circle_id=CIRCLE, sealed=seal(keys.for_("circle"), Place(CIRCLE), body)
                )
            )

    async def write(self, clock: FixedClock) -> None:
        keys = await self.house.ground.keys.circle(CIRCLE)
        async with self.house.ground.database.unit(CircleScope(CIRCLE)) as unit:
            await lock_circle(unit, keys)
            self.records.append(record(len(self.records)))
            bodies = [(one, encode_record(one)) for one in self.records]
            await write_stream(unit, keys, READER, bodies, today=clock.today())
            await asyncio.sleep(random.uniform(0, HOLD_SECONDS_MAX))
        self.written += 1

    async def write_by_sequence(self, _: FixedClock) -> None:
        """The planted bug: no lock, the number from a sequence."""
        async with self.house.ground.database.unit(CircleScope(CIRCLE)) as unit:
            connection = await unit.raw()
            number = await connection.fetchval("SELECT nextval('race')")
            await asyncio.sleep(random.uniform(0, HOLD_SECONDS_MAX))
            await connection.execute(
                "INSERT INTO stream_record (circle_id, person_id, record_key, number, rank,"
                " content, sealed) VALUES ($1, $2, $3, $4, 1, '', 'x')",
                CIRCLE,
                READER,
                number.to_bytes(16, "big"),
                number,
            )
        self.written += 1


async def missed(house: TestHouse, *, planted: bool) -> int:
    """How many rows a phone that pulled all the while does not have in the end."""
    stream, seen, after = Stream(house), set(), Position(0, RecordKey(b""))
    await stream.open()
    await stream.write(house.clock)  # makes the stream
    if planted:
        async with house.ground.database.engine.begin() as connection:
            await connection.exec_driver_sql("CREATE SEQUENCE race")
    write = stream.write_by_sequence if planted else stream.write

    async def writer() -> None:
        for _ in range(WRITES):
            await write(house.clock)

    async def pull() -> None:
        nonlocal after
        async with house.ground.database.glance(MemberScope(CIRCLE, READER)) as session:
            page = await find_page_by_number(session, after, bytes_max=PAGE_BYTES)
        assert page is not None
        at = 0
        while at < len(page.frames):
            seen.add(page.frames[at : at + 16])
            at += 26 + int.from_bytes(page.frames[at + 24 : at + 26], "big")
        after = page.last

    async with asyncio.TaskGroup() as tasks:
        for _ in range(WRITERS):
            tasks.create_task(writer())
        while stream.written <= WRITERS * WRITES:
            await pull()
    for _ in range(WRITERS * WRITES):  # a page a row at the worst
        await pull()
    return WRITERS * WRITES + 1 - len(seen)


async def test_sixteen_writers_and_a_phone_that_misses_nothing(house: TestHouse) -> None:
    assert await missed(house, planted=False) == 0


async def test_numbers_of_a_sequence_would_be_missed(house: TestHouse) -> None:
    assert await missed(house, planted=True) > 0
