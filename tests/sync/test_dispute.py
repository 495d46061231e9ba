"""A fact disputed on a phone: what travels, what it shows offline, what another's phone is told."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import cbor2
import httpx2
import pytest

from domain.dispute import ANSWER_DAYS
from phone import act
from phone.outbox import Act
from phone.record import Card, decode_card
from tests.support.builders import born, married
from tests.support.house import TestHouse, person
from tests.support.phone import BarePhone, open_app

TODAY = date(2026, 11, 21)
HUSBAND, WIFE, CHILD = person(1), person(2), person(3)


@pytest.fixture
async def family(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    await house.apply(married(HUSBAND, WIFE, date(2025, 1, 1)))
    await house.apply(born(CHILD, WIFE, TODAY - timedelta(days=20)))
    async with open_app(house, tmp_path) as http:
        yield http


async def phone_of(http: httpx2.AsyncClient, number: int) -> BarePhone:
    phone = BarePhone(http, person(number))
    await phone.enrol()
    await phone.sync()
    return phone


def resting(phone: BarePhone) -> tuple[bytes, Card, int]:
    """A card that rests on the birth, as a phone reads it, and the place of the birth."""
    for key, body in phone.cards().items():
        card = decode_card(key, cbor2.dumps(body))
        kinds = [fact.kind for fact in card.why.facts]
        if "birth.notified" in kinds:
            return key, card, kinds.index("birth.notified")
    raise AssertionError("no card rests on the birth")


async def test_a_phone_disputes_and_takes_it_back_and_the_other_sees_no_name(
    family: httpx2.AsyncClient,
) -> None:
    hers, his = await phone_of(family, 2), await phone_of(family, 1)
    key, card, place = resting(hers)
    fact = card.citation(place)
    said = {"claim": "other_day", "says_on": "2026-10-31", "words": "a day before"}
    asked = hers.command("fact.dispute", {"key": key, "fact": fact, **said})
    assert [one["code"] for one in (await hers.sync(asked))["outcomes"]] == ["applied"]
    _, card, place = resting(hers)
    (review,) = card.reviews
    assert (review.place, review.state, review.registry) == (place, "open", "mohap")
    assert review.due_on == TODAY + timedelta(days=ANSWER_DAYS)
    assert review.said is not None
    assert (review.said.on, review.said.words) == (date(2026, 10, 31), "a day before")
    await his.sync()
    (review,) = resting(his)[1].reviews
    assert (review.state, review.said) == ("open", None)
    back = hers.command("fact.withdraw_dispute", {"key": key, "fact": fact})
    assert [one["code"] for one in (await hers.sync(back))["outcomes"]] == ["applied"]
    await his.sync()
    assert resting(hers)[1].reviews == resting(his)[1].reviews == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"fact": bytes(8)}, "not_found"),
        ({"fact": bytes(7)}, "command.invalid"),
        ({"claim": "lies"}, "command.invalid"),
        ({"words": "x" * 501}, "command.invalid"),
        ({"words": "x" * 500}, "applied"),
    ],
)
async def test_a_phone_is_told_what_was_wrong_with_a_dispute(
    family: httpx2.AsyncClient, changed: dict[str, object], code: str
) -> None:
    phone = await phone_of(family, 2)
    key, card, place = resting(phone)
    payload = {"key": key, "fact": card.citation(place), "claim": "not_so", **changed}
    sent = await phone.sync(phone.command("fact.dispute", payload))
    assert [one["code"] for one in sent["outcomes"]] == [code]


async def test_a_phone_shows_a_dispute_before_the_network_knows_of_it(
    family: httpx2.AsyncClient, house: TestHouse
) -> None:
    phone = await phone_of(family, 2)
    key, card, place = resting(phone)

    def acted(name: str, **said: object) -> Act:
        payload = {"key": key, "fact": card.citation(place), **said}
        now = house.clock.now_utc()
        return Act(1, phone.device, None, "waiting", False, name, payload, now)

    shown = act.with_act(card, acted(act.DISPUTE, claim="other_day", says_on="2026-10-31"))
    (review,) = shown.reviews
    assert (review.place, review.registry) == (place, "")
    assert review.said is not None
    assert review.said.on == date(2026, 10, 31)
    assert act.with_act(shown, acted(act.WITHDRAW)).reviews == ()
