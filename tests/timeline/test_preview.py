"""What a publication would do, before it is made: counts alone, hidden where they are small, and
true afterwards.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from content.pack import SHIPPED_PACK
from content.preview import preview_publication
from content.publish import publish_documents
from content.schedule_entries import read_catalogue
from domain.ids import EntryId
from store.scope import ReferenceScope
from tests.support.builders import born, married
from tests.support.house import TestHouse, person
from timeline.population import list_reads
from timeline.preview import Impact
from timeline.refresh import refresh
from timeline.wake import list_waking_circles

TODAY = date(2026, 11, 21)
PURPOSE = "before the rules of vaccination change"
FAMILIES = 12
FEW = 3
Document = dict[str, Any]
Documents = list[tuple[str, Document]]


def documents(change: Callable[[Document], Document | None]) -> Documents:
    """The shipped catalogue with every document as `change` makes it."""
    made = [(name, change(dict(one))) for name, one in read_catalogue(SHIPPED_PACK)]
    return [(name, one) for name, one in made if one is not None]


def untold(document: Document) -> Document:
    """The shipped pack as it is, but for a service of children that tells nobody."""
    if document["id"] != "content_child":
        return document
    cards = [card | {"notices": []} for card in document["cards"]]
    return document | {"cards": cards, "version": document["version"] + 1}


def reworded(document: Document) -> Document:
    if document["id"] != "vaccination":
        return document
    name = {language: f"{text}." for language, text in document["name"].items()}
    return document | {"name": name, "revision": document["revision"] + 1}


async def town(house: TestHouse, families: int) -> None:
    """So many couples with a newborn, and as many without."""
    for number in range(families):
        husband, wife, child, other, another = (person(10 * number + n) for n in range(1, 6))
        await house.apply(married(husband, wife, date(2025, 6, 1)))
        await house.apply(born(child, wife, TODAY - timedelta(days=12), father=husband))
        await house.apply(married(other, another, date(2025, 6, 1)))


async def preview(house: TestHouse, made: Documents, *, sample: int | None = None) -> Impact:
    return await preview_publication(
        house.ground, made, purpose=PURPOSE, reader="salma", sample=sample
    )


async def publish(house: TestHouse, made: Documents) -> None:
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        await publish_documents(unit, house.clock, made)
    while found := await list_waking_circles(house.ground):
        for circle_id in found:
            await refresh(house.ground, circle_id)


async def test_words_touch_nobody(house: TestHouse) -> None:
    await town(house, FEW)
    impact = await preview(house, documents(reworded))
    assert impact.touched.circles is None
    assert impact.touched.people is None
    assert impact.cards == ()
    assert impact.told is None


async def test_small_counts_are_hidden_and_the_reading_is_recorded(house: TestHouse) -> None:
    await town(house, FEW)
    impact = await preview(house, documents(untold))
    assert impact.looked_at is None or impact.looked_at >= 10
    for one in impact.cards:
        assert {one.coming, one.going, one.changing, one.told} == {None}
    reads = await list_reads(house.ground)
    assert reads[0].read.reader == "salma"
    assert reads[0].read.purpose == PURPOSE


async def test_the_counts_are_what_the_publication_then_does(
    house: TestHouse, databases: tuple[str, str]
) -> None:
    """First a version that tells nobody of the content for children; then the shipped rules, which
    tell both parents.
    """
    await publish(house, documents(untold))
    await town(house, FAMILIES)
    tables = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    before = await rows(tables)
    shipped = documents(told_again)
    impact = await preview(house, shipped)
    assert await rows(tables) == before, "nothing was written"
    content = [one for one in impact.cards if one.entry == EntryId("content_child")]
    assert content
    assert impact.touched.circles is not None
    assert impact.told is not None
    effects = await effect_count(tables)
    await publish(house, shipped)
    more = await effect_count(tables) - effects
    await tables.close()
    assert more >= 2 * FAMILIES
    assert impact.told == (2 * FAMILIES + 5) // 10 * 10
    assert all(one.coming is None and one.going is None for one in content), "they only change"
    assert any(one.changing for one in content)


async def test_a_withdrawn_service_s_cards_go(house: TestHouse) -> None:
    await town(house, FAMILIES)

    def without(document: Document) -> Document | None:
        return None if str(document["id"]).endswith("nursery") else document

    impact = await preview(house, documents(without))
    assert {one.entry for one in impact.cards if one.going} == {EntryId("nursery")}
    assert not any(one.coming or one.changing for one in impact.cards)


@pytest.mark.parametrize(("sample", "is_sample"), [(1, True), (10_000, False)])
async def test_a_sample_looks_at_no_more_circles_than_asked(
    house: TestHouse, sample: int, is_sample: bool
) -> None:
    await town(house, FEW)
    impact = await preview(house, documents(untold), sample=sample)
    assert impact.is_sample is is_sample


def told_again(document: Document) -> Document:
    if document["id"] != "content_child":
        return document
    return document | {"version": document["version"] + 2}


async def rows(tables: asyncpg.Connection) -> list[str]:
    """The transaction that last wrote each row of families."""
    query = " UNION ALL ".join(
        f"SELECT '{table}' || ctid::text || xmin FROM {table}"
        for table in ("circle", "stream_record", "effect", "refresh_log", "audience")
    )
    return sorted(row[0] for row in await tables.fetch(query))


async def effect_count(tables: asyncpg.Connection) -> int:
    count: int = await tables.fetchval("SELECT count(*) FROM effect")
    return count
