"""Carrying out look-ups and disputes at the registries: claimed, asked, tried again ever later,
given up.

Called by the worker. The one writer of `registry_call`, which says how it went. A call is done
again after a crash anywhere: the registry knows it by its id, and what it reports is known by its
events' ids. No session is held while a registry is asked.
"""

from datetime import timedelta

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.card.record import EffectKind
from domain.error import Refusal
from domain.ids import ActKey, CircleId
from gov.dispute import prepare_question
from gov.event.schema import EventSchemas
from gov.registry.error import RegistryNotFound
from gov.registry.gateway import Busy, RegistryClient
from store.circle_tables import CALL_DEAD, CALL_DONE, CALL_OPEN, RegistryCallRow
from store.scope import CircleScope, SweepScope
from timeline.effect import (
    claim_effect,
    finish_effect,
    list_due_effects,
    postpone_effect,
    reopen_effect,
)
from timeline.effect_lease import ClaimedEffect, DueEffect
from timeline.ground import Ground

CALL_ATTEMPTS_MAX = 8
# Each failed attempt waits four times longer than the one before, at most six hours:
# 15 s, 1 min, 4 min, 16 min, 64 min, 4 h, 6 h; given up after some eleven hours.
CALL_WAIT_SECONDS = 15
CALL_WAIT_FACTOR = 4
CALL_WAIT_SECONDS_MAX = 6 * 60 * 60
CALL_BATCH_MAX = 50
CALLS_LISTED_MAX = 500
CALLED: tuple[EffectKind, ...] = ("look_up", "dispute")


class RegistryCall(msgspec.Struct, frozen=True):
    """How a call went: ids, counts and a reason, nothing of whom it was about."""

    circle_id: CircleId
    act_key: ActKey
    state: int
    attempt_count: int
    reason: str | None


async def carry_out_calls(ground: Ground, schemas: EventSchemas, registry: RegistryClient) -> int:
    """Makes every call that is due, at most a batch of each kind; how many were made."""
    count = 0
    for kind in CALLED:
        for due in await list_due_effects(ground, kind=kind, limit=CALL_BATCH_MAX):
            claimed = await claim_effect(ground, due)
            if claimed is not None:
                count += await _carry_out(ground, schemas, registry, claimed)
    return count


async def _carry_out(
    ground: Ground, schemas: EventSchemas, registry: RegistryClient, claimed: ClaimedEffect
) -> bool:
    """Asks the registry, keeps how it went, and ends the effect or lets it wait; False where
    another circle's effect asks the same.
    """
    effect, question = claimed.effect, None
    if effect.dispute is not None:
        question = await prepare_question(ground, schemas, claimed)
        if question is None:
            await finish_effect(ground, claimed)
            return False
    attempt = await _count_of(ground, claimed) + 1
    try:
        if question is not None:
            await registry.ask(effect.key, question, now_utc=ground.clock.now_utc())
        else:
            assert effect.look_up is not None, "claimed by its kind"
            await registry.look_up(effect.key, effect.look_up, now_utc=ground.clock.now_utc())
    except RegistryNotFound as unknown:
        # Nobody at this number is an answer; a dispute that its registry does not know is owed one.
        owed = question is not None and question.step.step == "ask"
        await _keep(ground, claimed, CALL_DEAD if owed else CALL_DONE, attempt, unknown.code)
        await finish_effect(ground, claimed)
    except Refusal as failure:
        dead = attempt >= CALL_ATTEMPTS_MAX
        await _keep(ground, claimed, CALL_DEAD if dead else CALL_OPEN, attempt, failure.code)
        if dead:
            await finish_effect(ground, claimed)
        else:
            until = ground.clock.now_utc() + timedelta(seconds=_wait_seconds(attempt, failure))
            await postpone_effect(ground, claimed, until=until)
    else:
        await _keep(ground, claimed, CALL_DONE, attempt, None)
        await finish_effect(ground, claimed)
    return True


def _wait_seconds(attempt: int, failure: Refusal) -> int:
    factor: int = CALL_WAIT_FACTOR ** (attempt - 1)
    own = min(CALL_WAIT_SECONDS * factor, CALL_WAIT_SECONDS_MAX)
    asked = failure.wait_seconds if isinstance(failure, Busy) else None
    return max(own, asked or 0)


async def _count_of(ground: Ground, claimed: ClaimedEffect) -> int:
    async with ground.database.read(CircleScope(claimed.circle_id)) as session:
        found = await session.execute(
            select(col(RegistryCallRow.attempt_count)).where(
                col(RegistryCallRow.circle_id) == claimed.circle_id,
                col(RegistryCallRow.act_key) == claimed.effect.key,
            )
        )
        return found.scalar_one_or_none() or 0


async def _keep(
    ground: Ground, claimed: ClaimedEffect, state: int, attempt: int, reason: str | None
) -> None:
    now = {
        "state": state,
        "attempt_count": attempt,
        "reason": reason,
        "attempted_at": ground.clock.now_utc(),
    }
    async with ground.database.unit(CircleScope(claimed.circle_id)) as unit:
        await unit.execute(
            insert(RegistryCallRow)
            .values(circle_id=claimed.circle_id, act_key=claimed.effect.key, **now)
            .on_conflict_do_update(index_elements=["circle_id", "act_key"], set_=now)
        )


async def list_failed_calls(ground: Ground) -> tuple[RegistryCall, ...]:
    """Calls that failed and wait, and those given up; the oldest attempt first, bounded."""
    async with ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(
                col(RegistryCallRow.circle_id),
                col(RegistryCallRow.act_key),
                col(RegistryCallRow.state),
                col(RegistryCallRow.attempt_count),
                col(RegistryCallRow.reason),
            )
            .where(col(RegistryCallRow.state) != CALL_DONE)
            .order_by(col(RegistryCallRow.state), col(RegistryCallRow.attempted_at))
            .limit(CALLS_LISTED_MAX)
        )
        return tuple(
            RegistryCall(
                CircleId(row.circle_id),
                ActKey(row.act_key),
                row.state,
                row.attempt_count,
                row.reason,
            )
            for row in found
        )


async def retry_call(ground: Ground, call: RegistryCall) -> bool:
    """Lets a call that was given up be made again from the start; False when it is not one."""
    async with ground.database.unit(CircleScope(call.circle_id)) as unit:
        reset = await unit.execute(
            update(RegistryCallRow)
            .where(
                col(RegistryCallRow.circle_id) == call.circle_id,
                col(RegistryCallRow.act_key) == call.act_key,
                col(RegistryCallRow.state) == CALL_DEAD,
            )
            .values(state=CALL_OPEN, attempt_count=0)
        )
    due = DueEffect(call.circle_id, call.act_key)
    return reset.rowcount == 1 and await reopen_effect(ground, due)
