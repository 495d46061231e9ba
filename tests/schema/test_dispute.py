"""A fact disputed over GraphQL: by the contract's operations, in words of both languages."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from domain.dispute import ANSWER_DAYS
from schema.act import NEXT_STEPS, REFUSAL_TYPES
from schema.node import encode_fact
from tests.schema.asking import Json, ask, cards, operation
from tests.support.builders import born, married
from tests.support.house import TestHouse, person

TODAY = date(2026, 11, 21)
HUSBAND, WIFE, CHILD = person(1), person(2), person(3)


@pytest.fixture
async def family(house: TestHouse) -> TestHouse:
    await house.apply(married(HUSBAND, WIFE, date(2025, 1, 1)))
    await house.apply(born(CHILD, WIFE, TODAY - timedelta(days=20)))
    return house


async def cited(house: TestHouse, language: str = "EN") -> tuple[Json, Json]:
    """A card of the wife's, and the birth in its why."""
    for card in await cards(house, WIFE, language=language):
        for fact in card["why"]["facts"]:
            if fact["kind"] == "birth.notified":
                return card, fact
    raise AssertionError("no card rests on the birth")


async def send(house: TestHouse, name: str, language: str = "EN", **said: object) -> Json:
    card, fact = await cited(house)
    given = {"commandId": str(uuid4()), "cardId": card["id"], "factId": fact["id"], **said}
    answer = await ask(house, WIFE, operation(name), input=given, language=language)
    assert "errors" not in answer, answer
    outcome: Json = answer["data"][name[0].lower() + name[1:]]
    return outcome


async def test_a_fact_under_review_is_said_in_both_languages_with_its_clock(
    family: TestHouse,
) -> None:
    said = {"claim": "OTHER_DAY", "saysOn": "2026-10-31"}
    assert "card" in await send(family, "DisputeFact", **said)
    for language, words in (
        ("EN", ("Under review", "draft", "You say: it was on")),
        ("AR", ("قيد المراجعة", "مسودة", "تقول: كان ذلك في")),
    ):
        _, fact = await cited(family, language)
        assert fact["occurredOn"] == "2026-11-01", "what the fact says shows, too"
        assert all(one in fact["review"]["text"] for one in words), fact["review"]
        assert fact["review"]["mine"]["saysOn"] == "2026-10-31"
    family.clock.move_to(TODAY + timedelta(days=ANSWER_DAYS))
    assert (await cited(family))[1]["review"]["overdue"] is False
    family.clock.move_days(1)
    review = (await cited(family))[1]["review"]
    assert review["overdue"] is True
    assert "overdue" in review["text"]
    assert "card" in await send(family, "WithdrawDispute")
    assert (await cited(family))[1]["review"] is None


@pytest.mark.parametrize(
    ("said", "code", "next_step"),
    [
        ({"claim": "OTHER"}, "dispute.says_nothing", "CORRECT_INPUT"),
        ({"claim": "OTHER", "words": "x" * 501}, "dispute.words_too_long", "CORRECT_INPUT"),
        ({"claim": "NOT_SO", "factId": "Fact"}, "not_found", "REFRESH"),
        ({"claim": "NOT_SO", "factId": encode_fact(bytes(8))}, "not_found", "REFRESH"),
    ],
)
async def test_a_dispute_that_is_refused_says_why_and_what_next(
    family: TestHouse, said: dict[str, object], code: str, next_step: str
) -> None:
    for language in ("EN", "AR"):
        refused = await send(family, "DisputeFact", language, **said)
        assert (refused["code"], refused["nextStep"]) == (code, next_step)
        kind = REFUSAL_TYPES[code]
        assert refused["message"] == (kind.ar if language == "AR" else kind.en)


def test_every_refusal_has_a_next_step() -> None:
    assert REFUSAL_TYPES.keys() == NEXT_STEPS.keys()
