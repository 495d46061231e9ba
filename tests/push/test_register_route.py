"""A phone says where its pushes go, over HTTP; what is not its own looks like missing."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from api.app import build_app
from api.settings import read_settings
from api.wire import House
from push.registration import TOKEN_CHARACTERS_MAX, list_phones
from push.route import REGISTER_BYTES_MAX
from store.scope import PersonScope
from tests.support.house import TestHouse, person
from tests.support.notices import enrol
from timeline.hint import NoHints

OWNER, OTHER = person(1), person(2)
PHONE = UUID(int=11)
KEY = urlsafe_b64encode(bytes(32)).decode().rstrip("=")


@pytest.fixture
async def client(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    settings = read_settings({}, data_dir=tmp_path)
    opened = House(settings, house.ground, house.registry, house.schemas)
    transport = httpx2.ASGITransport(app=build_app(opened, NoHints()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as asking:
        yield asking


async def asked(
    client: httpx2.AsyncClient, who: UUID | None, **changed: Any
) -> tuple[int, str | None]:
    body = {"device": str(PHONE), "token": "token-9", "platform": "android", "key": KEY, **changed}
    headers = {"x-osrati-act-as": str(who)} if who else {}
    answer = await client.post("/v1/push/register", json=body, headers=headers)
    return answer.status_code, answer.json()["code"] if answer.content else None


async def phones(house: TestHouse, who: Any) -> tuple[UUID, ...]:
    async with house.ground.database.read(PersonScope(who)) as session:
        return await list_phones(session)


async def test_a_phone_registers_and_again_changes_nothing(
    house: TestHouse, client: httpx2.AsyncClient
) -> None:
    await enrol(house, OWNER, PHONE, token="token-1")
    for _ in range(2):
        assert await asked(client, OWNER) == (204, None)
    assert await phones(house, OWNER) == (PHONE,)


async def test_anothers_phone_and_one_that_is_none_look_alike(
    house: TestHouse, client: httpx2.AsyncClient
) -> None:
    await enrol(house, OWNER, PHONE, token="token-1")
    assert await asked(client, OTHER) == (404, "push.device_unknown")
    assert await asked(client, OTHER, device=str(uuid4())) == (404, "push.device_unknown")
    assert await phones(house, OTHER) == ()
    assert await phones(house, OWNER) == (PHONE,)


async def test_nobody_registers_for_nobody(client: httpx2.AsyncClient) -> None:
    assert await asked(client, None) == (401, "sign_in_required")


@pytest.mark.parametrize(
    "changed",
    [
        {"key": KEY[:-1]},
        {"key": KEY + "AA"},
        {"key": "ключ"},
        {"key": 5},
        {"token": ""},
        {"token": "ت" * 20},
        {"token": "t" * (TOKEN_CHARACTERS_MAX + 1)},
        {"platform": "fridge"},
        {"device": "mine"},
        {"language": "fr"},
        {"more": 1},
    ],
)
async def test_what_cannot_be_a_registration_is_refused(
    house: TestHouse, client: httpx2.AsyncClient, changed: dict[str, Any]
) -> None:
    await enrol(house, OWNER, PHONE, token="token-1")
    assert await asked(client, OWNER, **changed) == (400, "push.registration_invalid")


async def test_the_longest_token_is_kept_and_a_huge_body_is_not_read(
    house: TestHouse, client: httpx2.AsyncClient
) -> None:
    await enrol(house, OWNER, PHONE, token="token-1")
    assert await asked(client, OWNER, token="t" * TOKEN_CHARACTERS_MAX) == (204, None)
    huge = "t" * REGISTER_BYTES_MAX
    assert await asked(client, OWNER, token=huge) == (413, "push.too_large")


async def test_the_address_of_an_sms_says_nothing_whatever_its_id(
    client: httpx2.AsyncClient,
) -> None:
    answers = [await client.get(f"/n/{opaque}") for opaque in ("AbC", "x" * 500, "%D8%A7")]
    assert {(each.status_code, each.headers["location"]) for each in answers} == {(303, "/")}


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_another_media_type_is_refused(client: httpx2.AsyncClient, media_type: str) -> None:
    headers = {"x-osrati-act-as": str(OWNER), "content-type": media_type}
    answer = await client.post("/v1/push/register", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "push.content_type")
