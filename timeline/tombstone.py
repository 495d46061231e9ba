"""Clearing tombstones away: kept 90 days, so that a phone that was away comes back by what changed.

The worker calls it. A stream's floor rises in the same commit: a phone that was complete below it
starts over, since it may have missed what was cleared.
"""

from datetime import timedelta

from domain.ids import CircleId, PersonId
from store.scope import CircleScope, SweepScope
from timeline.ground import Ground
from timeline.stream import purge_tombstones

TOMBSTONE_DAYS = 90
TOMBSTONE_BATCH_MAX = 200  # streams of one sweep


async def sweep_tombstones(ground: Ground) -> int:
    """Clears tombstones past their days from a batch of streams; from how many."""
    before = ground.clock.today() - timedelta(days=TOMBSTONE_DAYS)
    async with ground.database.read(SweepScope()) as session:
        connection = await session.raw()
        found = await connection.fetch(
            "SELECT DISTINCT circle_id, person_id FROM stream_record WHERE removed_on < $1"
            " LIMIT $2",
            before,
            TOMBSTONE_BATCH_MAX,
        )
    for circle_id, person_id in found:
        async with ground.database.unit(CircleScope(CircleId(circle_id))) as unit:
            await purge_tombstones(unit, PersonId(person_id), before=before)
    return len(found)
