"""Dead letters: messages that will not go by themselves any more, notices that no message was made
of, and why; letting them go again.

For operators (`osrati notice`). A message is named by its notice's id, which names nobody.
One in doubt may have reached its reader, so it goes again only where it is named itself.
"""

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, case, func, select, update
from sqlmodel import col

from domain.ids import ActKey
from push.instant import local_now
from push.set_aside import FAILING, UNREADABLE, UNSAYABLE
from store.notice_tables import (
    DELIVERY_FAILED,
    DELIVERY_QUEUED,
    DELIVERY_UNKNOWN,
    NOTICE_TOLD,
    NOTICE_WAITING,
    DeliveryRow,
    NoticeRow,
)
from store.scope import SweepScope
from timeline.ground import Ground

DEAD_LISTED_MAX = 500
RETRY_BATCH_MAX = 500
# Why no message was made of a notice, where that is our fault and may be mended.
UNMADE = frozenset({UNREADABLE, FAILING, UNSAYABLE})


class DeadLetter(msgspec.Struct, frozen=True):
    """One of them; `is_doubtful`: it may have gone. Without a `channel`: a notice that no message
    could be made of.
    """

    notice_id: ActKey
    channel: int | None
    reason: str
    attempt_count: int
    settled_at: datetime | None
    is_doubtful: bool


class DeadCount(msgspec.Struct, frozen=True):
    channel: int | None
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
        messages = [
            DeadCount(
                row.channel,
                row.reason or "",
                row.state == DELIVERY_UNKNOWN,
                row.number,
                row.oldest_at,
            )
            for row in found
        ]
        unmade = await session.execute(
            select(
                col(NoticeRow.reason),
                func.count().label("number"),
                func.min(col(NoticeRow.made_at)).label("oldest_at"),
            )
            .where(col(NoticeRow.reason).in_(UNMADE))
            .group_by(col(NoticeRow.reason))
            .order_by(col(NoticeRow.reason))
        )
        notices = [DeadCount(None, row.reason, False, row.number, row.oldest_at) for row in unmade]
    return (*messages, *notices)


async def list_dead(
    ground: Ground, *, reason: str | None, limit: int = DEAD_LISTED_MAX
) -> tuple[DeadLetter, ...]:
    """The latest of them; what no message was made of comes first."""
    limit = min(limit, DEAD_LISTED_MAX)
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
            .limit(limit)
        )
        messages = [
            DeadLetter(
                ActKey(row.notice_id),
                row.channel,
                row.reason or "",
                row.attempt_count,
                row.settled_at,
                row.state == DELIVERY_UNKNOWN,
            )
            for row in found
        ]
        unmade = await session.execute(
            select(col(NoticeRow.notice_id), col(NoticeRow.reason), col(NoticeRow.made_at))
            .where(col(NoticeRow.reason).in_(UNMADE if reason is None else UNMADE & {reason}))
            .order_by(col(NoticeRow.made_at).desc(), col(NoticeRow.notice_id))
            .limit(limit)
        )
        notices = [
            DeadLetter(ActKey(row.notice_id), None, row.reason, 0, row.made_at, False)
            for row in unmade
        ]
    return (*notices, *messages)[:limit]


async def retry_one(ground: Ground, notice_id: ActKey) -> int:
    """Has the messages of one notice go again, also those in doubt, or the notice looked at again
    that no message was made of; how many.
    """
    of_it = col(NoticeRow.notice_id) == notice_id
    return await _look_again(ground, of_it, col(NoticeRow.reason).in_(UNMADE)) + await _retry(
        ground,
        col(DeliveryRow.notice_id) == notice_id,
        col(DeliveryRow.state).in_((DELIVERY_FAILED, DELIVERY_UNKNOWN)),
    )


async def retry_batch(ground: Ground, reason: str) -> int:
    """Has messages that failed for one reason go again, at most a batch, or notices that no
    message was made of for that reason looked at again; how many. None of them may have reached
    anybody.
    """
    if reason in UNMADE:
        return await _look_again_batch(ground, reason)
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


async def _look_again_batch(ground: Ground, reason: str) -> int:
    some = (
        select(col(NoticeRow.person_id), col(NoticeRow.notice_id))
        .where(col(NoticeRow.reason) == reason)
        .limit(RETRY_BATCH_MAX)
        .with_for_update(skip_locked=True)
        .cte("some")
    )
    return await _look_again(
        ground,
        col(NoticeRow.person_id) == some.c.person_id,
        col(NoticeRow.notice_id) == some.c.notice_id,
    )


async def _look_again(ground: Ground, *meant: ColumnElement[bool]) -> int:
    """Makes notices due at once, those that were told as told."""
    as_it_was = case((col(NoticeRow.told_at).is_(None), NOTICE_WAITING), else_=NOTICE_TOLD)
    async with ground.database.unit(SweepScope()) as unit:
        done = await unit.execute(
            update(NoticeRow)
            .where(*meant)
            .values(state=as_it_was, reason=None, due_at=local_now(ground.clock))
        )
        return done.rowcount
