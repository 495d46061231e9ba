"""Deliveries taken, given back and settled: who holds a message, until when, and what became of it.

Called by `push/deliver.py`. A claim passes over rows that another holds, so several workers neither
wait for one another nor take one row twice. Only whoever holds a row's lease settles it. What FCM
says of the whole project holds for every worker, also for one that begins later: it is a row.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any  # the driver's rows are untyped
from uuid import UUID, uuid4

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.ids import ActKey, PersonId
from push.letter import Letter, decode_letter
from push.reopen import reopen_within
from store.keys import KeyErased, OwnerKeys
from store.notice_tables import DELIVERY_QUEUED, DELIVERY_SENDING, NoticeRow
from store.reference_tables import ChannelPauseRow
from store.scope import PersonScope, ReferenceScope, SweepScope
from store.seal import Place, SealBroken, open_
from timeline.ground import Ground

LEASE_SECONDS = 60  # longer than any channel's deadline

_log = structlog.get_logger("osrati.push")

# One state at a time, so that the index gives the order and the rest of a long queue is not read.
# SKIP LOCKED takes the place of finding without a lock (the rows of several machines are claimed
# machine by machine): a claim that waits for another's would find nothing left in its window.
_CLAIM = """
WITH left_behind AS (
    SELECT person_id, notice_id, device_id FROM delivery
    WHERE channel = $1 AND state = $3 AND next_at <= $4 AND NOT EXISTS (
        SELECT 1 FROM channel_pause WHERE channel_pause.channel = $1 AND until_at > $4
    )
    ORDER BY next_at LIMIT $5 FOR UPDATE SKIP LOCKED
), fresh AS (
    SELECT person_id, notice_id, device_id FROM delivery
    WHERE channel = $1 AND state = $2 AND next_at <= $4 AND NOT EXISTS (
        SELECT 1 FROM channel_pause WHERE channel_pause.channel = $1 AND until_at > $4
    )
    ORDER BY next_at LIMIT $5 - (SELECT count(*) FROM left_behind) FOR UPDATE SKIP LOCKED
), due AS (
    SELECT *, true AS retaken FROM left_behind UNION ALL SELECT *, false FROM fresh
)
UPDATE delivery AS row
SET state = $3, lease_id = $6, next_at = $7, attempt_count = row.attempt_count + 1
FROM due
WHERE row.person_id = due.person_id AND row.notice_id = due.notice_id
    AND row.device_id = due.device_id AND row.channel = $1
RETURNING row.person_id, row.notice_id, row.device_id, row.attempt_count, row.sealed,
    due.retaken AND row.begun AS retaken
"""

_BEGIN = """
UPDATE delivery AS row SET begun = true
FROM unnest($1::uuid[], $2::bytea[], $3::uuid[]) AS going(person_id, notice_id, device_id)
WHERE row.person_id = going.person_id AND row.notice_id = going.notice_id
    AND row.device_id = going.device_id AND row.channel = $5 AND row.lease_id = $4
RETURNING row.person_id, row.notice_id, row.device_id
"""

_SETTLE = """
UPDATE delivery AS row
SET state = done.state, reason = done.reason, next_at = done.next_at, lease_id = NULL,
    settled_at = $8, begun = false
FROM unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::smallint[], $5::text[], $6::timestamptz[])
    AS done(person_id, notice_id, device_id, state, reason, next_at)
WHERE row.person_id = done.person_id AND row.notice_id = done.notice_id
    AND row.device_id = done.device_id AND row.channel = $9 AND row.lease_id = $7
"""

_GIVE_BACK = """
UPDATE delivery AS row
SET state = back.state, next_at = $6, lease_id = NULL, attempt_count = row.attempt_count - 1
FROM unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::smallint[])
    AS back(person_id, notice_id, device_id, state)
WHERE row.person_id = back.person_id AND row.notice_id = back.notice_id
    AND row.device_id = back.device_id AND row.channel = $7 AND row.lease_id = $5
"""


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that is ours until its lease runs out. `retaken` says that somebody had begun to
    send it before, and never said what became of it.
    """

    person_id: PersonId
    notice_id: ActKey
    device_id: UUID
    attempt: int
    retaken: bool
    letter: Letter


class Unreadable(msgspec.Struct, frozen=True):
    """A delivery that is ours, whose letter cannot be opened."""

    person_id: PersonId
    notice_id: ActKey
    device_id: UUID


class Claims(msgspec.Struct, frozen=True):
    """What was taken at once, under one lease."""

    lease_id: UUID
    claimed: tuple[Claimed, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def count(self) -> int:
        return len(self.claimed) + len(self.unreadable)


NOTHING = Claims(UUID(int=0))


class Settled(msgspec.Struct, frozen=True):
    """What a delivery's row is to say."""

    person_id: PersonId
    notice_id: ActKey
    device_id: UUID
    state: int
    reason: str | None
    next_at: datetime


class _Row(msgspec.Struct, frozen=True):
    person_id: PersonId
    notice_id: ActKey
    device_id: UUID
    attempt: int
    retaken: bool
    sealed: bytes


async def claim_due(ground: Ground, channel: int, *, limit: int, now: datetime) -> Claims:
    """Takes what is due: first what a crash left behind, then the oldest. None while the channel
    is paused.

    Raises: TryLater where the key store is away; what was taken has been given back.
    """
    lease_id, until = uuid4(), now + timedelta(seconds=LEASE_SECONDS)
    asked = (channel, DELIVERY_QUEUED, DELIVERY_SENDING, now, limit, lease_id, until)
    async with ground.database.stroke(SweepScope()) as stroke:
        rows = [_row(each) for each in await stroke.fetch(_CLAIM, *asked)]
    if not rows:
        return Claims(lease_id)
    try:
        keys = await _keys_of(ground, rows)
    except Exception:
        await _give_back(ground, channel, lease_id, rows, now=now)
        raise
    return _opened(lease_id, rows, keys)


def _row(found: Any) -> _Row:
    return _Row(
        PersonId(found["person_id"]),
        ActKey(found["notice_id"]),
        found["device_id"],
        found["attempt_count"],
        found["retaken"],
        found["sealed"],
    )


async def _keys_of(ground: Ground, rows: Sequence[_Row]) -> Mapping[PersonId, OwnerKeys]:
    """The keys of everyone who has any. Raises: TryLater."""
    people = {row.person_id for row in rows}
    try:
        return await ground.keys.people(people)
    except (KeyErased, SealBroken):
        found: dict[PersonId, OwnerKeys] = {}
        for person_id in people:
            try:
                found[person_id] = await ground.keys.person(person_id)
            except (KeyErased, SealBroken):
                continue
        return found


def _opened(lease_id: UUID, rows: Sequence[_Row], keys: Mapping[PersonId, OwnerKeys]) -> Claims:
    claimed, unreadable = list[Claimed](), list[Unreadable]()
    for row in rows:
        place = Place(row.person_id, row.notice_id)
        try:
            body = open_(keys[row.person_id].for_("delivery"), place, row.sealed)
            letter = decode_letter(body)
        except (KeyError, SealBroken, msgspec.DecodeError) as fault:
            _log.error("letter_unreadable", error=type(fault).__name__)
            unreadable.append(Unreadable(row.person_id, row.notice_id, row.device_id))
            continue
        claimed.append(
            Claimed(row.person_id, row.notice_id, row.device_id, row.attempt, row.retaken, letter)
        )
    return Claims(lease_id, tuple(claimed), tuple(unreadable))


async def note_begun(
    ground: Ground, channel: int, lease_id: UUID, claimed: Sequence[Claimed]
) -> frozenset[tuple[PersonId, ActKey, UUID]]:
    """Keeps that messages are about to be sent, before they are: what a crash leaves unbegun is in
    no doubt. Which of them still are this lease's; no other may be sent.
    """
    rows = [(each.person_id, each.notice_id, each.device_id) for each in claimed]
    columns = [list(column) for column in zip(*rows, strict=True)]
    async with ground.database.stroke(SweepScope()) as stroke:
        found = await stroke.fetch(_BEGIN, *columns, lease_id, channel)
    return frozenset(
        (PersonId(row["person_id"]), ActKey(row["notice_id"]), row["device_id"]) for row in found
    )


async def settle(
    ground: Ground, channel: int, lease_id: UUID, rows: Sequence[Settled], *, now: datetime
) -> None:
    """Keeps what became of each, in one commit. Idempotent."""
    async with ground.database.stroke(SweepScope()) as stroke:
        await stroke.fetch(_SETTLE, *_columns(rows), lease_id, now, channel)


async def settle_and_reopen(
    ground: Ground,
    channel: int,
    lease_id: UUID,
    row: Settled,
    notices: Sequence[ActKey],
    *,
    now: datetime,
) -> None:
    """Keeps what became of one message that did not go out, and has its notices looked at again, in
    one commit of its person: between the two a crash would leave them told by nothing.
    """
    async with ground.database.unit(PersonScope(row.person_id)) as unit:
        await unit.execute(  # notices before deliveries, in one order, as whoever plans takes them
            select(col(NoticeRow.notice_id))
            .where(
                col(NoticeRow.person_id) == row.person_id,
                col(NoticeRow.notice_id).in_(list(notices)),
            )
            .order_by(col(NoticeRow.notice_id))
            .with_for_update()
        )
        connection = await unit.raw()
        await connection.execute(_SETTLE, *_columns([row]), lease_id, now, channel)
        await reopen_within(unit, notices, now=now)


async def give_back(ground: Ground, channel: int, claims: Claims, *, until: datetime) -> None:
    """Nothing of it was sent: due again at an instant, as it was before, with no attempt spent."""
    rows = [
        (each.person_id, each.notice_id, each.device_id, each.retaken) for each in claims.claimed
    ]
    await _restore(ground, channel, claims.lease_id, rows, until=until)


async def _give_back(
    ground: Ground, channel: int, lease_id: UUID, rows: Sequence[_Row], *, now: datetime
) -> None:
    back = [(row.person_id, row.notice_id, row.device_id, row.retaken) for row in rows]
    await _restore(ground, channel, lease_id, back, until=now)


async def _restore(
    ground: Ground,
    channel: int,
    lease_id: UUID,
    rows: Sequence[tuple[PersonId, ActKey, UUID, bool]],
    *,
    until: datetime,
) -> None:
    if not rows:
        return
    people, notices, devices, retaken = (list(column) for column in zip(*rows, strict=True))
    states = [DELIVERY_SENDING if one else DELIVERY_QUEUED for one in retaken]
    async with ground.database.unit(SweepScope()) as unit:
        connection = await unit.raw()
        await connection.execute(
            _GIVE_BACK, people, notices, devices, states, lease_id, until, channel
        )


async def pause_channel(ground: Ground, channel: int, *, until: datetime, reason: str) -> None:
    """Has every worker leave a channel alone until an instant; an earlier one changes nothing."""
    values = {"until_at": until, "reason": reason}
    async with ground.database.unit(ReferenceScope("sweep")) as unit:
        await unit.execute(
            insert(ChannelPauseRow)
            .values(channel=channel, **values)
            .on_conflict_do_update(
                index_elements=["channel"],
                set_=values,
                where=col(ChannelPauseRow.until_at) < until,
            )
        )


def _columns(rows: Sequence[Settled]) -> list[list[Any]]:
    return [list(column) for column in zip(*map(msgspec.structs.astuple, rows), strict=True)]
