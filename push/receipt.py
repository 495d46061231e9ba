"""What a phone says of notices: that they came, were opened, were acted on. A person command.

Each is said once and never taken back; the instant is that of its arrival, never a phone's. What is
opened is followed by no SMS: one that waits is withdrawn in the same commit, and one that is on its
way asks in the last second (`push/standing.py`); and it leaves the other phones' screens. An id
that is nobody's, or another's, is passed over in silence.
"""

from collections.abc import Collection
from datetime import datetime
from typing import (  # Any: the tuple holds handlers of every payload type
    Annotated,
    Any,
    TypeAlias,
)
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlmodel import col

from domain.ids import ActKey
from domain.keyed_hash import KEY_BYTES
from domain.people.actor import Actor
from push.instant import local_now
from push.letter import find_letter
from push.retract import queue_removal
from push.tell import NO_DEVICE
from store.keys import OwnerKeys
from store.notice_tables import (
    CHANNEL_PUSH,
    CHANNEL_REMOVE,
    DELIVERY_ACCEPTED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    DELIVERY_WITHDRAWN,
    NOTICE_CLOSED,
    NOTICE_FINISHED,
    DeliveryRow,
    NoticeRow,
)
from store.scope import PersonScope
from store.session import Unit
from timeline.command import Command, PersonCommandType
from timeline.ground import Ground

RECEIPTS_MAX = 100  # of each kind in one command
READ = "read"  # why a message that waited was withdrawn

NoticeId: TypeAlias = Annotated[ActKey, msgspec.Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]
NoticeIds: TypeAlias = Annotated[tuple[NoticeId, ...], msgspec.Meta(max_length=RECEIPTS_MAX)]


class SeeNotices(msgspec.Struct, frozen=True):
    """Notices by the ids that pushes carry. Opened says delivered, too, and acted says both."""

    delivered: NoticeIds = ()
    opened: NoticeIds = ()
    acted: NoticeIds = ()


_TAKE = """
UPDATE notice SET
    delivered_at = coalesce(delivered_at, $3),
    read_at = CASE WHEN told_with = ANY($4::bytea[]) OR notice_id = ANY($4::bytea[])
        THEN coalesce(read_at, $3) ELSE read_at END,
    acted_at = CASE WHEN notice_id = ANY($5::bytea[])
        THEN coalesce(acted_at, $3) ELSE acted_at END
WHERE person_id = $1 AND notice_id = ANY($2::bytea[])
"""


async def _take(
    unit: Unit[PersonScope],
    ground: Ground,
    keys: OwnerKeys,
    _actor: Actor,
    command: Command[SeeNotices],
) -> None:
    said, person_id, now = command.payload, unit.scope.person_id, local_now(ground.clock)
    acted = list(said.acted)
    opened = [*said.opened, *acted]
    named = [*said.delivered, *opened]
    # A message that told of several is known to a phone by the first of them.
    found = await unit.execute(
        select(col(NoticeRow.notice_id), col(NoticeRow.told_with))
        .where(
            col(NoticeRow.person_id) == person_id,
            col(NoticeRow.notice_id).in_(named) | col(NoticeRow.told_with).in_(named),
        )
        .order_by(col(NoticeRow.notice_id))
        .with_for_update()
    )
    rows = found.all()
    connection = await unit.raw()
    ids = [row.notice_id for row in rows]
    await connection.execute(_TAKE, person_id, ids, now, opened, acted)
    read = [row.notice_id for row in rows if {row.notice_id, row.told_with} & set(opened)]
    await unit.execute(
        update(NoticeRow)
        .where(
            col(NoticeRow.person_id) == person_id,
            col(NoticeRow.notice_id).in_(read),
            col(NoticeRow.state) != NOTICE_CLOSED,
        )
        .values(state=NOTICE_FINISHED, reason=None)
    )
    await unit.execute(
        update(DeliveryRow)
        .where(
            col(DeliveryRow.person_id) == person_id,
            col(DeliveryRow.notice_id).in_(read),
            col(DeliveryRow.state) == DELIVERY_QUEUED,
            col(DeliveryRow.channel) != CHANNEL_REMOVE,
        )
        .values(state=DELIVERY_WITHDRAWN, reason=READ, settled_at=now)
    )
    await _take_off(unit, keys, command.device_id, opened, acted, now)


async def _take_off(
    unit: Unit[PersonScope],
    keys: OwnerKeys,
    device_id: UUID | None,
    opened: Collection[ActKey],
    acted: Collection[ActKey],
    now: datetime,
) -> None:
    """Takes messages that were read off the other phones that they reached, or are about to: once.

    A clinical one stays until it was acted on: whoever opens it by accident, on a tablet that
    children hold, must not take a vaccination off the phone in her hand.
    """
    found = await unit.execute(
        select(col(DeliveryRow.notice_id), col(DeliveryRow.device_id), col(DeliveryRow.sealed))
        .where(
            col(DeliveryRow.person_id) == unit.scope.person_id,
            col(DeliveryRow.notice_id).in_(opened),
            col(DeliveryRow.channel) == CHANNEL_PUSH,
            col(DeliveryRow.state).in_((DELIVERY_ACCEPTED, DELIVERY_SENDING)),
            col(DeliveryRow.device_id) != (device_id or NO_DEVICE),
        )
        .order_by(col(DeliveryRow.notice_id), col(DeliveryRow.device_id))
    )
    for row in found.all():
        letter = find_letter(keys, ActKey(row.notice_id), row.sealed)
        if letter is None or (letter.notice_class == "clinical" and row.notice_id not in acted):
            continue
        await queue_removal(
            unit,
            keys,
            ActKey(row.notice_id),
            row.device_id,
            notice_class=letter.notice_class,
            until_on=letter.until_on,
            local=now,
        )


COMMANDS: tuple[PersonCommandType[Any], ...] = (
    PersonCommandType("notices.seen", SeeNotices, (), _take),
)
