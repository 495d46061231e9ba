"""Wishes over GraphQL: what is left out stays, null is the default again, a value is kept."""

from typing import Any
from uuid import uuid4

import pytest

from domain.ids import PersonId
from domain.people.actor import Actor
from push.wish import NUMBER_CHARACTERS_MAX, SERVICE_CHARACTERS_MAX, WISHES_MAX
from schema.context import RequestContext
from tests.schema.asking import SCHEMA, Json, ask, operation
from tests.support.house import TestHouse, person

FATHER, MOTHER = person(1), person(2)
NOTHING: Json = {
    "language": None,
    "smsNumber": None,
    "quietHours": None,
    "optOut": None,
    "stoppedServices": [],
    "stoppedChannels": [],
    "stoppedClasses": [],
}
EVERYTHING: Json = {
    "language": "EN",
    "smsNumber": "٠٥٠ ١٢٣ ٤٥٦٧",
    "quietHours": {"begin": "22:30:00", "end": "06:15:00"},
    "optOut": "LOSS",
    "services": [
        {"service": "family_book", "told": False},
        {"service": "marriage_grant", "told": False, "channel": "SMS"},
        {"service": "housing_support", "told": False, "channel": None},
    ],
    "channels": [{"channel": "EMAIL", "used": False}],
    "classes": [{"noticeClass": "CAMPAIGN", "told": False}],
}
KEPT: Json = {
    "language": "EN",
    "smsNumber": "+971501234567",
    "quietHours": {"begin": "22:30:00", "end": "06:15:00"},
    "optOut": "LOSS",
    "stoppedServices": [
        {"service": "family_book", "channels": None},
        {"service": "housing_support", "channels": None},
        {"service": "marriage_grant", "channels": ["SMS"]},
    ],
    "stoppedChannels": ["EMAIL"],
    "stoppedClasses": ["CAMPAIGN"],
}
SHOWN = {"services": "stoppedServices", "channels": "stoppedChannels", "classes": "stoppedClasses"}


async def change(
    house: TestHouse, who: PersonId | None = FATHER, *, signed_in: bool = True, **fields: Any
) -> Json:
    """The outcome, by somebody who signed in just now."""
    at = house.clock.now_utc() if signed_in else None
    actor = Actor(who, "en", "SOP3", uuid4(), at) if who else None
    given = {"commandId": str(uuid4()), **fields}
    result = await SCHEMA.execute(
        operation("ChangeNoticeWishes"),
        variable_values={"input": given},
        context_value=RequestContext(house.ground, house.registry, actor),
    )
    assert result.errors is None, result.errors
    assert result.data is not None
    outcome: Json = result.data["changeNoticeWishes"]
    return outcome


async def wishes(house: TestHouse, who: PersonId = FATHER) -> Json:
    answer = await ask(house, who, operation("NoticeWishes"))
    found: Json = answer["data"]["noticeWishes"]
    return found


async def test_whoever_never_said_anything_has_no_wish(house: TestHouse) -> None:
    assert await wishes(house) == NOTHING


async def test_what_is_said_is_kept_and_nobody_elses_changes(house: TestHouse) -> None:
    assert (await change(house, **EVERYTHING))["wishes"] == KEPT
    assert await wishes(house) == KEPT
    assert await wishes(house, MOTHER) == NOTHING


@pytest.mark.parametrize("field", sorted(EVERYTHING))
async def test_absent_stays_and_null_is_the_default_again(house: TestHouse, field: str) -> None:
    await change(house, **EVERYTHING)
    assert (await change(house))["wishes"] == KEPT
    shown = SHOWN.get(field, field)
    null: Json = {field: None}
    taken_back = (await change(house, **null))["wishes"]
    assert taken_back == {**KEPT, shown: NOTHING[shown]}
    assert (await change(house, **{field: EVERYTHING[field]}))["wishes"] == KEPT


async def test_another_number_asks_to_confirm_who_one_is(house: TestHouse) -> None:
    for number in ("0501234567", None):
        refused = await change(house, signed_in=False, smsNumber=number)
        assert (refused["code"], refused["nextStep"]) == ("session.step_up", "SIGN_IN")
    assert "wishes" in await change(house, signed_in=False, language="EN")


@pytest.mark.parametrize(
    ("fields", "code", "next_step"),
    [
        ({"smsNumber": "042345678"}, "wishes.number_invalid", "CORRECT_INPUT"),
        ({"smsNumber": "0" * NUMBER_CHARACTERS_MAX}, "wishes.number_invalid", "CORRECT_INPUT"),
        (
            {"smsNumber": "0" * (NUMBER_CHARACTERS_MAX + 1)},
            "wishes.number_too_long",
            "CORRECT_INPUT",
        ),
        ({"services": [{"service": "none", "told": False}]}, "wishes.service_unknown", "REFRESH"),
        (
            {"services": [{"service": "n" * (SERVICE_CHARACTERS_MAX + 1), "told": True}]},
            "wishes.service_unknown",
            "REFRESH",
        ),
        (
            {"classes": [{"noticeClass": "CAMPAIGN", "told": False}] * (WISHES_MAX + 1)},
            "wishes.too_many",
            "CORRECT_INPUT",
        ),
    ],
)
async def test_a_refusal_says_code_words_and_next_step(
    house: TestHouse, fields: Json, code: str, next_step: str
) -> None:
    refused = await change(house, language="AR", **fields)
    assert (refused["code"], refused["nextStep"]) == (code, next_step)
    assert refused["message"].isascii()
    assert await wishes(house) == NOTHING, "of a refused change nothing is kept"


async def test_as_many_as_are_allowed_are_taken(house: TestHouse) -> None:
    classes = [{"noticeClass": "CAMPAIGN", "told": False}] * WISHES_MAX
    assert (await change(house, classes=classes))["wishes"]["stoppedClasses"] == ["CAMPAIGN"]


async def test_before_sign_in_nothing_is_changed(house: TestHouse) -> None:
    assert (await change(house, None, language="EN"))["code"] == "sign_in_required"
