"""Settling a device's commands, in order: each ends in an outcome, or everything stops at it.

An outcome that is known is given again. A gap, a passing fault or a fault of ours stops, and
nothing advances; a refusal for good is an outcome, and the next one's turn comes. A command that
meets the same fault of ours again and again is set aside, so that it does not hold up the others
for ever, and the log says so.
"""

from collections.abc import Mapping, Sequence
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
from timeline.command import Command, CommandRegistry, CommandUnknown, run_command
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
    for sent in commands:
        found: Settled | Stopped
        if sent.sequence <= last:
            found = await _given_again(ground, actor, counter, sent, last)
        elif sent.sequence > last + 1:
            found = Stopped(sent.sequence, CommandGap.code, expect=last + 1)
        else:
            found = await _settle_next(ground, registry, actor, device_id, sent)
        if isinstance(found, Stopped):
            return Uploaded(last, outcomes, found)
        last = max(last, found.sequence)
        outcomes.append(_with_words(found, registry))
    return Uploaded(last, outcomes)


async def _given_again(
    ground: Ground, actor: Actor, counter: Counter, sent: SentCommand, last: int
) -> Settled | Stopped:
    """The outcome of a command that was settled before; another one of this number stops."""
    kept = counter.kept.get(sent.sequence)
    if kept is not None and kept.command_id == sent.id:
        return kept
    outcome = await find_outcome(ground, actor, CommandId(sent.id))
    if outcome is None:
        return Stopped(sent.sequence, SequenceReused.code, expect=last + 1)
    return Settled(sent.sequence, sent.id, outcome)


async def _settle_next(
    ground: Ground,
    registry: CommandRegistry,
    actor: Actor,
    device_id: UUID,
    sent: SentCommand,
) -> Settled | Stopped:
    """Carries out the next command and advances the counter: two commits, the circle's first."""
    try:
        outcome = await _carry_out(ground, registry, actor, device_id, sent)
    except TryLater as fault:
        return Stopped(sent.sequence, fault.code, retry_after_seconds=fault.retry_after_seconds)
    except Exception as fault:  # ours: masked, counted, and in the end set aside
        kind = type(fault).__name__
        faults = await note_fault(ground, actor, device_id, kind)
        if not is_hopeless(faults, ground.clock.now_utc()):
            _log.error("command_failed", command_id=str(sent.id), error=kind)
            return Stopped(sent.sequence, INTERNAL_ERROR, retry_after_seconds=FAULT_RETRY_SECONDS)
        _log.critical("command_quarantined", command_id=str(sent.id), error=kind)
        outcome = await keep_with_person(ground, actor, CommandId(sent.id), CommandQuarantined.code)
    settled = Settled(sent.sequence, sent.id, outcome)
    if not await advance_counter(ground, actor, device_id, settled):
        return Stopped(sent.sequence, Busy.code, retry_after_seconds=Busy.retry_after_seconds)
    return settled


async def _carry_out(
    ground: Ground,
    registry: CommandRegistry,
    actor: Actor,
    device_id: UUID,
    sent: SentCommand,
) -> Outcome:
    """The outcome of one command. Raises: TryLater, and bugs; then nothing was written."""
    command_id = CommandId(sent.id)
    kind = registry.types.get(sent.name) if isinstance(sent.name, str) else None
    if kind is None:
        return await _refuse(ground, actor, command_id, CommandUnknown)
    try:
        if len(cbor2.dumps(sent.payload)) > PAYLOAD_BYTES_MAX:
            return await _refuse(ground, actor, command_id, CommandTooLarge)
        payload: Any = msgspec.convert(sent.payload, kind.payload, builtin_types=(bytes,))
    except (msgspec.ValidationError, cbor2.CBOREncodeError):
        return await _refuse(ground, actor, command_id, CommandInvalid)
    command = Command(command_id, kind.name, payload, device_id)
    return await run_command(ground, registry, actor, command)


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
