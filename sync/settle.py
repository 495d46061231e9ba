"""Settling a device's commands, in order: each ends in an outcome, or everything stops at it.

An outcome that is known is given again. A gap, a passing fault or a fault of ours stops, and
nothing advances; a refusal for good is an outcome, and the next one's turn comes. A command that
meets the same fault of ours again and again is set aside, so that it does not hold up the others
for ever, and the log says so.
"""

from collections.abc import Mapping, Sequence
from itertools import count, takewhile
from types import MappingProxyType
from typing import Any  # a payload before its command is known
from uuid import UUID

import cbor2
import msgspec
import structlog

from domain.error import Busy, NotFound, Refusal, TryLater
from domain.ids import CommandId
from domain.people.actor import Actor
from sync.counter import Counter, Settled, advance_counter, is_hopeless, note_fault
from sync.error import (
    CommandGap,
    CommandInvalid,
    CommandQuarantined,
    CommandTooLarge,
    SequenceReused,
)
from sync.wire import SentCommand
from timeline.act import REFUSALS
from timeline.command import Command, CommandRegistry, CommandUnknown, run_commands
from timeline.dispute import REFUSALS as DISPUTE_REFUSALS
from timeline.ground import Ground
from timeline.outcome import APPLIED, Outcome, find_outcome, keep_with_person

PAYLOAD_BYTES_MAX = 16 * 1024
FAULT_RETRY_SECONDS = 120  # five of them take eight minutes: the sixth finds it over ten
INTERNAL_ERROR = "internal_error"

_log = structlog.get_logger("osrati.sync")

_REFUSALS: tuple[type[Refusal], ...] = (
    *REFUSALS,
    *DISPUTE_REFUSALS,
    NotFound,
    CommandUnknown,
    CommandInvalid,
    CommandTooLarge,
    CommandQuarantined,
)
_WORDS: Mapping[str, type[Refusal]] = MappingProxyType({kind.code: kind for kind in _REFUSALS})


class SentOutcome(msgspec.Struct, frozen=True):
    """An outcome on the wire, with words where it is a refusal."""

    sequence: int
    id: UUID
    code: str
    ar: str | None = None
    en: str | None = None


class Stopped(msgspec.Struct, frozen=True):
    """Where settling stopped and why; `expect` is the sequence that the next new one must have."""

    sequence: int
    code: str
    expect: int | None = None
    retry_after_seconds: int | None = None


class Uploaded(msgspec.Struct, frozen=True):
    """What became of the commands of one call."""

    last_sequence: int
    outcomes: list[SentOutcome]
    stopped: Stopped | None = None

    def refused_codes(self) -> list[str]:
        """Of each command that was not applied, why."""
        codes = [outcome.code for outcome in self.outcomes if outcome.code != APPLIED]
        return codes if self.stopped is None else [*codes, self.stopped.code]


async def settle_commands(
    ground: Ground,
    registry: CommandRegistry,
    actor: Actor,
    counter: Counter,
    commands: Sequence[SentCommand],
) -> Uploaded:
    """Settles what a phone sent, in the order of its list."""
    last, device_id = counter.last_sequence, counter.device.id
    outcomes: list[SentOutcome] = []
    place = 0
    while place < len(commands):
        sent = commands[place]
        found: list[Settled] | Stopped
        if sent.sequence <= last:
            found = await _given_again(ground, actor, counter, sent, last)
        elif sent.sequence > last + 1:
            found = Stopped(sent.sequence, CommandGap.code, expect=last + 1)
        else:
            found = await _settle_next(
                ground, registry, actor, device_id, _in_order(commands[place:])
            )
        if isinstance(found, Stopped):
            return Uploaded(last, outcomes, found)
        last = max(last, found[-1].sequence)
        place += len(found)
        outcomes += [_with_words(settled, registry) for settled in found]
    return Uploaded(last, outcomes)


def _in_order(commands: Sequence[SentCommand]) -> Sequence[SentCommand]:
    """The first of these and those after it, as far as none is missing between."""
    first = commands[0].sequence
    return [
        sent
        for sent, _ in takewhile(
            lambda one: one[0].sequence == one[1], zip(commands, count(first), strict=False)
        )
    ]


async def _given_again(
    ground: Ground, actor: Actor, counter: Counter, sent: SentCommand, last: int
) -> list[Settled] | Stopped:
    """The outcome of a command that was settled before; another one of this number stops."""
    kept = counter.kept.get(sent.sequence)
    if kept is not None and kept.command_id == sent.id:
        return [kept]
    outcome = await find_outcome(ground, actor, CommandId(sent.id))
    if outcome is None:
        return Stopped(sent.sequence, SequenceReused.code, expect=last + 1)
    return [Settled(sent.sequence, sent.id, outcome)]


async def _settle_next(
    ground: Ground,
    registry: CommandRegistry,
    actor: Actor,
    device_id: UUID,
    waiting: Sequence[SentCommand],
) -> list[Settled] | Stopped:
    """Carries out the next of these, one or several together, and advances the counter over them:
    two commits, the circle's first.
    """
    sent = waiting[0]
    try:
        outcomes = await _carry_out(ground, registry, actor, device_id, waiting)
    except TryLater as fault:
        return Stopped(sent.sequence, fault.code, retry_after_seconds=fault.retry_after_seconds)
    except Exception as fault:  # ours: masked, counted, and in the end set aside
        if len(waiting) > 1:  # of whichever of them: the others must not stop with it
            half = waiting[: len(waiting) // 2]
            return await _settle_next(ground, registry, actor, device_id, half)
        kind = type(fault).__name__
        faults = await note_fault(ground, actor, device_id, kind)
        if not is_hopeless(faults, ground.clock.now_utc()):
            _log.error("command_failed", command_id=str(sent.id), error=kind)
            return Stopped(sent.sequence, INTERNAL_ERROR, retry_after_seconds=FAULT_RETRY_SECONDS)
        _log.critical("command_quarantined", command_id=str(sent.id), error=kind)
        outcomes = [
            await keep_with_person(ground, actor, CommandId(sent.id), CommandQuarantined.code)
        ]
    settled = [
        Settled(one.sequence, one.id, outcome)
        for one, outcome in zip(waiting, outcomes, strict=False)
    ]
    if not await advance_counter(ground, actor, device_id, settled):
        return Stopped(sent.sequence, Busy.code, retry_after_seconds=Busy.retry_after_seconds)
    return settled


async def _carry_out(
    ground: Ground,
    registry: CommandRegistry,
    actor: Actor,
    device_id: UUID,
    waiting: Sequence[SentCommand],
) -> list[Outcome]:
    """The outcome of the first of these, or of several together. Raises: TryLater, and bugs; then
    nothing was written.
    """
    first = _read(registry, device_id, waiting[0])
    if not isinstance(first, Command):
        return [await _refuse(ground, actor, CommandId(waiting[0].id), first)]
    commands = [first]
    for sent in waiting[1:]:
        read = _read(registry, device_id, sent)
        if not isinstance(read, Command):
            break
        commands.append(read)
    return await run_commands(ground, registry, actor, commands)


def _read(
    registry: CommandRegistry, device_id: UUID, sent: SentCommand
) -> Command[Any] | type[Refusal]:
    """A command as it was sent, or why it is none."""
    kind = registry.types.get(sent.name) if isinstance(sent.name, str) else None
    if kind is None:
        return CommandUnknown
    try:
        if len(cbor2.dumps(sent.payload)) > PAYLOAD_BYTES_MAX:
            return CommandTooLarge
        payload: Any = msgspec.convert(sent.payload, kind.payload, builtin_types=(bytes,))
    except (msgspec.ValidationError, cbor2.CBOREncodeError):
        return CommandInvalid
    return Command(CommandId(sent.id), kind.name, payload, device_id)


async def _refuse(
    ground: Ground, actor: Actor, command_id: CommandId, refusal: type[Refusal]
) -> Outcome:
    """Refused for good; unless the id was settled before, by whichever way: then that holds."""
    known = await find_outcome(ground, actor, command_id)
    if known is not None:
        return known
    return await keep_with_person(ground, actor, command_id, refusal.code)


def _with_words(settled: Settled, registry: CommandRegistry) -> SentOutcome:
    code = settled.outcome.code
    words = None if code == APPLIED else _WORDS.get(code) or registry.refusals.get(code)
    if words is None:
        return SentOutcome(settled.sequence, settled.command_id, code)
    return SentOutcome(settled.sequence, settled.command_id, code, words.ar, words.en)
