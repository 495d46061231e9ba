"""Notices that were closed, by reason: how many, which, and of which services' texts.

For operators (`osrati notice closed`). Counts and ids name nobody. Of which service a notice is
lies sealed, so asking that is a reading across people: recorded first, and answered in tens.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlmodel import col

from domain.ids import ActKey, EntryId, PersonId
from push.notice import Notice, find_notice
from store.notice_tables import NOTICE_CLOSED, NoticeRow
from store.scope import PopulationScope, SweepScope
from timeline.ground import Ground
from timeline.population import record_reading, rounded

CLOSED_LISTED_MAX = 500
CLOSED_OPENED_MAX = 10_000  # the latest of a reason, of which it is said what they are about


class ClosedCount(msgspec.Struct, frozen=True):
    """`told_count` of them were told before: only what would have followed was closed."""

    reason: str
    count: int
    told_count: int
    latest_at: datetime


class ClosedNotice(msgspec.Struct, frozen=True):
    """`looked_at` is when it was last to be looked at, and closed."""

    notice_id: ActKey
    reason: str
    made_at: datetime
    looked_at: datetime


class ClosedText(msgspec.Struct, frozen=True):
    """What so many of them are about; `message` is the entry of their words, empty: the card's.
    The count is as it may be shown.
    """

    entry: EntryId
    card: str
    message: EntryId
    count: int | None


async def count_closed(ground: Ground, *, since: datetime) -> tuple[ClosedCount, ...]:
    """How many were closed since an instant, by reason, the most first."""
    async with ground.database.read(SweepScope()) as session:
        number = func.count()
        found = await session.execute(
            select(
                col(NoticeRow.reason),
                number.label("number"),
                func.count(col(NoticeRow.told_at)).label("told"),
                func.max(col(NoticeRow.due_at)).label("latest_at"),
            )
            .where(*_closed(since))
            .group_by(col(NoticeRow.reason))
            .order_by(number.desc(), col(NoticeRow.reason))
        )
        return tuple(
            ClosedCount(row.reason or "", row.number, row.told, row.latest_at) for row in found
        )


async def list_closed(
    ground: Ground, reason: str, *, since: datetime, limit: int = CLOSED_LISTED_MAX
) -> tuple[ClosedNotice, ...]:
    """The latest that were closed for one reason, at most `CLOSED_LISTED_MAX`."""
    async with ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(
                col(NoticeRow.notice_id),
                col(NoticeRow.reason),
                col(NoticeRow.made_at),
                col(NoticeRow.due_at),
            )
            .where(*_closed(since), col(NoticeRow.reason) == reason)
            .order_by(col(NoticeRow.due_at).desc(), col(NoticeRow.notice_id))
            .limit(min(limit, CLOSED_LISTED_MAX))
        )
        return tuple(
            ClosedNotice(ActKey(row.notice_id), row.reason, row.made_at, row.due_at)
            for row in found
        )


async def list_closed_texts(
    ground: Ground, reason: str, *, since: datetime, purpose: str, reader: str
) -> tuple[ClosedText, ...]:
    """What the latest that were closed for one reason are about. Recorded first, as every reading
    across people. One that nobody can open is left out.
    """
    await record_reading(ground, purpose=purpose, reader=reader, asked=f"notice.closed {reason}")
    async with ground.database.read(PopulationScope(purpose, reader)) as session:
        found = await session.execute(
            select(col(NoticeRow.person_id), col(NoticeRow.notice_id), col(NoticeRow.sealed))
            .where(*_closed(since), col(NoticeRow.reason) == reason)
            .order_by(col(NoticeRow.due_at).desc(), col(NoticeRow.notice_id))
            .limit(CLOSED_OPENED_MAX)
        )
        rows = [(PersonId(row.person_id), ActKey(row.notice_id), row.sealed) for row in found]
    counts = Counter(
        (notice.entry, notice.card, notice.message) for notice in await _opened(ground, rows)
    )
    return tuple(ClosedText(*about, rounded(count)) for about, count in sorted(counts.items()))


def _closed(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (col(NoticeRow.state) == NOTICE_CLOSED, col(NoticeRow.due_at) >= since)


async def _opened(ground: Ground, rows: Sequence[tuple[PersonId, ActKey, bytes]]) -> list[Notice]:
    keys = await ground.keys.find_people({person_id for person_id, _, _ in rows})
    found = (
        find_notice(keys[person_id], notice_id, sealed)
        for person_id, notice_id, sealed in rows
        if person_id in keys
    )
    return [notice for notice in found if notice is not None]
