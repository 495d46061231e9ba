"""What the four mutations do to a card, and what they answer when they do nothing."""

from datetime import date
from uuid import uuid4

import pytest

from schema.node import encode_id
from tests.schema.asking import Json, act, ask, cards, operation
from tests.support.builders import CITIZEN, described, married
from tests.support.house import TestHouse, person

HUSBAND, WIFE = person(1), person(2)
NOBODYS_CARD = encode_id("Card", bytes(16))


@pytest.fixture
async def couple(house: TestHouse) -> TestHouse:
    """Newly married: the husband is offered the family book."""
    day = date(2026, 11, 20)
    await house.apply(married(HUSBAND, WIFE, day), described(HUSBAND, day, nationality=CITIZEN))
    return house


async def card_of(house: TestHouse) -> Json:
    """The offer of the family book, among whatever else the newly married are shown."""
    (card,) = [card for card in await cards(house, HUSBAND) if card["service"] == "family_book"]
    return card


async def test_an_acknowledged_card_stays_and_says_so(couple: TestHouse) -> None:
    before = await card_of(couple)
    outcome = await act(couple, HUSBAND, "Acknowledge", before["id"])
    assert outcome["card"]["acknowledged"] is True
    assert outcome["card"]["state"] == before["state"] == "DUE"
    assert outcome["card"]["number"] > before["number"]


async def test_a_snoozed_card_comes_back_on_its_day(couple: TestHouse) -> None:
    card = await card_of(couple)
    outcome = await act(couple, HUSBAND, "Snooze", card["id"], until="2026-11-28")
    assert outcome["card"]["state"] == "SNOOZED"
    assert outcome["card"]["snoozedUntil"] == "2026-11-28"
    couple.clock.move_to(date(2026, 11, 28))
    assert (await card_of(couple))["state"] == "DUE"


async def test_a_dismissed_card_is_put_away_and_can_be_taken_back(couple: TestHouse) -> None:
    card = await card_of(couple)
    away = (await act(couple, HUSBAND, "Dismiss", card["id"]))["card"]
    assert away["state"] == "DISMISSED"
    back = (await act(couple, HUSBAND, "Undo", card["id"], seenNumber=away["number"]))["card"]
    assert (back["state"], back["dismissed"]) == ("DUE", False)


@pytest.mark.parametrize(("until", "done"), [("2026-11-21", False), ("2026-11-22", True)])
async def test_a_snooze_is_of_one_day_at_least(couple: TestHouse, until: str, done: bool) -> None:
    card = await card_of(couple)
    outcome = await act(couple, HUSBAND, "Snooze", card["id"], until=until)
    assert ("card" in outcome) is done


async def test_a_refusal_says_code_words_and_next_step(couple: TestHouse) -> None:
    card = await card_of(couple)
    query = operation("SnoozeCard")
    asked = {"commandId": str(uuid4()), "cardId": card["id"], "until": "2026-12-22"}
    for language, word in (("AR", "ثلاثين"), ("EN", "thirty")):
        answer = await ask(couple, HUSBAND, query, language=language, input=asked)
        refused = answer["data"]["snoozeCard"]
        assert refused["code"] == "card.snooze_out_of_range"
        assert refused["nextStep"] == "CHOOSE_ANOTHER_DAY"
        assert word in refused["message"]


async def test_undo_of_a_card_that_has_changed_since_is_refused(couple: TestHouse) -> None:
    card = await card_of(couple)
    await act(couple, HUSBAND, "Dismiss", card["id"])
    refused = await act(couple, HUSBAND, "Undo", card["id"], seenNumber=card["number"])
    assert (refused["code"], refused["nextStep"]) == ("card.superseded", "REFRESH")


async def test_undo_of_nothing_is_refused(couple: TestHouse) -> None:
    card = await card_of(couple)
    refused = await act(couple, HUSBAND, "Undo", card["id"], seenNumber=card["number"])
    assert refused["code"] == "card.nothing_to_undo"


async def test_a_dismissed_card_cannot_be_put_off(couple: TestHouse) -> None:
    card = await card_of(couple)
    await act(couple, HUSBAND, "Dismiss", card["id"])
    refused = await act(couple, HUSBAND, "Snooze", card["id"], until="2026-11-25")
    assert refused["code"] == "card.too_late"


async def test_a_command_sent_twice_acts_once(couple: TestHouse) -> None:
    card = await card_of(couple)
    command = str(uuid4())
    first = await act(couple, HUSBAND, "Acknowledge", card["id"], commandId=command)
    assert await act(couple, HUSBAND, "Acknowledge", card["id"], commandId=command) == first


async def test_anothers_card_no_card_and_no_id_look_alike(couple: TestHouse) -> None:
    card = await card_of(couple)
    answers = [
        await act(couple, WIFE, "Dismiss", card["id"]),
        await act(couple, HUSBAND, "Dismiss", NOBODYS_CARD),
        await act(couple, HUSBAND, "Dismiss", "no id at all"),
    ]
    assert answers[0]["code"] == "not_found"
    assert answers == [answers[0]] * 3
    assert await card_of(couple) == card


async def test_before_sign_in_no_act_is_done(couple: TestHouse) -> None:
    card = await card_of(couple)
    refused = await act(couple, None, "Dismiss", card["id"])
    assert (refused["code"], refused["nextStep"]) == ("sign_in_required", "SIGN_IN")
    assert await card_of(couple) == card
