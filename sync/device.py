"""Devices: a phone is enrolled in one step after sign-in, with two public keys of its own.

It proves that it holds the signing key. What approves a second phone, changes or revokes one, has
rules of its own and is not here.
"""

from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.people.actor import Actor
from store.person_tables import DeviceRow
from store.scope import PersonScope
from store.session import Reading
from store.signing import is_signed, load_point
from sync.error import DeviceTaken, KeyInvalid, ProofInvalid, TooManyDevices
from sync.wire import EnrolRequest
from timeline.ground import Ground

DEVICES_MAX = 10
PROOF_CONTEXT = b"osrati/1/enrol"


class Device(msgspec.Struct, frozen=True):
    """A phone of the actor's."""

    id: UUID
    agreement_key: bytes


async def enrol_device(ground: Ground, actor: Actor, asked: EnrolRequest) -> None:
    """Enrols a phone; again with the same keys it changes nothing.

    Raises: KeyInvalid, ProofInvalid, DeviceTaken, TooManyDevices.
    """
    _check_proof(asked)
    async with ground.database.unit(PersonScope(actor.person_id)) as unit:
        found = await _find_row(unit, asked.device)
        if found is None:
            held = await unit.execute(
                select(func.count())
                .select_from(DeviceRow)
                .where(col(DeviceRow.person_id) == actor.person_id)
            )
            if held.scalar_one() >= DEVICES_MAX:
                raise TooManyDevices
            await unit.execute(
                insert(DeviceRow)
                .values(
                    person_id=actor.person_id,
                    device_id=asked.device,
                    signing_key=asked.signing_key,
                    agreement_key=asked.agreement_key,
                    app=asked.app,
                    enrolled_at=ground.clock.now_utc(),
                )
                .on_conflict_do_nothing()
            )
            found = await _find_row(unit, asked.device)
        if found != (asked.signing_key, asked.agreement_key):
            raise DeviceTaken


def _check_proof(asked: EnrolRequest) -> None:
    try:
        signing = load_point(asked.signing_key)
        load_point(asked.agreement_key)
    except ValueError:
        raise KeyInvalid from None
    if asked.signing_key == asked.agreement_key:
        raise KeyInvalid("agreement_key")
    if not is_signed(signing, asked.proof, proof_text(asked)):
        raise ProofInvalid


def proof_text(asked: EnrolRequest) -> bytes:
    """What the signing key signs."""
    return PROOF_CONTEXT + asked.device.bytes + asked.signing_key + asked.agreement_key


async def _find_row(session: Reading[PersonScope], device_id: UUID) -> tuple[bytes, bytes] | None:
    found = await session.execute(
        select(col(DeviceRow.signing_key), col(DeviceRow.agreement_key)).where(
            col(DeviceRow.person_id) == session.scope.person_id,
            col(DeviceRow.device_id) == device_id,
        )
    )
    row = found.one_or_none()
    return None if row is None else (row.signing_key, row.agreement_key)


def agreement_key(device: Device) -> ec.EllipticCurvePublicKey:
    """The public key to which a stream's secrets are wrapped."""
    return load_point(device.agreement_key)
