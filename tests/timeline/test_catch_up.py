"""After a publication only the circles that its rules can touch are evaluated, and words write
nothing.
"""

from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from content.pack import SHIPPED_PACK
from content.publish import publish_documents
from content.schedule_entries import read_catalogue
from domain.facts.person import ResidenceChanged
from domain.ids import CircleId
from store.scope import ReferenceScope
from tests.support.builders import born, fact, married, pregnant
from tests.support.house import TestHouse, person
from timeline.catalogue import Catalogues
from timeline.catch_up import count_behind
from timeline.record import couple_circle
from timeline.refresh import refresh
from timeline.replay import replay_member
from timeline.wake import list_waking_circles

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
OTHER_HUSBAND, OTHER_WIFE = person(4), person(5)
TODAY = date(2026, 11, 21)
Document = dict[str, Any]
FAMILY_TABLES = ("circle", "stream", "stream_record", "effect", "audience", "refresh_log", "fact")


@pytest.fixture
async def tables(databases: tuple[str, str]) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    yield connection
    await connection.close()


async def publish(house: TestHouse, change: Callable[[Document], Document]) -> None:
    """The shipped catalogue with every service as `change` makes it."""
    documents = [
        (name, change(dict(one)) if one["kind"] == "service" else dict(one))
        for name, one in read_catalogue(SHIPPED_PACK)
    ]
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        await publish_documents(unit, house.clock, documents)


def reworded(document: Document) -> Document:
    name = {language: f"{text}." for language, text in document["name"].items()}
    return document | {"name": name, "revision": document["revision"] + 1}


def reruled(entry_id: str) -> Callable[[Document], Document]:
    """One service under a higher version."""

    def change(document: Document) -> Document:
        if document["id"] != entry_id:
            return document
        return document | {"version": document["version"] + 1}

    return change


async def written(tables: asyncpg.Connection) -> dict[str, list[str]]:
    """The transaction that last wrote each row of the families' tables."""
    return {
        table: [row[0] for row in await tables.fetch(f"SELECT ctid::text || xmin FROM {table}")]
        for table in FAMILY_TABLES
    }


async def two_families(house: TestHouse) -> tuple[CircleId, CircleId]:
    """One with a child, one with none."""
    await house.apply(married(HUSBAND, WIFE, date(2025, 6, 1)))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await house.apply(married(OTHER_HUSBAND, OTHER_WIFE, TODAY))
    for circle_id in await list_waking_circles(house.ground):
        await refresh(house.ground, circle_id)
    keys = house.ground.keys
    return (
        couple_circle(keys, HUSBAND, WIFE).id,
        couple_circle(keys, OTHER_HUSBAND, OTHER_WIFE).id,
    )


async def test_a_correction_of_words_rewrites_no_familys_row(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await two_families(house)
    before = await written(tables)
    await publish(house, reworded)
    assert (await house.ground.catalogues.current()).version == 2
    assert await list_waking_circles(house.ground) == ()
    assert await count_behind(house.ground) == 0
    assert await house.timeline(WIFE)  # read by its words at once
    assert await written(tables) == before


async def test_words_corrected_again_and_again_are_still_the_first_versions_rules(
    house: TestHouse,
) -> None:
    def again(by: int, rules: int = 0) -> Callable[[Document], Document]:
        def change(document: Document) -> Document:
            name = {language: f"{text}{'.' * by}" for language, text in document["name"].items()}
            numbers = {
                "version": document["version"] + rules,
                "revision": document["revision"] + by,
            }
            return document | {"name": name} | numbers

        return change

    for by in (1, 2):
        await publish(house, again(by))
    await publish(house, again(3, rules=1))  # version 4
    for by in (4, 5):
        await publish(house, again(by, rules=1))
    catalogues = house.ground.catalogues
    for asked in (catalogues, Catalogues(house.ground.database)):  # one that saw nothing before
        assert [await asked.rules_since(version) for version in (3, 4, 6, 2, 6)] == [1, 4, 4, 1, 4]


async def test_a_rule_of_children_evaluates_the_circles_with_children_alone(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    with_child, without = await two_families(house)
    logged = await tables.fetchval("SELECT count(*) FROM refresh_log WHERE circle_id = $1", without)
    await publish(house, reruled("vaccination"))
    assert await count_behind(house.ground) > 0
    found = await list_waking_circles(house.ground)
    assert with_child in found
    assert without not in found
    for circle_id in found:
        await refresh(house.ground, circle_id)
    assert await list_waking_circles(house.ground) == ()
    assert await count_behind(house.ground) == 0
    now = await tables.fetchrow("SELECT * FROM circle WHERE circle_id = $1", without)
    assert now["refreshed_catalogue"] == 2
    # No evaluation, so no row in the log; and what was seen is still made again exactly.
    assert logged == await tables.fetchval(
        "SELECT count(*) FROM refresh_log WHERE circle_id = $1", without
    )
    house.clock.move_days(1)
    for who in (WIFE, OTHER_WIFE):
        _, replayed = await replay_member(house.ground, who, on=TODAY)
        assert replayed
        assert all(one.is_exact for one in replayed)


async def publish_scoped(house: TestHouse, *emirates: str, version: int) -> None:
    """The shipped catalogue, its family book for these emirates alone."""
    documents: list[tuple[str, Document]] = [
        (name, dict(one)) for name, one in read_catalogue(SHIPPED_PACK)
    ]
    for _, document in documents:
        if document["id"] == "every_emirate":
            document["emirates"] = list(emirates)
            document["version"] = version
        elif document["id"] == "family_book":
            document["scope"] = "every_emirate"
            document["version"] = document["version"] + 1
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        await publish_documents(unit, house.clock, documents)


async def test_a_scope_that_changed_evaluates_whom_it_held_before_or_holds_now(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await house.apply(married(HUSBAND, WIFE, TODAY))
    await house.apply(married(OTHER_HUSBAND, OTHER_WIFE, TODAY))
    keys = house.ground.keys
    in_ajman = couple_circle(keys, HUSBAND, WIFE).id
    in_dubai = couple_circle(keys, OTHER_HUSBAND, OTHER_WIFE).id
    for who, emirate in ((HUSBAND, "AE-AJ"), (OTHER_HUSBAND, "AE-DU")):
        await house.apply(fact(ResidenceChanged(who, emirate), TODAY, source="icp"))
    found = []
    steps = (("AE-AJ",), ("AE-AJ", "AE-SH"), ("AE-SH",), ("AE-DU", "AE-SH"), ("AE-SH",), ("AE-RK",))
    for version, emirates in enumerate(steps, 2):
        await publish_scoped(house, *emirates, version=version)
        circles = await list_waking_circles(house.ground)
        found.append({one for one in circles if one in (in_ajman, in_dubai)})
        for circle_id in circles:
            await refresh(house.ground, circle_id)
        assert await count_behind(house.ground) == 0
        for who, emirate in ((HUSBAND, "AE-AJ"), (OTHER_HUSBAND, "AE-DU")):
            cards = await house.card_names(who)
            assert any("family_book" in name for name in cards) is (emirate in emirates)
    # From everybody to Ajman both; then whoever is in one of the two lists.
    assert found == [{in_ajman, in_dubai}, {in_ajman}, {in_ajman}, {in_dubai}, {in_dubai}, set()]


async def test_a_reader_whom_the_rules_cannot_touch_waits_for_no_evaluation(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    _, without = await two_families(house)
    await publish(house, reruled("vaccination"))
    logged = await tables.fetchval("SELECT count(*) FROM refresh_log WHERE circle_id = $1", without)
    await house.timeline(OTHER_WIFE)
    assert logged == await tables.fetchval(
        "SELECT count(*) FROM refresh_log WHERE circle_id = $1", without
    )
    versions = {card.record.version for card in await house.timeline(WIFE)}
    assert len(versions) > 1  # hers were evaluated by the reading


async def test_where_the_projection_is_not_there_everything_is_evaluated(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    _, without = await two_families(house)
    await tables.execute("DELETE FROM audience")
    await publish(house, reruled("vaccination"))
    assert without in await list_waking_circles(house.ground)


async def test_a_fact_that_comes_between_keeps_its_circle_to_be_evaluated(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    _, without = await two_families(house)
    await publish(house, reruled("vaccination"))
    due_on = TODAY + timedelta(days=100)
    await house.apply(pregnant(OTHER_WIFE, TODAY, due_on=due_on, father=OTHER_HUSBAND))
    now = await tables.fetchrow("SELECT * FROM circle WHERE circle_id = $1", without)
    assert now["refreshed_catalogue"] == 2
    assert now["refreshed_version"] == now["facts_version"]
