"""Setting aside what cannot be told: a notice that nobody can open ends alone, and whoever cannot
be told for now is looked at ever later, so that no fault of one keeps everybody else waiting.

Called by `push/tell.py` and the worker's sweep. Operators see both (`osrati notice dead`), and may
have them looked at again.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import func, literal, update
from sqlmodel import col

from domain.ids import ActKey, PersonId
from push.instant import local_now
from store.notice_tables import NOTICE_CLOSED, NOTICE_TOLD, NOTICE_WAITING, NoticeRow
from store.scope import PersonScope
from timeline.ground import Ground

UNREADABLE = "unreadable"  # closed: its row is spoiled, or its reader's key is gone
FAILING = "failing"  # waits: telling its reader failed
UNSAYABLE = "words_missing"  # closed: its text names what nobody knows, or has no such language
# It waits as long again as there has been a notice: twice as long each time, without a counter.
AGAIN_MIN = timedelta(minutes=1)
AGAIN_MAX = timedelta(hours=6)

_log = structlog.get_logger("osrati.push")


async def close_unreadable(
    ground: Ground, person_id: PersonId, notices: Sequence[ActKey] | None = None
) -> None:
    """Closes notices of one person that nobody can open; None: every one that is due."""
    meant = [] if notices is None else [col(NoticeRow.notice_id).in_(list(notices))]
    async with ground.database.unit(PersonScope(person_id)) as unit:
        closed = await unit.execute(
            update(NoticeRow)
            .where(
                col(NoticeRow.person_id) == person_id,
                col(NoticeRow.state).in_((NOTICE_WAITING, NOTICE_TOLD)),
                col(NoticeRow.due_at) <= local_now(ground.clock),
                *meant,
            )
            .values(state=NOTICE_CLOSED, reason=UNREADABLE)
        )
    _log.error("notice_unreadable", count=closed.rowcount)


async def put_off(ground: Ground, person_id: PersonId) -> None:
    """Has all that is due to one person looked at later, and says so."""
    now = local_now(ground.clock)
    age = literal(now) - col(NoticeRow.made_at)
    async with ground.database.unit(PersonScope(person_id)) as unit:
        await unit.execute(
            update(NoticeRow)
            .where(
                col(NoticeRow.person_id) == person_id,
                col(NoticeRow.state).in_((NOTICE_WAITING, NOTICE_TOLD)),
                col(NoticeRow.due_at) <= now,
            )
            .values(
                due_at=literal(now) + func.least(func.greatest(age, AGAIN_MIN), AGAIN_MAX),
                reason=FAILING,
            )
        )
