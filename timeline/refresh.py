"""Refreshing a circle: evaluate without the lock, check, write rows, effects and log in one commit.

Evaluation holds no lock, so that a slow one blocks nobody. Before writing, facts version, catalogue
version and day must still be those it was made from; after three losses it is made under the lock.
Called by the worker for every dirty or waking circle, and by reads. A command, which writes its
fact in the same commit, evaluates under the lock (`timeline/command.py`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
from sqlalchemy import text

from domain.card.record import Evaluation, record_image
from domain.evaluate import ENGINE_VERSION, evaluate
from domain.fact import Fact
from domain.ids import CircleId, PersonId
from store.keys import OwnerKeys
from store.scope import CircleScope
from store.session import Reading, Unit
from timeline.audience import write_projections
from timeline.catalogue import ServiceNumbers, current_version
from timeline.effect import write_effects
from timeline.ground import Ground
from timeline.held import read_held
from timeline.member import keep_members
from timeline.record import CircleState, fact_of, read_facts, state_of
from timeline.refresh_log import seal_seen, seen_of
from timeline.stream import Body, write_streams

LOSSES_MAX = 3

_STATE = """facts_version, refreshed_version, refresh_count, sealed,
    (SELECT coalesce(max(version), 0) FROM catalogue_version) AS catalogue"""
# One statement is its own snapshot, and one round trip where a transaction took five.
_SNAPSHOT = f"""
SELECT circle.*, fact.facts_version AS version, fact.fact_key, fact.sealed AS fact
FROM (SELECT {_STATE} FROM circle WHERE circle_id = $1) AS circle
LEFT JOIN fact ON fact.circle_id = $1
ORDER BY fact.facts_version
"""  # noqa: S608 -- of constants
_LOCK = text(
    f"SELECT {_STATE} FROM circle WHERE circle_id = :circle_id FOR UPDATE"  # noqa: S608 -- the same
)

# The circle's own row and the log's in one statement.
_SETTLE = """
WITH logged AS (
    INSERT INTO refresh_log (circle_id, refresh_number, facts_version, catalogue_version,
                             engine_version, evaluated_on, written_at, sealed)
    VALUES ($1, $2, $3, $4, $6, $5, $8, $9)
)
UPDATE circle SET facts_version = $3, refreshed_version = $3, refreshed_catalogue = $4,
                  refreshed_on = $5, next_change_on = $7, refresh_count = $2
WHERE circle_id = $1
"""


class Basis(msgspec.Struct, frozen=True):
    """What an evaluation was made from. It may be written only while all of it still holds."""

    facts_version: int
    catalogue_version: int
    today: date


class Snapshot(msgspec.Struct, frozen=True):
    """A circle read in one snapshot, ready to be evaluated."""

    state: CircleState
    facts: tuple[Fact, ...]
    basis: Basis


class Evaluated(msgspec.Struct, frozen=True):
    """An evaluation, what it was made from, and each member's records in key order with their
    images; the services' numbers for the projection.
    """

    basis: Basis
    evaluation: Evaluation
    bodies: Mapping[PersonId, Sequence[Body]]
    numbers: ServiceNumbers


class _StateRow(NamedTuple):
    facts_version: int
    refreshed_version: int
    refresh_count: int
    sealed: bytes
    catalogue: int


async def refresh(ground: Ground, circle_id: CircleId) -> int:
    """Brings the circle's streams and effects to what its facts, the catalogue and today say.

    Returns how many stream rows were written (0 when nothing changed). Idempotent; a circle that
    was never opened is left alone.
    """
    keys = await ground.keys.circle(circle_id)
    for _ in range(LOSSES_MAX):
        snapshot = await read_snapshot(ground, circle_id, keys)
        if snapshot is None:
            return 0
        evaluated = await evaluate_snapshot(ground, snapshot)
        async with ground.database.unit(CircleScope(circle_id)) as unit:
            state, basis = await lock_basis(unit, ground, keys)
            if basis == snapshot.basis:
                return await write_evaluation(unit, ground, keys, state, evaluated)
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        state, basis = await lock_basis(unit, ground, keys)
        snapshot = Snapshot(state, await read_facts(unit, keys), basis)
        evaluated = await evaluate_snapshot(ground, snapshot)
        return await write_evaluation(unit, ground, keys, state, evaluated)


async def read_snapshot(ground: Ground, circle_id: CircleId, keys: OwnerKeys) -> Snapshot | None:
    """The circle's state and facts of one instant, or None when it was never opened."""
    async with ground.database.glance(CircleScope(circle_id)) as session:
        connection = await session.raw()
        rows = await connection.fetch(_SNAPSHOT, circle_id)
    if not rows:
        return None
    first = _StateRow(*rows[0][:5])
    state = state_of(first, circle_id, keys)
    facts = tuple(
        fact_of(keys, circle_id, row["version"], row["fact_key"], row["fact"])
        for row in rows
        if row["version"] is not None
    )
    return Snapshot(state, facts, _basis(ground, state, first.catalogue))


async def lock_basis(
    unit: Unit[CircleScope], ground: Ground, keys: OwnerKeys
) -> tuple[CircleState, Basis]:
    """The circle's state with its row locked, and what an evaluation made now would rest on."""
    circle_id = unit.scope.circle_id
    row = (await unit.execute(_LOCK, {"circle_id": circle_id})).one()
    state = state_of(row, circle_id, keys)
    return state, _basis(ground, state, row.catalogue)


async def basis_now(session: Reading[CircleScope], ground: Ground, state: CircleState) -> Basis:
    """What an evaluation made now would rest on."""
    return _basis(ground, state, await current_version(session))


def _basis(ground: Ground, state: CircleState, catalogue: int) -> Basis:
    return Basis(state.facts_version, catalogue, ground.clock.today())


async def evaluate_snapshot(ground: Ground, snapshot: Snapshot) -> Evaluated:
    """What the snapshot's members see, with every record's bytes.

    In a thread: a plan of visits that is made anew takes tens of milliseconds, and nobody else
    waits for it.
    """
    circle, facts, basis = snapshot.state.circle, snapshot.facts, snapshot.basis
    side = await ground.catalogues.side_of(basis.catalogue_version, circle, facts, basis.today)
    evaluation = await asyncio.to_thread(
        evaluate,
        circle,
        facts,
        side.catalogue,
        basis.today,
        ground.keys.record_secret(),
    )
    if side.changes_on is not None:
        wake_on = min(side.changes_on, evaluation.next_change_on or side.changes_on)
        evaluation = msgspec.structs.replace(evaluation, next_change_on=wake_on)
    numbers = await ground.catalogues.numbers_of(side.catalogue)
    return Evaluated(basis, evaluation, bodies_of(evaluation), numbers)


def bodies_of(evaluation: Evaluation) -> Mapping[PersonId, Sequence[Body]]:
    """Each member's records in key order, with their images."""
    bodies: dict[PersonId, list[Body]] = {}
    for record in evaluation.records:
        bodies.setdefault(record.recipient, []).append((record, record_image(record)))
    return bodies


async def write_evaluation(
    unit: Unit[CircleScope],
    ground: Ground,
    keys: OwnerKeys,
    state: CircleState,
    evaluated: Evaluated,
) -> int:
    """Writes streams, effects, projection, waking day and log under the lock the caller holds."""
    basis, evaluation = evaluated.basis, evaluated.evaluation
    held = await read_held(unit)
    written = await write_streams(unit, keys, evaluated.bodies, held.streams, today=basis.today)
    if held.members != frozenset(evaluation.members):
        await keep_members(unit, evaluation.members, today=basis.today)
    await write_effects(unit, keys, evaluation.effects, held.effects, today=basis.today)
    await write_projections(unit, ground, keys, evaluation.projections, evaluated.numbers, held)
    circle_id, number = unit.scope.circle_id, state.refresh_count + 1
    seen = {person: seen_of(bodies) for person, bodies in evaluated.bodies.items()}
    connection = await unit.raw()
    await connection.execute(
        _SETTLE,
        circle_id,
        number,
        basis.facts_version,
        basis.catalogue_version,
        basis.today,
        ENGINE_VERSION,
        evaluation.next_change_on,
        ground.clock.now_utc(),
        seal_seen(keys, circle_id, number, seen),
    )
    return written
