"""The funnel: each notice counted once as far as it came, small counts hidden, and a recount."""

import asyncio
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.facts.person import ResidenceChanged
from domain.ids import CommandId, EntryId, PersonId
from push.answer import Answer
from push.funnel import STAGES, count_stages, recount, show_funnel
from push.receipt import SeeNotices
from push.told import list_told
from store.scope import ReferenceScope
from tests.support.builders import CITIZEN, born, described, fact, married
from tests.support.house import TestHouse, actor_of, person
from tests.support.notices import Outbox, enrol
from timeline.command import Command, run_command
from timeline.population import list_reads

HUSBAND, WIFE = person(1), person(2)
PHONE = UUID(int=11)
TODAY = date(2026, 11, 21)
CHILDREN = 12
BUNDLE = EntryId("newborn_bundle")


@pytest.fixture
def outbox(house: TestHouse) -> Outbox:
    return Outbox(house)


async def births(house: TestHouse, count: int, *, emirate: str | None = None) -> None:
    """A father in an emirate, and so many children of today: one bundle each."""
    await house.apply(
        married(HUSBAND, WIFE, date(2025, 1, 1)), described(HUSBAND, TODAY, nationality=CITIZEN)
    )
    if emirate is not None:
        moved = ResidenceChanged(HUSBAND, emirate)
        await house.apply(fact(moved, TODAY - timedelta(days=9), source="icp"))
    await house.apply(*(born(person(10 + n), WIFE, TODAY, father=HUSBAND) for n in range(count)))


async def counted(house: TestHouse, entry: EntryId = BUNDLE) -> dict[tuple[str, int], int]:
    """The true counts of a service, by emirate and stage: what nobody is shown."""
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        rows = await session.execute(
            text(
                "SELECT emirate, stage, count AS so_many FROM funnel_count WHERE entry_id = :entry"
            ),
            {"entry": entry},
        )
        return {(row.emirate, row.stage): row.so_many for row in rows}


async def count_all(house: TestHouse, *, limit: int = 500) -> int:
    total = 0
    while found := await count_stages(house.ground, limit=limit):
        total += found
    return total


async def open_all(house: TestHouse, who: PersonId) -> int:
    told = (await list_told(house.ground, actor_of(who), limit=100)).notices
    ids = tuple(each.notice.id for each in told if each.is_told and each.notice.entry == BUNDLE)
    command = Command(CommandId(uuid4()), "notices.seen", SeeNotices(opened=ids))
    await run_command(house.ground, house.registry, actor_of(who), command)
    return len(ids)


async def test_each_notice_counts_once_at_each_stage_however_often_and_by_however_many(
    house: TestHouse, outbox: Outbox
) -> None:
    await births(house, 3, emirate="AE-AJ")
    await outbox.plan()
    await asyncio.gather(*(count_all(house, limit=2) for _ in range(3)))
    assert await counted(house) == {("AE-AJ", 1): 3}
    assert await count_all(house) == 0
    await enrol(house, HUSBAND, PHONE, token="token-1")
    for _ in range(4):  # a day's cap is three
        house.clock.move_days(1)
        await outbox.run()
    await asyncio.gather(*(count_all(house, limit=1) for _ in range(2)))
    assert await counted(house) == {("AE-AJ", 1): 3, ("AE-AJ", 2): 3}
    assert await open_all(house, HUSBAND) == 3
    await count_all(house)
    await count_all(house)
    assert await counted(house) == {("AE-AJ", stage): 3 for stage in (1, 2, 3)}
    assert await recount(house.ground, purpose="a monthly check", reader="tests") == ()


async def test_what_no_channel_took_is_not_told(house: TestHouse, outbox: Outbox) -> None:
    await births(house, 1)
    await enrol(house, HUSBAND, PHONE, token="token-1")
    outbox.pushes.answers = [Answer("refused", "too_big")] * 9
    await outbox.run()
    await count_all(house)
    assert await counted(house) == {("", 1): 1}
    # A phone that says that it came all the same knows better.
    told = (await list_told(house.ground, actor_of(HUSBAND), limit=100)).notices
    ids = tuple(each.notice.id for each in told)
    command = Command(CommandId(uuid4()), "notices.seen", SeeNotices(delivered=ids))
    await run_command(house.ground, house.registry, actor_of(HUSBAND), command)
    await count_all(house)
    assert await counted(house) == {("", 1): 1, ("", 2): 1}


async def test_who_moves_between_two_stages_counts_where_they_were(
    house: TestHouse, outbox: Outbox
) -> None:
    await births(house, 1, emirate="AE-AJ")
    await outbox.plan()
    await count_all(house)
    moved = ResidenceChanged(HUSBAND, "AE-DU")
    await house.apply(fact(moved, TODAY, source="icp"))
    await enrol(house, HUSBAND, PHONE, token="token-1")
    house.clock.move_days(1)
    await outbox.run()
    await count_all(house)
    assert await counted(house) == {("AE-AJ", 1): 1, ("AE-AJ", 2): 1}


async def test_small_counts_are_hidden_and_others_shown_in_tens(
    house: TestHouse, outbox: Outbox
) -> None:
    await births(house, CHILDREN, emirate="AE-AJ")
    await outbox.plan()
    await count_all(house)
    assert (await counted(house))["AE-AJ", 1] == CHILDREN
    rows = {(row.entry, row.emirate): row.counts for row in await show_funnel(house.ground)}
    assert rows[BUNDLE, "AE-AJ"] == {**dict.fromkeys(STAGES), "eligible": 10}
    assert all(count in (None, 10) for counts in rows.values() for count in counts.values())


async def test_a_recount_is_recorded_and_names_what_differs(
    house: TestHouse, outbox: Outbox
) -> None:
    await births(house, 2, emirate="AE-AJ")
    await outbox.plan()
    await count_all(house)
    assert await recount(house.ground, purpose="a monthly check", reader="tests") == ()
    async with house.ground.database.unit(ReferenceScope("operate")) as unit:
        await unit.execute(
            text("UPDATE funnel_count SET count = count + 30 WHERE entry_id = 'newborn_bundle'")
        )
        await unit.execute(text("INSERT INTO funnel_count VALUES ('never', 'AE-DU', 2, 1)"))
    found = await recount(house.ground, purpose="another check", reader="tests")
    assert [(one.entry, one.emirate, one.stage, one.kept, one.recounted) for one in found] == [
        ("never", "AE-DU", "told", None, None),
        (BUNDLE, "AE-AJ", "eligible", 30, None),
    ]
    reads = await list_reads(house.ground)
    # Both at the same time of the tests' clock, so in no order.
    assert sorted((one.read.purpose, one.read.asked) for one in reads) == [
        ("a monthly check", "funnel.recount"),
        ("another check", "funnel.recount"),
    ]
