"""How the queues of telling people stand: counts and ages, never a person. For metrics."""

from datetime import datetime

import msgspec

from push.instant import local_now
from store.notice_tables import (
    DELIVERY_FAILED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    DELIVERY_UNKNOWN,
    NOTICE_TOLD,
    NOTICE_WAITING,
)
from store.scope import SweepScope
from timeline.ground import Ground

_DELIVERIES = """
SELECT channel, state, count(*) AS count,
    min(made_at) FILTER (WHERE next_at <= $2) AS oldest_at
FROM delivery WHERE state = ANY($1::smallint[]) GROUP BY channel, state
"""
_NOTICES = (
    "SELECT count(*) AS count, min(due_at) AS oldest_at FROM notice "
    "WHERE state = ANY($1::smallint[]) AND due_at <= $2"
)
_PAUSES = "SELECT channel, until_at FROM channel_pause WHERE until_at > $1"


class Queue(msgspec.Struct, frozen=True):
    """Deliveries of one channel in one state. `age_seconds`: of the oldest that is due."""

    channel: int
    state: int
    count: int
    age_seconds: float


class Queues(msgspec.Struct, frozen=True):
    """All of them; `due` are notices that wait to be planned; `paused` are seconds by channel."""

    deliveries: tuple[Queue, ...]
    due_count: int
    due_age_seconds: float
    paused: dict[int, float]


async def read_queues(ground: Ground) -> Queues:
    """How they stand now, in one snapshot."""
    now = local_now(ground.clock)
    open_states = [DELIVERY_QUEUED, DELIVERY_SENDING, DELIVERY_FAILED, DELIVERY_UNKNOWN]
    async with ground.database.read(SweepScope()) as session:
        connection = await session.raw()
        deliveries = await connection.fetch(_DELIVERIES, open_states, now)
        notices = await connection.fetchrow(_NOTICES, [NOTICE_WAITING, NOTICE_TOLD], now)
        pauses = await connection.fetch(_PAUSES, now)
    return Queues(
        tuple(
            Queue(row["channel"], row["state"], row["count"], _age(row["oldest_at"], now))
            for row in deliveries
        ),
        notices["count"],
        _age(notices["oldest_at"], now),
        {row["channel"]: (row["until_at"] - now).total_seconds() for row in pauses},
    )


def _age(oldest_at: datetime | None, now: datetime) -> float:
    return 0.0 if oldest_at is None else max(0.0, (now - oldest_at).total_seconds())
