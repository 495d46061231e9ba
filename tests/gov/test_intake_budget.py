"""What one event costs in sessions: few, and each step still a commit of its own."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta

from domain.ids import AgencyId
from gov.agency import add_agency
from gov.agency_right import ANYTHING
from gov.inbox.row import keep_message
from gov.interpret import interpret
from simulators.agency import encode_event
from store.scope import Scope
from store.session import Database, Glance, Reading, Unit
from tests.support.events import BABY, COUPLE, HUSBAND, WIFE, Json, event
from tests.support.house import TestHouse
from timeline.ground import Ground

TODAY = date(2026, 11, 21)
MOJ = AgencyId("moj")


class CountingDatabase(Database):
    """Counts the sessions of each kind."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.opened: Counter[str] = Counter()

    @asynccontextmanager
    async def read(self, scope: Scope) -> AsyncIterator[Reading[Scope]]:  # type: ignore[override]
        self.opened["read"] += 1
        async with super().read(scope) as session:
            yield session

    @asynccontextmanager
    async def unit(self, scope: Scope) -> AsyncIterator[Unit[Scope]]:  # type: ignore[override]
        self.opened["unit"] += 1
        async with super().unit(scope) as session:
            yield session

    @asynccontextmanager
    async def glance(self, scope: Scope) -> AsyncIterator[Glance[Scope]]:  # type: ignore[override]
        self.opened["glance"] += 1
        async with super().glance(scope) as session:
            yield session


async def test_a_birth_in_a_known_family_opens_few_sessions(
    house: TestHouse, databases: tuple[str, str]
) -> None:
    database = CountingDatabase(databases[0])
    ground = replace(house.ground, database=database)
    try:
        await add_agency(database, MOJ, name_ar="العدل", name_en="MoJ", rights=ANYTHING)
        wedding = event("marriage.registered", COUPLE, on=TODAY - timedelta(days=400), id="w")
        await _interpret(house, ground, wedding)
        birth: Json = {"child": BABY, "mother": WIFE, "father": HUSBAND}
        opened = await _interpret(
            house, ground, event("birth.notified", birth, on=TODAY - timedelta(days=2), id="b")
        )
    finally:
        await database.close()
    # Commits: who the child is; the own circles of three people; the child's link to its own and to
    # its parents' circles, and its name; the couple's and the mother's circle; the message.
    assert opened["unit"] == 10
    # Reads: the message, the numbers, the three people, the child once it is linked, who holds it.
    assert opened["read"] == 5
    assert (
        opened["glance"] == 3
    )  # whether the child had lived, and what the two shared circles hold


async def _interpret(house: TestHouse, ground: Ground, said: Json) -> Counter[str]:
    """How many sessions of each kind the interpreting of one event opened."""
    kept = await keep_message(ground, MOJ, said["id"], encode_event(said))
    database = ground.database
    assert isinstance(database, CountingDatabase)
    database.opened.clear()
    found = await interpret(ground, house.schemas, kept.inbox_id)
    assert found.circles
    return Counter(database.opened)
