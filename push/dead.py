"""Dead letters: messages that will not go by themselves any more, and why; letting them go again.

For operators (`osrati notice`). A message is named by its notice's id, which names nobody.
One in doubt may have reached its reader, so it goes again only where it is named itself.
"""

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, func, select, update
from sqlmodel import col

from domain.ids import ActKey
from push.instant import local_now
from store.notice_tables import (
    DELIVERY_FAILED,
    DELIVERY_QUEUED,
    DELIVERY_UNKNOWN,
    DeliveryRow,
)
from store.scope import SweepScope
from timeline.ground import Ground

DEAD_LISTED_MAX = 500
RETRY_BATCH_MAX = 500


class DeadLetter(msgspec.Struct, frozen=True):
    """One of them; `is_doubtful`: it may have gone."""

    notice_id: ActKey
    channel: int
    reason: str
    attempt_count: int
    settled_at: datetime | None
    is_doubtful: bool


class DeadCount(msgspec.Struct, frozen=True):
    channel: int
    reason: str
    is_doubtful: bool
    count: int
    oldest_at: datetime | None


async def count_dead(ground: Ground) -> tuple[DeadCount, ...]:
    """How many there are, by channel and reason."""
    async with ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(
                col(DeliveryRow.channel),
                col(DeliveryRow.reason),
                col(DeliveryRow.state),
                func.count().label("number"),
                func.min(col(DeliveryRow.settled_at)).label("oldest_at"),
            )
            .where(col(DeliveryRow.state).in_((DELIVERY_FAILED, DELIVERY_UNKNOWN)))
            .group_by(col(DeliveryRow.channel), col(DeliveryRow.reason), col(DeliveryRow.state))
            .order_by(col(DeliveryRow.channel), col(DeliveryRow.reason), col(DeliveryRow.state))
        )
        return tuple(
            DeadCount(
                row.channel,
                row.reason or "",
                row.state == DELIVERY_UNKNOWN,
                row.number,
                row.oldest_at,
            )
            for row in found
        )


async def list_dead(
    ground: Ground, *, reason: str | None, limit: int = DEAD_LISTED_MAX
) -> tuple[DeadLetter, ...]:
    """The latest of them."""
    meant: list[ColumnElement[bool]] = [
        col(DeliveryRow.state).in_((DELIVERY_FAILED, DELIVERY_UNKNOWN))
    ]
    if reason is not None:
        meant.append(col(DeliveryRow.reason) == reason)
    async with ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(
                col(DeliveryRow.notice_id),
                col(DeliveryRow.channel),
                col(DeliveryRow.reason),
                col(DeliveryRow.attempt_count),
                col(DeliveryRow.settled_at),
                col(DeliveryRow.state),
            )
            .where(*meant)
            .order_by(col(DeliveryRow.settled_at).desc(), col(DeliveryRow.notice_id))
            .limit(min(limit, DEAD_LISTED_MAX))
        )
        return tuple(
            DeadLetter(
                ActKey(row.notice_id),
                row.channel,
                row.reason or "",
                row.attempt_count,
                row.settled_at,
                row.state == DELIVERY_UNKNOWN,
            )
            for row in found
        )


async def retry_one(ground: Ground, notice_id: ActKey) -> int:
    """Has the messages of one notice go again, also those in doubt; how many."""
    return await _retry(
        ground,
        col(DeliveryRow.notice_id) == notice_id,
        col(DeliveryRow.state).in_((DELIVERY_FAILED, DELIVERY_UNKNOWN)),
    )


async def retry_batch(ground: Ground, reason: str) -> int:
    """Has messages that failed for one reason go again, at most a batch; how many. None of them
    may have reached anybody.
    """
    some = (
        select(
            col(DeliveryRow.person_id),
            col(DeliveryRow.notice_id),
            col(DeliveryRow.channel),
            col(DeliveryRow.device_id),
        )
        .where(col(DeliveryRow.state) == DELIVERY_FAILED, col(DeliveryRow.reason) == reason)
        .limit(RETRY_BATCH_MAX)
        .with_for_update(skip_locked=True)
        .cte("some")
    )
    return await _retry(
        ground,
        col(DeliveryRow.person_id) == some.c.person_id,
        col(DeliveryRow.notice_id) == some.c.notice_id,
        col(DeliveryRow.channel) == some.c.channel,
        col(DeliveryRow.device_id) == some.c.device_id,
    )


async def _retry(ground: Ground, *meant: ColumnElement[bool]) -> int:
    async with ground.database.unit(SweepScope()) as unit:
        done = await unit.execute(
            update(DeliveryRow)
            .where(*meant)
            .values(
                state=DELIVERY_QUEUED,
                reason=None,
                attempt_count=0,
                next_at=local_now(ground.clock),
                settled_at=None,
            )
        )
        return done.rowcount
