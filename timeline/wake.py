"""Waking: circles whose day has come or that are dirty, found by one index, refreshed in batches.

No timer scans the population. Recording a fact sets a circle's waking day to today, so this one
query is wake and sweeper both: a lost hint costs a few seconds, never a family's card.
"""

from datetime import date

from sqlalchemy import select
from sqlmodel import col

from domain.ids import CircleId
from store.circle_tables import CircleRow
from store.scope import SweepScope
from timeline.catalogue import current_version
from timeline.ground import Ground

WAKE_BATCH_MAX = 500


async def list_waking_circles(
    ground: Ground, *, limit: int = WAKE_BATCH_MAX
) -> tuple[CircleId, ...]:
    """Circles to refresh now, the longest due first; found without a lock, at most a batch."""
    today: date = ground.clock.today()
    async with ground.database.read(SweepScope()) as session:
        woken = await session.execute(
            select(col(CircleRow.circle_id))
            .where(col(CircleRow.next_change_on) <= today)
            .order_by(col(CircleRow.next_change_on), col(CircleRow.circle_id))
            .limit(min(limit, WAKE_BATCH_MAX))
        )
        circles = [CircleId(circle_id) for circle_id in woken.scalars()]
        if len(circles) < limit:
            version = await current_version(session)
            behind = await session.execute(
                select(col(CircleRow.circle_id))
                .where(col(CircleRow.refreshed_catalogue) < version)
                .order_by(col(CircleRow.circle_id))
                .limit(min(limit, WAKE_BATCH_MAX) - len(circles))
            )
            circles += [CircleId(circle_id) for circle_id in behind.scalars()]
    return tuple(dict.fromkeys(circles))
