"""Effects: what a refresh wants done elsewhere. A row in the same commit; claimed by the feature of
its kind, once (`timeline/effect_lease.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import TypeAlias

from sqlalchemy import ColumnElement, case, update
from sqlmodel import col

from domain.card.record import Effect, EffectKind, effect_image, encode_effect
from domain.ids import ActKey, CircleId
from store.circle_tables import (
    EFFECT_CANCELLED,
    EFFECT_CLAIMED,
    EFFECT_DISPUTE,
    EFFECT_DONE,
    EFFECT_LOOK_UP,
    EFFECT_PENDING,
    EFFECT_RETRACTED,
    EFFECT_REVERSED,
    EFFECT_SUBMIT,
    EFFECT_TELL,
    EffectRow,
)
from store.keys import OwnerKeys
from store.scope import CircleScope
from store.seal import Place, seal
from store.session import Unit
from timeline.effect_lease import (
    DUE_BATCH_MAX,
    ClaimedEffect,
    DueEffect,
    claim_free,
    end_claim,
    list_free,
)
from timeline.ground import Ground
from timeline.held import HeldEffect

KINDS: Mapping[EffectKind, int] = MappingProxyType(
    {
        "tell": EFFECT_TELL,
        "look_up": EFFECT_LOOK_UP,
        "submit": EFFECT_SUBMIT,
        "dispute": EFFECT_DISPUTE,
    }
)

_UPSERT = """
INSERT INTO effect
    (circle_id, act_key, kind, state, not_before_on, not_after_on, content, sealed)
SELECT $1, row.act_key, row.kind, $2, row.not_before_on, row.not_after_on, row.content, row.sealed
FROM unnest($3::bytea[], $4::smallint[], $5::date[], $6::date[], $7::bytea[], $8::bytea[])
    AS row(act_key, kind, not_before_on, not_after_on, content, sealed)
ON CONFLICT (circle_id, act_key) DO UPDATE
SET state = excluded.state, not_before_on = excluded.not_before_on,
    not_after_on = excluded.not_after_on, content = excluded.content, sealed = excluded.sealed,
    lease_id = NULL, lease_until = NULL
WHERE effect.state = ANY($9::smallint[])
"""
# Not done yet, or taken back: wanted again it is to be done, and whoever does it knows what stands.
_TAKEN_BACK = (EFFECT_CANCELLED, EFFECT_REVERSED, EFFECT_RETRACTED)
_OPEN = (EFFECT_PENDING, EFFECT_CLAIMED, *_TAKEN_BACK)


EffectRowValues: TypeAlias = tuple[ActKey, int, date, date, bytes, bytes]
"""Key, kind, the two days, content and sealed body of one row of `effect`."""


def effect_row(
    keys: OwnerKeys, circle_id: CircleId, effect: Effect, content: bytes
) -> EffectRowValues:
    """What the row of an effect with this content holds, sealed."""
    sealed = seal(keys.for_("effect"), Place(circle_id, effect.key), encode_effect(effect))
    days = (effect.not_before_on, effect.not_after_on)
    return (effect.key, KINDS[effect.kind], *days, content, sealed)


async def write_effects(
    unit: Unit[CircleScope],
    keys: OwnerKeys,
    effects: Iterable[Effect],
    held: Mapping[ActKey, HeldEffect],
    *,
    today: date,
) -> int:
    """Inserts what is newly wanted, changes what moved, cancels what is wanted no more.

    `held` are the circle's effects. What is done stays done: an effect has its act's effect once;
    who was told of what is wanted no more within its days has it taken back
    (`timeline/reversal.py`), and if it is wanted again it is to be done again: a notice that was
    told stays told. The caller holds the circle's lock. Returns how many rows were written.
    """
    circle_id = unit.scope.circle_id
    left = dict(held)
    rows: list[EffectRowValues] = []
    for effect in effects:
        content = keys.digest(effect_image(effect))
        was = left.pop(effect.key, None)
        if was is None or (
            was.state != EFFECT_DONE and (was.content != content or was.state in _TAKEN_BACK)
        ):
            rows.append(effect_row(keys, circle_id, effect, content))
    if rows:
        connection = await unit.raw()
        columns = [list(column) for column in zip(*rows, strict=True)]
        await connection.execute(_UPSERT, circle_id, EFFECT_PENDING, *columns, [*_OPEN])
    gone = [key for key, was in left.items() if was.state in (EFFECT_PENDING, EFFECT_CLAIMED)]
    untold = [
        key for key, was in left.items() if (was.state, was.kind) == (EFFECT_DONE, EFFECT_TELL)
    ]
    # Past its days nothing is to be taken back: a phone knows them, too.
    in_its_days = col(EffectRow.not_after_on) >= today
    await _move(unit, gone, EFFECT_CANCELLED, unless=EFFECT_DONE)
    await _move(unit, untold, case((in_its_days, EFFECT_REVERSED), else_=EFFECT_RETRACTED))
    return len(rows) + len(gone) + len(untold)


async def _move(
    unit: Unit[CircleScope],
    acts: Sequence[ActKey],
    state: int | ColumnElement[int],
    *,
    unless: int | None = None,
) -> None:
    """Gives effects of the scope's circle another state, and nobody a lease of them."""
    if acts:
        await unit.execute(
            update(EffectRow)
            .where(
                col(EffectRow.circle_id) == unit.scope.circle_id,
                col(EffectRow.act_key).in_(acts),
                *(() if unless is None else (col(EffectRow.state) != unless,)),
            )
            .values(state=state, lease_id=None, lease_until=None)
        )


def _is_due(ground: Ground) -> ColumnElement[bool]:
    today, now = ground.clock.today(), ground.clock.now_utc()
    return (
        (
            (col(EffectRow.state) == EFFECT_PENDING)
            | ((col(EffectRow.state) == EFFECT_CLAIMED) & (col(EffectRow.lease_until) < now))
        )
        & (col(EffectRow.not_before_on) <= today)
        & (col(EffectRow.not_after_on) >= today)
    )


async def list_due_effects(
    ground: Ground, *, kind: EffectKind = "tell", limit: int = DUE_BATCH_MAX
) -> tuple[DueEffect, ...]:
    """Effects of one kind whose day has come and that nobody holds, oldest first; found without a
    lock.
    """
    of_kind = col(EffectRow.kind) == KINDS[kind]
    return await list_free(ground, of_kind & _is_due(ground), limit=limit)


async def claim_effect(ground: Ground, due: DueEffect) -> ClaimedEffect | None:
    """Takes one effect for `LEASE_SECONDS`, or None when it is done, cancelled, out of its days or
    another's; also while the circle is dirty: a fact not yet weighed (a death) may cancel it.
    """
    return await claim_free(ground, due, _is_due(ground), state=EFFECT_CLAIMED)


async def finish_effect(ground: Ground, claimed: ClaimedEffect) -> bool:
    """Marks a claimed effect done; False when the lease was lost or the effect was cancelled
    since.
    """
    return await end_claim(ground, claimed, EFFECT_CLAIMED, EFFECT_DONE)


async def postpone_effect(ground: Ground, claimed: ClaimedEffect, *, until: datetime) -> bool:
    """Keeps a claimed effect from everyone until an instant, then it may be claimed again; False
    when the lease was lost or the effect was cancelled since.
    """
    async with ground.database.unit(CircleScope(claimed.circle_id)) as unit:
        kept = await unit.execute(
            update(EffectRow)
            .where(
                col(EffectRow.circle_id) == claimed.circle_id,
                col(EffectRow.act_key) == claimed.effect.key,
                col(EffectRow.state) == EFFECT_CLAIMED,
                col(EffectRow.lease_id) == claimed.lease_id,
            )
            .values(lease_until=until)
        )
        return kept.rowcount == 1


async def reopen_effect(ground: Ground, due: DueEffect) -> bool:
    """Lets an effect that was given up be claimed again; False when it is not done."""
    async with ground.database.unit(CircleScope(due.circle_id)) as unit:
        reopened = await unit.execute(
            update(EffectRow)
            .where(
                col(EffectRow.circle_id) == due.circle_id,
                col(EffectRow.act_key) == due.act_key,
                col(EffectRow.state) == EFFECT_DONE,
            )
            .values(state=EFFECT_PENDING, lease_id=None, lease_until=None)
        )
        return reopened.rowcount == 1
