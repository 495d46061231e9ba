"""Commands: what a member does. One registry for GraphQL and for phones that come back.

A command is idempotent by its id: a resend gives the outcome that is kept. A circle command's
fact, its outcome and every row that follows from it are one commit in that circle; a command with
no circle to go to keeps its refusal with the person (`timeline/outcome.py`). A person command
concerns no circle: what it writes and its outcome are one commit of that person. Handlers lie with
the feature whose rows they write and are listed in that package's `COMMANDS`; `api/wire.py` joins
them.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import (  # Any: a registry holds handlers of every payload type
    Any,
    Generic,
    TypeAlias,
    TypeVar,
)
from uuid import UUID

import msgspec

from domain.error import NotFound, Refusal
from domain.fact import Fact
from domain.ids import CircleId, CommandId, RecordKey
from domain.people.actor import Actor
from store.clock import Clock
from store.keys import OwnerKeys
from store.scope import CircleScope, MemberScope, PersonScope
from store.session import Unit
from timeline.blob import claim_picture, is_held
from timeline.due import refresh_if_due
from timeline.ground import Ground
from timeline.outcome import (
    APPLIED,
    Outcome,
    claim_with_person,
    find_outcome,
    find_with_circle,
    find_with_person,
    keep_with_circle,
    keep_with_person,
)
from timeline.read import member_circles
from timeline.record import append_fact, lock_circle, read_facts
from timeline.refresh import Snapshot, basis_now, evaluate_snapshot, write_evaluation
from timeline.step_up import StepUpRequired
from timeline.stream import HeldRecord, find_held, find_number

P = TypeVar("P", bound=msgspec.Struct)


class Command(msgspec.Struct, Generic[P], frozen=True):
    """One act of one person. `id` is made by whoever acts (a UUID), so that a resend is not a
    second act. `device_id` is the phone that sent it, where one did.
    """

    id: CommandId
    name: str
    payload: P
    device_id: UUID | None = None


class Standing(msgspec.Struct, frozen=True):
    """What a handler decides from: the actor's card as it stands, the number its fact will have,
    the circle's facts, for a decision that rests on an earlier act, and the secret by which the
    card cites them.
    """

    held: HeldRecord
    sequence: int
    facts: tuple[Fact, ...]
    secret: bytes


class CommandType(msgspec.Struct, Generic[P], frozen=True):
    """A kind of circle command: name (which never changes its meaning), payload, target, decision.

    `decide` returns the fact to record, or several, or raises a Refusal; it writes nothing. `photo`
    is the blob that the payload names, if any: it is kept for good in the same commit.
    """

    name: str
    payload: type[P]
    target: Callable[[P], RecordKey]
    decide: Callable[[Clock, Actor, Command[P], Standing], Fact | tuple[Fact, ...]]
    photo: Callable[[P], UUID] | None = None


class PersonCommandType(msgspec.Struct, Generic[P], frozen=True):
    """A kind of person command: name (which never changes its meaning), payload, what it does.

    `carry_out` writes into the person's unit, or raises a Refusal: then nothing of it is kept.
    `refusals` are those it raises, for whoever says them in words.
    """

    name: str
    payload: type[P]
    refusals: tuple[type[Refusal], ...]
    carry_out: Callable[[Unit[PersonScope], Ground, OwnerKeys, Actor, Command[P]], Awaitable[None]]


AnyCommandType: TypeAlias = CommandType[Any] | PersonCommandType[Any]


class CommandRegistry:
    """Every command there is, by name."""

    def __init__(self, types: Iterable[AnyCommandType]) -> None:
        self._types: dict[str, AnyCommandType] = {}
        for kind in types:
            if kind.name in self._types:
                raise ValueError(f"two commands are named {kind.name}")
            self._types[kind.name] = kind

    @property
    def types(self) -> Mapping[str, AnyCommandType]:
        return self._types

    @property
    def refusals(self) -> Mapping[str, type[Refusal]]:
        """What person commands refuse with, by code."""
        kinds = [kind for kind in self._types.values() if isinstance(kind, PersonCommandType)]
        return {refusal.code: refusal for kind in kinds for refusal in kind.refusals}


class CommandUnknown(Refusal):
    code = "command.unknown"
    ar = "هذا الإجراء غير معروف في هذا الإصدار. حدِّث التطبيق ثم أعد المحاولة."
    en = "This action is not known to this version. Update the app and try again."


async def run_command(
    ground: Ground, registry: CommandRegistry, actor: Actor, command: Command[Any]
) -> Outcome:
    """Carries out a command once; a resend returns the same outcome.

    Refusals become outcomes. Raises only what may pass (TryLater) and bugs: then nothing was
    written.
    """
    kind = registry.types.get(command.name)
    if kind is None or not isinstance(command.payload, kind.payload):
        return await keep_with_person(ground, actor, command.id, CommandUnknown.code)
    if isinstance(kind, PersonCommandType):
        return await _run_for_person(ground, kind, actor, command)
    kept = await find_with_person(ground, actor, command.id)
    if kept is not None:
        return kept
    circles = await _circles_holding(ground, actor, command, kind.target(command.payload))
    if not circles:
        return await keep_with_person(ground, actor, command.id, NotFound.code)
    if kind.photo is None:
        outcomes = [await _run_in(ground, kind, actor, command, circle) for circle in circles]
        return outcomes[0]
    photo = kind.photo(command.payload)
    first, *others = await _photo_first(ground, actor, photo, circles)
    outcome = await _run_in(ground, kind, actor, command, first, photo=photo)
    for circle_id in others if outcome.code == APPLIED else ():
        await _run_in(ground, kind, actor, command, circle_id)
    return outcome


async def _photo_first(
    ground: Ground, actor: Actor, photo: UUID, circles: tuple[CircleId, ...]
) -> tuple[CircleId, ...]:
    """The circles of a card with that one first to which the photo came: it lies in one alone."""
    for circle_id in circles:
        async with ground.database.read(CircleScope(circle_id)) as session:
            if await is_held(session, actor.person_id, photo):
                return (circle_id, *(one for one in circles if one != circle_id))
    return circles


async def _run_for_person(
    ground: Ground, kind: PersonCommandType[Any], actor: Actor, command: Command[Any]
) -> Outcome:
    """Outcome known, else claimed, carried out, kept: one commit of the person's."""
    known = await find_outcome(ground, actor, command.id)
    if known is not None:
        return known
    keys = await ground.keys.person(actor.person_id)
    try:
        async with ground.database.unit(PersonScope(actor.person_id)) as unit:
            # A resend that runs beside this waits here for the end of this unit.
            if await claim_with_person(unit, ground, keys, actor, command.id):
                await kind.carry_out(unit, ground, keys, actor, command)
                return Outcome(APPLIED)
    except StepUpRequired:  # decides nothing: the same act is done once its owner has confirmed
        return Outcome(StepUpRequired.code)
    except Refusal as refusal:
        return await keep_with_person(ground, actor, command.id, refusal.code)
    kept = await find_with_person(ground, actor, command.id)
    assert kept is not None, "whoever claimed it first has committed"
    return kept


async def _circles_holding(
    ground: Ground, actor: Actor, command: Command[Any], key: RecordKey
) -> tuple[CircleId, ...]:
    """The actor's circles where this card is theirs, or where this command was carried out
    before.
    """
    holding = []
    for circle_id in await member_circles(ground, actor.person_id):
        await refresh_if_due(ground, circle_id)
        keys = await ground.keys.circle(circle_id)
        async with ground.database.read(CircleScope(circle_id)) as session:
            mine = session.within(MemberScope(circle_id, actor.person_id))
            kept = await find_with_circle(session, ground, keys, actor, command.id)
            if kept is not None or await find_number(mine, key) is not None:
                holding.append(circle_id)
    return tuple(holding)


async def _run_in(
    ground: Ground,
    kind: CommandType[Any],
    actor: Actor,
    command: Command[Any],
    circle_id: CircleId,
    *,
    photo: UUID | None = None,
) -> Outcome:
    """Under the circle's lock: outcome known, else decide, record, evaluate, write; one commit."""
    keys = await ground.keys.circle(circle_id)
    async with ground.database.unit(CircleScope(circle_id)) as unit:

        async def keep(code: str) -> Outcome:
            return await keep_with_circle(unit, ground, keys, actor, command.id, Outcome(code))

        state = await lock_circle(unit, keys)
        kept = await find_with_circle(unit, ground, keys, actor, command.id)
        if kept is not None:
            return kept
        member = unit.within(MemberScope(circle_id, actor.person_id))
        held = await find_held(member, keys, kind.target(command.payload))
        if held is None or not held.record.is_card:
            return await keep_with_circle(
                unit, ground, keys, actor, command.id, Outcome(NotFound.code)
            )
        version = state.facts_version
        facts = await read_facts(unit, keys)
        standing = Standing(held, version + 1, facts, ground.keys.record_secret())
        try:
            decided = kind.decide(ground.clock, actor, command, standing)
            if photo is not None:
                await claim_picture(unit, ground, keys, actor.person_id, photo)
        except Refusal as refusal:
            return await keep_with_circle(
                unit, ground, keys, actor, command.id, Outcome(refusal.code)
            )
        for fact in decided if isinstance(decided, tuple) else (decided,):
            # One that was carried over from elsewhere is there already.
            if await append_fact(unit, ground, keys, fact, version + 1):
                version, facts = version + 1, (*facts, fact)
        now = msgspec.structs.replace(state, facts_version=version)
        snapshot = Snapshot(now, facts, await basis_now(unit, ground, now))
        await write_evaluation(unit, ground, keys, now, await evaluate_snapshot(ground, snapshot))
        return await keep(APPLIED)
