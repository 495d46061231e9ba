"""Commands of one call that share an evaluation and a commit: each is decided in its turn, and none
is lost or done twice for another's sake.
"""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any  # CBOR
from uuid import UUID

import httpx2
import pytest

from api.app import build_app
from api.settings import read_settings
from api.wire import House
from domain.ids import CommandId, RecordKey
from domain.people.actor import Actor
from sync.counter import FAULT_SECONDS_MIN, FAULTS_MAX
from tests.support.builders import CITIZEN, born, described, married
from tests.support.house import TestHouse, actor_of, person
from tests.support.phone import BASE_URL, BarePhone
from timeline.act import DismissCard
from timeline.command import Command, CommandRegistry, CommandType, Standing, run_commands
from timeline.hint import NoHints

HUSBAND, WIFE, CHILD = (person(number) for number in range(1, 4))
TODAY = date(2026, 11, 21)
POISON = "test.poison"


def _fail(clock: object, actor: Actor, command: object, standing: Standing) -> Any:
    raise ZeroDivisionError


@pytest.fixture
async def phone(house: TestHouse, tmp_path: Path) -> AsyncIterator[BarePhone]:
    """A father's phone that is in step, of a service with one command more, which always fails."""
    await house.apply(
        married(HUSBAND, WIFE, date(2024, 3, 1)),
        described(HUSBAND, date(2024, 3, 1), nationality=CITIZEN, part="husband"),
        born(CHILD, WIFE, TODAY - timedelta(days=70), father=HUSBAND),
    )
    poison = CommandType(POISON, DismissCard, lambda payload: payload.key, _fail)
    registry = CommandRegistry((*house.registry.types.values(), poison))
    settings = read_settings({}, data_dir=tmp_path)
    app = build_app(House(settings, house.ground, registry, house.schemas), NoHints())
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        phone = BarePhone(http, HUSBAND)
        await phone.enrol()
        await phone.sync()
        yield phone


def keys_of(phone: BarePhone, count: int) -> list[bytes]:
    """Cards of one circle, as many as asked."""
    held = max(phone.streams.values(), key=lambda stream: len(stream.rows))
    keys = sorted(held.rows.keys() & phone.cards().keys())
    assert len(keys) >= count
    return keys[:count]


def codes(said: dict[str, Any]) -> list[str]:
    return [outcome["code"] for outcome in said["outcomes"]]


async def counted(house: TestHouse) -> tuple[int, ...]:
    """How many refreshes, facts and outcomes of circles there are."""
    async with house.ground.database.engine.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM refresh_log), (SELECT count(*) FROM fact),"
            " (SELECT count(*) FROM outcome)"
        )
        return tuple(found.one())


async def test_acts_on_several_cards_are_one_evaluation(house: TestHouse, phone: BarePhone) -> None:
    keys = keys_of(phone, 5)
    before = await counted(house)
    said = await phone.sync(*(phone.command("card.dismiss", {"key": key}) for key in keys))
    assert codes(said) == ["applied"] * 5
    assert said["last_sequence"] == 5
    after = await counted(house)
    assert [now - was for now, was in zip(after, before, strict=True)] == [1, 5, 5]
    assert all(phone.bodies()[key]["dismissed"] for key in keys)
    assert len({phone.number_of(key) for key in keys}) == 1


async def test_acts_that_are_refused_between_others_hold_none_up(
    house: TestHouse, phone: BarePhone
) -> None:
    first, second, third, fourth = keys_of(phone, 4)
    far = {"key": second, "until": (TODAY + timedelta(days=400)).isoformat()}
    acts = [
        phone.command("card.dismiss", {"key": first}),
        phone.command("card.snooze", far),
        phone.command("card.unheard_of", {}),
        phone.command("card.dismiss", {"key": bytes(16)}),
        phone.command("card.acknowledge", {"key": third}),
        phone.command("card.dismiss", {"key": fourth, "text": "x" * 17_000}),
        phone.command("card.undo", {"key": fourth, "seen_number": phone.number_of(fourth)}),
    ]
    said = await phone.sync(*acts)
    assert codes(said) == [
        "applied",
        "card.snooze_out_of_range",
        "command.unknown",
        "not_found",
        "applied",
        "command.too_large",
        "card.nothing_to_undo",
    ]
    before = await counted(house)
    assert codes(await phone.sync(*acts)) == codes(said)
    assert await counted(house) == before


async def test_an_act_on_a_card_that_was_just_acted_on_sees_it_as_that_left_it(
    phone: BarePhone,
) -> None:
    one, other = keys_of(phone, 2)
    seen = phone.number_of(one)
    act = phone.command("card.dismiss", {"key": one})
    said = await phone.sync(
        act,
        phone.command("card.acknowledge", {"key": other}),
        phone.command("card.undo", {"key": one, "seen_number": seen}),
        phone.command("card.undo", {"key": one, "seen_number": seen, "undoes": act["id"]}),
        phone.command("card.undo", {"key": one, "seen_number": seen, "undoes": act["id"]}),
    )
    assert codes(said) == [
        "applied",
        "applied",
        "card.superseded",
        "applied",
        "card.superseded",
    ]
    assert "dismissed" not in phone.bodies()[one]
    assert phone.bodies()[other]["acknowledged"]


async def test_the_same_act_twice_in_one_call_is_done_once(
    house: TestHouse, phone: BarePhone
) -> None:
    one, other = keys_of(phone, 2)
    act = phone.command("card.dismiss", {"key": one})
    again = phone.command("card.dismiss", {"key": other}, id=act["id"])
    before = await counted(house)
    said = await phone.sync(act, again)
    assert codes(said) == ["applied", "applied"]
    assert (await counted(house))[1] == before[1] + 1
    assert "dismissed" not in phone.bodies()[other]


async def test_a_crash_before_the_counter_is_mended_by_the_resend_of_all(
    house: TestHouse, phone: BarePhone
) -> None:
    """Of three acts two had been carried out, with no word of it: by a call that was cut off."""
    keys = keys_of(phone, 3)
    acts = [phone.command("card.dismiss", {"key": key}) for key in keys]
    commands = [
        Command(CommandId(UUID(bytes=act["id"])), "card.dismiss", DismissCard(RecordKey(key)))
        for act, key in zip(acts, keys, strict=True)
    ]
    done = await run_commands(house.ground, house.registry, actor_of(HUSBAND), commands[1:])
    assert [outcome.code for outcome in done] == ["applied", "applied"]
    await phone.sync()
    numbers, before = [phone.number_of(key) for key in keys], await counted(house)
    said = await phone.sync(*acts)
    assert codes(said) == ["applied"] * 3
    assert said["last_sequence"] == 3
    after = await counted(house)
    assert [now - was for now, was in zip(after, before, strict=True)] == [1, 1, 1]
    assert [phone.number_of(key) for key in keys[1:]] == numbers[1:]


@pytest.mark.parametrize("place", [0, 3, 6])
async def test_a_poison_act_among_others_stops_alone_and_is_set_aside(
    house: TestHouse, phone: BarePhone, place: int
) -> None:
    keys = keys_of(phone, 7)
    acts = [
        phone.command(POISON if number == place else "card.dismiss", {"key": key})
        for number, key in enumerate(keys)
    ]
    said = await phone.sync(*acts)
    assert codes(said) == ["applied"] * place
    assert said["stopped"]["sequence"] == place + 1
    assert said["stopped"]["code"] == "internal_error"
    for _ in range(FAULTS_MAX):
        assert (await phone.sync(*acts))["stopped"]["sequence"] == place + 1
    house.clock.instant += timedelta(seconds=FAULT_SECONDS_MIN)
    said = await phone.sync(*acts)
    assert "stopped" not in said
    expected = ["applied"] * 7
    expected[place] = "command.quarantined"
    assert codes(said) == expected
    assert said["last_sequence"] == 7
