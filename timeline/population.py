"""Reading the audience projection across circles: the one way to it, recorded before it is gone.

It gives counts, rounded to 10 and hidden under 10, and to the worker the ids of circles; never a
row. `content` asks it for previews, the worker for what a publication touches.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import insert, select
from sqlmodel import col

from domain.ids import CircleId, PersonId
from domain.projection import Projection
from store.keys import KeyErased, OwnerKeys
from store.reference_tables import PopulationReadRow
from store.scope import PopulationScope, ReferenceScope
from store.seal import Place, open_, seal
from store.session import Reading
from timeline.audience import open_projections
from timeline.catalogue import ServiceNumbers
from timeline.ground import Ground

ROUND_TO = 10
HIDDEN_UNDER = 10
BATCH_ROWS = 2_000
READS_LISTED_MAX = 1_000

_BATCH = """
SELECT circle_id, person_id, sealed FROM audience
WHERE epoch = (SELECT coalesce(max(epoch), 1) FROM projection_epoch)
    AND (circle_id, person_id) > ($1, $2)
ORDER BY circle_id, person_id LIMIT $3
"""
_EPOCH = "SELECT coalesce(max(epoch), 1) FROM projection_epoch"

Chosen = Callable[[Projection], bool]


class Count(msgspec.Struct, frozen=True):
    """How many, rounded; None: fewer than may be told."""

    people: int | None
    circles: int | None


class PopulationRead(msgspec.Struct, frozen=True):
    """One reading: who, what for, what was asked."""

    purpose: str
    reader: str
    asked: str


class RecordedRead(msgspec.Struct, frozen=True):
    done_at: datetime
    read: PopulationRead


_reads = msgspec.json.Decoder(PopulationRead)


def rounded(count: int) -> int | None:
    """A count as it may be told: to the nearest ten; None under ten, nought among them."""
    if count < HIDDEN_UNDER:
        return None
    return (count + ROUND_TO // 2) // ROUND_TO * ROUND_TO


class Population:
    """The projection, opened for one recorded reading."""

    def __init__(
        self, session: Reading[PopulationScope], keys: OwnerKeys | None, numbers: ServiceNumbers
    ) -> None:
        self._session = session
        self._keys = keys
        self._numbers = numbers

    async def count(self, chosen: Chosen) -> Count:
        """How many people and circles are meant, each once, however many circles they are in."""
        people: set[PersonId] = set()
        circles: set[CircleId] = set()
        async for rows in self._batches():
            for (circle_id, person_id), projection in rows.items():
                if chosen(projection):
                    people.add(person_id)
                    circles.add(circle_id)
        return Count(rounded(len(people)), rounded(len(circles)))

    async def list_circles(self, chosen: Chosen) -> tuple[CircleId, ...]:
        """The circles of which a member is meant, in order of ids: for the worker alone."""
        found: dict[CircleId, None] = {}
        async for rows in self._batches():
            for (circle_id, _), projection in rows.items():
                if chosen(projection):
                    found[circle_id] = None
        return tuple(found)

    async def _batches(self) -> AsyncIterator[Mapping[tuple[CircleId, PersonId], Projection]]:
        if self._keys is None:
            return
        connection = await self._session.raw()
        after = (UUID(int=0), UUID(int=0))
        while rows := await connection.fetch(_BATCH, *after, BATCH_ROWS):
            after = (rows[-1][0], rows[-1][1])
            yield open_projections(rows, self._keys, self._numbers.by_number)


@asynccontextmanager
async def open_population(
    ground: Ground, *, purpose: str, reader: str, asked: str
) -> AsyncIterator[Population]:
    """The projection for one purpose. That it is read is committed first, so that no reading goes
    unrecorded.
    """
    await record_reading(ground, purpose=purpose, reader=reader, asked=asked)
    numbers = await ground.catalogues.numbers()
    async with ground.database.read(PopulationScope(purpose, reader)) as session:
        keys = await _keys_in_force(session, ground)
        yield Population(session, keys, numbers)


async def record_reading(ground: Ground, *, purpose: str, reader: str, asked: str) -> None:
    """Keeps that something is read across circles, before it is."""
    read_id = uuid4()
    body = msgspec.json.encode(PopulationRead(purpose, reader, asked))
    sealed = seal(ground.keys.house("population_read"), Place(read_id), body)
    async with ground.database.unit(ReferenceScope("audit")) as unit:
        await unit.execute(
            insert(PopulationReadRow).values(
                read_id=read_id, done_at=ground.clock.now_utc(), sealed=sealed
            )
        )


async def list_reads(ground: Ground, *, limit: int = READS_LISTED_MAX) -> tuple[RecordedRead, ...]:
    """The latest readings, the latest first."""
    key = ground.keys.house("population_read")
    async with ground.database.read(ReferenceScope("audit")) as session:
        found = await session.execute(
            select(
                col(PopulationReadRow.read_id),
                col(PopulationReadRow.done_at),
                col(PopulationReadRow.sealed),
            )
            .order_by(col(PopulationReadRow.done_at).desc(), col(PopulationReadRow.read_id))
            .limit(min(limit, READS_LISTED_MAX))
        )
        return tuple(
            RecordedRead(row.done_at, _reads.decode(open_(key, Place(row.read_id), row.sealed)))
            for row in found
        )


async def _keys_in_force(session: Reading[PopulationScope], ground: Ground) -> OwnerKeys | None:
    """The keys of the generation in force; None where they were destroyed: nothing opens."""
    connection = await session.raw()
    try:
        return await ground.keys.projection(await connection.fetchval(_EPOCH))
    except KeyErased:
        return None
