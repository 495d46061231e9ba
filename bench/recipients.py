"""Recipients: many people, each with a card, a told notice and one message that is due, loaded by
COPY.

Everything is sealed by the server's own functions under keys of its owner, and lies as
`push/tell.py` and `push/registration.py` leave it; the circle holds one record, whose number the
letter names. So a message stands when it is asked once more, and falls when its record's number
rises. For measuring deliveries, and for tests that end a worker in the middle of them.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any  # rows of the driver
from uuid import UUID

import asyncpg
import msgspec

from domain.ids import ActKey, CircleId, EntryId, PersonId, RecordKey
from push.instant import local_now
from push.letter import Letter, encode_letter
from push.notice import Channel, Notice, NoticeClass, encode_notice
from push.registration import Registration
from push.standing import Part
from store.notice_tables import (
    CHANNEL_EMAIL,
    CHANNEL_PUSH,
    CHANNEL_SMS,
    DELIVERY_QUEUED,
    NOTICE_FINISHED,
)
from store.seal import Place, seal
from timeline.ground import Ground

BATCH_COUNT = 1_000
LASTING_DAYS = 30
NO_DEVICE = UUID(int=0)
CHANNEL_NAMES: dict[int, Channel] = {
    CHANNEL_PUSH: "push",
    CHANNEL_SMS: "sms",
    CHANNEL_EMAIL: "email",
}
COLUMNS = {
    "circle": "circle_id facts_version refreshed_version refreshed_catalogue refresh_count sealed",
    "stream_record": "circle_id person_id record_key number rank sealed",
    "registration": "person_id device_id token_hash counter confirmed_at sealed",
    "push_token": "token_hash person_id device_id",
    "notice": "person_id notice_id circle_id state made_at due_at told_at sealed",
    "delivery": "person_id notice_id channel device_id state attempt_count made_at next_at sealed",
}


class Recipient(msgspec.Struct, frozen=True):
    """Ids that follow from a number alone, so that whoever loaded them can say them again."""

    person_id: PersonId
    circle_id: CircleId
    device_id: UUID
    key: bytes

    @property
    def notice_id(self) -> ActKey:
        return ActKey(self.key)

    @property
    def push_key(self) -> bytes:
        return self.device_id.bytes * 2

    @property
    def token(self) -> str:
        return f"token-{self.device_id.hex}"

    @property
    def mobile(self) -> str:
        return f"+9715{int.from_bytes(self.key[:4], 'big') % 100_000_000:08}"


def list_recipients(count: int, *, first: int = 0) -> list[Recipient]:
    """So many recipients, the same in every run."""
    return [_recipient(number) for number in range(first, first + count)]


def _recipient(number: int) -> Recipient:
    def id_of(what: str) -> bytes:
        return hashlib.sha256(f"recipient/{what}/{number}".encode()).digest()[:16]

    return Recipient(
        PersonId(UUID(bytes=id_of("person"))),
        CircleId(UUID(bytes=id_of("circle"))),
        UUID(bytes=id_of("device")),
        id_of("notice"),
    )


async def load_recipients(
    ground: Ground,
    url: str,
    recipients: Sequence[Recipient],
    *,
    channel: int = CHANNEL_PUSH,
    notice_class: NoticeClass = "service",
    until_on: date | None = None,
) -> None:
    """Loads them into the database at `url`, which is `ground`'s."""
    now = local_now(ground.clock)
    last_on = until_on or now.date() + timedelta(days=LASTING_DAYS)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for start in range(0, len(recipients), BATCH_COUNT):
            part = recipients[start : start + BATCH_COUNT]
            rows = await _rows(
                ground, part, channel=channel, notice_class=notice_class, last_on=last_on, now=now
            )
            for table, columns in COLUMNS.items():
                await connection.copy_records_to_table(
                    table, columns=columns.split(), records=rows[table]
                )
    finally:
        await connection.close()


def _address(each: Recipient, channel: int) -> str:
    if channel == CHANNEL_EMAIL:
        return f"{each.key.hex()}@family.example"
    return "" if channel == CHANNEL_PUSH else each.mobile


async def _rows(
    ground: Ground,
    recipients: Sequence[Recipient],
    *,
    channel: int,
    notice_class: NoticeClass,
    last_on: date,
    now: datetime,
) -> dict[str, list[tuple[Any, ...]]]:
    rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
    people = await ground.keys.people([each.person_id for each in recipients])
    circles = await ground.keys.circles([each.circle_id for each in recipients])
    is_push = channel == CHANNEL_PUSH
    for each in recipients:
        person, circle = people[each.person_id], circles[each.circle_id]
        device = each.device_id if is_push else NO_DEVICE
        place = Place(each.person_id, each.key)
        record_key = RecordKey(each.key)
        letter = Letter(
            CHANNEL_NAMES[channel],
            notice_class,
            (Part(each.notice_id, each.circle_id, record_key, 1),),
            "ar",
            last_on,
            title="مبروك ما ياكم" if is_push else "",
            address=_address(each, channel),
        )
        notice = Notice(
            id=each.notice_id,
            circle_id=each.circle_id,
            record_key=record_key,
            entry=EntryId("family_book"),
            card="offer",
            moment="due",
            notice_class=notice_class,
            not_before_on=now.date(),
            not_after_on=last_on,
        )
        circle_seal = seal(circle.for_("circle"), Place(each.circle_id), b"")
        record_seal = seal(circle.for_("record"), Place(each.circle_id, each.key), b"")
        notice_seal = seal(person.for_("notice"), place, encode_notice(notice))
        letter_seal = seal(person.for_("delivery"), place, encode_letter(letter))
        rows["circle"].append((each.circle_id, 1, 1, 1, 1, circle_seal))
        rows["stream_record"].append((each.circle_id, each.person_id, each.key, 1, 0, record_seal))
        rows["notice"].append(
            (each.person_id, each.key, each.circle_id, NOTICE_FINISHED, now, now, now, notice_seal)
        )
        rows["delivery"].append(
            (each.person_id, each.key, channel, device, DELIVERY_QUEUED, 0, now, now, letter_seal)
        )
        if is_push:
            token_hash = ground.keys.hash("push_token", each.token.encode())
            said = msgspec.msgpack.encode(Registration(each.token, "android", each.push_key))
            registration_place = Place(each.person_id, each.device_id.bytes)
            registration_seal = seal(person.for_("registration"), registration_place, said)
            rows["registration"].append(
                (each.person_id, each.device_id, token_hash, 0, now, registration_seal)
            )
            rows["push_token"].append((token_hash, each.person_id, each.device_id))
    return rows
