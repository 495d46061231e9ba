"""Roll-outs: some circles first, the same ones at every look; widened, closed, taken back."""

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from content.pack import SHIPPED_PACK
from content.publish import RolloutOpen, publish_documents
from content.rollout import (
    NoRollout,
    NothingBefore,
    ScopeUnknown,
    close_rollout,
    open_rollout,
    take_back,
    widen_rollout,
)
from content.schedule_entries import read_catalogue
from content.withdraw import withdraw
from domain.card.record import Record
from domain.compile.document import CatalogueError
from domain.ids import CircleId, EntryId
from store.scope import ReferenceScope
from tests.support.builders import married
from tests.support.house import TestHouse, actor_of, person
from timeline.read import read_timeline
from timeline.replay import replay_member
from timeline.side import PERCENT_MAX, Sides, is_drawn

COUPLES = 24


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    copied = tmp_path / "pack"
    shutil.copytree(SHIPPED_PACK, copied)
    return copied


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def number_of(file: Path, key: str) -> int:
    line = next(one for one in file.read_text("utf-8").splitlines() if one.startswith(f"{key}:"))
    return int(line.split(":")[1])


def raise_(file: Path, key: str) -> None:
    number = number_of(file, key)
    edit(file, f"\n{key}: {number}\n", f"\n{key}: {number + 1}\n")


def change_rule(pack: Path) -> int:
    """The offer of the family book ends sooner; the version it then has."""
    book = pack / "family_book.yaml"
    edit(book, "due_until: {days: 90}", "due_until: {days: 60}")
    raise_(book, "version")
    return number_of(book, "version")


async def begin(house: TestHouse, pack: Path, percent: int, scope: str | None = None) -> Sides:
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        return await open_rollout(
            unit,
            house.clock,
            read_catalogue(pack),
            percent=percent,
            scope=EntryId(scope) if scope is not None else None,
        )


async def step(house: TestHouse, do: object, **said: object) -> Sides:
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        return await do(unit, house.clock, **said)  # type: ignore[operator, no-any-return]  # a step


async def load(house: TestHouse, pack: Path) -> int:
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        return await publish_documents(unit, house.clock, read_catalogue(pack))


async def wed(house: TestHouse) -> None:
    for number in range(COUPLES):
        husband, wife = person(100 + 2 * number), person(101 + 2 * number)
        await house.apply(married(husband, wife, house.clock.today() - timedelta(days=3)))


async def books(house: TestHouse) -> list[Record]:
    """Each husband's card of the family book, as a read finds it today."""
    found = []
    for number in range(COUPLES):
        cards = await read_timeline(house.ground, actor_of(person(100 + 2 * number)))
        found += [card.record for card in cards if card.record.entry == "family_book"]
    assert len(found) == COUPLES
    return found


def is_book(record: Record) -> bool:
    return record.entry == "family_book"


async def versions(house: TestHouse) -> list[int]:
    return [record.version for record in await books(house)]


def test_a_circle_is_drawn_alike_at_every_look_and_stays_in_as_it_grows() -> None:
    circles = [CircleId(UUID(int=number)) for number in range(2_000)]

    def drawn(percent: int, salt: bytes = b"one") -> set[CircleId]:
        sides = Sides(3, 1, 2, percent, salt=salt)
        return {circle for circle in circles if is_drawn(sides, circle)}

    assert drawn(10) == drawn(10)
    assert drawn(0) == set()
    assert drawn(PERCENT_MAX) == set(circles)
    assert drawn(10) < drawn(30)
    assert 120 < len(drawn(10)) < 290  # 200 of 2,000; six deviations of 13.4 on either side
    assert drawn(10) != drawn(10, b"two")


async def test_some_circles_have_the_candidate_and_all_have_it_once_it_is_closed(
    house: TestHouse, pack: Path
) -> None:
    await wed(house)
    (before,) = set(await versions(house))
    candidate = change_rule(pack)
    await begin(house, pack, 40)
    first = await versions(house)
    assert set(first) == {before, candidate}
    assert await versions(house) == first
    await step(house, widen_rollout, percent=80, scope=None)
    wider = await versions(house)
    assert wider.count(candidate) > first.count(candidate)
    assert all(now == candidate for was, now in zip(first, wider, strict=True) if was == candidate)
    # A replay of the day finds the side that each circle was on.
    for number in range(4):
        _, replayed = await replay_member(
            house.ground, person(100 + 2 * number), on=house.clock.today()
        )
        made = {record.version for one in replayed for record in one.records if is_book(record)}
        assert all(one.is_exact for one in replayed)
        assert made == {wider[number]}
    await step(house, close_rollout)
    assert set(await versions(house)) == {candidate}
    await step(house, take_back)
    assert set(await versions(house)) == {before}


async def test_a_rollout_is_taken_back_in_one_step(house: TestHouse, pack: Path) -> None:
    await wed(house)
    (before,) = set(await versions(house))
    change_rule(pack)
    await begin(house, pack, PERCENT_MAX)
    assert set(await versions(house)) != {before}
    await step(house, take_back)
    assert set(await versions(house)) == {before}
    with pytest.raises(NoRollout):
        await step(house, close_rollout)
    # What was published once keeps its number, even though it was taken back.
    edit(pack / "family_book.yaml", "due_until: {days: 60}", "due_until: {days: 50}")
    with pytest.raises(CatalogueError, match="raise it to"):
        await begin(house, pack, 10)


async def test_the_first_version_has_nothing_before_it(house: TestHouse) -> None:
    with pytest.raises(NothingBefore):
        await step(house, take_back)


async def test_a_scope_says_whose_the_candidate_is(house: TestHouse, pack: Path) -> None:
    await wed(house)
    (before,) = set(await versions(house))
    change_rule(pack)
    with pytest.raises(ScopeUnknown):
        await begin(house, pack, PERCENT_MAX, "pilot_2021")
    await begin(house, pack, PERCENT_MAX, "pilot_2020")
    assert set(await versions(house)) == {before}  # nobody said where they live or work
    await step(house, widen_rollout, percent=PERCENT_MAX, scope=None)
    assert set(await versions(house)) == {before + 1}


async def test_while_one_is_open_only_words_and_withdrawals_are_published_to_both_sides(
    house: TestHouse, pack: Path
) -> None:
    await wed(house)
    before, candidate = (set(await versions(house)), change_rule(pack))
    await begin(house, pack, 40)
    split = await versions(house)
    with pytest.raises(RolloutOpen):
        await begin(house, pack, 10)
    other = pack / "growth_questionnaire.yaml"
    edit(other, "en: Growth questionnaires", "en: Questionnaires of growth")
    raise_(other, "revision")
    assert await load(house, pack) > 0
    catalogue = await house.ground.catalogues.current()
    assert catalogue.other is not None
    for side in (catalogue, catalogue.other):
        name = side.services[EntryId("growth_questionnaire")].name
        assert name.en.source == "Questionnaires of growth"
    assert await versions(house) == split
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        await withdraw(unit, house.clock, EntryId("ramadan_1448"))
    catalogue = await house.ground.catalogues.current()
    assert catalogue.other is not None
    for side in (catalogue, catalogue.other):
        assert "ramadan_1448" in side.entries.withdrawn
    assert await versions(house) == split
    edit(pack / "family_book.yaml", "due_until: {days: 60}", "due_until: {days: 50}")
    raise_(pack / "family_book.yaml", "version")
    with pytest.raises(RolloutOpen):
        await load(house, pack)
    assert set(split) == before | {candidate}
