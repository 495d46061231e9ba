"""Files in chunks: in any order, again, cut short, wrong, too large, somebody else's, forgotten."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import cbor2
import httpx2
import pytest

from tests.support.builders import CITIZEN, born, described, married
from tests.support.house import TestHouse, person
from tests.support.phone import BarePhone, open_app
from timeline.blob import BLOB_BYTES_MAX, CHUNK_BYTES, ORPHAN_DAYS, UNUSED_BLOBS_MAX, sweep_orphans

HUSBAND, WIFE, CHILD = (person(number) for number in range(1, 4))
TODAY = date(2026, 11, 21)
PHOTO = bytes(range(256)) * 2_500  # 640,000 bytes: three chunks


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    await house.apply(
        married(HUSBAND, WIFE, date(2024, 3, 1)),
        described(HUSBAND, date(2024, 3, 1), nationality=CITIZEN, part="husband"),
        born(CHILD, WIFE, TODAY - timedelta(days=10), father=HUSBAND),
    )
    async with open_app(house, tmp_path) as client:
        yield client


class Sender:
    """A phone that sends one file."""

    def __init__(self, phone: BarePhone, body: bytes = PHOTO) -> None:
        self.phone, self.body, self.id = phone, body, uuid4()
        self.stream = str(UUID(bytes=sorted(phone.streams)[0]))
        self.said = {
            "stream": self.stream,
            "size": str(len(body)),
            "sha256": hashlib.sha256(body).hexdigest(),
        }

    def chunk(self, number: int) -> bytes:
        return self.body[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]

    async def put(self, number: int, chunk: bytes | None = None, **changed: str) -> httpx2.Response:
        return await self.phone.http.put(
            f"/v1/blob/{self.id}/{number}",
            params={**self.said, **changed},
            content=self.chunk(number) if chunk is None else chunk,
            headers=self.phone.headers,
        )

    async def get(self, path: str = "", phone: BarePhone | None = None) -> httpx2.Response:
        asking = phone or self.phone
        return await asking.http.get(
            f"/v1/blob/{self.id}{path}", params={"stream": self.stream}, headers=asking.headers
        )


async def synced(http: httpx2.AsyncClient, who: object = HUSBAND) -> BarePhone:
    phone = BarePhone(http, who)  # type: ignore[arg-type]  # a person
    await phone.enrol()
    await phone.sync()
    return phone


def refused(answer: httpx2.Response) -> tuple[int, str]:
    said = answer.json()
    assert said["messages"]["ar"]
    return answer.status_code, said["code"]


async def test_chunks_come_in_any_order_and_again(http: httpx2.AsyncClient) -> None:
    sender = Sender(await synced(http))
    for number, received in ((2, [2]), (0, [0, 2]), (0, [0, 2]), (1, [0, 1, 2])):
        answer = await sender.put(number)
        assert answer.status_code == 200, answer.text
        whole = received == [0, 1, 2]
        assert cbor2.loads(answer.content) == {"received": received, "complete": whole}
    for number in range(3):
        assert (await sender.get(f"/{number}")).content == sender.chunk(number)


async def test_a_phone_that_was_cut_asks_what_is_there_and_goes_on(
    http: httpx2.AsyncClient,
) -> None:
    sender = Sender(await synced(http))
    assert refused(await sender.get()) == (404, "not_found")
    await sender.put(1)
    assert cbor2.loads((await sender.get()).content) == {"received": [1], "complete": False}
    assert refused(await sender.get("/0")) == (404, "not_found")


async def test_two_calls_with_the_same_chunk_at_once_keep_it_once(
    http: httpx2.AsyncClient,
) -> None:
    sender = Sender(await synced(http))
    answers = await asyncio.gather(*(sender.put(number) for number in (0, 1, 2, 2, 1, 0)))
    assert {answer.status_code for answer in answers} == {200}
    assert cbor2.loads((await sender.get()).content)["complete"]


async def test_a_wrong_hash_drops_all(http: httpx2.AsyncClient) -> None:
    sender = Sender(await synced(http))
    sender.said["sha256"] = "00" * 32
    await sender.put(0)
    await sender.put(1)
    assert refused(await sender.put(2)) == (422, "blob.hash_mismatch")
    assert refused(await sender.get()) == (404, "not_found")


async def test_other_bytes_or_another_size_under_one_id_are_refused(
    http: httpx2.AsyncClient,
) -> None:
    sender = Sender(await synced(http))
    await sender.put(0)
    assert refused(await sender.put(0, bytes(CHUNK_BYTES))) == (409, "blob.conflict")
    larger = str(len(PHOTO) + 1)
    assert refused(await sender.put(0, size=larger)) == (409, "blob.conflict")
    assert refused(await sender.put(0, sha256="11" * 32)) == (409, "blob.conflict")


async def test_an_id_of_the_other_parents_phone_is_like_any_other(
    http: httpx2.AsyncClient,
) -> None:
    """Also in the circle that both share: neither learns that the other uses it."""
    husband, wife = await synced(http), await synced(http, WIFE)
    sent = []
    for stream in sorted(husband.streams):
        sender = Sender(husband)
        sender.stream = sender.said["stream"] = str(UUID(bytes=stream))
        assert (await sender.put(0)).status_code == 200
        sent.append(sender)
    for stream in sorted(wife.streams):
        for sender in sent:
            other, fresh = Sender(wife, b"another"), Sender(wife, b"another")
            for each in (other, fresh):
                each.stream = each.said["stream"] = str(UUID(bytes=stream))
            other.id = sender.id
            answers = [await other.put(0), await fresh.put(0)]
            assert [one.status_code for one in answers] == [200, 200]
            assert answers[0].content == answers[1].content
            assert (await other.get("/0")).content == b"another"
            assert (await sender.get("/0")).content == sender.chunk(0)


async def test_a_chunk_of_another_length_or_place_is_refused(http: httpx2.AsyncClient) -> None:
    sender = Sender(await synced(http))
    for number, chunk in ((0, b""), (0, sender.chunk(0)[:-1]), (2, sender.chunk(2) + b"x")):
        assert refused(await sender.put(number, chunk)) == (422, "blob.chunk_size")
    assert refused(await sender.put(3, b"")) == (422, "blob.chunk_size")
    assert refused(await sender.put(0, size="0")) == (422, "blob.chunk_size")
    assert refused(await sender.put(0, bytes(CHUNK_BYTES + 1))) == (413, "blob.too_large")


async def test_the_largest_blob_is_begun_and_one_byte_more_is_not(
    http: httpx2.AsyncClient,
) -> None:
    sender = Sender(await synced(http))
    assert (await sender.put(0, size=str(BLOB_BYTES_MAX))).status_code == 200
    sender.id = uuid4()
    over = await sender.put(0, size=str(BLOB_BYTES_MAX + 1))
    assert refused(over) == (413, "blob.too_large")


async def test_an_address_that_cannot_be_read_is_refused(http: httpx2.AsyncClient) -> None:
    sender = Sender(await synced(http))
    said = dict(sender.said)
    for changed in ({"stream": "x"}, {"size": "-1"}, {"size": "1" * 10}, {"sha256": "xx"}):
        sender.said = {**said, **changed}
        assert refused(await sender.put(0)) == (400, "blob.malformed")
    sender.said = said
    assert refused(await sender.put(0, sha256="00" * 31)) == (400, "blob.malformed")


async def test_nobody_else_reads_it_and_a_strangers_stream_looks_like_none(
    http: httpx2.AsyncClient,
) -> None:
    sender, wife = Sender(await synced(http)), await synced(http, WIFE)
    await sender.put(0)
    assert refused(await sender.get(phone=wife)) == (404, "not_found")
    sender.stream = str(UUID(bytes=sorted(wife.streams)[0]))
    assert refused(await sender.get(phone=wife)) == (404, "not_found")
    assert refused(await sender.get("/0", phone=wife)) == (404, "not_found")
    assert refused(await sender.put(0, stream=str(uuid4()))) == (404, "not_found")


async def test_what_no_command_names_in_a_week_is_dropped(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    sender = Sender(await synced(http))
    await sender.put(0)
    house.clock.instant += timedelta(days=ORPHAN_DAYS)
    assert await sweep_orphans(house.ground) == 0
    house.clock.instant += timedelta(seconds=1)
    assert await sweep_orphans(house.ground) == 1
    assert refused(await sender.get()) == (404, "not_found")


async def test_the_twentieth_unused_blob_is_taken_and_the_next_is_not(
    http: httpx2.AsyncClient,
) -> None:
    phone = await synced(http)
    for _ in range(UNUSED_BLOBS_MAX):
        assert (await Sender(phone, b"small").put(0)).status_code == 200
    assert refused(await Sender(phone, b"small").put(0)) == (409, "blob.too_many")
