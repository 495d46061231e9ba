"""Claims of effects: candidates are found without a lock, and each is taken by its key with a
compare-and-set on its lease, so it works where rows lie on many machines. A lease that runs out
frees the effect again.

Called by `timeline/effect.py` and `timeline/reversal.py`, which say which effects are free.
"""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import ColumnElement, select, update
from sqlmodel import col

from domain.card.record import Effect, decode_effect
from domain.ids import ActKey, CircleId
from store.circle_tables import CircleRow, EffectRow
from store.keys import KeyErased
from store.scope import CircleScope, SweepScope
from store.seal import Place, SealBroken, open_
from timeline.ground import Ground

LEASE_SECONDS = 120  # longer than any delivery's deadline, so that no two hold one effect
DUE_BATCH_MAX = 500


class DueEffect(msgspec.Struct, frozen=True):
    """A candidate to claim: ids only."""

    circle_id: CircleId
    act_key: ActKey


class ClaimedEffect(msgspec.Struct, frozen=True):
    """An effect that is the claimer's until the lease runs out."""

    circle_id: CircleId
    lease_id: UUID
    effect: Effect


async def list_free(
    ground: Ground, is_free: ColumnElement[bool], *, limit: int
) -> tuple[DueEffect, ...]:
    """Candidates, oldest first, at most `DUE_BATCH_MAX`."""
    async with ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(col(EffectRow.circle_id), col(EffectRow.act_key))
            .where(is_free)
            .order_by(col(EffectRow.not_before_on), col(EffectRow.act_key))
            .limit(min(limit, DUE_BATCH_MAX))
        )
        return tuple(DueEffect(CircleId(row.circle_id), ActKey(row.act_key)) for row in found)


async def claim_free(
    ground: Ground, due: DueEffect, is_free: ColumnElement[bool], *, state: int
) -> ClaimedEffect | None:
    """Takes one for `LEASE_SECONDS`, in this state while it is held; None where it is not free, or
    its circle is dirty: a fact not yet weighed may decide otherwise.

    Raises: KeyErased, SealBroken for one that nobody can open: it stays taken until the lease runs
    out, else it would come first at each look.
    """
    keys, unopened = None, None
    try:
        keys = await ground.keys.circle(due.circle_id)
    except (KeyErased, SealBroken) as fault:
        unopened = fault
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
                is_free,
                weighed,
            )
            .values(
                state=state,
                lease_id=lease_id,
                lease_until=ground.clock.now_utc() + timedelta(seconds=LEASE_SECONDS),
            )
            .returning(col(EffectRow.sealed))
        )
        sealed = taken.scalar_one_or_none()
    if sealed is None:
        return None
    if unopened is not None:
        raise unopened
    assert keys is not None
    body = open_(keys.for_("effect"), Place(due.circle_id, due.act_key), sealed)
    return ClaimedEffect(due.circle_id, lease_id, decode_effect(body))


async def end_claim(ground: Ground, claimed: ClaimedEffect, held: int, state: int) -> bool:
    """Gives what is held in one state another, and nobody a lease of it; False when the lease was
    lost or a refresh decided otherwise since.
    """
    async with ground.database.unit(CircleScope(claimed.circle_id)) as unit:
        done = await unit.execute(
            update(EffectRow)
            .where(
                col(EffectRow.circle_id) == claimed.circle_id,
                col(EffectRow.act_key) == claimed.effect.key,
                col(EffectRow.state) == held,
                col(EffectRow.lease_id) == claimed.lease_id,
            )
            .values(state=state, lease_id=None, lease_until=None)
        )
        return done.rowcount == 1
