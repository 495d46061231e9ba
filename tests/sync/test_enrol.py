"""Enrolling a phone: once, with proof, within bounds, for oneself."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from store.signing import load_point
from sync.device import DEVICES_MAX
from tests.support.house import TestHouse, person
from tests.support.phone import CBOR, BarePhone, open_app, sign

SALEM, NOURA = person(1), person(2)


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(house, tmp_path) as client:
        yield client


def code(answer: httpx2.Response) -> tuple[int, str]:
    said = answer.json()
    assert said["messages"]["ar"]
    assert said["messages"]["en"]
    return answer.status_code, said["code"]


async def test_a_phone_is_enrolled_and_told_the_keys_that_sign(http: httpx2.AsyncClient) -> None:
    phone = BarePhone(http, SALEM)
    said = await phone.enrol()
    assert said["device"] == phone.device.bytes
    assert said["person"] == SALEM.bytes
    assert (said["last_sequence"], said["minimum"]) == (0, 1)
    load_point(said["registry_key"])
    load_point(said["publisher_key"])
    assert said["registry_key"] != said["publisher_key"]


async def test_enrolling_again_with_the_same_keys_changes_nothing(http: httpx2.AsyncClient) -> None:
    phone = BarePhone(http, SALEM)
    assert await phone.enrol() == await phone.enrol()


async def test_another_pair_of_keys_for_an_installation_is_refused(
    http: httpx2.AsyncClient,
) -> None:
    phone = BarePhone(http, SALEM)
    await phone.enrol()
    thief = BarePhone(http, SALEM, device=phone.device)
    assert code(await thief.post("/v1/device/enrol", thief.introduction())) == (409, "device.taken")


async def test_a_proof_that_does_not_hold_is_refused(http: httpx2.AsyncClient) -> None:
    phone, other = BarePhone(http, SALEM), BarePhone(http, SALEM)
    for changed in (
        {"proof": bytes(64)},
        {"proof": b"short"},
        {"proof": sign(other.signing, b"anything")},
        {"device": other.device.bytes},
        {"agreement_key": other.introduction()["agreement_key"]},
    ):
        answer = await phone.post("/v1/device/enrol", {**phone.introduction(), **changed})
        assert code(answer) == (400, "device.proof_invalid"), changed


async def test_a_key_that_is_no_point_is_refused(http: httpx2.AsyncClient) -> None:
    phone = BarePhone(http, SALEM)
    said = phone.introduction()
    off_curve = said["signing_key"][:-1] + bytes([said["signing_key"][-1] ^ 1])
    for changed in (
        {"signing_key": b""},
        {"signing_key": off_curve},
        {"agreement_key": b"\x04" + bytes(64)},
        {"agreement_key": b"\x00"},
        {"agreement_key": said["signing_key"]},
    ):
        answer = await phone.post("/v1/device/enrol", {**said, **changed})
        assert code(answer) == (400, "device.key_invalid"), changed


async def test_the_tenth_phone_is_enrolled_and_the_eleventh_is_not(
    http: httpx2.AsyncClient,
) -> None:
    phones = [BarePhone(http, SALEM) for _ in range(DEVICES_MAX + 1)]
    for phone in phones[:DEVICES_MAX]:
        await phone.enrol()
    answer = await phones[-1].post("/v1/device/enrol", phones[-1].introduction())
    assert code(answer) == (409, "device.too_many")
    await phones[0].enrol()


async def test_a_phone_of_one_person_is_unknown_to_another(http: httpx2.AsyncClient) -> None:
    phone = BarePhone(http, SALEM)
    await phone.enrol()
    borrowed = BarePhone(http, NOURA, device=phone.device)
    for one in (borrowed, BarePhone(http, SALEM)):
        assert code(await one.post("/v1/sync", one.request([]))) == (404, "device.unknown")


@pytest.mark.parametrize("path", ["/v1/device/enrol", "/v1/sync"])
async def test_nobody_is_let_in_unsigned(http: httpx2.AsyncClient, path: str) -> None:
    assert code(await http.post(path, headers=CBOR)) == (401, "sign_in_required")


async def test_the_idle_poll_asks_who_it_is_too(http: httpx2.AsyncClient) -> None:
    assert code(await http.get("/v1/sync/head")) == (401, "sign_in_required")
