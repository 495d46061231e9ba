"""Commands: what a member does. One registry for GraphQL and for phones that come back.

A command is idempotent by its id: a resend gives the outcome that is kept. A circle command's
fact, its outcome and every row that follows from it are one commit in that circle; a command with
no circle to go to keeps its refusal with the person (`timeline/outcome.py`). A person command
concerns no circle: what it writes and its outcome are one commit of that person. Handlers lie with
the feature whose rows they write and are listed in that package's `COMMANDS`; `api/wire.py` joins
them.

What a phone did while it was away comes together: of one circle and of several cards it shares one
evaluation and one commit, since an evaluation for each took a third of a second for ten.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import (  # Any: a registry holds handlers of every payload type
    Any,
    Generic,
    NamedTuple,
    TypeAlias,
    TypeVar,
)
from uuid import UUID

import msgspec

from domain.card.act import standing_photos
from domain.error import NotFound, Refusal
from domain.fact import Fact
from domain.facts.act import CardAct
from domain.ids import CircleId, CommandId, RecordKey
from domain.people.actor import Actor
from store.clock import Clock
from store.keys import OwnerKeys
from store.scope import CircleScope, MemberScope, PersonScope
from store.session import Unit
from timeline.blob import is_held
from timeline.due import refresh_if_due
from timeline.ground import Ground
from timeline.outcome import (
    APPLIED,
    Outcome,
    claim_with_person,
    find_outcome,
    keep_with_circle,
    keep_with_person,
    list_with_circle,
    list_with_person,
)
from timeline.picture import claim_picture, release_pictures
from timeline.read import member_circles
from timeline.record import CircleState, append_facts, lock_circle, read_facts
from timeline.refresh import Snapshot, basis_now, evaluate_snapshot, write_evaluation
from timeline.step_up import StepUpRequired
from timeline.stream import HeldRecord, list_held_records, list_live

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
    is the blob that the payload names, if any: it is kept from the same commit on.
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
    return (await run_commands(ground, registry, actor, (command,)))[0]


async def run_commands(
    ground: Ground, registry: CommandRegistry, actor: Actor, commands: Sequence[Command[Any]]
) -> list[Outcome]:
    """Carries out the first of these commands, and with it as many of those after it as can share
    its commit; their outcomes in order, at least one.

    Each is decided in its turn, knowing the facts of those before it. One about a card that an
    earlier one is about waits for the next call: it is decided from the card as that one left it.
    Raises as `run_command` does.
    """
    first = commands[0]
    kind = registry.types.get(first.name)
    if kind is None or not isinstance(first.payload, kind.payload):
        return [await keep_with_person(ground, actor, first.id, CommandUnknown.code)]
    if isinstance(kind, PersonCommandType):
        return [await _run_for_person(ground, kind, actor, first)]
    acts = _together(registry, commands)
    kept = await list_with_person(ground, actor, [act.command.id for act in acts])
    if first.id in kept:
        return [kept[first.id]]
    holding = await _circles_holding(ground, actor, acts)
    circles = holding[0]
    if not circles:
        return [await keep_with_person(ground, actor, first.id, NotFound.code)]
    if kind.photo is None:
        same = takewhile(
            lambda act: act[0].command.id not in kept and act[1] == circles,
            zip(acts, holding, strict=True),
        )
        acts = [act for act, _ in same]
        outcomes = [await _run_in(ground, actor, acts, circle_id) for circle_id in circles]
        return outcomes[0]
    photo = kind.photo(first.payload)
    held_in, *others = await _photo_first(ground, actor, photo, circles)
    outcome = (await _run_in(ground, actor, acts, held_in, photo=photo))[0]
    for circle_id in others if outcome.code == APPLIED else ():
        await _run_in(ground, actor, acts, circle_id)
    return [outcome]


class _Act(NamedTuple):
    """A circle command with what it is and the card that it is about."""

    kind: CommandType[Any]
    command: Command[Any]
    target: RecordKey


def _together(registry: CommandRegistry, commands: Sequence[Command[Any]]) -> list[_Act]:
    """The first of these circle commands and those that may share its evaluation: each about a card
    of its own. One with a photo shares none.
    """
    acts: list[_Act] = []
    seen: set[object] = set()
    for command in commands:
        kind = registry.types.get(command.name)
        if not isinstance(kind, CommandType) or not isinstance(command.payload, kind.payload):
            break
        target = kind.target(command.payload)
        if acts and (kind.photo is not None or {command.id, target} & seen):
            break
        acts.append(_Act(kind, command, target))
        seen |= {command.id, target}
        if kind.photo is not None:
            break
    return acts


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
    kept = await list_with_person(ground, actor, [command.id])
    return kept[command.id]  # whoever claimed it first has committed


async def _circles_holding(
    ground: Ground, actor: Actor, acts: Sequence[_Act]
) -> list[tuple[CircleId, ...]]:
    """For each of these, the actor's circles where its card is theirs, or where it was carried out
    before.
    """
    ids, targets = [act.command.id for act in acts], [act.target for act in acts]
    holding: list[tuple[CircleId, ...]] = [()] * len(acts)
    for circle_id in await member_circles(ground, actor.person_id):
        await refresh_if_due(ground, circle_id)
        keys = await ground.keys.circle(circle_id)
        async with ground.database.read(CircleScope(circle_id)) as session:
            kept = await list_with_circle(session, ground, keys, actor, ids)
            mine = session.within(MemberScope(circle_id, actor.person_id))
            live = await list_live(mine, targets)
        for place, act in enumerate(acts):
            if act.command.id in kept or act.target in live:
                holding[place] = (*holding[place], circle_id)
    return holding


async def _run_in(
    ground: Ground,
    actor: Actor,
    acts: Sequence[_Act],
    circle_id: CircleId,
    *,
    photo: UUID | None = None,
) -> list[Outcome]:
    """Under the circle's lock: of each its outcome, if known, else decided; then what was decided
    is recorded, evaluated and written with the outcomes; one commit.
    """
    keys = await ground.keys.circle(circle_id)
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        state = await lock_circle(unit, keys)
        outcomes = await list_with_circle(
            unit, ground, keys, actor, [act.command.id for act in acts]
        )
        new = [act for act in acts if act.command.id not in outcomes]
        if new:
            found = await _carry_out(unit, ground, keys, actor, new, state, photo)
            await keep_with_circle(unit, ground, keys, actor, found)
            outcomes |= found
    return [outcomes[act.command.id] for act in acts]


async def _carry_out(
    unit: Unit[CircleScope],
    ground: Ground,
    keys: OwnerKeys,
    actor: Actor,
    acts: Sequence[_Act],
    state: CircleState,
    photo: UUID | None,
) -> dict[CommandId, Outcome]:
    """Decides each in its turn; what was decided is recorded, evaluated once, and written."""
    member = unit.within(MemberScope(unit.scope.circle_id, actor.person_id))
    cards = await list_held_records(member, keys, [act.target for act in acts])
    before = await read_facts(unit, keys)
    known, facts = {fact.identity for fact in before}, list(before)
    outcomes: dict[CommandId, Outcome] = {}
    for kind, command, target in acts:
        held = cards.get(target)
        if held is None or not held.record.is_card:
            outcomes[command.id] = Outcome(NotFound.code)
            continue
        version = state.facts_version + len(facts) - len(before)
        standing = Standing(held, version + 1, tuple(facts), ground.keys.record_secret())
        try:
            decided = kind.decide(ground.clock, actor, command, standing)
            if photo is not None:
                await claim_picture(unit, ground, keys, actor.person_id, photo)
        except Refusal as refusal:
            outcomes[command.id] = Outcome(refusal.code)
            continue
        outcomes[command.id] = Outcome(APPLIED)
        for fact in decided if isinstance(decided, tuple) else (decided,):
            # One that was carried over from elsewhere is there already.
            if fact.identity not in known:
                known.add(fact.identity)
                facts.append(fact)
    if any(outcome.code == APPLIED for outcome in outcomes.values()):
        new = facts[len(before) :]
        await append_facts(unit, ground, keys, new, state.facts_version)
        if any(isinstance(fact.payload, CardAct) and fact.payload.act == "undone" for fact in new):
            named = standing_photos(facts, actor.person_id)
            await release_pictures(unit, ground, actor.person_id, named)
        now = msgspec.structs.replace(state, facts_version=state.facts_version + len(new))
        snapshot = Snapshot(now, tuple(facts), await basis_now(unit, ground, now))
        await write_evaluation(unit, ground, keys, now, await evaluate_snapshot(ground, snapshot))
    return outcomes
