"""What was told and is wanted no more: a card withdrawn, done elsewhere or put away, or one that
its reader has no right to any longer. Whoever told of it takes that back, once.

A refresh marks the effect in its own commit (`timeline/effect.py`).
"""

from sqlalchemy import ColumnElement
from sqlmodel import col

from store.circle_tables import EFFECT_RETRACTED, EFFECT_REVERSED, EFFECT_TELL, EffectRow
from timeline.effect_lease import (
    DUE_BATCH_MAX,
    ClaimedEffect,
    DueEffect,
    claim_free,
    end_claim,
    list_free,
)
from timeline.ground import Ground


async def list_reversed(ground: Ground, *, limit: int = DUE_BATCH_MAX) -> tuple[DueEffect, ...]:
    """Effects that told and are wanted no more, which nobody holds; found without a lock."""
    return await list_free(ground, _is_free(ground), limit=limit)


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
    return await claim_free(ground, due, _is_free(ground), state=EFFECT_REVERSED)


async def finish_reversed(ground: Ground, claimed: ClaimedEffect) -> bool:
    """Marks it taken back; False when the lease was lost or the effect is wanted again since."""
    return await end_claim(ground, claimed, EFFECT_REVERSED, EFFECT_RETRACTED)
