"""How far a device's commands are settled, and the outcomes it has not acknowledged.

A command's effect and outcome are one commit in its circle; the counter advances in a second, here.
After a crash between the two the resend finds the outcome and advances it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any  # values of a row of the driver
from uuid import UUID

import msgspec
from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.ids import PersonId
from domain.people.actor import Actor
from store.person_tables import CommandCounterRow, DeviceOutcomeRow
from store.scope import PersonScope
from store.seal import Place, open_, seal
from sync.device import Device
from sync.error import DeviceUnknown
from timeline.ground import Ground
from timeline.member_stream import Beside
from timeline.outcome import Outcome

FAULTS_MAX = 5  # of one command by one type of error: then it is set aside …
FAULT_SECONDS_MIN = 600  # … if they lie over at least ten minutes, so that a bad minute sets none

# Of `$1`, a person, and `$3`, a device: each one value (`timeline/member_stream.py`).
_COUNTER_COLUMNS = (
    "SELECT agreement_key FROM device WHERE person_id = $1 AND device_id = $3",
    "SELECT coalesce(max(last_sequence), 0) FROM command_counter"
    " WHERE person_id = $1 AND device_id = $3",
    "SELECT min(sequence) FROM device_outcome WHERE person_id = $1 AND device_id = $3",
)

_outcomes = msgspec.json.Decoder(Outcome)


class Settled(msgspec.Struct, frozen=True):
    """An outcome as the device is given it."""

    sequence: int
    command_id: UUID
    outcome: Outcome


class Counter(msgspec.Struct, frozen=True):
    """Where a device stands: the last settled sequence, and what it has not acknowledged."""

    device: Device
    last_sequence: int
    kept: dict[int, Settled]


class Faults(msgspec.Struct, frozen=True):
    """How often the next command met one fault of ours, and since when."""

    count: int
    since: datetime


def counter_beside(device_id: UUID) -> Beside:
    """What `take_counter` goes by, read with the streams of the device's person."""
    return Beside(_COUNTER_COLUMNS, device_id)


async def take_counter(
    ground: Ground, actor: Actor, device_id: UUID, found: Sequence[Any], *, acked: int
) -> Counter:
    """The actor's device and its counter, by what was found beside their streams; outcomes up to
    `acked` are let go.

    Raises: DeviceUnknown for every device that is not the actor's.
    """
    agreement_key, last_sequence, kept_from = found
    if agreement_key is None:
        raise DeviceUnknown
    device = Device(device_id, agreement_key)
    if kept_from is None:
        return Counter(device, last_sequence, {})
    if kept_from <= acked:
        await _forget(ground, actor.person_id, device_id, acked)
    return Counter(device, last_sequence, await _read_kept(ground, actor.person_id, device_id))


async def read_last_sequence(ground: Ground, actor: Actor, device_id: UUID) -> int:
    """How far a device's commands are settled; 0 before the first."""
    async with ground.database.read(PersonScope(actor.person_id)) as session:
        found = await session.execute(
            select(col(CommandCounterRow.last_sequence)).where(
                col(CommandCounterRow.person_id) == actor.person_id,
                col(CommandCounterRow.device_id) == device_id,
            )
        )
        return found.scalar_one_or_none() or 0


async def _read_kept(ground: Ground, person_id: PersonId, device_id: UUID) -> dict[int, Settled]:
    key = (await ground.keys.person(person_id)).for_("device_outcome")
    async with ground.database.glance(PersonScope(person_id)) as session:
        connection = await session.raw()
        rows = await connection.fetch(
            "SELECT sequence, command_id, sealed FROM device_outcome"
            " WHERE person_id = $1 AND device_id = $2",
            person_id,
            device_id,
        )
    kept = {}
    for sequence, command_id, sealed in rows:
        body = open_(key, _place(person_id, device_id, sequence), sealed)
        kept[sequence] = Settled(sequence, command_id, _outcomes.decode(body))
    return kept


async def advance_counter(
    ground: Ground, actor: Actor, device_id: UUID, settled: Sequence[Settled]
) -> bool:
    """Settles the next commands, in order, with their outcomes; False when another call of the
    device did.
    """
    person_id, before = actor.person_id, settled[0].sequence - 1
    key = (await ground.keys.person(person_id)).for_("device_outcome")
    async with ground.database.unit(PersonScope(person_id)) as unit:
        await unit.execute(
            insert(CommandCounterRow)
            .values(person_id=person_id, device_id=device_id)
            .on_conflict_do_nothing()
        )
        advanced = await unit.execute(
            update(CommandCounterRow)
            .where(
                col(CommandCounterRow.person_id) == person_id,
                col(CommandCounterRow.device_id) == device_id,
                col(CommandCounterRow.last_sequence) == before,
            )
            .values(
                last_sequence=before + len(settled),
                failing_count=0,
                failing_kind=None,
                failing_since=None,
            )
        )
        if advanced.rowcount != 1:
            return False
        rows = []
        for one in settled:
            place = _place(person_id, device_id, one.sequence)
            sealed = seal(key, place, msgspec.json.encode(one.outcome))
            rows.append(
                {
                    "person_id": person_id,
                    "device_id": device_id,
                    "sequence": one.sequence,
                    "command_id": one.command_id,
                    "sealed": sealed,
                }
            )
        await unit.execute(insert(DeviceOutcomeRow), rows)
    return True


async def note_fault(ground: Ground, actor: Actor, device_id: UUID, kind: str) -> Faults:
    """Counts a fault of ours against the device's next command; another type begins anew."""
    person_id, now = actor.person_id, ground.clock.now_utc()
    async with ground.database.unit(PersonScope(person_id)) as unit:
        await unit.execute(
            insert(CommandCounterRow)
            .values(person_id=person_id, device_id=device_id)
            .on_conflict_do_nothing()
        )
        same = col(CommandCounterRow.failing_kind).is_not_distinct_from(kind)
        found = await unit.execute(
            update(CommandCounterRow)
            .where(
                col(CommandCounterRow.person_id) == person_id,
                col(CommandCounterRow.device_id) == device_id,
            )
            .values(
                failing_count=case((same, col(CommandCounterRow.failing_count) + 1), else_=1),
                failing_since=case((same, col(CommandCounterRow.failing_since)), else_=now),
                failing_kind=kind,
            )
            .returning(col(CommandCounterRow.failing_count), col(CommandCounterRow.failing_since))
        )
        row = found.one()
    return Faults(row.failing_count, row.failing_since)


def is_hopeless(faults: Faults, now_utc: datetime) -> bool:
    """Whether a command met the same fault often enough, over long enough, to be set aside."""
    lasted = now_utc - faults.since
    return faults.count >= FAULTS_MAX and lasted >= timedelta(seconds=FAULT_SECONDS_MIN)


async def _forget(ground: Ground, person_id: PersonId, device_id: UUID, acked: int) -> None:
    async with ground.database.unit(PersonScope(person_id)) as unit:
        await unit.execute(
            delete(DeviceOutcomeRow).where(
                col(DeviceOutcomeRow.person_id) == person_id,
                col(DeviceOutcomeRow.device_id) == device_id,
                col(DeviceOutcomeRow.sequence) <= acked,
            )
        )


def _place(person_id: PersonId, device_id: UUID, sequence: int) -> Place:
    return Place(person_id, device_id.bytes, sequence)
