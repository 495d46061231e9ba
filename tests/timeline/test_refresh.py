"""Refreshing: streams, heads and digests stay whole when many write at once, and no reader misses
a row.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from random import Random
from uuid import uuid4

import asyncpg
import pytest

from domain.fact import Fact
from domain.ids import CircleId, PersonId
from store.scope import MemberScope
from store.session import Database, T, Unit
from tests.support.builders import born, in_error, married, pregnant, vaccinated
from tests.support.house import TestHouse, actor_of, person
from timeline.apply import apply_facts
from timeline.ground import Ground
from timeline.read import read_timeline
from timeline.record import couple_circle, record_facts, single_circle
from timeline.refresh import refresh
from timeline.stream import StreamHead, find_head, read_stream, row_digest
from timeline.wake import WAKE_BATCH_MAX, list_waking_circles

HUSBAND, WIFE = person(1), person(2)
CHILDREN = [person(number) for number in range(11, 27)]
TODAY = date(2026, 11, 21)
WRITERS = 16


@pytest.fixture
async def tables(databases: tuple[str, str]) -> AsyncIterator[asyncpg.Connection]:
    """The family database itself, past every scope."""
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    yield connection
    await connection.close()


def wedding() -> Fact:
    return married(HUSBAND, WIFE, date(2025, 6, 1))


async def couple(house: TestHouse) -> CircleId:
    """A married couple's circle, refreshed."""
    await house.apply(wedding())
    return couple_circle(house.ground.keys, HUSBAND, WIFE).id


async def assert_whole(
    tables: asyncpg.Connection, circle_id: CircleId, person_id: PersonId
) -> None:
    """What a stream's row says of it is what its rows are."""
    head = await tables.fetchrow(
        "SELECT * FROM stream WHERE circle_id = $1 AND person_id = $2", circle_id, person_id
    )
    rows = await tables.fetch(
        "SELECT * FROM stream_record WHERE circle_id = $1 AND person_id = $2", circle_id, person_id
    )
    digest = 0
    for row in rows:
        live = row["sealed"] is not None
        assert (row["content"] is not None) == live
        assert (row["removed_on"] is None) == live
        if live:
            # Worked out here from the contract, not by the house's own function.
            body = row["record_key"] + row["number"].to_bytes(8, "big")
            first = hashlib.sha256(body).digest()[:8]
            digest ^= int.from_bytes(first, "big", signed=True)
            assert row_digest(row["record_key"], row["number"]) == int.from_bytes(
                first, "big", signed=True
            )
    assert head["digest"] == digest
    assert head["live_count"] == sum(row["sealed"] is not None for row in rows)
    assert head["head"] == max(row["number"] for row in rows)


async def test_a_storm_of_writers_leaves_one_circle_whole(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    circle_id = await couple(house)

    async def live(number: int) -> None:
        child = CHILDREN[number]
        birth = born(child, WIFE, TODAY - timedelta(days=number), father=HUSBAND)
        dose = vaccinated(child, "19", TODAY)
        for fact in (birth, dose, in_error(birth, TODAY)) if number % 4 == 0 else (birth, dose):
            await record_facts(
                house.ground, couple_circle(house.ground.keys, HUSBAND, WIFE), [fact]
            )
            await refresh(house.ground, circle_id)

    await asyncio.gather(*(live(number) for number in range(WRITERS)))
    row = await tables.fetchrow("SELECT * FROM circle WHERE circle_id = $1", circle_id)
    facts = await tables.fetchval("SELECT count(*) FROM fact WHERE circle_id = $1", circle_id)
    assert facts == 1 + 2 * WRITERS + WRITERS // 4
    assert row["facts_version"] == row["refreshed_version"] == facts
    for who in (HUSBAND, WIFE):
        await assert_whole(tables, circle_id, who)
        stood = {card.record.subject for card in await house.timeline(who)} - {WIFE}
        assert stood == {child for index, child in enumerate(CHILDREN) if index % 4}
    log = await tables.fetch(
        "SELECT * FROM refresh_log WHERE circle_id = $1 ORDER BY refresh_number", circle_id
    )
    assert [one["refresh_number"] for one in log] == list(range(1, row["refresh_count"] + 1))
    versions = [one["facts_version"] for one in log]
    assert versions == sorted(versions)
    assert versions[-1] == facts
    assert {(one["catalogue_version"], one["evaluated_on"]) for one in log} == {(1, TODAY)}


class DawdlingDatabase(Database):
    """A database whose units sleep, all written, before they commit: each for another while."""

    @asynccontextmanager
    async def unit(self, scope: T) -> AsyncIterator[Unit[T]]:
        async with super().unit(scope) as unit:
            yield unit
            await asyncio.sleep(Random(id(unit)).uniform(0, 0.02))


async def test_a_reader_that_polls_while_many_write_misses_no_row(
    house: TestHouse, databases: tuple[str, str], tables: asyncpg.Connection
) -> None:
    circle_id = await couple(house)
    await house.apply(born(CHILDREN[0], WIFE, TODAY, father=HUSBAND))
    database = DawdlingDatabase(databases[0], pool_connections=WRITERS)
    old = house.ground
    ground = Ground(database, old.keys, old.clock, old.catalogues)
    done = asyncio.Event()
    seen: dict[bytes, int] = {}
    polls = 0

    async def write(number: int) -> None:
        birth = born(CHILDREN[number], WIFE, TODAY - timedelta(days=number), father=HUSBAND)
        await record_facts(ground, couple_circle(ground.keys, HUSBAND, WIFE), [birth])
        await refresh(ground, circle_id)

    async def poll() -> None:
        nonlocal polls
        cursor, last = 0, False
        while not last:
            last = done.is_set()
            rows = await tables.fetch(
                "SELECT record_key, number FROM stream_record WHERE circle_id = $1"
                " AND person_id = $2 AND number > $3 ORDER BY number, record_key",
                circle_id,
                WIFE,
                cursor,
            )
            for row in rows:
                seen[row["record_key"]] = cursor = row["number"]
            polls += 1
            await asyncio.sleep(0)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(poll())
            writers = [group.create_task(write(number)) for number in range(1, WRITERS)]
            await asyncio.gather(*writers)
            done.set()
    finally:
        await database.close()
    keys = await house.ground.keys.circle(circle_id)
    async with house.ground.database.read(MemberScope(circle_id, WIFE)) as session:
        held = await read_stream(session, keys)
    assert polls > WRITERS
    assert len(held) > WRITERS
    assert {one.record.key: one.number for one in held} == seen


async def test_rows_of_one_refresh_share_the_next_number(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    circle_id = await couple(house)
    for expected, child in enumerate(CHILDREN[:3], start=1):
        await house.apply(born(child, WIFE, TODAY, father=HUSBAND))
        numbers = await tables.fetch(
            "SELECT number, count(*) FROM stream_record WHERE circle_id = $1 AND person_id = $2"
            " GROUP BY number ORDER BY number",
            circle_id,
            WIFE,
        )
        # Six rows a newborn: the visits at birth and at two months, which lie within 104 days,
        # the check of two months, the record, the content of the first days and of two months.
        # With the second the first one's two visits say that they can be shared; the third makes
        # no difference to that.
        assert [tuple(row) for row in numbers] == ROWS_OF_NEWBORNS[expected]


ROWS_OF_NEWBORNS = {
    1: [(1, 1), (2, 6)],  # before them, of the marriage, its concluded contract
    2: [(1, 1), (2, 4), (3, 8)],
    3: [(1, 1), (2, 4), (3, 8), (4, 6)],
}


async def test_what_goes_leaves_a_tombstone_and_what_comes_back_takes_its_place(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    birth = born(CHILDREN[0], WIFE, TODAY, father=HUSBAND)
    await house.apply(birth)
    circle_id = couple_circle(house.ground.keys, HUSBAND, WIFE).id
    before = {card.record.key for card in await house.timeline(WIFE)}
    error = in_error(birth, TODAY)
    concerns = (CHILDREN[0], WIFE, HUSBAND)
    await house.apply(error, concerns=concerns)
    rows = await tables.fetch(
        "SELECT * FROM stream_record WHERE circle_id = $1 AND person_id = $2", circle_id, WIFE
    )
    assert {row["record_key"] for row in rows} > before  # and the vaccination record
    assert {(row["sealed"], row["removed_on"], row["number"]) for row in rows} == {(None, TODAY, 2)}
    await assert_whole(tables, circle_id, WIFE)
    await house.apply(in_error(error, TODAY), concerns=concerns)
    assert {card.record.key for card in await house.timeline(WIFE)} == before
    assert {card.number for card in await house.timeline(WIFE)} == {3}
    await assert_whole(tables, circle_id, WIFE)


async def test_a_refresh_that_changes_nothing_writes_no_row(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    circle_id = await couple(house)
    await house.apply(born(CHILDREN[0], WIFE, TODAY, father=HUSBAND))
    before = [
        await tables.fetch("SELECT * FROM stream ORDER BY 1, 2"),
        await tables.fetch("SELECT * FROM stream_record ORDER BY 1, 2, 3"),
        await tables.fetch("SELECT * FROM effect ORDER BY 1, 2"),
    ]
    assert await refresh(house.ground, circle_id) == 0
    house.clock.move_days(1)
    assert await refresh(house.ground, circle_id) == 0
    after = [
        await tables.fetch("SELECT * FROM stream ORDER BY 1, 2"),
        await tables.fetch("SELECT * FROM stream_record ORDER BY 1, 2, 3"),
        await tables.fetch("SELECT * FROM effect ORDER BY 1, 2"),
    ]
    assert after == before


async def test_what_changes_one_parents_cards_raises_no_other_head(house: TestHouse) -> None:
    circle_id = await couple(house)
    await house.apply(born(CHILDREN[0], WIFE, date(2026, 8, 1), father=HUSBAND))

    async def heads() -> list[StreamHead | None]:
        found = []
        for who in (HUSBAND, WIFE):
            async with house.ground.database.read(MemberScope(circle_id, who)) as session:
                found.append(await find_head(session))
        return found

    before = await heads()
    await house.apply(pregnant(WIFE, TODAY, due_on=date(2027, 8, 20), father=HUSBAND))
    after = await heads()  # her plan of contacts; what he is to read is months away
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


async def test_a_circle_never_opened_is_left_alone(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    assert await refresh(house.ground, CircleId(uuid4())) == 0
    assert await tables.fetchval("SELECT count(*) FROM refresh_log") == 0


# Waking


async def test_a_dirty_circle_is_found_until_it_is_refreshed(house: TestHouse) -> None:
    touched = await apply_facts(house.ground, [wedding()])
    assert set(await list_waking_circles(house.ground)) == touched
    for circle_id in touched:
        await refresh(house.ground, circle_id)
    assert await list_waking_circles(house.ground) == ()


async def test_a_circle_wakes_on_its_day_and_not_the_day_before(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await house.apply(born(CHILDREN[0], WIFE, TODAY, father=HUSBAND))
    circle_id = couple_circle(house.ground.keys, HUSBAND, WIFE).id
    # The visit at 4 months, 2027-03-21, is there from 104 days before: 2026-12-07.
    wakes_on = await tables.fetchval(
        "SELECT next_change_on FROM circle WHERE circle_id = $1", circle_id
    )
    assert wakes_on is not None
    assert TODAY < wakes_on <= date(2026, 12, 7)
    house.clock.move_to(date(2026, 12, 6))
    await house.card_names(WIFE)  # what came in between, a card of nurseries, is refreshed
    assert circle_id not in await list_waking_circles(house.ground)
    house.clock.move_to(date(2026, 12, 7))
    assert circle_id in await list_waking_circles(house.ground)
    assert await refresh(house.ground, circle_id) == 2  # a card for each parent
    assert circle_id not in await list_waking_circles(house.ground)


async def test_a_circle_that_other_rules_last_saw_is_found(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    circle_id = await couple(house)
    assert await list_waking_circles(house.ground) == ()
    await tables.execute(
        "INSERT INTO catalogue_version (version, published_at, digest) VALUES (2, now(), '')"
    )
    await tables.execute(
        "INSERT INTO catalogue_entry SELECT 2, entry_id,"
        " replace(document, '\"version\":', '\"version\": 9') FROM catalogue_entry"
    )
    assert circle_id in await list_waking_circles(house.ground)
    await refresh(house.ground, circle_id)
    assert circle_id not in await list_waking_circles(house.ground)


async def test_a_batch_of_waking_circles_is_bounded_and_the_longest_due_first(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await tables.execute(
        "INSERT INTO circle (circle_id, refreshed_catalogue, next_change_on, sealed)"
        " SELECT gen_random_uuid(), 1, date '2026-11-21' - number, '' "
        f" FROM generate_series(1, {WAKE_BATCH_MAX + 1}) AS number"
    )
    found = await list_waking_circles(house.ground, limit=WAKE_BATCH_MAX + 1)
    assert len(found) == WAKE_BATCH_MAX
    days = await tables.fetch(
        "SELECT circle_id FROM circle ORDER BY next_change_on LIMIT $1", WAKE_BATCH_MAX
    )
    assert found == tuple(row["circle_id"] for row in days)
    assert len(await list_waking_circles(house.ground, limit=3)) == 3


async def test_reading_refreshes_what_is_dirty_or_whose_day_has_come(house: TestHouse) -> None:
    birth = born(CHILDREN[0], WIFE, TODAY, father=HUSBAND)
    await apply_facts(house.ground, [birth])  # recorded, and the worker is not at work
    assert len(await read_timeline(house.ground, actor_of(WIFE))) == 5  # visits, check, content
    house.clock.move_to(date(2026, 12, 7))
    names = await house.card_names(WIFE)
    assert "vaccination/dtp_2:scheduled" in names
    # Every circle of hers was refreshed by the reading; those left are others'.
    waking = await list_waking_circles(house.ground)
    assert couple_circle(house.ground.keys, HUSBAND, WIFE).id not in waking
    assert single_circle(house.ground.keys, WIFE).id not in waking
    assert single_circle(house.ground.keys, CHILDREN[0]).id in waking
