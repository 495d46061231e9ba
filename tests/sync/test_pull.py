"""What a phone pulls: its streams whole, then what changed, and nothing of anybody else's."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import cbor2
import httpx2
import pytest

from tests.support.builders import CITIZEN, born, described, in_error, married, vaccinated
from tests.support.house import TestHouse, person
from tests.support.phone import BarePhone, frames, open_app
from timeline.tombstone import TOMBSTONE_DAYS, sweep_tombstones

HUSBAND, WIFE, CHILD, STRANGER, ELDER = (person(number) for number in range(1, 6))
TODAY = date(2026, 11, 21)


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(house, tmp_path) as client:
        yield client


@pytest.fixture
async def family(house: TestHouse) -> TestHouse:
    """A couple with a newborn child and one of nine."""
    await house.apply(
        married(HUSBAND, WIFE, date(2024, 3, 1)),
        described(HUSBAND, date(2024, 3, 1), nationality=CITIZEN, part="husband"),
        born(ELDER, WIFE, TODAY - timedelta(days=9 * 365), father=HUSBAND),
        born(CHILD, WIFE, TODAY - timedelta(days=10), father=HUSBAND),
        described(CHILD, TODAY - timedelta(days=10), name_en="Hind Al-Tajribi", part="child"),
    )
    return house


async def enrolled(http: httpx2.AsyncClient, who: object = HUSBAND) -> BarePhone:
    phone = BarePhone(http, who)  # type: ignore[arg-type]  # one of the persons above
    await phone.enrol()
    return phone


async def test_a_first_sync_brings_every_card_and_what_opens_it(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http)
    said = await phone.sync()
    cards = {card.record.key: card for card in await family.timeline(HUSBAND)}
    bodies = phone.cards()
    assert bodies.keys() == cards.keys()
    for key, body in bodies.items():
        record = cards[key].record  # type: ignore[index]  # a key is bytes
        assert body["entry"] == record.entry
        assert body["occurrence"] == record.occurrence
        assert body["subject"] == record.subject.bytes
        assert "key" not in body
        assert "recipient" not in body
    assert {page["reset"] for page in said["streams"].values()} == {"new"}
    assert said["today"] == (TODAY - date(1970, 1, 1)).days


async def test_a_second_sync_brings_nothing_and_the_head_says_304(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http)
    first = await phone.sync()
    again = await phone.call()
    assert all(page["rows"] == b"" for page in again["streams"].values())
    assert again["keys"] == []
    assert again["tag"] == first["tag"]
    asked = {**phone.headers, "If-None-Match": f'"{again["tag"]}"'}
    assert (await http.get("/v1/sync/head", headers=asked)).status_code == 304


async def test_a_change_moves_the_head_and_comes_alone(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http)
    tag = (await phone.sync())["tag"]
    await family.apply(vaccinated(CHILD, "08", TODAY - timedelta(days=10)))
    head = await http.get("/v1/sync/head", headers={**phone.headers, "If-None-Match": f'"{tag}"'})
    assert head.status_code == 200
    assert set(cbor2.loads(head.content)["streams"]) == set(phone.streams)
    said = await phone.sync()
    rows = [frame for page in said["streams"].values() for frame in frames(page["rows"])]
    assert 0 < len(rows) < len(phone.bodies())
    assert all("reset" not in page for page in said["streams"].values())


async def test_one_spouses_act_neither_wakes_nor_shows_in_the_others_phone(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    husband, wife = await enrolled(http, HUSBAND), await enrolled(http, WIFE)
    await husband.sync()
    tag = (await wife.sync())["tag"]
    key = next(key for key, card in husband.cards().items() if card["entry"] == "family_book")
    said = await husband.sync(husband.command("card.dismiss", {"key": key}))
    assert said["outcomes"][0]["code"] == "applied"
    asked = {**wife.headers, "If-None-Match": f'"{tag}"'}
    assert (await http.get("/v1/sync/head", headers=asked)).status_code == 304


async def test_what_is_withdrawn_comes_as_a_tombstone(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http)
    await phone.sync()
    birth = born(STRANGER, WIFE, TODAY, father=HUSBAND)
    await family.apply(birth)
    await phone.sync()
    held = set(phone.bodies())
    await family.apply(in_error(birth, TODAY), concerns=(STRANGER, WIFE, HUSBAND))
    said = await phone.sync()
    gone = [
        key
        for page in said["streams"].values()
        for key, _, body in frames(page["rows"])
        if not body
    ]
    assert gone
    assert set(phone.bodies()) == held - set(gone)


@pytest.mark.parametrize("bytes_max", [1_024, 1_500, 4_096, 65_536])
async def test_pages_of_any_size_give_the_same(
    family: TestHouse, http: httpx2.AsyncClient, bytes_max: int
) -> None:
    phone, whole = await enrolled(http), await enrolled(http)
    await phone.sync(bytes_max=bytes_max)
    await whole.sync()
    assert {key: held.rows for key, held in phone.streams.items()} == {
        key: held.rows for key, held in whole.streams.items()
    }


async def test_what_matters_first_comes_first(family: TestHouse, http: httpx2.AsyncClient) -> None:
    phone = await enrolled(http)
    ranks: dict[bytes, list[int]] = {}
    while True:
        said = await phone.call(bytes_max=1_024)
        opened = phone.bodies()
        for stream, page in said["streams"].items():
            ranks.setdefault(stream, []).extend(
                opened[key]["rank"] for key, _, _ in frames(page["rows"])
            )
        if not said["more"]:
            break
    assert any(len(set(found)) > 1 for found in ranks.values())
    for found in ranks.values():
        assert found == sorted(found)


async def test_an_answer_keeps_to_the_bytes_that_the_phone_wants(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http)
    said = await phone.call(bytes_max=1_024)
    assert said["more"]
    assert sum(len(page["rows"]) for page in said["streams"].values()) <= 1_024


async def test_a_circle_whose_day_has_come_is_refreshed_before_it_is_pulled(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http)
    tag = (await phone.sync())["tag"]
    before = set(phone.cards())
    family.clock.move_days(400)
    head = await http.get("/v1/sync/head", headers={**phone.headers, "If-None-Match": f'"{tag}"'})
    assert head.status_code == 200
    await phone.sync()
    assert set(phone.cards()) != before
    assert set(phone.cards()) == {card.record.key for card in await family.timeline(HUSBAND)}


def _flipped(cursor: bytes, at: int) -> bytes:
    return cursor[:at] + bytes([cursor[at] ^ 1]) + cursor[at + 1 :]


async def test_a_cursor_that_is_not_ours_starts_the_stream_over(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone, other = await enrolled(http), await enrolled(http, WIFE)
    await phone.sync()
    await other.sync()
    stream, held = next(iter(phone.streams.items()))
    good, rows = held.cursor, dict(held.rows)
    assert good is not None
    theirs = next(iter(other.streams.values())).cursor
    bad = [_flipped(good, at) for at in range(len(good))]
    bad += [good[:-1], good + b"\0", b"", b"\0" * 66, theirs or b""]
    bad += [one.cursor or b"" for key, one in phone.streams.items() if key != stream]
    for cursor in bad:
        held.cursor = cursor
        request = phone.request([])
        request["cursors"][stream] = cursor
        answer = await phone.post("/v1/sync", request)
        assert answer.status_code == 200
        said = cbor2.loads(answer.content)
        assert said["streams"][stream]["reset"] == "cursor", cursor.hex()
        phone.take(said)
        assert held.rows == rows


async def test_a_replayed_cursor_gives_what_followed_it_again(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http)
    await phone.sync()
    old = {key: held.cursor for key, held in phone.streams.items()}
    await family.apply(vaccinated(CHILD, "08", TODAY - timedelta(days=10)))
    await phone.sync()
    rows = {key: dict(held.rows) for key, held in phone.streams.items()}
    for key, held in phone.streams.items():
        held.cursor = old[key]
    said = await phone.sync()
    assert any(page["rows"] for page in said["streams"].values())
    assert {key: held.rows for key, held in phone.streams.items()} == rows


async def test_a_stream_of_anybody_else_is_closed_as_is_one_that_never_was(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone, wife = await enrolled(http), await enrolled(http, WIFE)
    await phone.sync()
    await wife.sync()
    (theirs, *_), nobodys = sorted(wife.streams), b"\x07" * 16
    request = phone.request([])
    request["cursors"] |= {theirs: wife.streams[theirs].cursor, nobodys: b"x" * 66}
    said = cbor2.loads((await phone.post("/v1/sync", request)).content)
    assert said["closed"] == sorted([theirs, nobodys])
    assert theirs not in said["streams"]


async def test_a_stream_with_a_new_incarnation_starts_over(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http)
    await phone.sync()
    async with family.ground.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE stream SET incarnation = gen_random_uuid()")
    said = await phone.sync()
    assert {page["reset"] for page in said["streams"].values()} == {"incarnation"}
    assert all(page["rows"] for page in said["streams"].values())
    assert {wrap["stream"] for wrap in said["keys"]} == said["streams"].keys()  # held or not


async def test_a_phone_that_says_which_keys_it_has_gets_no_others(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http)
    first = await phone.sync()
    assert len(first["keys"]) == len(phone.streams)
    for held in phone.streams.values():
        held.secrets.clear()
    again = await phone.sync()
    assert len(again["keys"]) == len(phone.streams)
    assert phone.bodies()


async def test_somebody_without_a_circle_gets_nothing_and_may_ask(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone = await enrolled(http, STRANGER)
    said = await phone.sync()
    assert (said["streams"], said["closed"], said["keys"]) == ({}, [], [])


async def clear_tombstones(house: TestHouse, phone: BarePhone) -> None:
    """A birth, reported and taken back; then a hundred days pass and the sweep comes."""
    birth = born(STRANGER, WIFE, house.clock.today(), father=HUSBAND)
    await house.apply(birth)
    await phone.sync()
    wrong = in_error(birth, house.clock.today())
    await house.apply(wrong, concerns=(STRANGER, WIFE, HUSBAND))


async def test_a_phone_away_longer_than_tombstones_are_kept_starts_over(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    away, steady = await enrolled(http), await enrolled(http)
    await clear_tombstones(family, away)
    await steady.sync()
    family.clock.move_days(TOMBSTONE_DAYS)
    assert await sweep_tombstones(family.ground) == 0  # the ninetieth day: still kept
    family.clock.move_days(1)
    assert await sweep_tombstones(family.ground) > 0
    assert await sweep_tombstones(family.ground) == 0
    late, kept = await away.sync(), await steady.sync()
    assert "too_old" in {page.get("reset") for page in late["streams"].values()}
    assert all("reset" not in page for page in kept["streams"].values())
    assert {key: held.rows for key, held in away.streams.items()} == {
        key: held.rows for key, held in steady.streams.items()
    }


async def test_a_load_that_began_after_the_sweep_ends(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    """The floor is compared with where the load began: compared with its rows it never ended."""
    phone = await enrolled(http)
    await clear_tombstones(family, phone)
    family.clock.move_days(TOMBSTONE_DAYS + 1)
    await sweep_tombstones(family.ground)
    fresh = await enrolled(http)
    await fresh.sync(bytes_max=1_024)
    assert set(fresh.cards()) == {card.record.key for card in await family.timeline(HUSBAND)}


async def test_a_membership_that_ended_closes_its_stream_alone(
    family: TestHouse, http: httpx2.AsyncClient
) -> None:
    phone, wife = await enrolled(http), await enrolled(http, WIFE)
    tag = (await phone.sync())["tag"]
    kept = (await wife.sync())["tag"]
    stream = sorted(phone.streams)[0]
    async with family.ground.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE membership SET ended_on = '2026-11-21' FROM stream"
            " WHERE stream.circle_id = membership.circle_id"
            f" AND stream.person_id = membership.person_id AND stream_id = '{stream.hex()}'"
        )
    head = await http.get("/v1/sync/head", headers={**phone.headers, "If-None-Match": f'"{tag}"'})
    assert head.status_code == 200
    assert (await phone.sync())["closed"] == [stream]
    assert stream not in phone.streams
    asked = {**wife.headers, "If-None-Match": f'"{kept}"'}
    assert (await http.get("/v1/sync/head", headers=asked)).status_code == 304
