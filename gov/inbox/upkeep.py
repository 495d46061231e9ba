"""What keeps the inbox's seals short-lived: what waits moves to the next month's key, a month's key
that nothing needs is destroyed, and what waits too long is told of by a count.

With `gov/inbox/row.py` a writer of its table. Called by the worker once an hour.
"""

from datetime import timedelta

import msgspec
from sqlalchemy import func, select, update
from sqlmodel import col

from gov.inbox.seal import open_body, seal_for_month
from store.reference_tables import INBOX_APPLIED, InboxRow
from store.scope import ReferenceScope
from timeline.ground import Ground

RESEAL_BATCH_MAX = 200
WAITING_ALARM_DAYS = 20
# A month's key outlives its month by a week: what was under way at midnight is kept under it, and a
# backup of last week can be restored with what was waiting.
MONTH_KEY_GRACE_DAYS = 7


class Upkeep(msgspec.Struct, frozen=True):
    """What one round did, in counts; months by their names."""

    resealed_count: int
    destroyed: tuple[str, ...]
    old_count: int


async def keep_up(ground: Ground) -> Upkeep:
    """One round. Idempotent; a crash anywhere leaves what the next round takes up."""
    resealed = 0
    while count := await reseal_waiting(ground):
        resealed += count
    return Upkeep(resealed, await destroy_months(ground), await count_old(ground))


async def reseal_waiting(ground: Ground) -> int:
    """Moves one batch of rows from earlier months' keys to this month's; how many moved.

    Each row is changed only if it is still as it was read: one settled meanwhile stays settled.
    """
    month = f"{ground.clock.now_utc():%Y-%m}"
    async with ground.database.read(ReferenceScope("sweep")) as session:
        rows = (
            await session.execute(
                select(col(InboxRow.inbox_id), col(InboxRow.month), col(InboxRow.sealed))
                .where(col(InboxRow.month) < month)
                .limit(RESEAL_BATCH_MAX)
            )
        ).all()
    fresh = {
        row.inbox_id: await seal_for_month(
            ground,
            row.inbox_id,
            month,
            await open_body(ground, row.inbox_id, row.month, row.sealed),
        )
        for row in rows
    }
    if not rows:
        return 0
    async with ground.database.unit(ReferenceScope("sweep")) as unit:
        for row in rows:
            await unit.execute(
                update(InboxRow)
                .where(col(InboxRow.inbox_id) == row.inbox_id, col(InboxRow.month) == row.month)
                .values(month=month, sealed=fresh[row.inbox_id])
            )
    return len(rows)


async def destroy_months(ground: Ground) -> tuple[str, ...]:
    """Destroys the keys of months that are over for good and that no row needs; which."""
    oldest_kept = f"{ground.clock.now_utc() - timedelta(days=MONTH_KEY_GRACE_DAYS):%Y-%m}"
    over = [month for month in await ground.keys.list_months() if month < oldest_kept]
    if not over:
        return ()
    async with ground.database.read(ReferenceScope("sweep")) as session:
        needed = await session.execute(
            select(col(InboxRow.month)).where(col(InboxRow.month).in_(over)).distinct()
        )
        kept = set(needed.scalars())
    destroyed = tuple(month for month in over if month not in kept)
    for month in destroyed:
        await ground.keys.erase_month(month)
    return destroyed


async def count_old(ground: Ground) -> int:
    """How many rows are not applied after WAITING_ALARM_DAYS."""
    before = ground.clock.now_utc() - timedelta(days=WAITING_ALARM_DAYS)
    async with ground.database.read(ReferenceScope("sweep")) as session:
        found = await session.execute(
            select(func.count())
            .select_from(InboxRow)
            .where(col(InboxRow.state) != INBOX_APPLIED, col(InboxRow.received_at) <= before)
        )
        return int(found.scalar_one())
