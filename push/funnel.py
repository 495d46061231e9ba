"""The funnel of non-take-up: eligible, told, opened, approved, received, by service and emirate.

Counted from notices, which are one for each effect that tells and person: a child in two circles
counts once. A batch raises the counts and marks its notices in one commit, so that a crash counts
nothing twice and misses nothing. `recount` opens every notice and compares. One that nobody can
open counts nowhere, and keeps no other from being counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal  # Any: the driver's rows are untyped
from uuid import UUID

import msgspec

from domain.ids import ActKey, EntryId, PersonId
from push.notice import Notice, find_notice
from store.notice_tables import CHANNEL_REMOVE, DELIVERY_ACCEPTED, UNCOUNTED
from store.scope import PopulationScope, ReferenceScope, SweepScope
from timeline.ground import Ground
from timeline.population import record_reading, rounded

Stage = Literal["eligible", "told", "opened", "approved", "received"]
# As they are kept. Nothing is approved or received before there are requests.
STAGES: Mapping[Stage, int] = MappingProxyType(
    {"eligible": 1, "told": 2, "opened": 3, "approved": 4, "received": 5}
)
COUNT_BATCH_MAX = 500
RECOUNT_BATCH_MAX = 2_000

Cell = tuple[EntryId, str, int]
"""Service, emirate (empty: nobody may know it), stage."""

_FIND = f"""
SELECT person_id, notice_id, counted, stage, sealed FROM (
    SELECT person_id, notice_id, counted, sealed,
        CASE
            WHEN read_at IS NOT NULL THEN 3
            WHEN delivered_at IS NOT NULL OR EXISTS (
                SELECT 1 FROM delivery
                WHERE delivery.person_id = notice.person_id
                    AND delivery.notice_id IN (notice.told_with, notice.notice_id)
                    AND delivery.state = $1 AND delivery.channel <> $3
            ) THEN 2
            ELSE 1
        END AS stage
    FROM notice WHERE {UNCOUNTED}
) AS come
WHERE stage > counted ORDER BY person_id, notice_id LIMIT $2
"""  # noqa: S608 -- of constants

_MARK = """
UPDATE notice SET counted = come.stage
FROM unnest($1::uuid[], $2::bytea[], $3::smallint[], $4::smallint[])
    AS come(person_id, notice_id, counted, stage)
WHERE notice.person_id = come.person_id AND notice.notice_id = come.notice_id
    AND notice.counted = come.counted
RETURNING notice.person_id, notice.notice_id
"""

_ADD = """
INSERT INTO funnel_count (entry_id, emirate, stage, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[])
ON CONFLICT (entry_id, emirate, stage) DO UPDATE SET count = funnel_count.count + excluded.count
"""

_COUNTS = "SELECT entry_id, emirate, stage, count FROM funnel_count"

_EVERY = """
SELECT person_id, notice_id, counted, sealed FROM notice
WHERE counted > 0 AND (person_id, notice_id) > ($1, $2)
ORDER BY person_id, notice_id LIMIT $3
"""


class Row(msgspec.Struct, frozen=True):
    """One service in one emirate, as it may be shown: in tens, None under ten."""

    entry: EntryId
    emirate: str
    counts: Mapping[Stage, int | None]


class Difference(msgspec.Struct, frozen=True):
    """Where the kept count is another than a recount: both as they may be shown."""

    entry: EntryId
    emirate: str
    stage: Stage
    kept: int | None
    recounted: int | None


async def count_stages(ground: Ground, *, limit: int = COUNT_BATCH_MAX) -> int:
    """Counts notices as far as they have come, at most a batch; how many were counted.

    Several may run at once: each notice is counted by whoever marks it first.
    """
    async with ground.database.glance(SweepScope()) as session:
        connection = await session.raw()
        found = await connection.fetch(
            _FIND, DELIVERY_ACCEPTED, min(limit, COUNT_BATCH_MAX), CHANNEL_REMOVE
        )
    if not found:
        return 0
    notices = await _opened(ground, found)
    async with ground.database.unit(SweepScope()) as unit:
        connection = await unit.raw()
        names = ("person_id", "notice_id", "counted", "stage")
        marked = await connection.fetch(_MARK, *([row[name] for row in found] for name in names))
        mine = {(row["person_id"], row["notice_id"]) for row in marked}
        more = Counter(
            cell
            for row, notice in zip(found, notices, strict=True)
            if notice is not None and (row["person_id"], row["notice_id"]) in mine
            for cell in _cells(notice, row["counted"] + 1, row["stage"])
        )
        if more:
            cells = sorted(more)  # in one order, so that two batches never wait for one another
            columns = [list(column) for column in zip(*cells, strict=True)]
            await connection.execute(_ADD, *columns, [more[cell] for cell in cells])
    return len(mine)


async def show_funnel(ground: Ground) -> tuple[Row, ...]:
    """Every service and emirate, in counts as they may be shown."""
    async with ground.database.read(ReferenceScope("operate")) as session:
        connection = await session.raw()
        kept = _kept(await connection.fetch(_COUNTS))
    return tuple(
        Row(
            entry,
            emirate,
            {name: rounded(kept.get((entry, emirate, stage), 0)) for name, stage in STAGES.items()},
        )
        for entry, emirate in sorted({(entry, emirate) for entry, emirate, _ in kept})
    )


async def recount(ground: Ground, *, purpose: str, reader: str) -> tuple[Difference, ...]:
    """Where the kept counts are not what every notice says, in one snapshot of both. Recorded
    first, as every reading across people.
    """
    await record_reading(ground, purpose=purpose, reader=reader, asked="funnel.recount")
    recounted: Counter[Cell] = Counter()
    async with ground.database.read(PopulationScope(purpose, reader)) as session:
        connection = await session.raw()
        kept = _kept(await connection.fetch(_COUNTS))
        after: tuple[UUID, bytes] = (UUID(int=0), b"")
        while rows := await connection.fetch(_EVERY, *after, RECOUNT_BATCH_MAX):
            after = (rows[-1]["person_id"], rows[-1]["notice_id"])
            for row, notice in zip(rows, await _opened(ground, rows), strict=True):
                if notice is not None:
                    recounted.update(_cells(notice, 1, row["counted"]))
    names = {stage: name for name, stage in STAGES.items()}
    return tuple(
        Difference(entry, emirate, names[stage], rounded(was), rounded(now))
        for entry, emirate, stage in sorted(kept.keys() | recounted.keys())
        if (was := kept.get((entry, emirate, stage), 0))
        != (now := recounted[entry, emirate, stage])
    )


def _cells(notice: Notice, first: int, last: int) -> Iterable[Cell]:
    """What a notice counts for, from one stage to another."""
    return ((notice.entry, notice.emirate, stage) for stage in range(first, last + 1))


def _kept(rows: Iterable[Any]) -> dict[Cell, int]:
    return {(EntryId(row["entry_id"]), row["emirate"], row["stage"]): row["count"] for row in rows}


async def _opened(ground: Ground, rows: Iterable[Any]) -> list[Notice | None]:
    """The notices of rows, in order; None for one that nobody can open."""
    held = list(rows)
    keys = await ground.keys.find_people({PersonId(row["person_id"]) for row in held})
    return [
        find_notice(mine, ActKey(row["notice_id"]), row["sealed"])
        if (mine := keys.get(row["person_id"])) is not None
        else None
        for row in held
    ]
