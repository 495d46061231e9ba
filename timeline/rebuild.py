"""Making the audience projection anew, under keys of a new generation; and forgetting a circle.

`osrati projection rebuild` calls it: after a restore (backups leave the projection out), or to make
every older copy of it illegible. It goes through the circles in order of ids and keeps how far it
came, so that one that was ended goes on. Refreshes go on meanwhile, and write under the new keys.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update
from sqlmodel import col

from domain.ids import CircleId
from store.circle_tables import CircleRow
from store.keys import KeyErased
from store.reference_tables import ProjectionEpochRow
from store.scope import CircleScope, ReferenceScope, SweepScope
from timeline.audience import drop_projections, write_projections
from timeline.ground import Ground
from timeline.held import FIRST_PROJECTION_EPOCH, read_held
from timeline.refresh import evaluate_snapshot, lock_basis, read_snapshot, refresh

REBUILD_BATCH_MAX = 200
FIRST_ID = UUID(int=0)


class Progress(msgspec.Struct, frozen=True):
    """How far the making of one generation has come."""

    epoch: int
    begun_at: datetime
    ended_at: datetime | None
    through: UUID | None
    circle_count: int


async def find_progress(ground: Ground) -> Progress | None:
    """The generation in force; None while it is the first, which refreshes alone have made."""
    async with ground.database.read(ReferenceScope("operate")) as session:
        found = await session.execute(
            select(
                col(ProjectionEpochRow.epoch),
                col(ProjectionEpochRow.begun_at),
                col(ProjectionEpochRow.ended_at),
                col(ProjectionEpochRow.through),
                col(ProjectionEpochRow.circle_count),
            )
            .order_by(col(ProjectionEpochRow.epoch).desc())
            .limit(1)
        )
        row = found.one_or_none()
    if row is None:
        return None
    return Progress(row.epoch, row.begun_at, row.ended_at, row.through, row.circle_count)


async def rebuild(ground: Ground, *, batch_max: int = REBUILD_BATCH_MAX) -> AsyncIterator[Progress]:
    """Makes every row anew, a batch of circles between two yields; goes on with one not ended.

    At its end the keys of earlier generations are destroyed. A circle that cannot be evaluated
    ends it with that error, and it goes on there when it is started again.
    """
    progress = await find_progress(ground)
    if progress is None or progress.ended_at is not None:
        progress = await _begin(
            ground, (progress.epoch if progress else FIRST_PROJECTION_EPOCH) + 1
        )
    while batch := await _list_after(ground, progress.through or FIRST_ID, batch_max):
        for circle_id in batch:
            await _make(ground, circle_id)
        progress = msgspec.structs.replace(
            progress, through=batch[-1], circle_count=progress.circle_count + len(batch)
        )
        await _keep(ground, progress)
        yield progress
    for epoch in range(FIRST_PROJECTION_EPOCH, progress.epoch):
        await ground.keys.erase_projection(epoch)
    progress = msgspec.structs.replace(progress, ended_at=ground.clock.now_utc())
    await _keep(ground, progress)
    yield progress


async def erase_circle(ground: Ground, circle_id: CircleId) -> None:
    """Destroys a circle's key for good, and what the projection says of it, which does not lie
    under that key.
    """
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        await drop_projections(unit)
    await ground.keys.erase_circle(circle_id)
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        await drop_projections(unit)  # what a refresh under way wrote between the two


async def _make(ground: Ground, circle_id: CircleId) -> None:
    """Writes one circle's rows, without a refresh where it needs none."""
    try:
        keys = await ground.keys.circle(circle_id)
    except KeyErased:
        async with ground.database.unit(CircleScope(circle_id)) as unit:
            await drop_projections(unit)
        return
    snapshot = await read_snapshot(ground, circle_id, keys)
    if snapshot is None:
        return
    evaluated = await evaluate_snapshot(ground, snapshot)
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        state, basis = await lock_basis(unit, ground, keys)
        if basis == snapshot.basis and state.refreshed_version == state.facts_version:
            projections = evaluated.evaluation.projections
            held = await read_held(unit)
            await write_projections(unit, ground, keys, projections, evaluated.numbers, held)
            return
    await refresh(ground, circle_id)


async def _begin(ground: Ground, epoch: int) -> Progress:
    progress = Progress(epoch, ground.clock.now_utc(), None, None, 0)
    async with ground.database.unit(ReferenceScope("operate")) as unit:
        await unit.execute(insert(ProjectionEpochRow).values(**msgspec.structs.asdict(progress)))
    return progress


async def _keep(ground: Ground, progress: Progress) -> None:
    async with ground.database.unit(ReferenceScope("operate")) as unit:
        await unit.execute(
            update(ProjectionEpochRow)
            .where(col(ProjectionEpochRow.epoch) == progress.epoch)
            .values(
                through=progress.through,
                circle_count=progress.circle_count,
                ended_at=progress.ended_at,
            )
        )


async def _list_after(ground: Ground, circle_id: UUID, limit: int) -> tuple[CircleId, ...]:
    async with ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(col(CircleRow.circle_id))
            .where(col(CircleRow.circle_id) > circle_id)
            .order_by(col(CircleRow.circle_id))
            .limit(limit)
        )
        return tuple(CircleId(one) for one in found.scalars())
