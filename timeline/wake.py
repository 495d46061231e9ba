"""Waking: circles whose day has come or that are dirty, found by one index, refreshed in batches.

No timer scans the population. Recording a fact sets a circle's waking day to today, so this one
query is wake and sweeper both: a lost hint costs a few seconds, never a family's card.
"""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import select, update
from sqlmodel import col

from domain.ids import CircleId
from store.circle_tables import CircleRow
from store.scope import CircleScope, SweepScope
from store.session import Reading
from timeline.catalogue import current_version
from timeline.ground import Ground

WAKE_BATCH_MAX = 500
REFRESH_FAILED = -1  # a facts version that no circle has: dirty until a refresh succeeds


async def list_waking_circles(
    ground: Ground, *, limit: int = WAKE_BATCH_MAX
) -> tuple[CircleId, ...]:
    """Circles to refresh now, the longest due first; found without a lock, at most a batch.

    What is left of the batch goes to circles that an older catalogue last saw.
    """
    limit = min(limit, WAKE_BATCH_MAX)
    async with ground.database.read(SweepScope()) as session:
        woken = await session.execute(
            select(col(CircleRow.circle_id))
            .where(col(CircleRow.next_change_on) <= ground.clock.today())
            .order_by(col(CircleRow.next_change_on), col(CircleRow.circle_id))
            .limit(limit)
        )
        circles = [CircleId(circle_id) for circle_id in woken.scalars()]
        if len(circles) < limit:
            circles += await _list_behind(session, limit - len(circles))
    return tuple(dict.fromkeys(circles))


async def postpone_circle(ground: Ground, circle_id: CircleId) -> None:
    """Lets a circle whose refresh failed wait until tomorrow, so that it keeps no other waiting.

    It stays dirty: a fact, a command or a reader has it refreshed before.
    """
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        await unit.execute(
            update(CircleRow)
            .where(col(CircleRow.circle_id) == circle_id)
            .values(
                next_change_on=ground.clock.today() + timedelta(days=1),
                refreshed_version=REFRESH_FAILED,
            )
        )


async def _list_behind(session: Reading[SweepScope], limit: int) -> list[CircleId]:
    """Circles of an older catalogue, from a place by chance on, so that no failing one leads."""
    version = await current_version(session)
    behind = select(col(CircleRow.circle_id)).where(
        col(CircleRow.refreshed_catalogue) < version,
        col(CircleRow.refreshed_version) >= col(CircleRow.facts_version),  # the dirty wake by day
    )
    start = uuid4()
    found: list[CircleId] = []
    for part in (col(CircleRow.circle_id) >= start, col(CircleRow.circle_id) < start):
        if len(found) < limit:
            rows = await session.execute(behind.where(part).limit(limit - len(found)))
            found += [CircleId(circle_id) for circle_id in rows.scalars()]
    return found
