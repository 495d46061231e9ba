"""How many SQL statements each operation of the contract may take, whatever the timeline holds.

Counted are SQLAlchemy's, those that go beneath it to asyncpg, and those of glances, which are
asyncpg's alone; of both databases; not the beginning and end of a transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from hashlib import sha256
from typing import Any  # pools and drivers hand their listeners untyped things
from unittest.mock import patch
from uuid import uuid4

import pytest
from asyncpg import Connection
from sqlalchemy import Engine, Pool, event

from push.due import list_people_due
from push.make import make_notices
from push.tell import tell_person
from schema.node import encode_id
from tests.schema.asking import OPERATIONS, act, ask, cards, operation
from tests.support.builders import CITIZEN, born, described, married
from tests.support.house import TestHouse, actor_of, person
from timeline.blob import BlobPlan, record_chunk
from timeline.read import read_timeline

FATHER, MOTHER = person(1), person(2)
BIRTH = date(2026, 11, 9)
CHILDREN_COUNT = 15  # a father has more than 50 cards then
# A reading: the reader; their circles, streams and the catalogue's version together; agencies; of a
# stream that has changed the beginning, its head, rows and key. An act takes the lock of
# the circle, writes and evaluates anew within it, then reads the timeline for its answer; how many
# it takes depends on which of the two circles is looked into first.
BUDGETS = {
    "NoticeWishes": 4,  # the key found, made and read again, then one row
    "ChangeNoticeWishes": 20,
    # The key found, made and read again; notices, their messages, the streams, which cards are in
    # them; the catalogue's version. A page of a hundred takes as many as one of one.
    "Notices": 8,
    "Timeline": 7,
    "Card": 6,
    "AcknowledgeCard": 48,
    "SnoozeCard": 48,
    "DismissCard": 48,
    "AttachPhoto": 53,  # as an act; and the blob found, locked, looked into and kept
    "UndoCard": 48,
    "DisputeFact": 48,  # as any act: one circle, evaluated within
    "WithdrawDispute": 48,
    "GrowthChart": 8,  # the same without the key
    "VaccinationRecords": 7,  # as a timeline: the records lie in the same streams
    "VaccinationDocument": 12,  # circles, of two each row, version and facts; the issuer's key made
    "Sessions": 4,  # the person's key found, made and read again, then one list however long
    "SignOut": 0,  # whoever acts as somebody has no session of their own to end
    "SignOutEverywhere": 1,
}
_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK")


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement within, as it is sent."""
    sent: list[str] = []
    drivers: set[Any] = set()
    execute = Connection._execute

    def by_sqlalchemy(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    def beneath(logged: Any) -> None:
        if not logged.query.startswith(_TRANSACTION):
            sent.append(logged.query)

    def watch(connection: Any, *_: Any) -> None:
        driver = connection.driver_connection
        driver.add_query_logger(beneath)
        drivers.add(driver)

    async def beside_the_pool(driver: Any, query: str, *args: Any, **options: Any) -> Any:
        if driver not in drivers:  # of a glance: no pool hands it out
            sent.append(query)
        return await execute(driver, query, *args, **options)

    event.listen(Engine, "before_cursor_execute", by_sqlalchemy)
    event.listen(Pool, "checkout", watch)
    try:
        with patch.object(Connection, "_execute", beside_the_pool):
            yield sent
    finally:
        event.remove(Pool, "checkout", watch)
        event.remove(Engine, "before_cursor_execute", by_sqlalchemy)
        for driver in drivers:
            driver.remove_query_logger(beneath)


@pytest.fixture
async def family(house: TestHouse) -> TestHouse:
    """A citizen and his wife with a child a year."""
    await house.apply(married(FATHER, MOTHER, date(2015, 9, 17)))
    await house.apply(described(FATHER, BIRTH, nationality=CITIZEN))
    for number in range(CHILDREN_COUNT):
        born_on = BIRTH - timedelta(days=365 * number)
        await house.apply(born(person(10 + number), MOTHER, born_on, father=FATHER))
    return house


async def test_a_long_page_takes_as_many_statements_as_a_short_one(family: TestHouse) -> None:
    for first in (1, 10, 50):
        with counted() as sent:
            found = await cards(family, FATHER, first=first)
        assert len(found) == first
        assert len(sent) <= BUDGETS["Timeline"], sent


async def test_a_card_has_its_budget(family: TestHouse) -> None:
    first, *_ = await cards(family, FATHER, first=1)
    with counted() as sent:
        answer = await ask(family, FATHER, operation("Card"), id=first["id"])
    assert answer["data"]["node"] == first
    assert len(sent) <= BUDGETS["Card"], sent


@pytest.mark.parametrize("name", ["Acknowledge", "Snooze", "Dismiss", "Undo"])
async def test_an_act_has_its_budget(family: TestHouse, name: str) -> None:
    card, *_ = await cards(family, FATHER, filter={"states": ["DUE"]})
    more: dict[str, object] = {}
    if name == "Snooze":
        more = {"until": "2026-11-25"}
    if name == "Undo":
        before = await act(family, FATHER, "Acknowledge", card["id"])
        more = {"seenNumber": before["card"]["number"]}
    with counted() as sent:
        outcome = await act(family, FATHER, name, card["id"], **more)
    assert outcome["card"]["id"] == card["id"]
    assert len(sent) <= BUDGETS[f"{name}Card"], sent


async def test_a_photo_has_its_budget(family: TestHouse) -> None:
    card, *_ = await read_timeline(family.ground, actor_of(FATHER))
    body = b"\xff\xd8\xff"
    plan = BlobPlan(card.circle_id, FATHER, uuid4(), len(body), sha256(body).digest())
    await record_chunk(family.ground, plan, 0, body)
    given = {"commandId": str(uuid4()), "cardId": encode_id("Card", card.record.key)}
    with counted() as sent:
        answer = await ask(
            family, FATHER, operation("AttachPhoto"), input={**given, "photo": str(plan.blob_id)}
        )
    assert answer["data"]["attachPhoto"]["card"]["photo"] == str(plan.blob_id)
    assert len(sent) <= BUDGETS["AttachPhoto"], len(sent)


@pytest.mark.parametrize("name", ["DisputeFact", "WithdrawDispute"])
async def test_a_dispute_has_its_budget(family: TestHouse, name: str) -> None:
    card, fact_id = next(
        (card, fact["id"])
        for card in await cards(family, FATHER, first=50)
        for fact in card["why"]["facts"]
        if fact["kind"] == "birth.notified"
    )
    given = {"cardId": card["id"], "factId": fact_id}
    dispute = {**given, "commandId": str(uuid4()), "claim": "OTHER_DAY", "saysOn": "2020-01-01"}
    asked = dispute if name == "DisputeFact" else {**given, "commandId": str(uuid4())}
    if name == "WithdrawDispute":
        await ask(family, FATHER, operation("DisputeFact"), input=dispute)
    with counted() as sent:
        answer = await ask(family, FATHER, operation(name), input=asked)
    outcome = answer["data"][f"{name[0].lower()}{name[1:]}"]
    assert outcome["card"]["id"] == card["id"]
    assert len(sent) <= BUDGETS[name], len(sent)


async def test_the_records_have_their_budget(family: TestHouse) -> None:
    with counted() as sent:
        answer = await ask(family, FATHER, operation("VaccinationRecords"))
    assert len(answer["data"]["vaccinationRecords"]) == CHILDREN_COUNT
    assert len(sent) <= BUDGETS["VaccinationRecords"], sent


async def test_a_document_has_its_budget(family: TestHouse) -> None:
    child_id = encode_id("Person", person(10).bytes)
    with counted() as sent:
        answer = await ask(family, FATHER, operation("VaccinationDocument"), person=child_id)
    assert answer["data"]["vaccinationDocument"]["cards"] == []
    assert len(sent) <= BUDGETS["VaccinationDocument"], sent


async def test_a_chart_has_its_budget(family: TestHouse) -> None:
    await family.apply(described(person(10), BIRTH, sex="male"))
    child_id = encode_id("Person", person(10).bytes)
    query = operation("GrowthChart")
    with counted() as sent:
        answer = await ask(family, FATHER, query, child=child_id, indicator="WEIGHT_FOR_AGE")
    assert answer["data"]["growthChart"]["points"] == []
    assert len(sent) <= BUDGETS["GrowthChart"], sent


@pytest.mark.parametrize("name", ["Sessions", "SignOut", "SignOutEverywhere"])
async def test_sessions_have_their_budget(house: TestHouse, name: str) -> None:
    with counted() as sent:
        answer = await ask(house, FATHER, operation(name))
    assert "errors" not in answer
    assert len(sent) <= BUDGETS[name], sent


async def test_wishes_have_their_budget(house: TestHouse) -> None:
    with counted() as sent:
        answer = await ask(house, FATHER, operation("NoticeWishes"))
    assert answer["data"]["noticeWishes"]["optOut"] is None
    assert len(sent) <= BUDGETS["NoticeWishes"], sent
    given = {"commandId": str(uuid4()), "language": "EN"}
    with counted() as sent:
        answer = await ask(house, FATHER, operation("ChangeNoticeWishes"), input=given)
    assert answer["data"]["changeNoticeWishes"]["wishes"]["language"] == "EN"
    assert len(sent) <= BUDGETS["ChangeNoticeWishes"], len(sent)


async def test_a_long_page_of_notices_takes_as_many_statements_as_a_short_one(
    family: TestHouse,
) -> None:
    await make_notices(family.ground)
    for person_id in await list_people_due(family.ground):
        await tell_person(family.ground, person_id)
    for first in (1, 10, 50):
        with counted() as sent:
            answer = await ask(family, FATHER, operation("Notices"), first=first)
        page = answer["data"]["notices"]
        assert len(page["edges"]) == min(first, 10) or len(page["edges"]) > 10
        assert len(sent) <= BUDGETS["Notices"], sent


def test_every_operation_has_a_budget() -> None:
    assert {path.stem for path in OPERATIONS.glob("*.graphql")} == BUDGETS.keys()
