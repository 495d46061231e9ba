"""How far a device's commands are settled, and the outcomes it has not acknowledged.

A command's effect and outcome are one commit in its circle; the counter advances in a second, here.
After a crash between the two the resend finds the outcome and advances it.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import case, delete, update
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
from timeline.outcome import Outcome

FAULTS_MAX = 5  # of one command by one type of error: then it is set aside …
FAULT_SECONDS_MIN = 600  # … if they lie over at least ten minutes, so that a bad minute sets none

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


async def read_counter(ground: Ground, actor: Actor, device_id: UUID, *, acked: int) -> Counter:
    """The actor's device and its counter, in one statement; outcomes up to `acked` are let go.

    Raises: DeviceUnknown for every device that is not the actor's.
    """
    person_id = actor.person_id
    async with ground.database.glance(PersonScope(person_id)) as session:
        connection = await session.raw()
        rows = await connection.fetch(
            "SELECT device.agreement_key, coalesce(counter.last_sequence, 0) AS last_sequence,"
            " kept.sequence, kept.command_id, kept.sealed"
            " FROM device LEFT JOIN command_counter AS counter"
            " ON counter.person_id = $1 AND counter.device_id = $2"
            " LEFT JOIN device_outcome AS kept ON kept.person_id = $1 AND kept.device_id = $2"
            " WHERE device.person_id = $1 AND device.device_id = $2",
            person_id,
            device_id,
        )
    if not rows:
        raise DeviceUnknown
    device = Device(device_id, rows[0]["agreement_key"])
    held = [row for row in rows if row["sequence"] is not None]
    if any(row["sequence"] <= acked for row in held):
        await _forget(ground, person_id, device_id, acked)
    if not held:
        return Counter(device, rows[0]["last_sequence"], {})
    key = (await ground.keys.person(person_id)).for_("device_outcome")
    kept = {}
    for _, _, sequence, command_id, sealed in held:
        if sequence > acked:
            body = open_(key, _place(person_id, device_id, sequence), sealed)
            kept[sequence] = Settled(sequence, command_id, _outcomes.decode(body))
    return Counter(device, rows[0]["last_sequence"], kept)


async def advance_counter(ground: Ground, actor: Actor, device_id: UUID, settled: Settled) -> bool:
    """Settles the next command with its outcome; False when another call of the device did."""
    person_id, sequence = actor.person_id, settled.sequence
    key = (await ground.keys.person(person_id)).for_("device_outcome")
    body = msgspec.json.encode(settled.outcome)
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
                col(CommandCounterRow.last_sequence) == sequence - 1,
            )
            .values(last_sequence=sequence, failing_count=0, failing_kind=None, failing_since=None)
        )
        if advanced.rowcount != 1:
            return False
        await unit.execute(
            insert(DeviceOutcomeRow).values(
                person_id=person_id,
                device_id=device_id,
                sequence=sequence,
                command_id=settled.command_id,
                sealed=seal(key, _place(person_id, device_id, sequence), body),
            )
        )
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
