"""Taking back what was queued for a person under wishes that they have changed since, in the commit
of the change; what the new ones allow is planned anew at once.

Called by `push/prefer.py` alone. What a channel holds already cannot be taken back here: a message
in flight is asked once more by the version of the wishes it was made under (`push/standing.py`).
"""

from collections.abc import Iterable

import msgspec
from sqlalchemy import select, update
from sqlmodel import col

from domain.ids import ActKey
from push.instant import local_now
from push.letter import encode_letter, find_letter
from push.notice import find_notice
from push.preference import Preferences
from push.reopen import reopen_within
from store.keys import OwnerKeys
from store.notice_tables import (
    CHANNEL_REMOVE,
    DELIVERY_QUEUED,
    DELIVERY_WITHDRAWN,
    NOTICE_CLOSED,
    NOTICE_WAITING,
    DeliveryRow,
    NoticeRow,
)
from store.scope import PersonScope
from store.seal import Place, seal
from store.session import Unit
from timeline.ground import Ground

WISHED_AWAY = ("opted_out", "lost")  # why a notice was closed that another wish opens again
OPENED_AGAIN_MAX = 100  # notices of a person that a change of wishes may open again
CHANGED = "wishes_changed"


async def recall_messages(
    unit: Unit[PersonScope], ground: Ground, keys: OwnerKeys, wished: Preferences
) -> None:
    """Withdraws every message that waits, and has its notices, what was held back and what was
    closed by a wish planned anew under `wished`.
    """
    now = local_now(ground.clock)
    person_id = unit.scope.person_id
    queued = await _queued(unit, keys)
    await _lock(unit, {notice_id for parts in queued.values() for notice_id in parts})
    gone = await unit.execute(
        update(DeliveryRow)
        .where(
            col(DeliveryRow.person_id) == person_id,
            col(DeliveryRow.state) == DELIVERY_QUEUED,
            col(DeliveryRow.channel) != CHANNEL_REMOVE,  # comes off a screen all the same
            col(DeliveryRow.notice_id).in_(list(queued)),
        )
        .values(state=DELIVERY_WITHDRAWN, reason=CHANGED, settled_at=now)
        .returning(col(DeliveryRow.notice_id))
    )
    for lead in sorted(set(gone.scalars())):
        await reopen_within(unit, queued[ActKey(lead)], now=now)
    open_again = await _closed_by_a_wish(unit, ground, keys, wished)
    await unit.execute(
        update(NoticeRow)
        .where(
            col(NoticeRow.person_id) == person_id,
            (col(NoticeRow.state) == NOTICE_WAITING) | col(NoticeRow.notice_id).in_(open_again),
        )
        .values(state=NOTICE_WAITING, due_at=now, reason=None)
    )
    if wished.opt_out == "forget":
        await _empty_letters(unit, keys)


async def _queued(unit: Unit[PersonScope], keys: OwnerKeys) -> dict[ActKey, tuple[ActKey, ...]]:
    """Of each message that waits, by its first notice, every notice that it tells of."""
    person_id = unit.scope.person_id
    found = await unit.execute(
        select(col(DeliveryRow.notice_id), col(DeliveryRow.sealed)).where(
            col(DeliveryRow.person_id) == person_id,
            col(DeliveryRow.state) == DELIVERY_QUEUED,
            col(DeliveryRow.channel) != CHANNEL_REMOVE,
        )
    )
    queued: dict[ActKey, tuple[ActKey, ...]] = {}
    for row in found:
        letter = find_letter(keys, ActKey(row.notice_id), row.sealed)
        if letter is not None:  # else it ends where it is claimed
            queued[ActKey(row.notice_id)] = tuple(part.notice_id for part in letter.parts)
    return queued


async def _lock(unit: Unit[PersonScope], notices: Iterable[ActKey]) -> None:
    """Notices before deliveries, in one order, as whoever plans takes them."""
    await unit.execute(
        select(col(NoticeRow.notice_id))
        .where(
            col(NoticeRow.person_id) == unit.scope.person_id,
            col(NoticeRow.notice_id).in_(list(notices)),
        )
        .order_by(col(NoticeRow.notice_id))
        .with_for_update()
    )


async def _closed_by_a_wish(
    unit: Unit[PersonScope], ground: Ground, keys: OwnerKeys, wished: Preferences
) -> list[ActKey]:
    """Notices that an earlier wish closed, the new one allows, and whose days are not over."""
    person_id, today = unit.scope.person_id, ground.clock.today()
    found = await unit.execute(
        select(col(NoticeRow.notice_id), col(NoticeRow.sealed), col(NoticeRow.reason))
        .where(
            col(NoticeRow.person_id) == person_id,
            col(NoticeRow.state) == NOTICE_CLOSED,
            col(NoticeRow.reason).in_(WISHED_AWAY),
        )
        .order_by(col(NoticeRow.made_at).desc(), col(NoticeRow.notice_id))
        .limit(OPENED_AGAIN_MAX)
    )
    again = []
    for row in found:
        notice = find_notice(keys, ActKey(row.notice_id), row.sealed)
        if notice is not None and notice.not_after_on >= today and wished.allows(notice):
            again.append(notice.id)
    return again


async def _empty_letters(unit: Unit[PersonScope], keys: OwnerKeys) -> None:
    """Nothing of what was said, nor to which number or address, is kept."""
    person_id, key = unit.scope.person_id, keys.for_("delivery")
    found = await unit.execute(select(DeliveryRow).where(col(DeliveryRow.person_id) == person_id))
    for row in found.all():
        place = Place(person_id, row.notice_id)
        letter = find_letter(keys, ActKey(row.notice_id), row.sealed)
        if letter is None:
            continue  # nobody can open it
        empty = msgspec.structs.replace(letter, title="", address="", text="", act="")
        await unit.execute(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.person_id) == person_id,
                col(DeliveryRow.notice_id) == row.notice_id,
                col(DeliveryRow.channel) == row.channel,
                col(DeliveryRow.device_id) == row.device_id,
            )
            .values(sealed=seal(key, place, encode_letter(empty)))
        )
