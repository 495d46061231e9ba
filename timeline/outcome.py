"""Outcomes of commands: kept in the circle that the act was for, or with the person where none was.

What was done once is answered from here when it is sent again, by whichever way.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any  # rows of the driver
from uuid import UUID

import msgspec
from sqlalchemy.dialects.postgresql import insert

from domain.ids import CommandId
from domain.people.actor import Actor
from store.circle_tables import OutcomeRow
from store.keys import OwnerKeys
from store.person_tables import PersonOutcomeRow
from store.scope import CircleScope, PersonScope
from store.seal import Place, open_, seal
from store.session import Reading, Unit
from timeline.ground import Ground
from timeline.read import member_circles

APPLIED = "applied"


class Outcome(msgspec.Struct, frozen=True):
    """What became of a command: `applied`, or the code of a refusal; kept, and given again."""

    code: str


_outcomes = msgspec.json.Decoder(Outcome)


async def find_outcome(ground: Ground, actor: Actor, command_id: CommandId) -> Outcome | None:
    """What became of the actor's command, wherever it is kept; None when it never was settled."""
    found = await list_with_person(ground, actor, [command_id])
    if command_id in found:
        return found[command_id]
    for circle_id in await member_circles(ground, actor.person_id):
        keys = await ground.keys.circle(circle_id)
        async with ground.database.read(CircleScope(circle_id)) as session:
            found = await list_with_circle(session, ground, keys, actor, [command_id])
        if command_id in found:
            return found[command_id]
    return None


def _outcome_id(ground: Ground, actor: Actor, command_id: CommandId) -> UUID:
    """Two people who use one command id do not meet: the row's id is keyed by both."""
    return UUID(bytes=ground.keys.hash("outcome", actor.person_id.bytes, command_id.bytes))


async def list_with_circle(
    session: Reading[CircleScope],
    ground: Ground,
    keys: OwnerKeys,
    actor: Actor,
    command_ids: Sequence[CommandId],
) -> dict[CommandId, Outcome]:
    """Those of the actor's commands whose outcome is kept in the scope's circle."""
    by_row = {_outcome_id(ground, actor, one): one for one in command_ids}
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT command_id, sealed FROM outcome WHERE circle_id = $1 AND command_id = ANY($2)",
        session.scope.circle_id,
        list(by_row),
    )
    return _opened(keys, session.scope.circle_id, by_row, rows)


async def keep_with_circle(
    unit: Unit[CircleScope],
    ground: Ground,
    keys: OwnerKeys,
    actor: Actor,
    outcomes: Mapping[CommandId, Outcome],
) -> None:
    """Keeps outcomes in the same commit as what follows from them."""
    circle_id, key = unit.scope.circle_id, keys.for_("outcome")
    rows = []
    for command_id, outcome in outcomes.items():
        row_id = _outcome_id(ground, actor, command_id)
        sealed = seal(key, Place(circle_id, row_id.bytes), msgspec.json.encode(outcome))
        rows.append({"circle_id": circle_id, "command_id": row_id, "sealed": sealed})
    await unit.execute(insert(OutcomeRow), rows)


async def list_with_person(
    ground: Ground, actor: Actor, command_ids: Sequence[CommandId]
) -> dict[CommandId, Outcome]:
    """Those of the actor's commands whose outcome is kept with the person."""
    by_row = {_outcome_id(ground, actor, one): one for one in command_ids}
    keys = await ground.keys.person(actor.person_id)
    async with ground.database.glance(PersonScope(actor.person_id)) as session:
        connection = await session.raw()
        rows = await connection.fetch(
            "SELECT command_id, sealed FROM person_outcome"
            " WHERE person_id = $1 AND command_id = ANY($2)",
            actor.person_id,
            list(by_row),
        )
    return _opened(keys, actor.person_id, by_row, rows)


def _opened(
    keys: OwnerKeys, owner: UUID, by_row: Mapping[UUID, CommandId], rows: Iterable[Any]
) -> dict[CommandId, Outcome]:
    key = keys.for_("outcome")
    return {
        by_row[row_id]: _outcomes.decode(open_(key, Place(owner, row_id.bytes), sealed))
        for row_id, sealed in rows
    }


async def claim_with_person(
    unit: Unit[PersonScope],
    ground: Ground,
    keys: OwnerKeys,
    actor: Actor,
    command_id: CommandId,
) -> bool:
    """Keeps that the person's command is applied, in the commit of what it does; False when it was
    settled before. Another unit that claims it at the same time waits for the end of this one.
    """
    row_id = _outcome_id(ground, actor, command_id)
    return await _keep(unit, keys, row_id, Outcome(APPLIED))


async def keep_with_person(
    ground: Ground, actor: Actor, command_id: CommandId, code: str
) -> Outcome:
    """Keeps a refusal of a command that has no circle to go to. Idempotent."""
    row_id = _outcome_id(ground, actor, command_id)
    keys = await ground.keys.person(actor.person_id)
    async with ground.database.unit(PersonScope(actor.person_id)) as unit:
        await _keep(unit, keys, row_id, Outcome(code))
    return Outcome(code)


async def _keep(unit: Unit[PersonScope], keys: OwnerKeys, row_id: UUID, outcome: Outcome) -> bool:
    """Whether it was kept now, and not before."""
    person_id, body = unit.scope.person_id, msgspec.json.encode(outcome)
    kept = await unit.execute(
        insert(PersonOutcomeRow)
        .values(
            person_id=person_id,
            command_id=row_id,
            sealed=seal(keys.for_("outcome"), Place(person_id, row_id.bytes), body),
        )
        .on_conflict_do_nothing()
    )
    return kept.rowcount == 1
