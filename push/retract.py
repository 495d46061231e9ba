"""Taking back a notice that a phone shows: its card was withdrawn, done elsewhere or put away, or
its reader has no right to it any more.

Called by the worker's sweep. To each phone that a push of it reached goes one more, which shows
nothing and says what to take off the screen: it counts against no budget, and where no push reached
anybody none goes. Committed before the effect is finished: a crash between the two makes it again,
which changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.error import TryLater
from domain.ids import ActKey, PersonId
from push.instant import local_now
from push.letter import Letter, encode_letter
from push.notice import Notice, NoticeClass, find_notice
from push.standing import find_standings
from store.keys import KeyErased, OwnerKeys
from store.notice_tables import (
    CHANNEL_PUSH,
    CHANNEL_REMOVE,
    DELIVERY_ACCEPTED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    DELIVERY_WITHDRAWN,
    DeliveryRow,
    NoticeRow,
)
from store.scope import PersonScope, SweepScope
from store.seal import Place, seal
from store.session import Reading, Unit
from timeline.effect_lease import ClaimedEffect
from timeline.ground import Ground
from timeline.reversal import claim_reversed, finish_reversed, list_reversed

RETRACT_BATCH_MAX = 500
REMOVED_MAX = 32  # of one push: 18 bytes each in CBOR, so that they fit the larger size
REMOVED_DAYS = 28  # as long as FCM keeps a push for a phone that is away

_log = structlog.get_logger("osrati.push")


async def retract_notices(ground: Ground, *, limit: int = RETRACT_BATCH_MAX) -> int:
    """Takes back what was told and is wanted no more, at most a batch; how many were looked at. One
    whose fault it is waits for its lease to run out, and keeps no other waiting.

    Raises: TryLater.
    """
    count = 0
    for candidate in await list_reversed(ground, limit=limit):
        try:
            claimed = await claim_reversed(ground, candidate)
            if claimed is not None and await _retract(ground, claimed):
                await finish_reversed(ground, claimed)
                count += 1
        except TryLater:
            raise
        except Exception as fault:
            circle_id, error = str(candidate.circle_id), type(fault).__name__
            _log.error("retracting_failed", circle_id=circle_id, error=error)
    return count


class _Told(msgspec.Struct, frozen=True):
    """A notice, and the pushes of it by phone: their states."""

    notice: Notice
    pushes: Mapping[UUID, int]


async def _retract(ground: Ground, claimed: ClaimedEffect) -> bool:
    """Whether it is settled: while a push of it is under way it is not, and is looked at again."""
    person_id, notice_id = claimed.effect.recipient, claimed.effect.key
    try:
        keys = await ground.keys.person(person_id)
    except KeyErased:  # nobody is left whose screen it could leave
        return True
    async with ground.database.read(PersonScope(person_id)) as session:
        told = await _find_told(session, keys, notice_id)
    if told is None or not told.pushes:
        return True
    standing = (await find_standings(ground, person_id, [told.notice]))[notice_id]
    if standing.part is not None:  # the same card in another circle, or wanted again since
        return True
    if {DELIVERY_QUEUED, DELIVERY_SENDING} & set(told.pushes.values()):
        return False
    reached = [phone for phone, state in told.pushes.items() if state == DELIVERY_ACCEPTED]
    if reached:
        async with ground.database.unit(PersonScope(person_id)) as unit:
            notice = told.notice
            for phone in reached:
                await queue_removal(
                    unit,
                    keys,
                    notice.id,
                    phone,
                    notice_class=notice.notice_class,
                    until_on=notice.not_after_on,
                    local=local_now(ground.clock),
                )
    return True


async def _find_told(
    session: Reading[PersonScope], keys: OwnerKeys, notice_id: ActKey
) -> _Told | None:
    person_id = session.scope.person_id
    found = await session.execute(
        select(col(NoticeRow.sealed)).where(
            col(NoticeRow.person_id) == person_id, col(NoticeRow.notice_id) == notice_id
        )
    )
    sealed = found.scalar_one_or_none()
    notice = find_notice(keys, notice_id, sealed) if sealed is not None else None
    if notice is None:  # of what nobody can open, nobody can say that it stands no more
        return None
    pushes = await session.execute(
        select(col(DeliveryRow.device_id), col(DeliveryRow.state)).where(
            col(DeliveryRow.person_id) == person_id,
            col(DeliveryRow.notice_id) == notice_id,
            col(DeliveryRow.channel) == CHANNEL_PUSH,
        )
    )
    return _Told(notice, {row.device_id: row.state for row in pushes})


async def queue_removal(
    unit: Unit[PersonScope],
    keys: OwnerKeys,
    notice_id: ActKey,
    device_id: UUID,
    *,
    notice_class: NoticeClass,
    until_on: date,
    local: datetime,
) -> None:
    """Queues that a phone takes a message off its screen, once. It rests on no card, so nothing
    takes it back in the last second.
    """
    person_id = unit.scope.person_id
    letter = Letter("push", notice_class, (), "ar", until_on)
    await unit.execute(
        insert(DeliveryRow)
        .values(
            person_id=person_id,
            notice_id=notice_id,
            channel=CHANNEL_REMOVE,
            device_id=device_id,
            state=DELIVERY_QUEUED,
            attempt_count=0,
            made_at=local,
            next_at=local,
            sealed=seal(keys.for_("delivery"), Place(person_id, notice_id), encode_letter(letter)),
        )
        .on_conflict_do_nothing()
    )


_REMOVED = """
SELECT asked.place, row.notice_id
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked(person_id, device_id, place)
JOIN delivery AS row ON row.person_id = asked.person_id AND row.device_id = asked.device_id
WHERE row.channel = $3 AND row.state <> $4 AND row.made_at > $5
ORDER BY asked.place, row.made_at DESC, row.notice_id
"""


async def list_removed(
    ground: Ground, phones: Sequence[tuple[PersonId, UUID]]
) -> list[list[ActKey]]:
    """What was taken back of each phone of late, the newest first: FCM keeps only the last of such
    pushes for a phone that is away, so each says what those before it said.
    """
    since = local_now(ground.clock) - timedelta(days=REMOVED_DAYS)
    async with ground.database.glance(SweepScope()) as session:
        connection = await session.raw()
        rows = await connection.fetch(
            _REMOVED,
            [person_id for person_id, _ in phones],
            [device_id for _, device_id in phones],
            CHANNEL_REMOVE,
            DELIVERY_WITHDRAWN,
            since,
        )
    removed: list[list[ActKey]] = [[] for _ in phones]
    for row in rows:
        removed[row["place"] - 1].append(ActKey(row["notice_id"]))
    return removed
