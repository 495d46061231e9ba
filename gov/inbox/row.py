"""The inbox: what agencies sent, raw and sealed, one row an event however often it comes.

The one writer of its table. `receive` keeps a message before it is answered; the worker settles
it. A row that is not settled is found again by the sweeper, so nothing depends on the queue.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.ids import AgencyId, CircleId, InboxId
from gov.agency_right import NOTHING, Rights, decode_rights
from gov.inbox.seal import open_body, seal_for_circles, seal_for_month
from store.reference_tables import (
    INBOX_APPLIED,
    INBOX_HELD,
    INBOX_RECEIVED,
    INBOX_WAITING,
    AgencyRow,
    InboxRow,
)
from store.scope import ReferenceScope
from timeline.ground import Ground

SETTLE_AFTER_SECONDS = 5  # a row younger than this has a hint under way
OPEN_BATCH_MAX = 200
ATTEMPTS_MAX = 5
# Each failed attempt waits four times longer than the one before: 5 s, 20 s, 80 s, 5 min, 21 min.
ATTEMPT_FACTOR = 4


class Kept(msgspec.Struct, frozen=True):
    """How a message stands in the inbox."""

    inbox_id: InboxId
    state: int
    reason: str | None
    is_new: bool
    is_same_body: bool


class Message(msgspec.Struct, frozen=True):
    """A message opened again, to be interpreted. `rights` are its agency's as they are now."""

    inbox_id: InboxId
    agency_id: AgencyId
    message_hash: bytes
    state: int
    attempt_count: int
    received_at: datetime
    body: bytes
    rights: Rights = NOTHING
    resource_hash: bytes | None = None


async def keep_message(ground: Ground, agency_id: AgencyId, event_id: str, body: bytes) -> Kept:
    """Keeps a message, sealed under its month's key, unless this agency sent this id before."""
    now = ground.clock.now_utc()
    inbox_id = InboxId(uuid4())
    month = f"{now:%Y-%m}"
    sealed = await seal_for_month(ground, inbox_id, month, body)
    message_hash = hash_event(ground, agency_id, event_id)
    body_hash = ground.keys.hash("body", body)
    async with ground.database.unit(ReferenceScope("intake")) as unit:
        inserted = await unit.execute(
            insert(InboxRow)
            .values(
                inbox_id=inbox_id,
                message_hash=message_hash,
                body_hash=body_hash,
                agency_id=agency_id,
                month=month,
                state=INBOX_RECEIVED,
                attempt_count=0,
                received_at=now,
                sealed=sealed,
            )
            .on_conflict_do_nothing(index_elements=["message_hash"])
        )
        if inserted.rowcount == 1:
            return Kept(inbox_id, INBOX_RECEIVED, None, is_new=True, is_same_body=True)
        found = await unit.execute(
            select(
                col(InboxRow.inbox_id),
                col(InboxRow.state),
                col(InboxRow.reason),
                col(InboxRow.body_hash),
            ).where(col(InboxRow.message_hash) == message_hash)
        )
        row = found.one()
    return Kept(
        InboxId(row.inbox_id),
        row.state,
        row.reason,
        is_new=False,
        is_same_body=bool(row.body_hash == body_hash),
    )


def hash_event(ground: Ground, agency_id: AgencyId, event_id: str) -> bytes:
    """The keyed hash by which an agency's event is found."""
    return ground.keys.hash("event", agency_id.encode(), event_id.encode())


async def find_message(ground: Ground, inbox_id: UUID) -> Message | None:
    """One message, opened, or None.

    Raises: KeyErased when a circle that it concerns was erased.
    """
    return await _find(ground, inbox_id=inbox_id)


async def find_by_hash(ground: Ground, message_hash: bytes) -> Message | None:
    """The message of one event, opened, or None when it has not come. Raises: KeyErased."""
    return await _find(ground, message_hash=message_hash)


async def _find(
    ground: Ground, *, inbox_id: UUID | None = None, message_hash: bytes | None = None
) -> Message | None:
    async with ground.database.read(ReferenceScope("intake")) as session:
        statement = select(
            col(InboxRow.inbox_id),
            col(InboxRow.agency_id),
            col(InboxRow.message_hash),
            col(InboxRow.state),
            col(InboxRow.attempt_count),
            col(InboxRow.received_at),
            col(InboxRow.month),
            col(InboxRow.resource_hash),
            col(InboxRow.sealed),
            col(AgencyRow.rights),
        ).outerjoin(AgencyRow, col(AgencyRow.agency_id) == col(InboxRow.agency_id))
        if inbox_id is not None:
            statement = statement.where(col(InboxRow.inbox_id) == inbox_id)
        else:
            statement = statement.where(col(InboxRow.message_hash) == message_hash)
        row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    return Message(
        inbox_id=InboxId(row.inbox_id),
        agency_id=AgencyId(row.agency_id),
        message_hash=row.message_hash,
        state=row.state,
        attempt_count=row.attempt_count,
        received_at=row.received_at,
        body=await open_body(ground, row.inbox_id, row.month, row.sealed),
        rights=decode_rights(row.rights) if row.rights else NOTHING,
        resource_hash=row.resource_hash,
    )


async def settle_applied(
    ground: Ground, message: Message, circle_ids: Collection[CircleId]
) -> tuple[InboxId, ...]:
    """Marks a message applied and seals it for the circles that hold its facts, in one commit.

    The rows that waited for it, now open again.
    """
    return await _settle(ground, message, INBOX_APPLIED, None, circle_ids=circle_ids)


async def settle_erased(ground: Ground, inbox_id: UUID, reason: str) -> None:
    """Holds a message that can never be opened again, unless it was applied before."""
    async with ground.database.unit(ReferenceScope("intake")) as unit:
        await unit.execute(
            update(InboxRow)
            .where(col(InboxRow.inbox_id) == inbox_id, col(InboxRow.state) != INBOX_APPLIED)
            .values(state=INBOX_HELD, reason=reason, settled_at=ground.clock.now_utc())
        )


async def settle_held(
    ground: Ground,
    message: Message,
    reason: str,
    *,
    waits_for: bytes | None = None,
    circle_ids: Collection[CircleId] = (),
) -> tuple[InboxId, ...]:
    """Holds a message for a person to look at, with a reason of `gov/reason.py`.

    What waited for it is open again, as when it is applied: a correction counts whenever what it
    corrects is applied later. `waits_for` is the event because of which it is held, if one is: a
    correction of that event reopens it. Where it is known whom it concerns, it is sealed for their
    circles. One that was applied before, and is replayed, stays applied.
    """
    return await _settle(ground, message, INBOX_HELD, reason, waits_for, circle_ids=circle_ids)


async def reopen_held(ground: Ground, event_hash: bytes) -> tuple[InboxId, ...]:
    """Opens again what was held because of an event whose correction was applied."""
    async with ground.database.unit(ReferenceScope("intake")) as unit:
        reopened = await unit.execute(
            update(InboxRow)
            .where(col(InboxRow.waits_for) == event_hash, col(InboxRow.state) == INBOX_HELD)
            .values(state=INBOX_RECEIVED, waits_for=None, reason=None, settled_at=None)
            .returning(col(InboxRow.inbox_id))
        )
        return tuple(InboxId(row) for row in reopened.scalars())


async def _settle(
    ground: Ground,
    message: Message,
    state: int,
    reason: str | None,
    waits_for: bytes | None = None,
    *,
    circle_ids: Collection[CircleId] = (),
) -> tuple[InboxId, ...]:
    changed: dict[str, object] = {
        "state": state,
        "reason": reason,
        "waits_for": waits_for,
        "settled_at": ground.clock.now_utc(),
    }
    if circle_ids:
        sealed = await seal_for_circles(ground, message.inbox_id, circle_ids, message.body)
        changed |= {"month": None, "sealed": sealed}
    statement = update(InboxRow).where(col(InboxRow.inbox_id) == message.inbox_id)
    if state != INBOX_APPLIED:
        statement = statement.where(col(InboxRow.state) != INBOX_APPLIED)
    async with ground.database.unit(ReferenceScope("intake")) as unit:
        await unit.execute(statement.values(**changed))
        freed = await unit.execute(
            update(InboxRow)
            .where(
                col(InboxRow.waits_for).in_(_awaited_as(message)),
                col(InboxRow.state) == INBOX_WAITING,
            )
            .values(state=INBOX_RECEIVED, waits_for=None, reason=None)
            .returning(col(InboxRow.inbox_id))
        )
        return tuple(InboxId(row) for row in freed.scalars())


def _awaited_as(message: Message) -> list[bytes]:
    """By what others may wait for it: its own hash, and that of the resource it is a version of."""
    return [hash_ for hash_ in (message.message_hash, message.resource_hash) if hash_ is not None]


async def settle_waiting(ground: Ground, message: Message, waits_for: bytes, reason: str) -> None:
    """Lets a message wait for another event."""
    async with ground.database.unit(ReferenceScope("intake")) as unit:
        await unit.execute(
            update(InboxRow)
            .where(col(InboxRow.inbox_id) == message.inbox_id)
            .values(state=INBOX_WAITING, waits_for=waits_for, reason=reason)
        )


async def reopen(ground: Ground, inbox_id: UUID) -> None:
    """Lets a held or waiting message be interpreted again, as if it had just come."""
    async with ground.database.unit(ReferenceScope("operate")) as unit:
        await unit.execute(
            update(InboxRow)
            .where(
                col(InboxRow.inbox_id) == inbox_id,
                col(InboxRow.state).in_((INBOX_HELD, INBOX_WAITING)),
            )
            .values(
                state=INBOX_RECEIVED, waits_for=None, reason=None, attempt_count=0, settled_at=None
            )
        )


async def count_attempt(ground: Ground, inbox_id: UUID) -> int:
    """Raises the number of failed attempts; the new number."""
    async with ground.database.unit(ReferenceScope("intake")) as unit:
        raised = await unit.execute(
            update(InboxRow)
            .where(col(InboxRow.inbox_id) == inbox_id)
            .values(attempt_count=col(InboxRow.attempt_count) + 1)
            .returning(col(InboxRow.attempt_count))
        )
        return int(raised.scalar_one())


async def list_open(ground: Ground, *, limit: int = OPEN_BATCH_MAX) -> tuple[InboxId, ...]:
    """Messages that nobody settled though their hint is overdue, oldest first, at most a batch."""
    waited = func.make_interval(
        0, 0, 0, 0, 0, 0, SETTLE_AFTER_SECONDS * func.power(ATTEMPT_FACTOR, InboxRow.attempt_count)
    )
    async with ground.database.read(ReferenceScope("sweep")) as session:
        found = await session.execute(
            select(col(InboxRow.inbox_id))
            .where(
                col(InboxRow.state) == INBOX_RECEIVED,
                col(InboxRow.received_at) + waited < ground.clock.now_utc(),
            )
            .order_by(col(InboxRow.received_at))
            .limit(min(limit, OPEN_BATCH_MAX))
        )
        return tuple(InboxId(row) for row in found.scalars())
