"""Bad input to a phone's calls: each ends in a coded answer, in both languages."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any  # CBOR

import cbor2
import httpx2
import pytest
from starlette.applications import Starlette

from api.app import ACT_AS_HEADER, act_as
from api.problem import render_osrati_error
from domain.error import OsratiError
from sync.pace import Pace
from sync.route import REQUEST_BYTES_MAX, Sync
from sync.wire import PAGE_BYTES_MAX, PAGE_BYTES_MIN, STREAMS_MAX
from tests.support.house import FixedClock, TestHouse, person
from tests.support.phone import BASE_URL, CBOR, BarePhone, open_app

SALEM = person(1)


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(house, tmp_path) as client:
        yield client


@pytest.fixture
async def phone(http: httpx2.AsyncClient) -> BarePhone:
    phone = BarePhone(http, SALEM)
    await phone.enrol()
    return phone


def problem(answer: httpx2.Response) -> tuple[int, str]:
    said = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["messages"]["ar"]
    assert said["messages"]["en"]
    return answer.status_code, said["code"]


MALFORMED = (400, "sync.malformed")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"\xff",
        b"\xa1",
        cbor2.dumps([]),
        cbor2.dumps({}),
        b"\x9f\xff",  # indefinite
        b"\xd8\x23\x63aaa",  # a regular expression
        b"\xc2\x49" + b"\xff" * 9,  # a big number
        b"\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
        b"\x81" * 200_000,  # nested
        b"\xa2\x61a\x01\x61a\x02",  # a key twice
        b"\xa1\x61\xff\x01",  # no UTF-8
    ],
)
async def test_what_is_not_this_contracts_cbor_is_refused(phone: BarePhone, body: bytes) -> None:
    assert problem(await phone.post("/v1/sync", body)) == MALFORMED
    assert problem(await phone.post("/v1/device/enrol", body)) == MALFORMED


@pytest.mark.parametrize(
    "changed",
    [
        {"device": b"short"},
        {"device": "text"},
        {"app": ""},
        {"app": "x" * 65},
        {"schema": -1},
        {"schema": "1"},
        {"acked": -1},
        {"acked": 2**60},
        {"cursors": []},
        {"cursors": {b"short": b"x"}},
        {"cursors": {bytes([n] * 16): b"" for n in range(STREAMS_MAX + 1)}},
        {"cursors": {bytes(16): b"x" * 129}},
        {"keys": {bytes(16): -1}},
        {"commands": {}},
        {"commands": [{}]},
        {"commands": [{"sequence": 0, "id": bytes(16)}]},
        {"commands": [{"sequence": 1, "id": bytes(15)}]},
        {"want": {"bytes": PAGE_BYTES_MIN - 1}},
        {"want": {"bytes": PAGE_BYTES_MAX + 1}},
    ],
)
async def test_a_field_of_the_wrong_type_or_size_is_named_never_shown(
    phone: BarePhone, changed: dict[str, Any]
) -> None:
    answer = await phone.post("/v1/sync", {**phone.request([]), **changed})
    assert problem(answer) == MALFORMED
    assert answer.json()["detail"].startswith("$.")
    assert "text" not in answer.json()["detail"]


async def test_fields_at_their_bounds_and_fields_of_tomorrow_are_taken(phone: BarePhone) -> None:
    for want in (PAGE_BYTES_MIN, PAGE_BYTES_MAX):
        body = {**phone.request([], bytes_max=want), "app": "x" * 64, "tomorrow": [1]}
        assert (await phone.post("/v1/sync", body)).status_code == 200
    many = {bytes([n] * 16): b"" for n in range(STREAMS_MAX)}
    answer = await phone.post("/v1/sync", {**phone.request([]), "cursors": many})
    assert cbor2.loads(answer.content)["closed"] == sorted(many)


async def test_five_megabytes_of_text_are_refused_and_the_limit_is_exact(
    phone: BarePhone,
) -> None:
    text = {**phone.request([]), "text": "x" * 5_000_000}
    assert problem(await phone.post("/v1/sync", text)) == (413, "sync.too_large")
    room = REQUEST_BYTES_MAX - len(cbor2.dumps({**phone.request([]), "text": ""})) - 4
    body = cbor2.dumps({**phone.request([]), "text": "x" * room})
    assert len(body) == REQUEST_BYTES_MAX
    assert (await phone.post("/v1/sync", body)).status_code == 200
    assert problem(await phone.post("/v1/sync", body + b"\0")) == (413, "sync.too_large")


async def test_another_media_type_is_refused(http: httpx2.AsyncClient, phone: BarePhone) -> None:
    body = cbor2.dumps(phone.request([]))
    for said in ("application/json", "text/plain", "application/cbor-seq"):
        headers = {**phone.headers, "content-type": said}
        answer = await http.post("/v1/sync", content=body, headers=headers)
        assert problem(answer) == (415, "sync.content_type")


async def open_with(house: TestHouse, sync: Sync) -> httpx2.AsyncClient:
    app = Starlette(routes=sync.routes(), exception_handlers={OsratiError: render_osrati_error})
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=BASE_URL)


async def test_an_old_app_uploads_and_is_told_to_update(house: TestHouse) -> None:
    async with await open_with(
        house, Sync(house.ground, house.registry, authenticate=act_as, schema_min=2)
    ) as http:
        old = BarePhone(http, SALEM)
        assert (await old.enrol())["minimum"] == 2
        act = old.command("card.unheard_of", {})
        answer = await old.post("/v1/sync", old.request([act]))
        said = cbor2.loads(answer.content)
        assert (answer.status_code, said["code"], said["minimum"]) == (426, "sync.app_outdated", 2)
        assert said["ar"]
        assert [one["code"] for one in said["outcomes"]] == ["command.unknown"]
        assert "streams" not in said
        old.schema = 2
        assert (await old.sync(act))["last_sequence"] == 1


async def test_a_person_who_calls_too_often_is_told_when_to_come_back(
    house: TestHouse, clock: FixedClock
) -> None:
    pace = Pace(clock, calls_max=3, per_second=1.0)
    async with await open_with(
        house, Sync(house.ground, house.registry, authenticate=act_as, pace=pace)
    ) as http:
        phone = BarePhone(http, SALEM)
        await phone.enrol()
        await phone.sync()
        await phone.sync()
        answer = await phone.post("/v1/sync", phone.request([]))
        assert problem(answer) == (429, "sync.too_many_calls")
        assert answer.headers["retry-after"] == "30"
        other = BarePhone(http, person(2))
        await other.enrol()
        clock.move_days(1)
        await phone.sync()


async def test_a_database_that_is_away_is_503_with_a_time_to_come_back(
    house: TestHouse, phone: BarePhone
) -> None:
    async with house.ground.database.engine.begin() as locking:
        await locking.exec_driver_sql("LOCK TABLE device IN ACCESS EXCLUSIVE MODE")
        answer = await phone.post("/v1/sync", phone.request([]))
    assert problem(answer) == (503, "try_later")
    assert int(answer.headers["retry-after"]) > 0
    await phone.sync()


async def test_the_wrong_method_has_a_code_too(http: httpx2.AsyncClient) -> None:
    headers = {**CBOR, ACT_AS_HEADER: str(SALEM)}
    assert problem(await http.get("/v1/sync", headers=headers)) == (405, "method_not_allowed")
