"""Notices from effects: each effect that tells becomes one notice of its recipient, on its day.

Called by the worker's sweep. The one maker of `notice` rows. The notice's id is the effect's act
key, so a child in two circles, and an effect claimed twice, make one. The notice is committed
before its effect is done: a crash between the two makes it again, which changes nothing. One that
was closed untold because its card had gone, or because nobody could open it, waits again when the
card is wanted again.
"""

from typing import get_args

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.card.record import Effect
from domain.catalogue import Catalogue
from domain.error import TryLater
from push.notice import CHANNELS, Notice, class_of, encode_notice
from push.set_aside import UNREADABLE
from push.standing import GoneReason
from store.keys import KeyErased
from store.notice_tables import NOTICE_CLOSED, NOTICE_WAITING, NoticeRow
from store.scope import PersonScope
from store.seal import Place, seal
from timeline.audience import find_emirate
from timeline.effect import claim_effect, finish_effect, list_due_effects
from timeline.effect_lease import ClaimedEffect
from timeline.ground import Ground

MAKE_BATCH_MAX = 500

_log = structlog.get_logger("osrati.push")


async def make_notices(ground: Ground, *, limit: int = MAKE_BATCH_MAX) -> int:
    """Makes a notice of every effect that is due, at most a batch; how many were made. One whose
    fault it is waits for its lease to run out, and keeps no other waiting.

    Raises: TryLater.
    """
    due = await list_due_effects(ground, kind="tell", limit=limit)
    if not due:
        return 0
    catalogue = await ground.catalogues.current()
    count = 0
    for candidate in due:
        try:
            claimed = await claim_effect(ground, candidate)
            if claimed is None:
                continue
            await _keep(ground, claimed, catalogue)
            await finish_effect(ground, claimed)
        except TryLater:
            raise
        except Exception as fault:
            circle_id, error = str(candidate.circle_id), type(fault).__name__
            _log.error("making_failed", circle_id=circle_id, error=error)
        else:
            count += 1
    return count


async def _keep(ground: Ground, claimed: ClaimedEffect, catalogue: Catalogue) -> None:
    recipient, now = claimed.effect.recipient, ground.clock.now_utc()
    emirate = await find_emirate(ground, claimed.circle_id, recipient)
    notice = _notice_of(claimed, catalogue, emirate or "")
    try:
        keys = await ground.keys.person(recipient)
    except KeyErased:  # nobody is left to be told
        return
    made = insert(NoticeRow).values(
        person_id=recipient,
        notice_id=notice.id,
        circle_id=notice.circle_id,
        state=NOTICE_WAITING,
        made_at=now,
        due_at=now,
        sealed=seal(keys.for_("notice"), Place(recipient, notice.id), encode_notice(notice)),
    )
    async with ground.database.unit(PersonScope(recipient)) as unit:
        await unit.execute(
            made.on_conflict_do_update(
                index_elements=[col(NoticeRow.person_id), col(NoticeRow.notice_id)],
                set_={
                    name: made.excluded[name] for name in ("circle_id", "state", "due_at", "sealed")
                }
                | {"reason": None},
                where=(col(NoticeRow.state) == NOTICE_CLOSED)
                & col(NoticeRow.told_at).is_(None)
                & col(NoticeRow.reason).in_((*get_args(GoneReason), UNREADABLE)),
            )
        )


def _notice_of(claimed: ClaimedEffect, catalogue: Catalogue, emirate: str) -> Notice:
    effect: Effect = claimed.effect
    service = catalogue.find_service(effect.entry, effect.version)  # None: told of no more
    return Notice(
        id=effect.key,
        circle_id=claimed.circle_id,
        record_key=effect.record_key,
        entry=effect.entry,
        card=effect.card,
        moment=effect.act,
        notice_class=class_of(service) if service else "service",
        not_before_on=effect.not_before_on,
        not_after_on=effect.not_after_on,
        message=effect.message,
        channels=tuple(channel for channel in CHANNELS if channel in effect.channels),
        attachment=effect.attachment,
        emirate=emirate,
    )
