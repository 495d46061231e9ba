"""Refreshing a circle: evaluate without the lock, check, write rows, effects and log in one commit.

Evaluation holds no lock, so that a slow one blocks nobody. Before writing, facts version, catalogue
version and day must still be those it was made from; after three losses it is made under the lock.
Called by the worker for every dirty or waking circle, and by reads. A command, which writes its
fact in the same commit, evaluates under the lock (`timeline/command.py`).
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any  # the row values of an insert

import msgspec
from sqlalchemy import insert, update
from sqlmodel import col

from domain.evaluate import ENGINE_VERSION, evaluate
from domain.fact import Fact
from domain.ids import CircleId, PersonId
from domain.record import Evaluation, encode_record
from store.circle_tables import CircleRow, RefreshLogRow
from store.keys import OwnerKeys
from store.scope import CircleScope
from store.seal import Place, seal
from store.session import Reading, Unit
from timeline.catalogue import current_version
from timeline.effect import write_effects
from timeline.ground import Ground
from timeline.member import keep_members
from timeline.record import CircleState, find_circle_state, lock_circle, read_facts
from timeline.stream import Body, list_members_with_stream, write_stream

LOSSES_MAX = 3


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
    bytes.
    """

    basis: Basis
    evaluation: Evaluation
    bodies: Mapping[PersonId, Sequence[Body]]


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
            state = await lock_circle(unit, keys)
            if await basis_now(unit, ground, state) == snapshot.basis:
                return await write_evaluation(unit, ground, keys, state, evaluated)
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        state = await lock_circle(unit, keys)
        basis = await basis_now(unit, ground, state)
        snapshot = Snapshot(state, await read_facts(unit, keys), basis)
        evaluated = await evaluate_snapshot(ground, snapshot)
        return await write_evaluation(unit, ground, keys, state, evaluated)


async def read_snapshot(ground: Ground, circle_id: CircleId, keys: OwnerKeys) -> Snapshot | None:
    """The circle's state and facts of one instant, or None when it was never opened."""
    async with ground.database.read(CircleScope(circle_id)) as session:
        state = await find_circle_state(session, keys)
        if state is None:
            return None
        basis = await basis_now(session, ground, state)
        return Snapshot(state, await read_facts(session, keys), basis)


async def basis_now(session: Reading[CircleScope], ground: Ground, state: CircleState) -> Basis:
    """What an evaluation made now would rest on."""
    return Basis(state.facts_version, await current_version(session), ground.clock.today())


async def evaluate_snapshot(ground: Ground, snapshot: Snapshot) -> Evaluated:
    """What the snapshot's members see, with every record's bytes.

    In a thread: a plan of visits that is made anew takes tens of milliseconds, and nobody else
    waits for it.
    """
    evaluation = await asyncio.to_thread(
        evaluate,
        snapshot.state.circle,
        snapshot.facts,
        await ground.catalogues.get(snapshot.basis.catalogue_version),
        snapshot.basis.today,
        ground.keys.record_secret(),
    )
    bodies: dict[PersonId, list[Body]] = {}
    for record in evaluation.records:
        bodies.setdefault(record.recipient, []).append((record, encode_record(record)))
    return Evaluated(snapshot.basis, evaluation, bodies)


async def write_evaluation(
    unit: Unit[CircleScope],
    ground: Ground,
    keys: OwnerKeys,
    state: CircleState,
    evaluated: Evaluated,
) -> int:
    """Writes streams, effects, waking day and log under the lock the caller holds."""
    basis, evaluation = evaluated.basis, evaluated.evaluation
    written = 0
    members = {*evaluated.bodies, *await list_members_with_stream(unit)}
    for person_id in sorted(members, key=lambda person: person.bytes):
        bodies = evaluated.bodies.get(person_id, ())
        written += await write_stream(unit, keys, person_id, bodies, today=basis.today)
    await keep_members(unit, evaluation.members, today=basis.today)
    await write_effects(unit, keys, evaluation.effects)
    number = state.refresh_count + 1
    await unit.execute(
        update(CircleRow)
        .where(col(CircleRow.circle_id) == unit.scope.circle_id)
        .values(
            facts_version=basis.facts_version,
            refreshed_version=basis.facts_version,
            refreshed_catalogue=basis.catalogue_version,
            refreshed_on=basis.today,
            next_change_on=evaluation.next_change_on,
            refresh_count=number,
        )
    )
    digests = {person: member_digest(bodies) for person, bodies in evaluated.bodies.items()}
    await unit.execute(
        insert(RefreshLogRow).values(**_log_row(unit, ground, keys, number, basis, digests))
    )
    return written


def member_digest(bodies: Iterable[Body]) -> bytes:
    """SHA-256 over a member's records in key order: what a replay of the day must give."""
    return hashlib.sha256(b"".join(body for _, body in bodies)).digest()


def _log_row(
    unit: Unit[CircleScope],
    ground: Ground,
    keys: OwnerKeys,
    number: int,
    basis: Basis,
    digests: Mapping[PersonId, bytes],
) -> dict[str, Any]:
    circle_id = unit.scope.circle_id
    body = msgspec.json.encode({str(person): digest for person, digest in digests.items()})
    return {
        "circle_id": circle_id,
        "refresh_number": number,
        "facts_version": basis.facts_version,
        "catalogue_version": basis.catalogue_version,
        "engine_version": ENGINE_VERSION,
        "evaluated_on": basis.today,
        "written_at": ground.clock.now_utc(),
        "sealed": seal(keys.for_("refresh_log"), Place(circle_id, number=number), body),
    }
