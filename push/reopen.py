"""Looking at notices again whose message did not go out after all: withdrawn in the last second, or
its only address gone. One that reached its reader by any way stays told.
"""

from collections.abc import Collection
from datetime import datetime

from domain.ids import ActKey
from store.notice_tables import (
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
UPDATE notice SET state = $4, due_at = $5, told_at = NULL, reason = NULL
WHERE person_id = $1 AND notice_id = ANY($2::bytea[]) AND state = ANY($3::smallint[])
    AND read_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM delivery
        WHERE delivery.person_id = notice.person_id AND delivery.notice_id = ANY($2::bytea[])
            AND delivery.state = ANY($6::smallint[])
    )
"""


async def reopen_within(
    unit: Unit[PersonScope], notices: Collection[ActKey], *, now: datetime
) -> None:
    """Makes notices of one message due again, in the unit of what withdrew it, unless some way of
    it reached its reader or still may. Idempotent.
    """
    connection = await unit.raw()
    await connection.execute(
        _REOPEN,
        unit.scope.person_id,
        list(notices),
        [NOTICE_TOLD, NOTICE_FINISHED],
        NOTICE_WAITING,
        now,
        [DELIVERY_QUEUED, DELIVERY_SENDING, DELIVERY_ACCEPTED],
    )
