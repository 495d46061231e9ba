"""What is due to whom: people who have a notice to be looked at, their notices opened, and what
they were told of late.

Called by `push/tell.py` and the worker's sweep. A notice that nobody can open is given by its id
alone: it keeps no other of its reader waiting.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any  # a row of the database

import msgspec
from sqlalchemy import select
from sqlmodel import col

from domain.ids import ActKey, PersonId
from push.budget import WEEK_DAYS, Told
from push.instant import local_now
from push.notice import Notice, find_notice
from store.keys import OwnerKeys
from store.notice_tables import (
    DELIVERY_WITHDRAWN,
    NOTICE_TOLD,
    NOTICE_WAITING,
    DeliveryRow,
    NoticeRow,
)
from store.scope import PersonScope, SweepScope
from store.session import Reading
from timeline.ground import Ground

PEOPLE_BATCH_MAX = 200
NOTICES_MAX = 100  # of one person in one look; the rest comes with the next


class Due(msgspec.Struct, frozen=True):
    """A notice of one person that is to be looked at, as its row says."""

    notice: Notice
    state: int
    due_at: datetime
    told_at: datetime | None
    reason: str | None


class Looked(msgspec.Struct, frozen=True):
    """What one look found: notices, and the ids of those that cannot be opened."""

    due: tuple[Due, ...]
    unreadable: tuple[ActKey, ...]


async def list_people_due(ground: Ground, *, limit: int = PEOPLE_BATCH_MAX) -> tuple[PersonId, ...]:
    """People who have a notice that is due, bounded; ids only."""
    async with ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(col(NoticeRow.person_id))
            .where(
                col(NoticeRow.state).in_((NOTICE_WAITING, NOTICE_TOLD)),
                col(NoticeRow.due_at) <= local_now(ground.clock),
            )
            .group_by(col(NoticeRow.person_id))
            .limit(limit)
        )
        return tuple(PersonId(person_id) for person_id in found.scalars())


async def read_due(session: Reading[PersonScope], keys: OwnerKeys, local: datetime) -> Looked:
    """The notices of the scope's person that are due, the longest first, at most `NOTICES_MAX`."""
    found = await session.execute(
        select(NoticeRow)
        .where(
            col(NoticeRow.person_id) == session.scope.person_id,
            col(NoticeRow.state).in_((NOTICE_WAITING, NOTICE_TOLD)),
            col(NoticeRow.due_at) <= local,
        )
        .order_by(col(NoticeRow.due_at), col(NoticeRow.notice_id))
        .limit(NOTICES_MAX)
    )
    due, unreadable = list[Due](), list[ActKey]()
    for row in found.all():
        notice = find_notice(keys, ActKey(row.notice_id), row.sealed)
        if notice is None:
            unreadable.append(ActKey(row.notice_id))
        else:
            due.append(Due(notice, row.state, row.due_at, row.told_at, row.reason))
    return Looked(tuple(due), tuple(unreadable))


async def read_history(
    session: Reading[PersonScope], keys: OwnerKeys, local: datetime
) -> tuple[Told, ...]:
    """The messages of the last seven days: a digest counts once, by its first notice."""
    person_id = session.scope.person_id
    leads = select(col(DeliveryRow.notice_id)).where(
        col(DeliveryRow.person_id) == person_id,
        col(DeliveryRow.state) != DELIVERY_WITHDRAWN,
        col(DeliveryRow.made_at) > local - timedelta(days=WEEK_DAYS + 1),
    )
    found = await session.execute(
        select(col(NoticeRow.notice_id), col(NoticeRow.told_at), col(NoticeRow.sealed)).where(
            col(NoticeRow.person_id) == person_id,
            col(NoticeRow.told_at).is_not(None),
            col(NoticeRow.notice_id).in_(leads),
        )
    )
    return tuple(_told(keys, found, local))


def _told(keys: OwnerKeys, rows: Iterable[Any], local: datetime) -> Iterable[Told]:
    """One that cannot be opened counts against no class: nobody knows which."""
    for row in rows:
        notice = find_notice(keys, ActKey(row.notice_id), row.sealed)
        if notice is not None:
            yield Told(notice.notice_class, row.told_at.astimezone(local.tzinfo))
