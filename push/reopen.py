"""Looking at notices again whose message did not go out after all: withdrawn in the last second or
by another wish, or its only address gone. One that reached its reader by any way stays told; if
only the SMS after an unread push was withdrawn, that is planned again.
"""

from collections.abc import Collection
from datetime import datetime

from domain.ids import ActKey
from store.notice_tables import (
    CHANNEL_PUSH,
    CHANNEL_SMS,
    DELIVERY_ACCEPTED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    NOTICE_FINISHED,
    NOTICE_TOLD,
    NOTICE_WAITING,
)
from store.scope import PersonScope
from store.session import Unit

_REOPEN = """
UPDATE notice SET state = $4, due_at = $5, told_at = NULL, told_with = NULL,
    reason = NULL
WHERE person_id = $1 AND notice_id = ANY($2::bytea[]) AND state = ANY($3::smallint[])
    AND read_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM delivery
        WHERE delivery.person_id = notice.person_id AND delivery.notice_id = ANY($2::bytea[])
            AND delivery.state = ANY($6::smallint[])
    )
"""

_FOLLOW_UP = """
UPDATE notice SET state = $3, due_at = $4
WHERE person_id = $1 AND notice_id = ANY($2::bytea[]) AND state = $5 AND read_at IS NULL
    AND EXISTS (
        SELECT 1 FROM delivery
        WHERE delivery.person_id = notice.person_id AND delivery.notice_id = ANY($2::bytea[])
            AND delivery.channel = $6 AND delivery.state = $7
    ) AND NOT EXISTS (
        SELECT 1 FROM delivery
        WHERE delivery.person_id = notice.person_id AND delivery.notice_id = ANY($2::bytea[])
            AND delivery.channel = $8 AND delivery.state = ANY($9::smallint[])
    )
"""


async def reopen_within(
    unit: Unit[PersonScope], notices: Collection[ActKey], *, now: datetime
) -> None:
    """Makes notices of one message due again, in the unit of what withdrew it, unless some way of
    it reached its reader or still may. Idempotent.
    """
    connection = await unit.raw()
    asked = (unit.scope.person_id, list(notices))
    on_its_way = [DELIVERY_QUEUED, DELIVERY_SENDING, DELIVERY_ACCEPTED]
    told = [NOTICE_TOLD, NOTICE_FINISHED]
    await connection.execute(_REOPEN, *asked, told, NOTICE_WAITING, now, on_its_way)
    await connection.execute(
        _FOLLOW_UP,
        *asked,
        NOTICE_TOLD,
        now,
        NOTICE_FINISHED,
        CHANNEL_PUSH,
        DELIVERY_ACCEPTED,
        CHANNEL_SMS,
        on_its_way,
    )
