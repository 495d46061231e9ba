"""Outcomes of commands: kept in the circle that the act was for, or with the person where none was.

What was done once is answered from here when it is sent again, by whichever way.
"""

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

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
    found = await find_with_person(ground, actor, command_id)
    if found is not None:
        return found
    for circle_id in await member_circles(ground, actor.person_id):
        keys = await ground.keys.circle(circle_id)
        async with ground.database.read(CircleScope(circle_id)) as session:
            found = await find_with_circle(session, ground, keys, actor, command_id)
        if found is not None:
            return found
    return None


def _outcome_id(ground: Ground, actor: Actor, command_id: CommandId) -> UUID:
    """Two people who use one command id do not meet: the row's id is keyed by both."""
    return UUID(bytes=ground.keys.hash("outcome", actor.person_id.bytes, command_id.bytes))


async def find_with_circle(
    unit: Reading[CircleScope],
    ground: Ground,
    keys: OwnerKeys,
    actor: Actor,
    command_id: CommandId,
) -> Outcome | None:
    """An outcome that is kept in the scope's circle."""
    row_id = _outcome_id(ground, actor, command_id)
    found = await unit.execute(
        select(col(OutcomeRow.sealed)).where(
            col(OutcomeRow.circle_id) == unit.scope.circle_id,
            col(OutcomeRow.command_id) == row_id,
        )
    )
    sealed = found.scalar_one_or_none()
    if sealed is None:
        return None
    place = Place(unit.scope.circle_id, row_id.bytes)
    return _outcomes.decode(open_(keys.for_("outcome"), place, sealed))


async def keep_with_circle(
    unit: Unit[CircleScope],
    ground: Ground,
    keys: OwnerKeys,
    actor: Actor,
    command_id: CommandId,
    outcome: Outcome,
) -> Outcome:
    """Keeps an outcome in the same commit as what follows from it."""
    row_id = _outcome_id(ground, actor, command_id)
    place = Place(unit.scope.circle_id, row_id.bytes)
    await unit.execute(
        insert(OutcomeRow).values(
            circle_id=unit.scope.circle_id,
            command_id=row_id,
            sealed=seal(keys.for_("outcome"), place, msgspec.json.encode(outcome)),
        )
    )
    return outcome


async def find_with_person(ground: Ground, actor: Actor, command_id: CommandId) -> Outcome | None:
    """An outcome that is kept with the person."""
    row_id = _outcome_id(ground, actor, command_id)
    keys = await ground.keys.person(actor.person_id)
    async with ground.database.read(PersonScope(actor.person_id)) as session:
        found = await session.execute(
            select(col(PersonOutcomeRow.sealed)).where(
                col(PersonOutcomeRow.person_id) == actor.person_id,
                col(PersonOutcomeRow.command_id) == row_id,
            )
        )
        sealed = found.scalar_one_or_none()
    if sealed is None:
        return None
    return _outcomes.decode(
        open_(keys.for_("outcome"), Place(actor.person_id, row_id.bytes), sealed)
    )


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
