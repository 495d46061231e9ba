"""What was told and is wanted no more: a card withdrawn, done elsewhere or put away, or one that
its reader has no right to any longer. Whoever told of it takes that back, once.

A refresh marks the effect in its own commit (`timeline/effect.py`); claimed as effects are, by a
compare-and-set on a lease.
"""

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import ColumnElement, select, update
from sqlmodel import col

from domain.card.record import decode_effect
from domain.ids import ActKey, CircleId
from store.circle_tables import EFFECT_RETRACTED, EFFECT_REVERSED, EFFECT_TELL, CircleRow, EffectRow
from store.scope import CircleScope, SweepScope
from store.seal import Place, open_
from timeline.effect import DUE_BATCH_MAX, LEASE_SECONDS, ClaimedEffect, DueEffect
from timeline.ground import Ground


async def list_reversed(ground: Ground, *, limit: int = DUE_BATCH_MAX) -> tuple[DueEffect, ...]:
    """Effects that told and are wanted no more, which nobody holds; found without a lock."""
    async with ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(col(EffectRow.circle_id), col(EffectRow.act_key))
            .where(_is_free(ground))
            .order_by(col(EffectRow.not_before_on), col(EffectRow.act_key))
            .limit(min(limit, DUE_BATCH_MAX))
        )
        return tuple(DueEffect(CircleId(row.circle_id), ActKey(row.act_key)) for row in found)


def _is_free(ground: Ground) -> ColumnElement[bool]:
    lease_until = col(EffectRow.lease_until)
    return (
        (col(EffectRow.kind) == EFFECT_TELL)
        & (col(EffectRow.state) == EFFECT_REVERSED)
        & (lease_until.is_(None) | (lease_until < ground.clock.now_utc()))
    )


async def claim_reversed(ground: Ground, due: DueEffect) -> ClaimedEffect | None:
    """Takes one for `LEASE_SECONDS`, or None when it is another's, wanted again, or in a circle
    that is dirty: a fact not yet weighed may want it again.
    """
    keys = await ground.keys.circle(due.circle_id)
    lease_id = uuid4()
    weighed = (
        select(col(CircleRow.circle_id))
        .where(
            col(CircleRow.circle_id) == due.circle_id,
            col(CircleRow.refreshed_version) >= col(CircleRow.facts_version),
        )
        .exists()
    )
    async with ground.database.unit(CircleScope(due.circle_id)) as unit:
        taken = await unit.execute(
            update(EffectRow)
            .where(
                col(EffectRow.circle_id) == due.circle_id,
                col(EffectRow.act_key) == due.act_key,
                _is_free(ground),
                weighed,
            )
            .values(
                lease_id=lease_id,
                lease_until=ground.clock.now_utc() + timedelta(seconds=LEASE_SECONDS),
            )
            .returning(col(EffectRow.sealed))
        )
        sealed = taken.scalar_one_or_none()
    if sealed is None:
        return None
    body = open_(keys.for_("effect"), Place(due.circle_id, due.act_key), sealed)
    return ClaimedEffect(due.circle_id, lease_id, decode_effect(body))


async def finish_reversed(ground: Ground, claimed: ClaimedEffect) -> bool:
    """Marks it taken back; False when the lease was lost or the effect is wanted again since."""
    async with ground.database.unit(CircleScope(claimed.circle_id)) as unit:
        done = await unit.execute(
            update(EffectRow)
            .where(
                col(EffectRow.circle_id) == claimed.circle_id,
                col(EffectRow.act_key) == claimed.effect.key,
                col(EffectRow.state) == EFFECT_REVERSED,
                col(EffectRow.lease_id) == claimed.lease_id,
            )
            .values(state=EFFECT_RETRACTED, lease_id=None, lease_until=None)
        )
        return done.rowcount == 1
