"""A stream's keys: one secret of 32 random bytes for each generation (`epoch`), wrapped under the
circle's key. Rows are sealed under the newest; a live row may still lie under an older one.

`timeline/stream.py` seals and opens rows with them; `sync` wraps the secrets to a member's devices.
"""

import msgspec
from sqlalchemy.dialects.postgresql import insert

from domain.ids import CircleId, PersonId
from store.circle_tables import StreamKeyRow
from store.keys import OwnerKeys
from store.scope import CircleScope, MemberScope
from store.seal import KEY_BYTES, Place, SealingKey, new_key, open_, seal, sealing_key
from store.session import Glance, Reading, Unit

FIRST_EPOCH = 1


class EpochSecret(msgspec.Struct, frozen=True):
    """The secret of one generation. It leaves the process wrapped to a device, never as it is."""

    epoch: int
    secret: bytes


async def make_stream_key(
    unit: Unit[CircleScope], keys: OwnerKeys, person_id: PersonId, epoch: int
) -> bytes:
    """Makes and keeps the secret of a new generation, under the lock the caller holds; as it is
    wrapped.
    """
    wrapped = wrap_new_key(keys, unit.scope.circle_id, person_id, epoch)
    await unit.execute(
        insert(StreamKeyRow).values(
            circle_id=unit.scope.circle_id, person_id=person_id, key_epoch=epoch, sealed=wrapped
        )
    )
    return wrapped


def wrap_new_key(keys: OwnerKeys, circle_id: CircleId, person_id: PersonId, epoch: int) -> bytes:
    """A new secret of one generation, as it is wrapped."""
    return seal(keys.for_("stream_key"), _place(circle_id, person_id, epoch), new_key())


async def get_stream_key(
    session: Reading[CircleScope] | Reading[MemberScope],
    keys: OwnerKeys,
    person_id: PersonId,
    epoch: int,
) -> SealingKey:
    """The key of one generation, ready. It must exist: a stream is made with its first."""
    wrapped = await get_wrapped_key(session, person_id, epoch)
    return open_wrapped_key(keys, session.scope.circle_id, person_id, epoch, wrapped)


async def get_wrapped_key(
    session: Reading[CircleScope] | Reading[MemberScope], person_id: PersonId, epoch: int
) -> bytes:
    """The key of one generation as it lies. It must exist."""
    connection = await session.raw()
    wrapped: bytes = await connection.fetchval(
        "SELECT sealed FROM stream_key WHERE circle_id = $1 AND person_id = $2 AND key_epoch = $3",
        session.scope.circle_id,
        person_id,
        epoch,
    )
    return wrapped


def open_wrapped_key(
    keys: OwnerKeys, circle_id: CircleId, person_id: PersonId, epoch: int, wrapped: bytes
) -> SealingKey:
    """The key of one generation, ready."""
    secret = open_(keys.for_("stream_key"), _place(circle_id, person_id, epoch), wrapped)
    return row_key(EpochSecret(epoch, secret))


async def list_secrets_in_use(
    session: Reading[MemberScope] | Glance[MemberScope], keys: OwnerKeys, *, above_epoch: int
) -> tuple[EpochSecret, ...]:
    """The secrets above an epoch that a live row lies under or that rows to come will, sorted."""
    scope = session.scope
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT key_epoch, sealed FROM stream_key AS key"
        " WHERE circle_id = $1 AND person_id = $2 AND key_epoch > $3 AND ("
        "  key_epoch = (SELECT key_epoch FROM stream WHERE circle_id = $1 AND person_id = $2)"
        "  OR EXISTS (SELECT 1 FROM stream_record AS record"
        "   WHERE record.circle_id = $1 AND record.person_id = $2"
        "   AND substr(record.sealed, 2, 4) = int4send(key.key_epoch)))"  # the envelope's epoch
        " ORDER BY key_epoch",
        scope.circle_id,
        scope.person_id,
        above_epoch,
    )
    key = keys.for_("stream_key")
    return tuple(
        EpochSecret(epoch, open_(key, _place(scope.circle_id, scope.person_id, epoch), sealed))
        for epoch, sealed in rows
    )


def row_key(secret: EpochSecret) -> SealingKey:
    """The key that rows of this generation are sealed under."""
    assert len(secret.secret) == KEY_BYTES
    return sealing_key(secret.secret, "stream", epoch=secret.epoch)


def _place(circle_id: CircleId, person_id: PersonId, epoch: int) -> Place:
    return Place(circle_id, person_id.bytes, epoch)
