"""What a person was told, what waits, and what was held back and why: read for themselves alone.

Newest first, a page at a time, in a fixed number of statements. What a notice is about is named by
its service; its card only while it is in a stream of theirs.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any  # Any: the driver's rows are untyped

import msgspec

from domain.ids import ActKey, PersonId
from domain.people.actor import Actor
from push.notice import Notice, find_notice
from store.notice_tables import NOTICE_CLOSED, NOTICE_WAITING
from store.scope import PersonScope
from timeline.ground import Ground
from timeline.member_stream import list_member_streams

_PAGE = """
SELECT notice_id, state, reason, made_at, due_at, told_at, told_with, delivered_at, read_at,
    acted_at, sealed
FROM notice
WHERE person_id = $1 AND ($2::timestamptz IS NULL OR (made_at, notice_id) < ($2, $3))
ORDER BY made_at DESC, notice_id DESC LIMIT $4
"""

_DELIVERIES = """
SELECT notice_id, channel, state, settled_at FROM delivery
WHERE person_id = $1 AND notice_id = ANY($2::bytea[])
ORDER BY notice_id, made_at, channel, device_id
"""

_SHOWN = """
SELECT record_key FROM stream_record
WHERE circle_id = ANY($1::uuid[]) AND person_id = $2 AND record_key = ANY($3::bytea[])
    AND sealed IS NOT NULL
"""


class Way(msgspec.Struct, frozen=True):
    """One message to one address. `channel` and `state` as in `store/notice_tables.py`."""

    channel: int
    state: int
    settled_at: datetime | None


class ToldNotice(msgspec.Struct, frozen=True):
    """A notice as it stands. `reason` is why it waits or was never told; `shown`: its card is in a
    stream of its reader's now.
    """

    notice: Notice
    state: int
    reason: str | None
    made_at: datetime
    due_at: datetime
    told_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    acted_at: datetime | None
    ways: tuple[Way, ...]
    shown: bool

    @property
    def is_told(self) -> bool:
        """Whether a message of it went out, or a phone says that one came."""
        return self.told_at is not None or self.delivered_at is not None

    @property
    def waits(self) -> bool:
        return not self.is_told and self.state == NOTICE_WAITING

    @property
    def is_held_back(self) -> bool:
        """Whether it was never told and never will be."""
        return not self.is_told and self.state == NOTICE_CLOSED

    @property
    def place(self) -> tuple[datetime, bytes]:
        """Where it stands in the order, for the next page."""
        return (self.made_at, self.notice.id)


class ToldPage(msgspec.Struct, frozen=True):
    notices: tuple[ToldNotice, ...]
    has_next: bool


async def list_told(
    ground: Ground, actor: Actor, *, limit: int, after: tuple[datetime, bytes] | None = None
) -> ToldPage:
    """A page of the actor's own notices, at most `limit`, from the one after a place on; without
    what nobody can open.
    """
    person_id = actor.person_id
    keys = await ground.keys.person(person_id)
    made_at, notice_id = after if after is not None else (None, None)
    async with ground.database.read(PersonScope(person_id)) as session:
        connection = await session.raw()
        rows = await connection.fetch(_PAGE, person_id, made_at, notice_id, limit + 1)
        leads = {row["told_with"] or row["notice_id"] for row in rows[:limit]}
        own = {row["notice_id"] for row in rows[:limit]}  # an SMS that followed has its own
        sent = await connection.fetch(_DELIVERIES, person_id, sorted(leads | own))
    ways: dict[bytes, list[Way]] = {}
    for row in sent:
        way = Way(row["channel"], row["state"], row["settled_at"])
        ways.setdefault(row["notice_id"], []).append(way)
    opened = [
        (row, notice)
        for row in rows[:limit]
        if (notice := find_notice(keys, ActKey(row["notice_id"]), row["sealed"])) is not None
    ]
    shown = await _shown(ground, person_id, [notice for _, notice in opened])
    told = tuple(_told(row, notice, ways, notice.record_key in shown) for row, notice in opened)
    return ToldPage(told, len(rows) > limit)


async def _shown(
    ground: Ground, person_id: PersonId, notices: Sequence[Notice]
) -> frozenset[bytes]:
    """The cards of these notices that their reader sees today."""
    if not notices:
        return frozenset()
    mine = await list_member_streams(ground, person_id)
    circles = [stream.circle_id for stream in mine.streams]
    async with ground.database.glance(PersonScope(person_id)) as session:
        connection = await session.raw()
        keys = [notice.record_key for notice in notices]
        rows = await connection.fetch(_SHOWN, circles, person_id, keys)
    return frozenset(row["record_key"] for row in rows)


def _told(row: Any, notice: Notice, ways: Mapping[bytes, Sequence[Way]], shown: bool) -> ToldNotice:
    by = {ActKey(row["notice_id"]), ActKey(row["told_with"] or row["notice_id"])}
    return ToldNotice(
        notice,
        row["state"],
        row["reason"],
        row["made_at"],
        row["due_at"],
        row["told_at"],
        row["delivered_at"],
        row["read_at"],
        row["acted_at"],
        tuple(way for lead in sorted(by) for way in ways.get(lead, ())),
        shown,
    )
