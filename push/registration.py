"""Where a phone's pushes go: its token at FCM, and the key under which its payloads are sealed.

The phone makes the key and says both after sign-in, again whenever its token changes, and once a
month. One token is one phone's: whoever says it last has it. The one writer of `registration` and
`push_token`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.error import Refusal
from domain.ids import PersonId
from domain.people.actor import Actor
from domain.text.message import Language
from push.instant import local_now
from store.notice_tables import PushTokenRow, RegistrationRow
from store.person_tables import DeviceRow
from store.scope import LookupScope, PersonScope, SweepScope
from store.seal import Place, open_, seal
from store.session import Reading, Unit
from timeline.ground import Ground

PUSH_KEY_BYTES = 32
TOKEN_CHARACTERS_MAX = 1_024  # FCM's are some 160 to 300 long; it promises no length

Platform = Literal["android", "ios", "web"]


class Registration(msgspec.Struct, frozen=True):
    """A phone's token, platform and push key."""

    token: str
    platform: Platform
    key: bytes
    language: Language = "ar"


class Addressed(msgspec.Struct, frozen=True):
    """A registration and the number of the next push to it."""

    registration: Registration
    counter: int


class PhoneUnknown(Refusal):
    code = "push.device_unknown"
    status = 404
    ar = "هذا الجهاز غير مسجل لهذا الحساب. سجِّل الجهاز في التطبيق ثم أعد المحاولة."
    en = "This device is not enrolled for this account. Enrol it in the app, then try again."


class RegistrationInvalid(Refusal):
    code = "push.registration_invalid"
    ar = "تعذّر تفعيل الإشعارات على هذا الجهاز. حدِّث التطبيق ثم أعد المحاولة."
    en = "Notifications could not be switched on for this device. Update the app and try again."


_registrations = msgspec.msgpack.Decoder(Registration)


async def register_phone(
    ground: Ground, actor: Actor, device_id: UUID, registration: Registration
) -> None:
    """Keeps where this phone's pushes go; the same again only says that it still holds.

    A phone that had the token before has none now. Raises: PhoneUnknown for a phone that is not
    the actor's, RegistrationInvalid.
    """
    if (
        len(registration.key) != PUSH_KEY_BYTES
        or not 1 <= len(registration.token) <= TOKEN_CHARACTERS_MAX
        or not registration.token.isascii()
    ):
        raise RegistrationInvalid
    person_id = actor.person_id
    token_hash = ground.keys.hash("push_token", registration.token.encode())
    keys = await ground.keys.person(person_id)
    async with ground.database.read(PersonScope(person_id)) as session:
        await _require_phone(session, device_id)
    await _claim_token(ground, token_hash, person_id, device_id)
    body = seal(
        keys.for_("registration"),
        Place(person_id, device_id.bytes),
        msgspec.msgpack.encode(registration),
    )
    said = {"token_hash": token_hash, "confirmed_at": local_now(ground.clock), "sealed": body}
    async with ground.database.unit(PersonScope(person_id)) as unit:
        await unit.execute(
            insert(RegistrationRow)
            .values(person_id=person_id, device_id=device_id, **said)
            .on_conflict_do_update(index_elements=["person_id", "device_id"], set_=said)
        )


async def _require_phone(session: Reading[PersonScope], device_id: UUID) -> None:
    found = await session.execute(
        select(col(DeviceRow.device_id)).where(
            col(DeviceRow.person_id) == session.scope.person_id,
            col(DeviceRow.device_id) == device_id,
        )
    )
    if found.scalar_one_or_none() is None:
        raise PhoneUnknown


async def _claim_token(
    ground: Ground, token_hash: bytes, person_id: PersonId, device_id: UUID
) -> None:
    """Makes the token this phone's; the phone that had it loses its registration."""
    async with ground.database.unit(LookupScope()) as unit:
        before = await unit.execute(
            select(col(PushTokenRow.person_id), col(PushTokenRow.device_id))
            .where(col(PushTokenRow.token_hash) == token_hash)
            .with_for_update()
        )
        had = before.one_or_none()
        now = {"person_id": person_id, "device_id": device_id}
        await unit.execute(
            insert(PushTokenRow)
            .values(token_hash=token_hash, **now)
            .on_conflict_do_update(index_elements=["token_hash"], set_=now)
        )
    if had is not None and (had.person_id, had.device_id) != (person_id, device_id):
        await drop_phone(ground, PersonId(had.person_id), had.device_id, token_hash=token_hash)


async def drop_phone(
    ground: Ground, person_id: PersonId, device_id: UUID, *, token_hash: bytes
) -> bool:
    """Forgets a phone's registration, unless it has another token by now."""
    async with ground.database.unit(PersonScope(person_id)) as unit:
        gone = await unit.execute(
            delete(RegistrationRow).where(
                col(RegistrationRow.person_id) == person_id,
                col(RegistrationRow.device_id) == device_id,
                col(RegistrationRow.token_hash) == token_hash,
            )
        )
        return gone.rowcount == 1


async def list_phones(session: Reading[PersonScope]) -> tuple[UUID, ...]:
    """The phones of the scope's person that pushes can go to."""
    found = await session.execute(
        select(col(RegistrationRow.device_id))
        .where(col(RegistrationRow.person_id) == session.scope.person_id)
        .order_by(col(RegistrationRow.device_id))
    )
    return tuple(found.scalars())


async def forget_phones(unit: Unit[PersonScope]) -> None:
    """Forgets every registration of the scope's person, in the unit of their wish."""
    gone = await unit.execute(
        delete(RegistrationRow)
        .where(col(RegistrationRow.person_id) == unit.scope.person_id)
        .returning(col(RegistrationRow.token_hash))
    )
    hashes = list(gone.scalars())
    await unit.execute(
        delete(PushTokenRow).where(
            col(PushTokenRow.token_hash).in_(hashes),
            col(PushTokenRow.person_id) == unit.scope.person_id,
        )
    )


# Locked in one order first: two workers may compose for the same phones at once.
_TAKE_NUMBERS = """
WITH asked AS (
    SELECT person_id, device_id, asked.count
    FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS asked(person_id, device_id, count)
    JOIN registration USING (person_id, device_id)
    ORDER BY person_id, device_id FOR UPDATE OF registration
)
UPDATE registration AS row SET counter = row.counter + asked.count
FROM asked
WHERE row.person_id = asked.person_id AND row.device_id = asked.device_id
RETURNING row.person_id, row.device_id, row.counter, row.sealed
"""


async def take_numbers(
    ground: Ground, phones: Sequence[tuple[PersonId, UUID]]
) -> list[Addressed | None]:
    """Where each push goes, and its number, in order; None for a phone without a registration.
    Two pushes to one phone have two numbers.
    """
    if not phones:
        return []
    counts = sorted(Counter(phones).items())
    async with ground.database.stroke(SweepScope()) as stroke:
        rows = await stroke.fetch(
            _TAKE_NUMBERS,
            [person for (person, _), _ in counts],
            [phone for (_, phone), _ in counts],
            [count for _, count in counts],
        )
    keys = await ground.keys.people([PersonId(row["person_id"]) for row in rows])
    held: dict[tuple[PersonId, UUID], Registration] = {}
    last: dict[tuple[PersonId, UUID], int] = {}
    for row in rows:
        phone = (PersonId(row["person_id"]), row["device_id"])
        place = Place(row["person_id"], row["device_id"].bytes)
        key = keys[row["person_id"]].for_("registration")
        held[phone] = _registrations.decode(open_(key, place, row["sealed"]))
        last[phone] = row["counter"]
    addressed: list[Addressed | None] = []
    for phone in phones:
        if phone in held:
            addressed.append(Addressed(held[phone], last[phone]))
            last[phone] -= 1
        else:
            addressed.append(None)
    return addressed


async def drop_dead_phone(ground: Ground, person_id: PersonId, device_id: UUID) -> None:
    """Forgets a registration whose token the channel says is no more."""
    async with ground.database.read(PersonScope(person_id)) as session:
        found = await session.execute(
            select(col(RegistrationRow.token_hash)).where(
                col(RegistrationRow.person_id) == person_id,
                col(RegistrationRow.device_id) == device_id,
            )
        )
        token_hash = found.scalar_one_or_none()
    if token_hash is not None:
        await drop_phone(ground, person_id, device_id, token_hash=token_hash)
