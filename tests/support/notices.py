"""A person's phone and channels for tests of notices: real rows, and a sender that keeps what it
is handed and answers as it is told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.dialects.postgresql import insert

from domain.ids import PersonId
from push.answer import ACCEPTED, Answer
from push.compose import Composer
from push.deliver import Deliverer
from push.due import list_people_due
from push.lease import Claimed
from push.make import make_notices
from push.notice import Notice, encode_notice
from push.outgoing import EmailMessage, PushMessage, SmsMessage
from push.registration import Registration, drop_dead_phone, register_phone
from push.retract import retract_notices
from push.seal_push import CONTEXT
from push.tell import tell_person
from store.notice_tables import (
    CHANNEL_EMAIL,
    CHANNEL_PUSH,
    CHANNEL_REMOVE,
    CHANNEL_SMS,
    NoticeRow,
)
from store.person_tables import DeviceRow
from store.scope import PersonScope
from store.seal import Place, seal
from tests.support.house import TestHouse, actor_of

M = TypeVar("M")
ORIGIN = "https://osrati.example"


class KeptSender(Generic[M]):
    """Keeps every message; answers `accepted`, or what was laid out for it, one each in order."""

    def __init__(self) -> None:
        self.messages: list[M] = []
        self.answers: list[Answer] = []

    async def send(self, messages: Sequence[M]) -> Sequence[Answer]:
        self.messages += messages
        return [self.answers.pop(0) if self.answers else ACCEPTED for _ in messages]


class Outbox:
    """All three channels of a house, each with a sender that keeps."""

    def __init__(self, house: TestHouse) -> None:
        self.house = house
        self.pushes: KeptSender[PushMessage] = KeptSender()
        self.removals: KeptSender[PushMessage] = KeptSender()
        self.texts: KeptSender[SmsMessage] = KeptSender()
        self.emails: KeptSender[EmailMessage] = KeptSender()
        ground, composer = house.ground, Composer(house.ground, public_origin=ORIGIN)

        async def dead(each: Claimed) -> None:
            await drop_dead_phone(ground, each.person_id, each.device_id)

        self.deliverers: tuple[Deliverer[Any], ...] = (
            Deliverer(
                ground,
                channel=CHANNEL_PUSH,
                compose=composer.pushes,
                sender=self.pushes,
                on_dead=dead,
                resends_unknown=True,
            ),
            Deliverer(
                ground,
                channel=CHANNEL_REMOVE,
                compose=composer.removals,
                sender=self.removals,
                on_dead=dead,
                resends_unknown=True,
            ),
            Deliverer(ground, channel=CHANNEL_SMS, compose=composer.texts, sender=self.texts),
            Deliverer(ground, channel=CHANNEL_EMAIL, compose=composer.emails, sender=self.emails),
        )

    async def plan(self) -> None:
        """Makes the notices that are due, takes back, and plans; nothing is sent."""
        await make_notices(self.house.ground)
        await retract_notices(self.house.ground)
        for person_id in await list_people_due(self.house.ground):
            await tell_person(self.house.ground, person_id)

    async def deliver(self) -> int:
        """Sends what is due; how many deliveries were settled."""
        return sum([await each.deliver() for each in self.deliverers])

    async def run(self) -> None:
        """Plans and sends until nothing is due."""
        await self.plan()
        while await self.deliver():
            await self.plan()


async def keep_notice(
    house: TestHouse,
    who: PersonId,
    notice: Notice,
    *,
    state: int,
    made_at: datetime,
    due_at: datetime,
    reason: str | None = None,
    sealed: bytes | None = None,
) -> None:
    """A notice's row as if it had been made; `sealed` in place of its body where it is spoiled."""
    key = (await house.ground.keys.person(who)).for_("notice")
    async with house.ground.database.unit(PersonScope(who)) as unit:
        await unit.execute(
            insert(NoticeRow).values(
                person_id=who,
                notice_id=notice.id,
                circle_id=notice.circle_id,
                state=state,
                reason=reason,
                made_at=made_at,
                due_at=due_at,
                sealed=sealed or seal(key, Place(who, notice.id), encode_notice(notice)),
            )
        )


async def enrol(house: TestHouse, person_id: PersonId, device_id: UUID, *, token: str) -> bytes:
    """A phone of the person's, registered for pushes; its push key."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    async with house.ground.database.unit(PersonScope(person_id)) as unit:
        await unit.execute(
            insert(DeviceRow)
            .values(
                person_id=person_id,
                device_id=device_id,
                signing_key=point,
                agreement_key=point,
                app="tests 1",
                enrolled_at=house.clock.now_utc(),
            )
            .on_conflict_do_nothing()
        )
    key = device_id.bytes * 2
    await register_phone(
        house.ground, actor_of(person_id), device_id, Registration(token, "android", key)
    )
    return key


def open_push(key: bytes, payload: bytes) -> dict[str, Any]:
    """What a phone reads of a push: by the contract alone, with no code of the server's."""
    header, nonce, sealed = payload[:13], payload[13:25], payload[25:]
    padded = AESGCM(key).decrypt(nonce, sealed, CONTEXT + header)
    length = int.from_bytes(padded[:2], "big")
    opened: dict[str, Any] = cbor2.loads(padded[2 : 2 + length])
    return opened
