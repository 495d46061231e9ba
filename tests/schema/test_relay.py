"""Relay's connection and ids, over a real database: there, back, between, and from odd places.

Source: GraphQL Cursor Connections Specification; Relay's Global Object Identification.
"""

import json
from base64 import urlsafe_b64encode
from datetime import date

import pytest

from domain.ids import PersonId
from schema.node import to_base64
from tests.schema.asking import EVERY_STATE, Json, act, ask, cards
from tests.support.builders import CITIZEN, born, described, married
from tests.support.house import TestHouse, person

FATHER, MOTHER, CHILD = person(1), person(2), person(3)
BIRTH = date(2026, 11, 9)
PAGE = """query Q($first: Int, $after: String, $last: Int, $before: String, $states: [CardState!]) {
  me { timeline(first: $first, after: $after, last: $last, before: $before,
                filter: {states: $states}) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id __typename } }
  } }
}"""


@pytest.fixture
async def family(house: TestHouse) -> TestHouse:
    await house.apply(married(FATHER, MOTHER, date(2025, 9, 17)))
    await house.apply(
        born(CHILD, MOTHER, BIRTH, father=FATHER), described(FATHER, BIRTH, nationality=CITIZEN)
    )
    return house


async def page(
    house: TestHouse,
    who: PersonId = FATHER,
    *,
    states: list[str] | None = EVERY_STATE,
    **asked: object,
) -> Json:
    answer = await ask(house, who, PAGE, reading="ar", states=states, **asked)
    assert "errors" not in answer, answer
    timeline: Json = answer["data"]["me"]["timeline"]
    info, edges = timeline["pageInfo"], timeline["edges"]
    assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
    assert info["endCursor"] == (edges[-1]["cursor"] if edges else None)
    return timeline


def ids(timeline: Json) -> list[str]:
    return [edge["node"]["id"] for edge in timeline["edges"]]


async def whole(house: TestHouse, who: PersonId = FATHER) -> list[str]:
    found = await page(house, who, first=100)
    assert found["totalCount"] == len(found["edges"]) > 6
    assert not found["pageInfo"]["hasNextPage"]
    return ids(found)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_forward_and_back_are_the_same_cards(family: TestHouse, size: int) -> None:
    every = await whole(family)
    there: list[str] = []
    after, more = None, True
    while more:
        one = await page(family, first=size, after=after)
        assert one["pageInfo"]["hasPreviousPage"] is bool(there)
        there += ids(one)
        after, more = one["pageInfo"]["endCursor"], one["pageInfo"]["hasNextPage"]
    back: list[str] = []
    before, more = None, True
    while more:
        one = await page(family, last=size, before=before)
        assert one["pageInfo"]["hasNextPage"] is bool(back)
        back = ids(one) + back  # the order within a page is the same both ways
        before, more = one["pageInfo"]["startCursor"], one["pageInfo"]["hasPreviousPage"]
    assert there == back == every
    assert len(set(every)) == len(every)


async def test_what_lies_between_two_cursors(family: TestHouse) -> None:
    edges = (await page(family, first=100))["edges"]
    after, before = edges[1]["cursor"], edges[5]["cursor"]
    between = await page(family, after=after, before=before)
    assert between["edges"] == edges[2:5]
    assert between["pageInfo"]["hasNextPage"]
    assert between["pageInfo"]["hasPreviousPage"]
    assert (await page(family, first=2, after=after, before=before))["edges"] == edges[2:4]
    assert (await page(family, last=2, after=after, before=before))["edges"] == edges[3:5]
    assert (await page(family, after=before, before=after))["edges"] == []
    assert (await page(family, after=after, before=after))["edges"] == []


async def test_a_page_of_nothing_still_says_what_there_is(family: TestHouse) -> None:
    every = await whole(family)
    for nothing in (await page(family, first=0), await page(family, last=0)):
        assert (nothing["edges"], nothing["totalCount"]) == ([], len(every))
    assert (await page(family, first=0))["pageInfo"]["hasNextPage"]
    assert (await page(family, last=0))["pageInfo"]["hasPreviousPage"]
    nulls = await page(family, first=None, after=None, last=None, before=None)
    assert ids(nulls) == every[:20]


async def test_a_cursor_outlives_its_card_and_goes_on_after_it(family: TestHouse) -> None:
    shown = (await page(family, states=None, first=100))["edges"]
    assert len(shown) > 2
    gone = shown[0]
    await act(family, FATHER, "Dismiss", gone["node"]["id"])
    left = await page(family, states=None, first=100, after=gone["cursor"])
    assert left["edges"] == shown[1:]
    assert not left["pageInfo"]["hasPreviousPage"], "nothing is left before it"
    back = await page(family, states=None, last=100, before=shown[1]["cursor"])
    assert back["edges"] == []


async def test_a_cursor_of_the_other_parent_is_a_place_among_ones_own(family: TestHouse) -> None:
    theirs = (await page(family, MOTHER, first=100))["edges"]
    mine = set(await whole(family))
    for edge in theirs:
        after = await page(family, first=100, after=edge["cursor"])
        before = await page(family, last=9, before=edge["cursor"])
        assert set(ids(after)) | set(ids(before)) <= mine


ODD = [
    "",
    " ",
    "0",
    "null",
    "نص",
    "👨🏻‍👩🏻‍👧🏻‍👦🏻",
    "A" * 60_000,
    "\x00",
    "../../etc/passwd",
    to_base64(b"arrayconnection:5"),
    to_base64(b"Card:" + bytes(16)),
    to_base64(json.dumps({"rank": 1}).encode()),
    to_base64(b"\x02\x00\x00\x01\x00\x0b\x5a\x4d" + bytes(16)),  # of a form still to come
    urlsafe_b64encode(bytes(23)).decode(),
]


@pytest.mark.parametrize("name", ["after", "before"])
async def test_an_odd_cursor_is_refused_in_words(family: TestHouse, name: str) -> None:
    (edge,) = (await page(family, first=1))["edges"]
    bent = [edge["cursor"][:-1], edge["cursor"] + "=", f" {edge['cursor']}", edge["cursor"] * 2]
    for cursor in (*ODD, *bent, edge["node"]["id"]):
        answer = await ask(family, FATHER, PAGE, **{name: cursor})
        assert answer["data"] == {"me": None}, cursor
        (error,) = answer["errors"]
        assert error["extensions"] == {"code": "page.cursor_malformed"}
        assert "الصفحة الأولى" in error["message"]


async def test_every_id_of_a_page_is_found_again_and_keeps_its_type(family: TestHouse) -> None:
    before = await whole(family)
    query = "query Q($id: ID!) { node(id: $id) { id __typename } }"
    for card_id in before:
        answer = await ask(family, FATHER, query, id=card_id)
        assert answer == {"data": {"node": {"id": card_id, "__typename": "Card"}}}
    await family.apply(described(CHILD, BIRTH, name_ar="هند"))
    assert await whole(family) == before, "ids are stable while the card is the same"
    assert set(before).isdisjoint(await whole(family, MOTHER)), "each reader has their own"
    assert len(await cards(family, FATHER)) == len(before[:20])
