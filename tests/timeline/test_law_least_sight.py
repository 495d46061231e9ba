"""Law 5, least sight: a member reaches own cards only, and cannot tell missing from forbidden.

Two couples, a man of two wives, a former husband, children of several: everyone tries everyone
else's cards by reading, by finding and by every command. Missing and forbidden are compared by
outcome and by the very statements that the database was asked.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any  # events of the driver
from unittest.mock import patch
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import event

from domain.card.record import encode_record
from domain.ids import CommandId, PersonId, RecordKey
from store.scope import MemberScope
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    married,
    pregnant,
    vaccinated,
)
from tests.support.house import TestHouse, actor_of, person
from timeline.act import AcknowledgeCard, DismissCard, SnoozeCard, UndoCard
from timeline.command import Command, run_command
from timeline.people import circles_of
from timeline.read import find_card
from timeline.stream import find_head, list_live, read_stream

TODAY = date(2026, 11, 21)
HUSBAND, WIFE, SECOND_WIFE, NEXT_HUSBAND, OTHER_HUSBAND, OTHER_WIFE = (
    person(number) for number in range(1, 7)
)
EX_CHILD, SECOND_CHILD, NEXT_CHILD, OTHER_CHILD = (person(number) for number in range(11, 15))
PEOPLE = {
    "Hamad": HUSBAND,
    "Noura": WIFE,
    "Latifa": SECOND_WIFE,
    "Khalid": NEXT_HUSBAND,
    "Omar": OTHER_HUSBAND,
    "Salama": OTHER_WIFE,
    "Rashid": EX_CHILD,
    "Maitha": SECOND_CHILD,
    "Sultan": NEXT_CHILD,
    "Shamma": OTHER_CHILD,
}
MEMBERS = (HUSBAND, WIFE, SECOND_WIFE, NEXT_HUSBAND, OTHER_HUSBAND, OTHER_WIFE)
MAY_SEE = {
    HUSBAND: {HUSBAND, WIFE, SECOND_WIFE, EX_CHILD, SECOND_CHILD},
    WIFE: {WIFE, HUSBAND, NEXT_HUSBAND, EX_CHILD, NEXT_CHILD},
    SECOND_WIFE: {SECOND_WIFE, HUSBAND, SECOND_CHILD},
    NEXT_HUSBAND: {NEXT_HUSBAND, WIFE, NEXT_CHILD},
    OTHER_HUSBAND: {OTHER_HUSBAND, OTHER_WIFE, OTHER_CHILD},
    OTHER_WIFE: {OTHER_WIFE, OTHER_HUSBAND, OTHER_CHILD},
}
"""Whose names may stand on a member's cards: the spouses of each marriage, and own children."""


@pytest.fixture
async def town(house: TestHouse) -> TestHouse:
    """All of them, with a card of theirs each."""
    await house.apply(
        *(described(who, TODAY, name_en=name, nationality=CITIZEN) for name, who in PEOPLE.items())
    )
    births = [
        (married(HUSBAND, WIFE, date(2020, 1, 1)), EX_CHILD, WIFE, date(2023, 1, 1)),
        (married(HUSBAND, SECOND_WIFE, date(2021, 1, 1)), SECOND_CHILD, SECOND_WIFE, TODAY),
        (married(NEXT_HUSBAND, WIFE, date(2025, 1, 1)), NEXT_CHILD, WIFE, TODAY),
        (married(OTHER_HUSBAND, OTHER_WIFE, date(2025, 2, 1)), OTHER_CHILD, OTHER_WIFE, TODAY),
    ]
    for wedding, child, mother, on in births:
        await house.apply(wedding)
        await house.apply(born(child, mother, on))
        await house.apply(vaccinated(child, "19", TODAY))
    await house.apply(pregnant(SECOND_WIFE, date(2026, 5, 1), due_on=date(2026, 10, 1)))
    return house


async def keys_of(house: TestHouse, who: PersonId) -> set[RecordKey]:
    return {card.record.key for card in await house.timeline(who)}


def commands(key: RecordKey) -> list[Command[Any]]:
    """Every command on one card, each with an id of its own."""
    payloads = {
        "card.acknowledge": AcknowledgeCard(key),
        "card.snooze": SnoozeCard(key, TODAY + timedelta(days=2)),
        "card.dismiss": DismissCard(key),
        "card.undo": UndoCard(key, 1),
    }
    return [Command(CommandId(uuid4()), name, payload) for name, payload in payloads.items()]


async def test_everyone_sees_own_cards_and_nobody_elses(town: TestHouse) -> None:
    seen: dict[PersonId, set[RecordKey]] = {}
    for who in MEMBERS:
        cards = await town.timeline(who)
        assert cards
        assert {card.record.recipient for card in cards} == {who}
        subjects = {card.record.subject for card in cards}
        assert subjects <= MAY_SEE[who]
        seen[who] = {card.record.key for card in cards}
    assert sum(map(len, seen.values())) == len(set().union(*seen.values()))


async def test_no_name_of_a_stranger_stands_on_anyones_card(town: TestHouse) -> None:
    found = 0
    for who in MEMBERS:
        bodies = b"".join(encode_record(card.record) for card in await town.timeline(who))
        for name, named in PEOPLE.items():
            if named in MAY_SEE[who]:
                found += name.encode() in bodies
            else:
                assert name.encode() not in bodies, (name, who)
    assert found > len(MEMBERS), "names do stand on cards"


async def test_nobody_finds_or_acts_on_anothers_card(town: TestHouse) -> None:
    theirs = {who: await keys_of(town, who) for who in MEMBERS}
    before = {who: [card.record for card in await town.timeline(who)] for who in MEMBERS}
    for who in MEMBERS:
        for other in MEMBERS:
            if other == who:
                continue
            keys = sorted(theirs[other])
            for key in keys:
                assert await find_card(town.ground, actor_of(who), key) is None
            for command in commands(keys[0]):
                outcome = await run_command(town.ground, town.registry, actor_of(who), command)
                assert outcome.code == "not_found"
    after = {who: [card.record for card in await town.timeline(who)] for who in MEMBERS}
    assert after == before


async def test_a_scope_of_anothers_circle_holds_nothing(town: TestHouse) -> None:
    for who in MEMBERS:
        own = set(await circles_of(town.ground, who))
        for other in MEMBERS:
            for circle_id in set(await circles_of(town.ground, other)) - own:
                keys = await town.ground.keys.circle(circle_id)
                async with town.ground.database.read(MemberScope(circle_id, who)) as session:
                    assert await find_head(session) is None
                    assert await read_stream(session, keys) == ()
                    for key in await keys_of(town, other):
                        assert not await list_live(session, [key])


@dataclass
class Asked:
    """Every statement that the database was asked, through SQLAlchemy and past it."""

    statements: list[str] = field(default_factory=list)
    pooled: set[Any] = field(default_factory=set)

    def through(self, _: Any, __: Any, statement: str, *___: Any) -> None:
        self.statements.append(statement)

    def past(self, record: Any) -> None:
        self.statements.append(f"driver: {record.query}")

    def connected(self, connection: Any, _: Any) -> None:
        connection.driver_connection.add_query_logger(self.past)
        self.pooled.add(connection.driver_connection)

    def beside(self, execute: Any) -> Any:
        """What the driver does for a glance, whose connection no pool of SQLAlchemy hands out."""

        async def listened(driver: Any, query: str, *args: Any, **options: Any) -> Any:
            if driver not in self.pooled:
                self.statements.append(f"driver: {query}")
            return await execute(driver, query, *args, **options)

        return listened

    def take(self) -> list[str]:
        taken, self.statements = self.statements, []
        return taken


@pytest.fixture
async def asked(town: TestHouse) -> AsyncIterator[Asked]:
    """Listens on every connection of the house; those from before are closed."""
    asked, engine = Asked(), town.ground.database.engine
    await engine.dispose()
    event.listen(engine.sync_engine, "connect", asked.connected)
    event.listen(engine.sync_engine, "before_cursor_execute", asked.through)
    with patch.object(asyncpg.Connection, "_execute", asked.beside(asyncpg.Connection._execute)):
        yield asked
    event.remove(engine.sync_engine, "connect", asked.connected)
    event.remove(engine.sync_engine, "before_cursor_execute", asked.through)


async def test_missing_and_forbidden_ask_the_database_the_same(
    town: TestHouse, asked: Asked
) -> None:
    actor = actor_of(WIFE)
    missing = RecordKey(bytes(16))
    forbidden = [sorted(await keys_of(town, who))[0] for who in MEMBERS if who != WIFE]
    own = sorted(await keys_of(town, WIFE))[0]
    assert await find_card(town.ground, actor, missing) is None  # opens connections, fills caches
    asked.take()
    assert await find_card(town.ground, actor, missing) is None
    expected = asked.take()
    assert any(one.startswith("driver: ") for one in expected)
    for key in forbidden:
        assert await find_card(town.ground, actor, key) is None
        assert asked.take() == expected

    # The driver asks once what an array is that it has not seen.
    await run_command(town.ground, town.registry, actor, next(iter(commands(missing))))
    asked.take()
    for command in commands(missing):
        outcome = await run_command(town.ground, town.registry, actor, command)
        expected = asked.take()
        for key in forbidden:
            (same,) = [one for one in commands(key) if one.name == command.name]
            assert await run_command(town.ground, town.registry, actor, same) == outcome
            assert asked.take() == expected
    (allowed,) = [one for one in commands(own) if one.name == "card.dismiss"]
    await run_command(town.ground, town.registry, actor, allowed)
    assert asked.take() != expected, "what is allowed asks for more: the listening is no show"
