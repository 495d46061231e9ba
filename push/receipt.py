"""What a phone says of notices: that they came, were opened, were acted on. A person command.

Each is said once and never taken back; the instant is that of its arrival, never a phone's. What is
opened is followed by no SMS: one that waits is withdrawn in the same commit, and one that is on its
way asks in the last second (`push/standing.py`). An id that is nobody's, or another's, is passed
over in silence.
"""

from typing import (  # Any: the tuple holds handlers of every payload type
    Annotated,
    Any,
    TypeAlias,
)

import msgspec
from sqlalchemy import select, update
from sqlmodel import col

from domain.ids import ActKey
from domain.keyed_hash import KEY_BYTES
from domain.people.actor import Actor
from push.instant import local_now
from store.keys import OwnerKeys
from store.notice_tables import (
    CHANNEL_REMOVE,
    DELIVERY_QUEUED,
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
    _keys: OwnerKeys,
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


COMMANDS: tuple[PersonCommandType[Any], ...] = (
    PersonCommandType("notices.seen", SeeNotices, (), _take),
)
