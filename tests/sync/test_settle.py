"""What becomes of a phone's commands: each once, in order, answered until the phone has it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any  # CBOR
from uuid import uuid4

import cbor2
import httpx2
import pytest

from domain.ids import CommandId
from sync.counter import FAULT_SECONDS_MIN, FAULTS_MAX
from sync.settle import PAYLOAD_BYTES_MAX
from sync.wire import COMMANDS_MAX
from tests.support.builders import CITIZEN, born, described, married
from tests.support.house import TestHouse, actor_of, person
from tests.support.phone import BarePhone, open_app
from timeline.act import AcknowledgeCard
from timeline.command import Command, run_command

HUSBAND, WIFE, CHILD, OTHER = (person(number) for number in range(1, 5))
TODAY = date(2026, 11, 21)


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(house, tmp_path) as client:
        yield client


@pytest.fixture
async def phone(house: TestHouse, http: httpx2.AsyncClient) -> BarePhone:
    """A father's phone that is in step."""
    await house.apply(
        married(HUSBAND, WIFE, date(2024, 3, 1)),
        described(HUSBAND, date(2024, 3, 1), nationality=CITIZEN, part="husband"),
        born(CHILD, WIFE, TODAY - timedelta(days=70), father=HUSBAND),
    )
    phone = BarePhone(http, HUSBAND)
    await phone.enrol()
    await phone.sync()
    return phone


def open_card(phone: BarePhone) -> bytes:
    """A card that may be put off: the latest to be overdue."""
    cards = {key: body for key, body in phone.bodies().items() if "window" in body}
    return max(cards, key=lambda key: int(cards[key]["window"][2]))


def codes(said: dict[str, Any]) -> list[str]:
    return [outcome["code"] for outcome in said["outcomes"]]


async def test_every_command_works_and_shows_in_the_same_answer(phone: BarePhone) -> None:
    key = open_card(phone)
    until = (TODAY + timedelta(days=3)).isoformat()
    said = await phone.sync(
        phone.command("card.acknowledge", {"key": key}),
        phone.command("card.snooze", {"key": key, "until": until}),
        phone.command("card.dismiss", {"key": key}),
    )
    assert codes(said) == ["applied", "applied", "applied"]
    assert said["last_sequence"] == 3
    body = phone.bodies()[key]
    assert (body["acknowledged"], body["dismissed"]) == (True, True)
    seen = phone.number_of(key)
    undone = await phone.sync(phone.command("card.undo", {"key": key, "seen_number": seen}))
    assert codes(undone) == ["applied"]
    assert "dismissed" not in phone.bodies()[key]


async def test_an_act_and_its_undo_made_offline_both_hold(phone: BarePhone) -> None:
    key, seen = open_card(phone), phone.number_of(open_card(phone))
    act = phone.command("card.dismiss", {"key": key})
    undo = {"key": key, "seen_number": seen, "undoes": act["id"]}
    said = await phone.sync(act, phone.command("card.undo", undo))
    assert codes(said) == ["applied", "applied"]
    assert "dismissed" not in phone.bodies()[key]


async def test_an_undo_of_an_act_that_is_not_the_latest_is_superseded(phone: BarePhone) -> None:
    key, seen = open_card(phone), phone.number_of(open_card(phone))
    first = phone.command("card.acknowledge", {"key": key})
    undo = {"key": key, "seen_number": seen, "undoes": first["id"]}
    said = await phone.sync(
        first, phone.command("card.dismiss", {"key": key}), phone.command("card.undo", undo)
    )
    assert codes(said) == ["applied", "applied", "card.superseded"]
    refused = said["outcomes"][2]
    assert refused["ar"]
    assert refused["en"]


async def test_a_resend_gives_the_first_answer_until_it_is_acknowledged(
    phone: BarePhone,
) -> None:
    key = open_card(phone)
    act = phone.command("card.dismiss", {"key": key})
    first = await phone.sync(act)
    again = await phone.sync(act)
    assert again["outcomes"] == first["outcomes"]
    assert all(page["rows"] == b"" for page in again["streams"].values())
    phone.acked = 1
    assert (await phone.sync())["last_sequence"] == 1
    late = await phone.sync(act)  # a phone put back to an older state: the circle still knows it
    assert codes(late) == ["applied"]


async def test_a_gap_stops_and_says_what_is_expected(phone: BarePhone) -> None:
    key = open_card(phone)
    phone.sequence = 4
    said = await phone.sync(phone.command("card.dismiss", {"key": key}))
    assert said["outcomes"] == []
    assert said["stopped"] == {"sequence": 5, "code": "command.gap", "expect": 1}
    assert said["last_sequence"] == 0
    phone.sequence = 0
    assert codes(await phone.sync(phone.command("card.dismiss", {"key": key}))) == ["applied"]


async def test_another_command_under_a_settled_number_stops(phone: BarePhone) -> None:
    key = open_card(phone)
    await phone.sync(phone.command("card.dismiss", {"key": key}))
    phone.sequence = 0
    said = await phone.sync(phone.command("card.acknowledge", {"key": key}))
    assert said["stopped"] == {"sequence": 1, "code": "command.sequence_reused", "expect": 2}
    assert said["outcomes"] == []


@pytest.mark.parametrize(
    ("name", "payload", "code"),
    [
        ("card.unheard_of", {}, "command.unknown"),
        (7, {}, "command.unknown"),
        ("card.dismiss", {}, "command.invalid"),
        ("card.dismiss", None, "command.invalid"),
        ("card.dismiss", "text", "command.invalid"),
        ("card.dismiss", {"key": "text"}, "command.invalid"),
        ("card.dismiss", {"key": b"short"}, "command.invalid"),
        ("card.dismiss", {"key": bytes(17)}, "command.invalid"),
        ("card.snooze", {"key": bytes(16), "until": "tomorrow"}, "command.invalid"),
        ("card.snooze", {"key": bytes(16), "until": 20_000}, "command.invalid"),
        ("card.undo", {"key": bytes(16), "seen_number": "1"}, "command.invalid"),
        ("card.undo", {"key": bytes(16), "seen_number": 1, "undoes": b"x"}, "command.invalid"),
        ("card.dismiss", {"key": bytes(16)}, "not_found"),
        ("card.dismiss", {"key": bytes(16), "text": "x" * PAYLOAD_BYTES_MAX}, "command.too_large"),
    ],
)
async def test_a_bad_command_is_refused_for_good_and_the_next_one_goes_on(
    phone: BarePhone, name: Any, payload: Any, code: str
) -> None:
    bad = phone.command(name, payload)
    said = await phone.sync(bad, phone.command("card.dismiss", {"key": open_card(phone)}))
    assert codes(said) == [code, "applied"]
    assert said["outcomes"][0]["ar"]
    assert codes(await phone.sync(bad)) == [code]


async def test_a_payload_at_the_limit_is_looked_at(phone: BarePhone) -> None:
    payload = {"key": bytes(16), "text": ""}
    payload["text"] = "x" * (PAYLOAD_BYTES_MAX - len(cbor2.dumps(payload)) - 2)
    assert len(cbor2.dumps(payload)) == PAYLOAD_BYTES_MAX
    assert codes(await phone.sync(phone.command("card.dismiss", payload))) == ["not_found"]


async def test_another_persons_card_looks_like_none(
    house: TestHouse, http: httpx2.AsyncClient, phone: BarePhone
) -> None:
    mother = BarePhone(http, WIFE)
    await mother.enrol()
    await mother.sync()
    theirs = next(iter(mother.bodies().keys() - phone.bodies().keys()))
    said = await phone.sync(phone.command("card.dismiss", {"key": theirs}))
    assert codes(said) == ["not_found"]
    assert not any("dismissed" in body for body in mother.bodies().values())


async def test_a_clock_ten_years_off_proves_nothing(phone: BarePhone) -> None:
    key = open_card(phone)
    act = {**phone.command("card.dismiss", {"key": key}), "made_at": "2036-11-21T12:00:00+04:00"}
    far = {"key": key, "until": "2036-11-22"}
    said = await phone.sync(act, phone.command("card.snooze", far))
    assert codes(said)[0] == "applied"
    assert codes(said)[1].startswith("card.")


async def test_two_phones_act_on_one_card_and_both_are_answered(
    http: httpx2.AsyncClient, phone: BarePhone
) -> None:
    other = BarePhone(http, HUSBAND)
    await other.enrol()
    await other.sync()
    key = open_card(phone)
    said = await asyncio.gather(
        *(one.sync(one.command("card.dismiss", {"key": key})) for one in (phone, other))
    )
    assert [codes(one) for one in said] == [["applied"], ["applied"]]
    await phone.sync()
    await other.sync()
    assert phone.bodies() == other.bodies()


async def test_two_undos_of_one_act_take_it_back_once(
    http: httpx2.AsyncClient, phone: BarePhone
) -> None:
    other = BarePhone(http, HUSBAND)
    await other.enrol()
    key = open_card(phone)
    await phone.sync(phone.command("card.dismiss", {"key": key}))
    await other.sync()
    undo = {"key": key, "seen_number": phone.number_of(key)}
    first = await phone.sync(phone.command("card.undo", undo))
    second = await other.sync(other.command("card.undo", undo))
    assert (codes(first), codes(second)) == (["applied"], ["card.superseded"])


async def test_the_same_call_twice_at_once_settles_each_command_once(phone: BarePhone) -> None:
    key = open_card(phone)
    until = (TODAY + timedelta(days=2)).isoformat()
    commands = [
        phone.command("card.acknowledge", {"key": key}),
        phone.command("card.snooze", {"key": key, "until": until}),
    ]
    request = phone.request(commands)
    answers = await asyncio.gather(*(phone.post("/v1/sync", request) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    said = await phone.sync(*commands)
    assert codes(said) == ["applied", "applied"]
    assert said["last_sequence"] == 2


async def test_a_crash_between_effect_and_counter_is_mended_by_the_resend(
    house: TestHouse, phone: BarePhone
) -> None:
    key = open_card(phone)
    act = phone.command("card.dismiss", {"key": key})
    sent = Command(CommandId(uuid4()), "card.acknowledge", AcknowledgeCard(key))  # type: ignore[arg-type]
    act |= {"id": sent.id.bytes, "name": sent.name}
    await run_command(house.ground, house.registry, actor_of(HUSBAND), sent)  # … and the end came
    number = (await phone.sync(), phone.number_of(key))[1]
    said = await phone.sync(act)
    assert codes(said) == ["applied"]
    assert said["last_sequence"] == 1
    assert phone.number_of(key) == number


async def test_a_hundred_commands_are_taken_and_one_more_is_refused_whole(
    phone: BarePhone,
) -> None:
    many = [phone.command("card.unheard_of", {}) for _ in range(COMMANDS_MAX + 1)]
    answer = await phone.post("/v1/sync", phone.request(many))
    assert (answer.status_code, answer.json()["code"]) == (400, "sync.too_many_commands")
    said = await phone.sync(*many[:COMMANDS_MAX])
    assert said["last_sequence"] == COMMANDS_MAX
    queued = [phone.command("card.unheard_of", {}) for _ in range(9_899)]
    answer = await phone.post("/v1/sync", phone.request([many[-1], *queued]))
    assert answer.status_code == 413
    assert (await phone.sync(many[-1]))["last_sequence"] == COMMANDS_MAX + 1


async def break_outcomes(house: TestHouse, broken: bool) -> None:
    """A fault of ours, in the database: the table of circles' outcomes has another name."""
    names = ("outcome", "outcome_away") if broken else ("outcome_away", "outcome")
    async with house.ground.database.engine.begin() as connection:
        await connection.exec_driver_sql(f"ALTER TABLE {names[0]} RENAME TO {names[1]}")


async def test_a_fault_of_ours_stops_and_nothing_is_lost(
    house: TestHouse, phone: BarePhone
) -> None:
    act = phone.command("card.dismiss", {"key": open_card(phone)})
    await break_outcomes(house, True)
    said = await phone.sync(act)
    assert said["outcomes"] == []
    assert said["stopped"]["code"] == "internal_error"
    assert said["stopped"]["retry_after_seconds"] > 0
    assert said["last_sequence"] == 0
    await break_outcomes(house, False)
    assert codes(await phone.sync(act)) == ["applied"]


async def test_a_poison_command_is_set_aside_after_five_faults_over_ten_minutes(
    house: TestHouse, phone: BarePhone
) -> None:
    poison = phone.command("card.dismiss", {"key": open_card(phone)})
    await break_outcomes(house, True)
    for _ in range(FAULTS_MAX + 1):  # often enough, but within a bad minute
        assert (await phone.sync(poison))["stopped"]["code"] == "internal_error"
    house.clock.instant += timedelta(seconds=FAULT_SECONDS_MIN)
    said = await phone.sync(poison)
    assert codes(said) == ["command.quarantined"]
    await break_outcomes(house, False)
    next_one = phone.command("card.acknowledge", {"key": open_card(phone)})
    assert codes(await phone.sync(poison, next_one)) == ["command.quarantined", "applied"]


async def test_a_passing_fault_stops_and_says_when_to_come_back(
    house: TestHouse, phone: BarePhone
) -> None:
    act = phone.command("card.dismiss", {"key": open_card(phone)})
    async with house.ground.database.engine.begin() as locking:
        await locking.exec_driver_sql("SELECT 1 FROM circle FOR UPDATE")
        answer = await phone.post("/v1/sync", phone.request([act]))
    assert answer.status_code == 200
    said = cbor2.loads(answer.content)
    assert said["stopped"]["code"] == "try_later"
    assert said["stopped"]["retry_after_seconds"] == 5
    assert codes(await phone.sync(act)) == ["applied"]
