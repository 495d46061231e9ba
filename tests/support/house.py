"""A whole house for a test: real databases, a clock that the test moves."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from api.wire import INTAKE_SCHEMAS, build_registry
from content.pack import SHIPPED_PACK
from content.publish import publish_pack
from domain.calendar_date import DUBAI
from domain.fact import Fact
from domain.ids import CircleId, PersonId
from domain.people.actor import Actor
from gov.event.schema import EventSchemas
from store.key_keeper import FileKeyKeeper
from store.keys import KeyRing
from store.session import Database
from timeline.apply import apply_facts
from timeline.catalogue import Catalogues
from timeline.command import CommandRegistry
from timeline.ground import Ground
from timeline.read import TimelineCard, read_timeline
from timeline.refresh import refresh

NOON_DUBAI = datetime(2026, 11, 21, 12, tzinfo=DUBAI)


@dataclass
class FixedClock:
    """A clock that stands still until the test moves it."""

    instant: datetime = field(default=NOON_DUBAI)

    def now_utc(self) -> datetime:
        return self.instant.astimezone(UTC)

    def today(self) -> date:
        return self.instant.astimezone(DUBAI).date()

    def move_to(self, day: date) -> None:
        """Noon in Dubai of another day."""
        self.instant = datetime(day.year, day.month, day.day, 12, tzinfo=DUBAI)

    def move_days(self, days: int) -> None:
        self.instant += timedelta(days=days)


@dataclass(frozen=True)
class TestHouse:
    """What a test works with."""

    __test__ = False

    ground: Ground
    clock: FixedClock
    registry: CommandRegistry
    schemas: EventSchemas

    async def apply(self, *facts: Fact, concerns: tuple[PersonId, ...] = ()) -> frozenset[CircleId]:
        """Records facts of one event where they belong, and refreshes what changed."""
        touched = await apply_facts(self.ground, facts, concerns=concerns)
        for circle_id in touched:
            await refresh(self.ground, circle_id)
        return touched

    async def refresh(self, circle_id: CircleId) -> int:
        """Refreshes one circle; how many rows were written."""
        return await refresh(self.ground, circle_id)

    async def timeline(self, person_id: PersonId) -> tuple[TimelineCard, ...]:
        """Every card of a person today."""
        return await read_timeline(self.ground, actor_of(person_id))

    async def card_names(self, person_id: PersonId) -> list[str]:
        """`service/occurrence:state` of every card, in timeline order."""
        return [
            f"{card.record.entry}/{card.record.occurrence.rpartition('/')[2]}:{card.state}"
            for card in await self.timeline(person_id)
        ]


def actor_of(person_id: PersonId) -> Actor:
    """A signed-in person who reads Arabic."""
    return Actor(person_id, "ar", "demonstration")


def person(number: int) -> PersonId:
    """The n-th person of a test: readable ids, the same in every run."""
    return PersonId(UUID(int=number))


@asynccontextmanager
async def open_test_house(
    database_url: str, keystore_url: str, *, clock: FixedClock, directory: Path
) -> AsyncIterator[TestHouse]:
    """Opens a house on migrated databases and publishes the shipped pack."""
    database = Database(database_url)
    keystore = Database(keystore_url, pool_connections=4)
    try:
        keys = await KeyRing.unlock(keystore, FileKeyKeeper(directory / "master.key"))
        await publish_pack(database, clock, SHIPPED_PACK)
        ground = Ground(database, keys, clock, Catalogues(database))
        yield TestHouse(ground, clock, build_registry(), EventSchemas.load(INTAKE_SCHEMAS))
    finally:
        await database.close()
        await keystore.close()


Json = Mapping[str, Any]
