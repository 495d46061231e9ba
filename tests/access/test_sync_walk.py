"""The same over a phone's calls: every command of the registry, every stream, device and blob."""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable
from datetime import date
from hashlib import sha256
from itertools import cycle
from typing import Any, get_type_hints  # Any: CBOR
from uuid import UUID, uuid4

import cbor2
import httpx2
import msgspec
import pytest

from domain.citation import CITATION_BYTES
from domain.facts.dispute import Claim
from domain.ids import CommandId
from schema.node import decode_id
from tests.access.walk import SignedIn
from tests.access.world import MOTHER, ROLES, SEES, World
from tests.schema.asking import ask, operation
from tests.schema.test_statements import counted
from tests.support.phone import BarePhone
from timeline.act import Key
from timeline.command import CommandRegistry, CommandType
from timeline.dispute import Citation, DisputeFact
from timeline.member_stream import list_member_streams

CHUNK = b"a picture"
WORDS = get_type_hints(DisputeFact, include_extras=True)["words"]


@pytest.fixture
async def phones(
    world: World, http: httpx2.AsyncClient, signed_in: SignedIn
) -> dict[str, BarePhone]:
    """A phone of everybody, signed in and enrolled, that has pulled all it gets."""
    found = {}
    for name, role in ROLES.items():
        if role is not None:
            found[name] = BarePhone(http, role, token=await signed_in.of(role))
            await found[name].enrol()
            await found[name].sync()
    return found


def payload(registry: CommandRegistry, name: str, key: bytes, command_id: UUID) -> dict[str, Any]:
    """A command's payload about one card; a field of an unknown type stops the walk."""
    kind = registry.types[name].payload
    hints = get_type_hints(kind, include_extras=True)
    tried: dict[Any, object] = {
        Key: key,
        date: "2026-11-25",
        int: 1,
        CommandId | None: command_id.bytes,
        Citation: uuid4().bytes[:CITATION_BYTES],
        Claim: "not_so",
        date | None: "2026-10-01",
        UUID: uuid4().bytes,
        WORDS: "words",
    }
    fields = msgspec.structs.fields(kind)
    unknown = [field.name for field in fields if hints[field.name] not in tried]
    assert not unknown, f"teach the walk what to try for {unknown} of {name}"
    return {field.name: tried[hints[field.name]] for field in fields}


async def test_what_a_phone_pulls_names_nobody_else(
    world: World, phones: dict[str, BarePhone]
) -> None:
    for name, phone in phones.items():
        for body in phone.bodies().values():
            assert world.leaks(phone.person_id, repr(body)) == [], name
    assert all(phones[name].cards() for name in ("mother", "adoptive father", "child of 18"))
    assert phones["former guardian"].cards() == {}


async def test_a_command_about_anothers_card_is_as_one_about_none(
    world: World, phones: dict[str, BarePhone]
) -> None:
    registry, found = world.house.registry, []
    for role_name, phone in phones.items():
        others = [one for one in world.of("Card") if phone.person_id not in one.readers]
        commands = cycle(UUID(one.id) for one in world.of("Command"))
        for name in about_cards(registry):
            await outcome(phone, name, payload(registry, name, uuid4().bytes, uuid4()))
            missed = await outcome(phone, name, payload(registry, name, uuid4().bytes, uuid4()))
            assert missed[0] == "not_found"
            for own in others:
                key = decode_id("Card", own.id)
                assert key is not None
                sent = payload(registry, name, key, next(commands))
                if (answer := await outcome(phone, name, sent)) != missed:
                    found.append(f"{role_name}: {name} {own.name}: {answer}, missing {missed}")
    assert found == []


def about_cards(registry: CommandRegistry) -> list[str]:
    return [name for name, kind in registry.types.items() if isinstance(kind, CommandType)]


# What each person command is sent with: it names nobody, so nobody's can be named.
OF_PERSONS: dict[str, dict[str, Any]] = {"wishes.change": {"language": "ar", "opt_out": None}}
SEEN = "notices.seen"  # it names notices: another's are passed over as those of nobody


async def test_a_person_command_is_about_whoever_sends_it(
    world: World, phones: dict[str, BarePhone]
) -> None:
    """Under another's command id, too: that is nobody's."""
    registry, found = world.house.registry, []
    assert OF_PERSONS.keys() | {SEEN} == registry.types.keys() - set(about_cards(registry))
    before = await ask(world.house, MOTHER, operation("NoticeWishes"))
    for role_name, phone in phones.items():
        if phone.person_id == MOTHER:
            continue
        for name, sent in OF_PERSONS.items():
            await outcome(phone, name, sent)
            missed = await outcome(phone, name, sent)
            for own in world.of("Command"):
                if phone.person_id in own.readers:
                    continue
                made = phone.command(name, sent, id=UUID(own.id).bytes)
                with counted() as statements:
                    said = await phone.call(made)
                answer = (said["outcomes"][0]["code"], len(statements))
                if answer != missed:
                    found.append(f"{role_name}: {name} {own.name}: {answer}, else {missed}")
    assert found == []
    assert await ask(world.house, MOTHER, operation("NoticeWishes")) == before


async def test_a_receipt_of_anothers_notice_is_as_one_of_none(
    world: World, phones: dict[str, BarePhone]
) -> None:
    found = []
    before = [await ask(world.house, who, operation("Notices")) for who in SEES]
    assert any(each["data"]["notices"]["edges"] for each in before)
    for role_name, phone in phones.items():
        await outcome(phone, SEEN, {"acted": [uuid4().bytes]})
        missed = await outcome(phone, SEEN, {"acted": [uuid4().bytes]})
        assert missed[0] == "applied"
        for own in world.of("Notice"):
            notice_id = decode_id("Notice", own.id)
            if phone.person_id not in own.readers:
                answer = await outcome(phone, SEEN, {"acted": [notice_id]})
                if answer != missed:
                    found.append(f"{role_name}: {own.name}: {answer}, missing {missed}")
    assert found == []
    assert [await ask(world.house, who, operation("Notices")) for who in SEES] == before


async def outcome(phone: BarePhone, name: str, sent: dict[str, Any]) -> tuple[str, int]:
    """What became of a command, and how many statements it took."""
    with counted() as statements:
        said = await phone.call(phone.command(name, sent))
    (ended,) = said["outcomes"]
    return ended["code"], len(statements)


async def test_ones_own_card_is_acted_on(world: World, phones: dict[str, BarePhone]) -> None:
    """So that the walk above cannot pass because nothing is ever found."""
    phone = phones["mother"]
    own = next(one for one in world.of("Card") if phone.person_id in one.readers)
    key = decode_id("Card", own.id)
    assert key is not None
    said = await phone.call(phone.command("card.acknowledge", {"key": key}))
    assert said["outcomes"][0]["code"] == "applied"


async def test_anothers_streams_and_devices_are_as_none(phones: dict[str, BarePhone]) -> None:
    streams = {name: list(phone.streams) for name, phone in phones.items()}
    assert any(streams.values())
    found = []
    for role_name, phone in phones.items():
        missed = [await counting(call(phone, device=uuid4().bytes)) for _ in range(2)][1]
        for other_name, other in phones.items():
            if other is phone:
                continue
            if await counting(call(phone, device=other.device.bytes)) != missed:
                found.append(f"{role_name}: the device of {other_name}")
            missed_stream = await closed(phone, uuid4().bytes)
            theirs = [await closed(phone, stream) for stream in streams[other_name]]
            if any(answer != missed_stream for answer in theirs):
                found.append(f"{role_name}: a stream of {other_name}")
    assert found == []


async def test_anothers_phone_gets_no_pushes_of_mine(phones: dict[str, BarePhone]) -> None:
    found = []
    for role_name, phone in phones.items():
        missed = [await counting(register(phone, uuid4())) for _ in range(2)][1]
        assert missed[0] >= 400
        for other_name, other in phones.items():
            if other is not phone and await counting(register(phone, other.device)) != missed:
                found.append(f"{role_name}: the phone of {other_name}")
    assert found == []
    assert (await register(phones["mother"], phones["mother"].device)).status_code == 204


async def register(phone: BarePhone, device: UUID) -> httpx2.Response:
    key = urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()
    asked = {"device": str(device), "token": "a" * 40, "platform": "android", "key": key}
    return await phone.http.post("/v1/push/register", json=asked, headers=phone.headers)


async def call(phone: BarePhone, **changed: object) -> httpx2.Response:
    return await phone.post("/v1/sync", {**phone.request([]), **changed})


async def closed(phone: BarePhone, stream: bytes) -> tuple[set[bytes], int, int]:
    """What a phone gets that names a stream: the streams, keys, and statements it took."""
    with counted() as sent:
        answer = await call(phone, cursors={stream: b""}, keys={stream: 0})
    said = cbor2.loads(answer.content)
    assert said["closed"] == [stream]
    return set(said["streams"]), len(said["keys"]), len(sent)


async def test_anothers_blob_is_as_none(world: World, phones: dict[str, BarePhone]) -> None:
    """Also for the other parent, who shares the circle that it lies in."""
    blobs = []
    for name in ("mother", "adoptive mother", "father of another family", "child of 18"):
        stream, blob = (await streams_of(world, phones[name]))[0], uuid4()
        assert (await put(phones[name], stream, blob)).status_code == 200
        assert (await read(phones[name], stream, blob, "/0")).content == CHUNK
        blobs.append((name, stream, blob))
    found = []
    for role_name, phone in phones.items():
        own = await streams_of(world, phone)
        for name, stream, blob in blobs:
            if name == role_name:
                continue
            for named, other in ((stream, uuid4()), *((each, each) for each in own)):
                for part in ("", "/0"):
                    await counting(read(phone, other, uuid4(), part))
                    missed = await counting(read(phone, other, uuid4(), part))
                    if await counting(read(phone, named, blob, part)) != missed:
                        found.append(f"{role_name}: reads {part} of {name}")
            for mine in own:  # an id that another's phone made up is like any other
                await put(phone, mine, uuid4())
                taken = await counting(put(phone, mine, uuid4()))
                if await counting(put(phone, mine, blob)) != taken:
                    found.append(f"{role_name}: puts under the id of {name}")
            missed = await counting(put(phone, uuid4(), blob))
            if await counting(put(phone, stream, blob)) != missed:
                found.append(f"{role_name}: puts into the stream of {name}")
    assert found == []


async def test_anothers_photo_is_attached_as_none(
    world: World, phones: dict[str, BarePhone]
) -> None:
    """To a card of one's own, by one's own command: there is nothing to attach."""
    found, tried = [], 0
    for role_name, phone in phones.items():
        mine = [one for one in world.of("Card") if phone.person_id in one.readers]
        for card in mine:
            key = decode_id("Card", card.id)
            await outcome(phone, "card.attach_photo", {"key": key, "photo": uuid4().bytes})
            missed = await outcome(phone, "card.attach_photo", {"key": key, "photo": uuid4().bytes})
            for photo in world.of("Photo"):
                if phone.person_id in photo.readers:
                    continue
                tried += missed[0] == "blob.missing"
                sent = {"key": key, "photo": UUID(photo.id).bytes}
                if (answer := await outcome(phone, "card.attach_photo", sent)) != missed:
                    found.append(f"{role_name}: {photo.name}: {answer}, missing {missed}")
    assert tried, "nobody has an open card: nothing is tried"
    assert found == []


async def streams_of(world: World, phone: BarePhone) -> list[UUID]:
    mine = await list_member_streams(world.house.ground, phone.person_id)
    return [one.stream_id for one in mine.streams]


async def put(phone: BarePhone, stream: UUID, blob: UUID) -> httpx2.Response:
    plan = {"stream": str(stream), "size": str(len(CHUNK)), "sha256": sha256(CHUNK).hexdigest()}
    return await phone.http.put(
        f"/v1/blob/{blob}/0", content=CHUNK, params=plan, headers=phone.headers
    )


async def read(phone: BarePhone, stream: UUID, blob: UUID, part: str) -> httpx2.Response:
    """What has come of a blob, or one chunk of it."""
    return await phone.http.get(
        f"/v1/blob/{blob}{part}", params={"stream": str(stream)}, headers=phone.headers
    )


async def counting(call: Awaitable[httpx2.Response]) -> tuple[int, bytes, int]:
    """An answer, and how many statements it took."""
    with counted() as sent:
        answer = await call
    return answer.status_code, answer.content, len(sent)
