"""Wishes said by phones that were offline: each in its turn, and no field of another's lost."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from domain.ids import EntryId
from push.prefer import read_own_wishes
from push.preference import Preferences
from sync.settle import PAYLOAD_BYTES_MAX
from tests.support.builders import CITIZEN, described, married
from tests.support.house import TestHouse, actor_of, person
from tests.support.phone import BarePhone, open_app

HUSBAND, WIFE = person(1), person(2)
TODAY = date(2026, 11, 21)
CHANGE = "wishes.change"


async def wishes(house: TestHouse) -> Preferences:
    return await read_own_wishes(house.ground, actor_of(WIFE))


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(house, tmp_path) as client:
        yield client


@pytest.fixture
async def phones(house: TestHouse, http: httpx2.AsyncClient) -> tuple[BarePhone, BarePhone]:
    """Two of hers."""
    await house.apply(married(HUSBAND, WIFE, TODAY), described(HUSBAND, TODAY, nationality=CITIZEN))
    both = BarePhone(http, WIFE), BarePhone(http, WIFE)
    for phone in both:
        await phone.enrol()
    return both


async def test_of_two_phones_the_last_to_arrive_holds_by_field_and_by_item(
    house: TestHouse, phones: tuple[BarePhone, BarePhone]
) -> None:
    one, other = phones
    book = {"service": "family_book", "told": False}
    grant = {"service": "marriage_grant", "told": False}
    # Made first, arrives last: the order of arrival decides, never that of a phone's clock.
    made_first = other.command(CHANGE, {"language": "ar", "services": [grant]})
    said = await one.sync(
        one.command(CHANGE, {"language": "en", "services": [book]}),
        one.command(CHANGE, {"channels": [{"channel": "sms", "used": False}]}),
    )
    assert [each["code"] for each in said["outcomes"]] == ["applied", "applied"]
    await other.sync(made_first)
    assert await wishes(house) == Preferences(
        language="ar",
        stopped_services=frozenset({EntryId("family_book"), EntryId("marriage_grant")}),
        stopped_channels=frozenset({"sms"}),
    )


async def test_null_is_the_default_again_and_absent_is_left(
    house: TestHouse, phones: tuple[BarePhone, BarePhone]
) -> None:
    phone, _ = phones
    hours = {"begin": "22:00", "end": "06:00"}
    await phone.sync(phone.command(CHANGE, {"language": "en", "quiet_hours": hours}))
    await phone.sync(phone.command(CHANGE, {"quiet_hours": None}))
    assert await wishes(house) == Preferences(language="en")


async def test_a_resend_after_a_lost_answer_is_answered_and_does_nothing(
    house: TestHouse, phones: tuple[BarePhone, BarePhone]
) -> None:
    phone, other = phones
    sent = phone.command(CHANGE, {"language": "en"})
    await phone.call(sent)
    await other.call(other.command(CHANGE, {"language": "ar"}))
    said = await phone.call(sent)
    assert said["outcomes"][0]["code"] == "applied"
    assert (await wishes(house)).language == "ar"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"sms_number": "0501234567"}, "session.step_up"),  # who acts as somebody never signed in
        ({"services": [{"service": "none", "told": False}]}, "wishes.service_unknown"),
        ({"language": "fr"}, "command.invalid"),
        ({"quiet_hours": {"begin": "24:00", "end": "06:00"}}, "command.invalid"),
        ({"quiet_hours": {"begin": "9:00", "end": "06:00"}}, "command.invalid"),
        ({"opt_out": "later"}, "command.invalid"),
        ({"channels": [{"channel": "remove", "used": False}]}, "command.invalid"),
        ({"sms_number": "0" * 65}, "command.invalid"),
        ({"language": "en", "more": "x" * PAYLOAD_BYTES_MAX}, "command.too_large"),
        ("wishes", "command.invalid"),
    ],
)
async def test_a_bad_wish_is_refused_with_words_and_the_next_one_goes_on(
    house: TestHouse, phones: tuple[BarePhone, BarePhone], payload: object, code: str
) -> None:
    phone, _ = phones
    said = await phone.sync(
        phone.command(CHANGE, payload), phone.command(CHANGE, {"language": "en"})
    )
    refused, applied = said["outcomes"]
    assert (refused["code"], applied["code"]) == (code, "applied")
    assert refused["ar"]
    assert refused["en"].isascii()
    assert await wishes(house) == Preferences(language="en")


async def test_an_id_of_a_card_command_is_no_wish_and_the_other_way(
    house: TestHouse, phones: tuple[BarePhone, BarePhone]
) -> None:
    phone, _ = phones
    await phone.sync()
    key = next(iter(phone.cards()))
    for first, second in (("card", "wish"), ("wish", "card")):
        used = uuid4().bytes
        sent = {"card": ("card.dismiss", {"key": key}), "wish": (CHANGE, {"opt_out": "stop"})}
        before = await phone.call(phone.command(*sent[first], id=used))
        after = await phone.call(phone.command(*sent[second], id=used))
        assert before["outcomes"][0]["code"] == after["outcomes"][0]["code"] == "applied"
        assert (await wishes(house)).opt_out == (None if first == "card" else "stop")
        await phone.call(phone.command(CHANGE, {"opt_out": None}))
