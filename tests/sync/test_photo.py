"""A command that names a photo: applied when its blob has come whole, and refused by code else.

A blob that is another's looks exactly like one that never was.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import cbor2
import httpx2
import pytest

from tests.support.builders import CITIZEN, born, described, married, vaccinated
from tests.support.house import TestHouse, person
from tests.support.phone import BarePhone, open_app
from tests.sync.test_blob import PHOTO, Sender, refused, synced
from timeline.blob import CHUNK_BYTES, ORPHAN_DAYS, UNUSED_BLOBS_MAX, sweep_orphans
from timeline.picture import PHOTOS_KEPT_MAX

HUSBAND, WIFE, CHILD, SECOND_WIFE = (person(number) for number in range(1, 5))
TODAY = date(2026, 11, 21)
JPEG = b"\xff\xd8\xff\xe0" + PHOTO
PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
HEIC = b"\x00\x00\x00\x18ftypheic" + b"rest"


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    await house.apply(
        married(HUSBAND, WIFE, date(2024, 3, 1)),
        described(HUSBAND, date(2024, 3, 1), nationality=CITIZEN, part="husband"),
        born(CHILD, WIFE, TODAY - timedelta(days=70), father=HUSBAND),
    )
    async with open_app(house, tmp_path) as client:
        yield client


def open_card(phone: BarePhone) -> tuple[bytes, bytes]:
    """A card that is open for longer than any other, and the stream it is in."""
    cards = {
        key: body
        for key, body in phone.cards().items()
        if "window" in body and "resolved_on" not in body
    }
    key = max(cards, key=lambda one: (int(cards[one]["window"][3]), one))
    return key, next(stream for stream, held in phone.streams.items() if key in held.rows)


async def sent_whole(phone: BarePhone, stream: bytes, body: bytes = JPEG) -> UUID:
    sender = Sender(phone, body)
    sender.stream = sender.said["stream"] = str(UUID(bytes=stream))
    for number in range(-(-len(body) // CHUNK_BYTES)):
        answer = await sender.put(number)
        assert answer.status_code == 200, answer.text
    assert cbor2.loads((await sender.get()).content)["complete"]
    return sender.id


async def attach(phone: BarePhone, key: bytes, photo: UUID) -> str:
    said = await phone.sync(phone.command("card.attach_photo", {"key": key, "photo": photo.bytes}))
    (outcome,) = said["outcomes"]
    assert outcome["code"] == "applied" or (outcome["ar"] and outcome["en"])
    return str(outcome["code"])


@pytest.mark.parametrize("body", [JPEG, PNG, HEIC])
async def test_a_photo_that_came_whole_shows_on_its_card_and_is_kept(
    house: TestHouse, http: httpx2.AsyncClient, body: bytes
) -> None:
    phone, wife = await synced(http), await synced(http, WIFE)
    key, stream = open_card(phone)
    photo = await sent_whole(phone, stream, body)
    assert await attach(phone, key, photo) == "applied"
    assert phone.cards()[key]["photo"] == photo.bytes
    await wife.sync()
    assert not [one for one in wife.cards().values() if "photo" in one]
    house.clock.instant += timedelta(days=ORPHAN_DAYS + 1)
    assert await sweep_orphans(house.ground) == 0
    sender = Sender(phone, body)
    sender.id, sender.stream = photo, str(UUID(bytes=stream))
    assert (await sender.get("/0")).content == body[:CHUNK_BYTES]
    assert refused(await sender.get("/0", phone=wife)) == (404, "not_found")


async def test_a_photo_of_anybody_else_is_refused_exactly_like_one_that_never_was(
    http: httpx2.AsyncClient,
) -> None:
    phone, wife = await synced(http), await synced(http, WIFE)
    key, _ = open_card(phone)
    theirs = [await sent_whole(wife, stream) for stream in sorted(wife.streams)]
    answers = []
    for photo in (uuid4(), *theirs):
        act = phone.command("card.attach_photo", {"key": key, "photo": photo.bytes})
        said = await phone.call(act)
        answers.append([{**one, "id": None, "sequence": None} for one in said["outcomes"]])
    assert answers[0][0]["code"] == "blob.missing"
    assert answers == [answers[0]] * (1 + len(theirs))
    assert "photo" not in phone.cards()[key]


async def test_a_photo_sent_for_a_stream_without_the_card_is_missing(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    await house.apply(married(HUSBAND, SECOND_WIFE, date(2026, 11, 1)))
    phone = await synced(http)
    key, stream = open_card(phone)
    elsewhere = [one for one in sorted(phone.streams) if key not in phone.streams[one].rows]
    assert elsewhere, "the card is in every stream: nothing is tried"
    assert await attach(phone, key, await sent_whole(phone, elsewhere[0])) == "blob.missing"
    assert await attach(phone, key, await sent_whole(phone, stream)) == "applied"


async def test_a_photo_that_never_came_whole_is_said_to_be_so(http: httpx2.AsyncClient) -> None:
    phone = await synced(http)
    key, stream = open_card(phone)
    sender = Sender(phone, JPEG)
    sender.stream = sender.said["stream"] = str(UUID(bytes=stream))
    await sender.put(0)
    assert await attach(phone, key, sender.id) == "blob.incomplete"
    await sender.put(2)
    assert await attach(phone, key, sender.id) == "blob.incomplete"
    await sender.put(1)
    assert await attach(phone, key, sender.id) == "applied"  # a new act: the old ones stay refused


async def test_a_photo_of_a_wrong_hash_is_gone_and_one_sent_twice_in_any_order_is_there(
    http: httpx2.AsyncClient,
) -> None:
    phone = await synced(http)
    key, stream = open_card(phone)
    wrong, right = Sender(phone, JPEG), Sender(phone, JPEG)
    for sender in (wrong, right):
        sender.stream = sender.said["stream"] = str(UUID(bytes=stream))
    wrong.said["sha256"] = "00" * 32
    statuses = [(await wrong.put(number)).status_code for number in range(3)]
    assert statuses == [200, 200, 422]
    assert await attach(phone, key, wrong.id) == "blob.missing"
    for number in (2, 0, 2, 1, 0):
        assert (await right.put(number)).status_code == 200
    assert await attach(phone, key, right.id) == "applied"


async def test_what_is_no_picture_is_refused(http: httpx2.AsyncClient) -> None:
    phone = await synced(http)
    key, stream = open_card(phone)
    for body in (b"%PDF-1.7 a paper", b"\xff", b"GIF89a", HEIC[:8] + b"mp42"):
        photo = await sent_whole(phone, stream, body)
        assert await attach(phone, key, photo) == "blob.not_a_picture"
    assert "photo" not in phone.cards()[key]


async def test_a_second_photo_takes_its_place_and_an_undo_brings_the_first_back(
    http: httpx2.AsyncClient,
) -> None:
    phone = await synced(http)
    key, stream = open_card(phone)
    first, second = await sent_whole(phone, stream), await sent_whole(phone, stream, PNG)
    assert await attach(phone, key, first) == "applied"
    assert await attach(phone, key, second) == "applied"
    assert phone.cards()[key]["photo"] == second.bytes
    for expected in (first.bytes, None):
        undo = {"key": key, "seen_number": phone.number_of(key)}
        said = await phone.sync(phone.command("card.undo", undo))
        assert [one["code"] for one in said["outcomes"]] == ["applied"]
        assert phone.cards()[key].get("photo") == expected


async def test_a_resend_gives_the_first_answer_and_another_act_may_name_the_same_photo(
    http: httpx2.AsyncClient,
) -> None:
    phone = await synced(http)
    key, stream = open_card(phone)
    photo = await sent_whole(phone, stream)
    act = phone.command("card.attach_photo", {"key": key, "photo": photo.bytes})
    first, again = await phone.sync(act), await phone.sync(act)
    assert again["outcomes"] == first["outcomes"]
    assert await attach(phone, key, photo) == "applied"


async def test_photos_that_were_named_make_room_for_others(http: httpx2.AsyncClient) -> None:
    phone = await synced(http)
    key, stream = open_card(phone)
    photos = [await sent_whole(phone, stream, PNG) for _ in range(UNUSED_BLOBS_MAX)]
    assert refused(await Sender(phone, PNG).put(0, stream=str(UUID(bytes=stream)))) == (
        409,
        "blob.too_many",
    )
    assert await attach(phone, key, photos[0]) == "applied"
    await sent_whole(phone, stream, PNG)


async def test_a_card_that_is_done_takes_no_photo(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    await house.apply(vaccinated(CHILD, "08", TODAY - timedelta(days=70)))
    phone = await synced(http)
    done = [key for key, body in phone.cards().items() if "resolved_on" in body]
    assert done, "no card is done: nothing is tried"
    (stream,) = [one for one, held in phone.streams.items() if done[0] in held.rows][:1]
    photo = await sent_whole(phone, stream)
    assert await attach(phone, done[0], photo) == "card.photo_too_late"


@pytest.mark.parametrize("payload", [{}, {"photo": b"short"}, {"photo": 7}, {"photo": [b""]}])
async def test_a_photo_of_the_wrong_type_is_invalid(
    http: httpx2.AsyncClient, payload: dict[str, object]
) -> None:
    phone = await synced(http)
    key, _ = open_card(phone)
    said = await phone.sync(phone.command("card.attach_photo", {"key": key, **payload}))
    assert [one["code"] for one in said["outcomes"]] == ["command.invalid"]


async def test_a_photo_is_read_by_any_stream_of_its_members(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    await house.apply(married(HUSBAND, SECOND_WIFE, date(2026, 11, 1)))
    phone = await synced(http)
    key, stream = open_card(phone)
    photo = await sent_whole(phone, stream)
    assert await attach(phone, key, photo) == "applied"
    for each in phone.streams:
        asking = Sender(phone, JPEG)
        asking.id, asking.stream = photo, str(UUID(bytes=each))
        assert cbor2.loads((await asking.get()).content)["complete"]
        assert (await asking.get("/0")).content == JPEG[:CHUNK_BYTES]
    wife = await synced(http, WIFE)
    other = Sender(wife, JPEG)
    other.id = photo
    for path in ("", "/0"):
        assert refused(await other.get(path)) == (404, "not_found")


async def kept(house: TestHouse) -> int:
    """How many photos acts keep from the sweep."""
    async with house.ground.database.engine.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT count(*) FROM blob WHERE claimed_at IS NOT NULL"
        )
        return int(found.scalar_one())


async def undo(phone: BarePhone, key: bytes) -> str:
    payload = {"key": key, "seen_number": phone.number_of(key)}
    said = await phone.sync(phone.command("card.undo", payload))
    return str(said["outcomes"][0]["code"])


async def test_a_photo_goes_a_week_after_its_act_was_undone_and_may_be_attached_until_then(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await synced(http)
    key, stream = open_card(phone)
    first, second = await sent_whole(phone, stream), await sent_whole(phone, stream, PNG)
    for photo in (first, second):
        assert await attach(phone, key, photo) == "applied"
    assert await kept(house) == 2
    house.clock.instant += timedelta(days=ORPHAN_DAYS + 1)
    assert await undo(phone, key) == "applied"
    assert await kept(house) == 1  # the one that it took the place of is back
    house.clock.instant += timedelta(days=ORPHAN_DAYS - 1)
    assert await sweep_orphans(house.ground) == 0
    assert await attach(phone, key, second) == "applied"
    assert await undo(phone, key) == "applied"
    house.clock.instant += timedelta(days=ORPHAN_DAYS + 1)
    assert await sweep_orphans(house.ground) == 1
    assert phone.cards()[key]["photo"] == first.bytes
    asking = Sender(phone, PNG)
    asking.stream = str(UUID(bytes=stream))
    for photo, status in ((first, 200), (second, 404)):
        asking.id = photo
        assert (await asking.get("/0")).status_code == status
    assert await attach(phone, key, second) == "blob.missing"


async def test_an_undo_of_another_act_lets_go_of_no_photo(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone, wife = await synced(http), await synced(http, WIFE)
    for each in (phone, wife):
        key, stream = open_card(each)
        assert await attach(each, key, await sent_whole(each, stream)) == "applied"
    key, _ = open_card(phone)
    await phone.sync(phone.command("card.acknowledge", {"key": key}))
    assert await undo(phone, key) == "applied"
    assert await kept(house) == 2
    assert await undo(phone, key) == "applied"
    assert await kept(house) == 1  # the mother's stays


async def test_a_hundred_photos_are_kept_and_of_two_phones_at_once_one_gets_the_last(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone, other = await synced(http), await synced(http)
    key, stream = open_card(phone)
    assert await attach(phone, key, await sent_whole(phone, stream, PNG)) == "applied"
    async with house.ground.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO blob SELECT circle_id, gen_random_uuid(), person_id, size_bytes, complete,"
            " touched_at, claimed_at, sealed FROM blob, generate_series(1, $1)",
            (PHOTOS_KEPT_MAX - 2,),
        )
    assert await kept(house) == PHOTOS_KEPT_MAX - 1
    photos = [await sent_whole(each, stream, PNG) for each in (phone, other)]
    said = await asyncio.gather(
        *(attach(each, key, photo) for each, photo in zip((phone, other), photos, strict=True))
    )
    assert sorted(said) == ["applied", "blob.too_many_photos"]
    assert await kept(house) == PHOTOS_KEPT_MAX
    refused_photo = photos[said.index("blob.too_many_photos")]
    assert await attach(phone, key, photos[said.index("applied")]) == "applied"  # it is kept
    assert await attach(phone, key, refused_photo) == "blob.too_many_photos"
    for _ in range(2):
        await phone.sync()
        assert await undo(phone, key) == "applied"
    assert await attach(phone, key, refused_photo) == "applied"
