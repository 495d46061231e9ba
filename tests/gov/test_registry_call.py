"""A person first seen is looked up in the registries: once, through every bad day, by intake."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.settings import read_settings
from domain.card.record import LookUp
from domain.error import Refusal
from domain.ids import ActKey
from gov.registry.call import (
    CALL_ATTEMPTS_MAX,
    CALL_WAIT_SECONDS,
    carry_out_calls,
    list_failed_calls,
    retry_call,
)
from gov.registry.error import REASONS
from gov.registry.gateway import RETRY_AFTER_SECONDS_MAX, RegistryClient, _wait_seconds
from simulators.registered_family import Held, registered_families, registered_story
from simulators.registry import BUSY_SECONDS, Mood
from store.circle_tables import CALL_DEAD
from tests.support.house import TestHouse, actor_of
from tests.support.intake import open_intake
from tests.support.registry import ASKER, Gateway, open_gateway
from timeline.effect import list_due_effects
from timeline.first_seen import see_person
from timeline.read import read_timeline
from timeline.refresh import refresh
from timeline.wake import list_waking_circles

STORY_DAY = datetime.now(UTC).date()
MOTHER, FATHER = (p.emirates_id.replace("-", "") for p in registered_story(STORY_DAY).parents)


@pytest.fixture
async def gateway(house: TestHouse, tmp_path: Path) -> AsyncIterator[Gateway]:
    house.clock.instant = datetime.now(UTC)  # agencies sign by the machine's clock
    held = {
        number: tuple(Held("mohap", report.event) for report in reports)
        for number, reports in registered_families(STORY_DAY).items()
    }
    settings = read_settings({}, data_dir=tmp_path)
    async with open_intake(house, settings) as intake, open_gateway(intake, held) as opened:
        yield opened


async def sweep(house: TestHouse) -> None:
    for circle_id in await list_waking_circles(house.ground):
        await refresh(house.ground, circle_id)


async def test_a_family_that_already_exists_is_found_at_the_first_sign_in(
    house: TestHouse, gateway: Gateway
) -> None:
    mother = await see_person(house.ground, emirates_id=MOTHER)
    assert await house.timeline(mother) == ()
    assert await gateway.ask() == 1
    await gateway.settle()
    cards = await house.timeline(mother)
    assert len({card.record.subject for card in cards if card.record.entry == "vaccination"}) == 2
    father = await see_person(house.ground, emirates_id=FATHER)
    assert await house.timeline(father)


async def test_a_first_load_makes_nothing_overdue_and_tells_each_parent_once(
    house: TestHouse, gateway: Gateway
) -> None:
    mother = await see_person(house.ground, emirates_id=MOTHER)
    await sweep(house)
    await gateway.ask()
    await gateway.settle()
    assert "overdue" not in {card.state for card in await house.timeline(mother)}
    told = await list_due_effects(house.ground)
    assert len(told) == 2, "one summary a parent, though two children have much to catch up"


async def test_signing_in_again_and_on_many_devices_asks_once(
    house: TestHouse, gateway: Gateway
) -> None:
    person = await see_person(house.ground, emirates_id=MOTHER)
    for _ in range(3):
        await see_person(house.ground, emirates_id=MOTHER)
        await sweep(house)
        await gateway.ask()
    await gateway.settle()
    await see_person(house.ground, emirates_id=MOTHER)
    await sweep(house)
    assert await gateway.ask() == 0
    assert gateway.registry.ask_count == 1
    assert await house.timeline(person)


@pytest.mark.parametrize("mood", ["half", "twice"])
async def test_what_comes_in_two_halves_or_twice_is_the_whole_once(
    house: TestHouse, gateway: Gateway, mood: Mood
) -> None:
    gateway.registry.moods.append(mood)
    mother = await see_person(house.ground, emirates_id=MOTHER)
    await sweep(house)
    await gateway.ask()
    await gateway.settle()
    cards = await house.timeline(mother)
    assert len({card.record.subject for card in cards if card.record.entry == "vaccination"}) == 2
    assert len(cards) == len({card.record.key for card in cards})


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("busy", "registry.busy"),
        ("broken", "registry.failed"),
        ("refuses", "registry.refused"),
        ("slow", "registry.unreachable"),
    ],
)
async def test_a_bad_day_of_the_registry_is_waited_for(
    house: TestHouse, gateway: Gateway, mood: Mood, reason: str
) -> None:
    gateway.registry.moods.append(mood)
    gateway.client._http.timeout = 0.3
    mother = await see_person(house.ground, emirates_id=MOTHER)
    await sweep(house)
    assert await gateway.ask() == 1
    (failed,) = await list_failed_calls(house.ground)
    assert (failed.attempt_count, failed.reason) == (1, reason)
    assert failed.reason in REASONS
    house.clock.instant += timedelta(seconds=CALL_WAIT_SECONDS - 1)
    assert await gateway.ask() == 0, "not before its time"
    house.clock.instant += timedelta(seconds=2)
    gateway.client._http.timeout = 10
    assert await gateway.ask() == 1
    assert await list_failed_calls(house.ground) == ()
    await gateway.settle()
    assert await house.timeline(mother)


async def test_a_number_that_no_registry_knows_is_asked_once(
    house: TestHouse, gateway: Gateway
) -> None:
    person = await see_person(house.ground, emirates_id="784000000009999")
    await sweep(house)
    assert await gateway.ask() == 1
    house.clock.move_days(2)
    assert await gateway.ask() == 0
    assert await list_failed_calls(house.ground) == ()
    assert await read_timeline(house.ground, actor_of(person)) == ()


async def test_a_registry_that_never_answers_is_given_up_and_can_be_asked_again(
    house: TestHouse, gateway: Gateway
) -> None:
    gateway.registry.moods.extend(["broken"] * CALL_ATTEMPTS_MAX)
    await see_person(house.ground, emirates_id=MOTHER)
    await sweep(house)
    for attempt in range(CALL_ATTEMPTS_MAX):
        assert await gateway.ask() == 1, attempt
        house.clock.instant += timedelta(hours=7)
    assert await gateway.ask() == 0
    (dead,) = await list_failed_calls(house.ground)
    assert (dead.state, dead.attempt_count) == (CALL_DEAD, CALL_ATTEMPTS_MAX)
    assert await retry_call(house.ground, dead)
    assert not await retry_call(house.ground, dead), "it is open again"
    assert await gateway.ask() == 1
    assert await list_failed_calls(house.ground) == ()


async def test_a_key_that_the_gateway_does_not_know_is_refused(
    house: TestHouse, gateway: Gateway
) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    base_url = str(gateway.client._http.base_url)
    client = RegistryClient(base_url, key_id=ASKER, private_key=stranger)
    with pytest.raises(Refusal, match=r"registry\.refused"):
        await client.look_up(
            ActKey(bytes(16)), LookUp("emirates_id", MOTHER), now_utc=house.clock.now_utc()
        )
    await client.aclose()


async def test_a_gateway_that_is_away_is_unreachable(house: TestHouse) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    client = RegistryClient("http://127.0.0.1:9", key_id=ASKER, private_key=key)
    house.clock.instant = datetime.now(UTC)
    await see_person(house.ground, emirates_id=MOTHER)
    await sweep(house)
    await carry_out_calls(house.ground, house.schemas, client)
    (failed,) = await list_failed_calls(house.ground)
    assert failed.reason == "registry.unreachable"
    await client.aclose()


def test_how_long_to_wait_is_read_from_digits_alone_and_bounded() -> None:
    said = {"7": BUSY_SECONDS, "": None, "Wed, 21 Oct 2026 07:28:00 GMT": None, "-1": None}
    assert {text: _wait_seconds(text) for text in said} == said
    assert _wait_seconds(str(RETRY_AFTER_SECONDS_MAX)) == RETRY_AFTER_SECONDS_MAX
    assert _wait_seconds(str(RETRY_AFTER_SECONDS_MAX + 1)) == RETRY_AFTER_SECONDS_MAX
    assert _wait_seconds("9" * 400) == RETRY_AFTER_SECONDS_MAX
