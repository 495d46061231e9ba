"""Law 1, second half: any past day is made again exactly, or what differs is named.

A family lives some months: facts come late, are corrected and taken back, numbers are joined and
parted, members act, catalogues are published. What each one saw is kept day by day, and compared.
"""

from datetime import date, timedelta
from random import Random
from uuid import UUID

import asyncpg
import msgspec
import pytest

from content.pack import SHIPPED_PACK
from content.publish import publish_documents
from content.rollout import close_rollout, open_rollout, take_back, widen_rollout
from content.scenario import read_scenarios
from content.schedule_entries import read_catalogue
from content.withdraw import withdraw
from domain.card.record import Record
from domain.fact import Fact
from domain.facts.person import IdentifierReplaced, ResidenceChanged
from domain.ids import CommandId, EntryId, PersonId
from store.scope import ReferenceScope
from tests.domain.test_law_purity import CHILDREN, HUSBAND, SECOND_WIFE, WIFE, life_story
from tests.support.builders import born, fact, in_error, married
from tests.support.house import TestHouse, actor_of, person
from timeline.act import AcknowledgeCard, DismissCard
from timeline.command import Command, run_command
from timeline.rebuild import erase_circle
from timeline.record import couple_circle
from timeline.replay import replay_member
from timeline.side import PERCENT_MAX

TODAY = date(2026, 11, 21)
READERS = (HUSBAND, WIFE, SECOND_WIFE)
WITHDRAWN = "moved_emirate"  # no other entry names it
SERVICES_SEEN = 10  # by the readers together, on one day
Document = dict[str, object]
Seen = dict[tuple[date, PersonId], set[Record]]


async def publish_changed(house: TestHouse, version: int) -> None:
    """The shipped catalogue with another rank and version of one service."""
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        await publish_documents(unit, house.clock, changed_documents(version))


def changed_documents(version: int) -> list[tuple[str, Document]]:
    documents = []
    for name, document in read_catalogue(SHIPPED_PACK):
        changed = dict(document)
        if document["id"] == "vaccination":
            cards = [dict(card) | {"rank": version} for card in document["cards"]]  # type: ignore[attr-defined]
            changed |= {"version": version, "cards": cards}
        documents.append((name, changed))
    return documents


async def look(house: TestHouse) -> dict[PersonId, set[Record]]:
    found = {}
    for who in READERS:
        found[who] = {card.record for card in await house.timeline(who)}
    return found


@pytest.mark.parametrize("seed", range(2))
async def test_every_day_of_some_months_is_made_again_exactly(house: TestHouse, seed: int) -> None:
    chance = Random(seed)
    story = list(life_story())
    chance.shuffle(story)  # they come late, and in any order
    saying = fact(IdentifierReplaced(CHILDREN[0], CHILDREN[1], "newborn_numbered"), TODAY)
    story += [saying, in_error(saying, TODAY)]
    house.clock.move_to(date(2026, 6, 1))
    kept: Seen = {}
    for number, told in enumerate(story):
        await house.apply(told)
        if number % 8 == 4:
            cards = await house.timeline(WIFE)
            if cards:
                key = chance.choice(cards).record.key
                act = chance.choice(
                    [("card.acknowledge", AcknowledgeCard), ("card.dismiss", DismissCard)]
                )
                command = Command(CommandId(UUID(int=number)), act[0], act[1](key))
                await run_command(house.ground, house.registry, actor_of(WIFE), command)
        if number in (9, 17):
            await publish_changed(house, 900 + number)
        day = house.clock.today()
        kept |= {(day, who): records for who, records in (await look(house)).items()}
        house.clock.move_days(chance.choice([0, 1, 1, 12]))
    assert any(kept.values())
    for (day, who), records in kept.items():
        _, replayed = await replay_member(house.ground, who, on=day)
        assert [one.differences for one in replayed if not one.is_exact] == []
        made = {record for one in replayed for record in one.records if record.is_card}
        assert {record.key for record in made} == {record.key for record in records}
        assert records <= made, (day, who)  # a card in two circles is shown of one


async def test_a_family_of_many_services_is_made_again_through_roll_outs_and_a_withdrawal(
    house: TestHouse,
) -> None:
    """One step of the catalogue a day: a roll-out opened for half, widened, closed, an entry
    withdrawn, a step back; and every day before it is what it was.
    """
    for told in life_story():
        await house.apply(told)
    for emirate, on in (("AE-AJ", date(2020, 1, 1)), ("AE-DU", TODAY)):
        await house.apply(fact(ResidenceChanged(WIFE, emirate), on, source="icp"))
    database, clock = house.ground.database, house.clock

    async def step(number: int) -> None:
        async with database.unit(ReferenceScope("publish")) as unit:
            match number:
                case 0:
                    documents = changed_documents(900)
                    await open_rollout(unit, clock, documents, percent=50, scope=None)
                case 1:
                    await widen_rollout(unit, clock, percent=PERCENT_MAX, scope=None)
                case 2:
                    await close_rollout(unit, clock)
                case 3:
                    await withdraw(unit, clock, EntryId(WITHDRAWN))
                case _:
                    await take_back(unit, clock)

    kept = {clock.today(): await look(house)}
    for number in range(5):
        clock.move_days(1)
        await step(number)
        kept[clock.today()] = await look(house)
    services = {
        day: {one.entry for records in seen.values() for one in records}
        for day, seen in kept.items()
    }
    assert len(services[TODAY]) >= SERVICES_SEEN
    assert WITHDRAWN in services[TODAY + timedelta(days=3)]
    assert WITHDRAWN not in services[TODAY + timedelta(days=4)]
    for day, seen in kept.items():
        for who, records in seen.items():
            _, replayed = await replay_member(house.ground, who, on=day)
            assert [one.differences for one in replayed if not one.is_exact] == []
            made = {record for one in replayed for record in one.records if record.is_card}
            assert records <= made, (day, who)


# Each row of the journey (docs/services.md) is seen by somebody of these stories.
STORIES = (
    *("marriage_contract", "family_book", "marriage_grant", "housing_support"),
    *("pregnancy_followup", "medical_appointments", "newborn_federal_family"),
    *("vaccination_and_growth", "nursery", "school_registration", "content_by_stage"),
)
ROWS = {
    *("marriage_contract", "family_book", "marriage_grant", "housing_support"),
    *("pregnancy_followup", "medical_appointments", "newborn_bundle", "maternity_leave"),
    *("paternity_leave", "child_allowance", "school_seat", "vaccination"),
    *("growth_questionnaire", "nursery", "school_registration", "content_child"),
}


async def test_each_row_of_the_journey_is_made_again_on_every_day_of_its_stories(
    house: TestHouse,
) -> None:
    """The stories of several families are told in one house, each event on the day it was known."""
    stories = [one for one in read_scenarios() if one.name in STORIES]
    assert len(stories) == len(STORIES)
    told: dict[date, list[Fact]] = {}
    for story in stories:
        for one in story.facts:
            unique = msgspec.structs.replace(one, source_id=f"{story.name}/{one.source_id}")
            told.setdefault(one.known_on, []).append(unique)
    readers: dict[date, set[PersonId]] = {}
    for story in stories:
        for step in story.steps:
            readers.setdefault(step.on, set()).update(story.people[who] for who in step.sees)
    kept: Seen = {}
    for day in sorted({*told, *readers}):
        house.clock.move_to(day)
        for one in told.get(day, ()):
            await house.apply(one)
        for who in readers.get(day, ()):
            kept[day, who] = {card.record for card in await house.timeline(who)}
    assert {record.entry for records in kept.values() for record in records} >= ROWS
    house.clock.move_days(1)
    for (day, who), records in kept.items():
        _, replayed = await replay_member(house.ground, who, on=day)
        assert [one.differences for one in replayed if not one.is_exact] == []
        made = {record for one in replayed for record in one.records if record.is_card}
        assert records <= made, (day, who)


async def a_day(house: TestHouse) -> None:
    await house.apply(married(HUSBAND, WIFE, date(2025, 6, 1)))
    await house.apply(born(CHILDREN[0], WIFE, TODAY, father=HUSBAND))


async def kinds(house: TestHouse, day: date = TODAY) -> set[str]:
    _, replayed = await replay_member(house.ground, WIFE, on=day)
    return {differs.kind for one in replayed for differs in one.differences}


async def test_before_anything_was_known_nothing_was_seen(house: TestHouse) -> None:
    await a_day(house)
    assert await replay_member(house.ground, WIFE, on=TODAY - timedelta(days=1)) == (WIFE, ())


async def test_what_differs_is_named(house: TestHouse, databases: tuple[str, str]) -> None:
    await a_day(house)
    house.clock.move_days(1)
    await publish_changed(house, 900)
    await house.timeline(WIFE)
    house.clock.move_days(1)
    assert await kinds(house) == set()
    tables = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    try:
        await tables.execute("UPDATE refresh_log SET engine_version = 1")
        _, replayed = await replay_member(house.ground, WIFE, on=TODAY)
        assert {one.kind for r in replayed for one in r.differences} == {"engine_changed"}
        assert all(one.is_exact for one in replayed)  # and yet it makes the same
        # Another catalogue than that of the day: named by member and record.
        await tables.execute("UPDATE refresh_log SET catalogue_version = 2")
        _, replayed = await replay_member(house.ground, WIFE, on=TODAY)
        differs = [one for r in replayed for one in r.differences]
        assert {"member_differs", "record_differs", "records_missing"} <= {d.kind for d in differs}
        named = {one.detail.split()[0] for one in differs if one.kind == "record_differs"}
        assert named == {"vaccination"}
        assert {one.member for one in differs if one.kind == "record_differs"} == {HUSBAND, WIFE}
        assert not all(one.is_exact for one in replayed)
        await tables.execute("UPDATE refresh_log SET catalogue_version = 77")
        assert "catalogue_gone" in await kinds(house)
        await tables.execute("UPDATE refresh_log SET catalogue_version = 1")
        couple = couple_circle(house.ground.keys, HUSBAND, WIFE).id
        await tables.execute("DELETE FROM fact WHERE circle_id = $1 AND facts_version = 1", couple)
        assert "facts_gone" in await kinds(house)
    finally:
        await tables.close()
    await erase_circle(house.ground, couple)
    assert "circle_erased" in await kinds(house)
    assert person(99) not in READERS
    assert await replay_member(house.ground, person(99), on=TODAY) == (person(99), ())
