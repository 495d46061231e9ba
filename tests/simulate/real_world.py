"""The simulated world over the true application and PostgreSQL: agencies, phones, a bad network.

Rights and restores are done as an operator would, in SQL; everything else by the product.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any  # a command's payload

import httpx2
from sqlalchemy import text

from domain.fact import Fact
from domain.facts.act import CardAct
from domain.ids import CircleId, PersonId
from domain.people.actor import Actor
from phone import outbox, stream
from phone.exchange import Taken
from phone.sync import round_trip
from store.clock import Clock
from store.scope import CircleScope
from tests.simulate.real_phone import POISON, RealPhone, SkewedClock
from tests.simulate.world import Violation, require
from tests.support.builders import CITIZEN, born, described, in_error, married, vaccinated
from tests.support.house import TestHouse, person
from timeline.act import COMMANDS, DismissCard
from timeline.command import Command, CommandRegistry, CommandType, Standing
from timeline.record import read_facts
from timeline.tombstone import sweep_tombstones

HUSBAND, WIFE = person(1), person(2)
SKEWS = (timedelta(0), timedelta(days=3652), timedelta(days=-3652))
SETTLE_ROUNDS_MAX = 80
VACCINES = ("08", "19", "110", "133")
TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public'
AND tablename NOT IN ('alembic_version', 'catalogue_version')
"""


def _fails(clock: Clock, actor: Actor, command: Command[Any], standing: Standing) -> Fact:
    raise RuntimeError("a defect of the server that one command meets")


REGISTRY = CommandRegistry(
    (*COMMANDS, CommandType(POISON, DismissCard, lambda payload: payload.key, _fails))
)
"""The product's commands, and one at which the server fails every time."""


@dataclass
class RealWorld:
    """A couple, their children, and three phones: two of the wife's, one of the husband's."""

    house: TestHouse
    http: httpx2.AsyncClient
    children: list[Fact] = field(default_factory=list)
    phones: list[RealPhone] = field(default_factory=list)
    restores: int = 0
    backed_up: bool = False

    async def begin(self) -> None:
        """The family, as agencies first told of it."""
        day = self.today - timedelta(days=700)
        await self.house.apply(
            married(HUSBAND, WIFE, day),
            described(HUSBAND, day, nationality=CITIZEN, part="husband"),
        )
        await self.child_is_born(0, 3)
        for number, owner in enumerate((WIFE, WIFE, HUSBAND)):
            clock = SkewedClock(self.house.clock, SKEWS[number])
            self.phones.append(RealPhone(number, owner, self.http, clock))

    @property
    def today(self) -> date:
        return self.house.clock.today()

    async def happen(self, name: str, a: int, b: int) -> str:
        """One event; what it was about. Raises: Violation."""
        return await EVENTS[name](self, a, b)

    def phone(self, a: int) -> RealPhone:
        return self.phones[a % len(self.phones)]

    # What must hold

    async def settle(self) -> None:
        """Good days: every phone syncs until nothing is left; then everything must be so."""
        for one in (*self.phones, *self.phones):
            one.going_up.clear()
            one.going_down.clear()
            for _ in range(SETTLE_ROUNDS_MAX):
                taken = await round_trip(one.phone)
                self.check_taken(one, taken)
                if not taken.again and taken.retry_after_seconds is None:
                    break
                if taken.retry_after_seconds is not None:
                    self.house.clock.instant += timedelta(minutes=3)
            else:
                require(False, "a phone never comes to rest")
        for one in self.phones:
            await self.check_rows(one)
            await self.check_shown(one)
            await self.check_acts(one)

    def check_taken(self, one: RealPhone, taken: Taken) -> None:
        del taken
        found = one.store.connection.execute(
            "SELECT 1 FROM stream WHERE restarted_on IS NOT NULL OR alarm OR unreadable"
        )
        require(found.fetchone() is None, "a digest did not fit, or a row did not open")

    async def check_rows(self, one: RealPhone) -> None:
        """A phone holds its person's rows, byte by byte, and nothing else."""
        async with self.house.ground.database.engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT stream.stream_id, record_key, number, sealed FROM stream_record"
                    " JOIN stream USING (circle_id, person_id)"
                    " JOIN person_circle USING (circle_id, person_id)"
                    " WHERE person_id = :person AND member AND sealed IS NOT NULL"
                ),
                {"person": one.person},
            )
            expected = {(row[0].bytes, bytes(row[1]), row[2], bytes(row[3])) for row in found}
        held = {
            (row.stream, row.key, row.number, row.sealed) for row in stream.held_rows(one.store)
        }
        require(held == expected, "a phone differs from its server")

    async def check_shown(self, one: RealPhone) -> None:
        """At rest the phone's timeline is the server's."""
        cards = await self.house.timeline(PersonId(one.person))
        served = {
            card.record.key: (card.state, card.record.acknowledged, card.record.snoozed_until)
            for card in cards
        }
        mine = {
            shown.card.key: (shown.state, shown.card.acknowledged, shown.card.snoozed_until)
            for shown in one.timeline()
        }
        require(mine == served, "a timeline shows something else than the server")
        require(not any(shown.pending for shown in one.timeline()), "an act is pending for ever")

    async def check_acts(self, one: RealPhone) -> None:
        acts = {act.id: act for act in outbox.list_acts(one.store)}
        require(set(one.made) <= acts.keys(), "an act was lost")
        applied = await self.applied_by(one)
        for act in acts.values():
            require(act.state in ("applied", "refused", "quarantined"), "an act has no outcome")
            known = applied.count(f"{one.person}/{act.id}")
            require(known <= 1, "an act was applied twice")
            if self.restores == 0:
                require((act.state == "applied") == (known == 1), "an outcome is not what was done")

    async def applied_by(self, one: RealPhone) -> list[str]:
        """The acts that stand as facts of this person, each once for a circle's one effect."""
        said: list[str] = []
        async with self.house.ground.database.engine.connect() as connection:
            circles = (await connection.execute(text("SELECT circle_id FROM circle"))).scalars()
            found = [CircleId(circle) for circle in circles]
        for circle in found:
            keys = await self.house.ground.keys.circle(circle)
            async with self.house.ground.database.read(CircleScope(circle)) as session:
                facts = await read_facts(session, keys)
            mine = {
                fact.source_id
                for fact in facts
                if isinstance(fact.payload, CardAct) and fact.payload.person == one.person
            }
            said += sorted(mine - set(said))
        return said

    # What happens

    async def child_is_born(self, a: int, b: int) -> str:
        child = person(100 + len(self.children))
        on = self.today - timedelta(days=b)
        birth = born(child, WIFE, on, father=HUSBAND if a % 4 else None)
        self.children.append(birth)
        await self.house.apply(birth, described(child, on, name_en=f"Child {a}", part="child"))
        return f"{len(self.children)}"

    async def child_is_vaccinated(self, a: int, b: int) -> str:
        child = person(100 + a % len(self.children))
        await self.house.apply(vaccinated(child, VACCINES[b % len(VACCINES)], self.today))
        return f"{a % len(self.children)}"

    async def birth_was_an_error(self, a: int, b: int) -> str:
        del b
        birth = self.children[a % len(self.children)]
        await self.house.apply(in_error(birth, self.today))
        return f"{a % len(self.children)}"

    async def time_passes(self, a: int, b: int) -> str:
        del a
        self.house.clock.instant += timedelta(minutes=b, days=(0, 0, 1, 9, 40, 91)[b % 6])
        return str(self.today)

    async def tombstones_go(self, a: int, b: int) -> str:
        """What is older than 90 days is cleared away, as the worker does it."""
        del a, b
        return f"{await sweep_tombstones(self.house.ground)} streams"

    async def rights_change(self, a: int, b: int) -> str:
        """A right to a circle ends, or comes again."""
        await self.operate(
            "UPDATE person_circle SET member = NOT member WHERE (person_id, circle_id) ="
            " (SELECT person_id, circle_id FROM stream ORDER BY circle_id, person_id"
            " OFFSET mod(:a, (SELECT count(*) FROM stream)) LIMIT 1)",
            a=a,
        )
        return f"{b}"

    async def server_backs_up(self, a: int, b: int) -> str:
        del a, b
        await self.operate("DROP SCHEMA IF EXISTS backup CASCADE", "CREATE SCHEMA backup")
        for table in await self.tables():
            await self.operate(f"CREATE TABLE backup.{table} AS TABLE public.{table}")
        self.backed_up = True
        return ""

    async def server_restores(self, a: int, b: int) -> str:
        """The older state, every stream under a new incarnation."""
        del a, b
        if not self.backed_up:
            return "-"
        tables = await self.tables()
        await self.operate(
            f"TRUNCATE {', '.join(tables)}",
            *(f"INSERT INTO public.{table} SELECT * FROM backup.{table}" for table in tables),
            "UPDATE stream SET incarnation = gen_random_uuid()",
        )
        self.restores += 1
        return ""

    async def tables(self) -> list[str]:
        async with self.house.ground.database.engine.connect() as connection:
            return sorted((await connection.execute(text(TABLES))).scalars())

    async def operate(self, *statements: str, **values: object) -> None:
        """One transaction of an operator."""
        async with self.house.ground.database.engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement), values)

    async def owner_acts(self, a: int, b: int) -> str:
        one = self.phone(a)
        return f"{one.number} {one.do(b, a)}"

    async def phone_asks(self, a: int, b: int) -> str:
        del b
        await self.phone(a).ask()
        return f"{a % 3}"

    async def request_arrives(self, a: int, b: int) -> str:
        one = self.phone(a)
        if not one.going_up:
            await one.ask()
        if not one.going_up:
            return f"{one.number} enrolled"
        place = b % len(one.going_up)
        await one.carry_up(place)
        if b % 3:  # else it arrives once more, later
            del one.going_up[place]
        return f"{one.number}"

    async def answer_arrives(self, a: int, b: int) -> str:
        one = self.phone(a)
        if not one.going_down:
            return f"{one.number} -"
        place = b % len(one.going_down)
        taken = one.carry_down(place)
        if b % 3:
            del one.going_down[place]
        self.check_taken(one, taken)
        return f"{one.number} {'fresh' if taken.fresh else 'late'}"

    async def message_is_lost(self, a: int, b: int) -> str:
        one = self.phone(a)
        for flying in (one.going_up, one.going_down):
            if flying:
                del flying[b % len(flying)]
        return f"{one.number}"

    async def phone_syncs(self, a: int, b: int) -> str:
        one = self.phone(a)
        for _ in range(1 + b % 4):
            self.check_taken(one, await round_trip(one.phone))
        return f"{one.number}"

    async def phone_backs_up(self, a: int, b: int) -> str:
        del b
        self.phone(a).back_up()
        return f"{a % 3}"

    async def phone_restores(self, a: int, b: int) -> str:
        del b
        return f"{a % 3} {self.phone(a).restore()}"


Event = Callable[[RealWorld, int, int], Awaitable[str]]
EVENTS: dict[str, Event] = {
    "child is born": RealWorld.child_is_born,
    "child is vaccinated": RealWorld.child_is_vaccinated,
    "birth was an error": RealWorld.birth_was_an_error,
    "time passes": RealWorld.time_passes,
    "tombstones go": RealWorld.tombstones_go,
    "rights change": RealWorld.rights_change,
    "server backs up": RealWorld.server_backs_up,
    "server restores": RealWorld.server_restores,
    "owner acts": RealWorld.owner_acts,
    "phone asks": RealWorld.phone_asks,
    "request arrives": RealWorld.request_arrives,
    "answer arrives": RealWorld.answer_arrives,
    "message is lost": RealWorld.message_is_lost,
    "phone syncs": RealWorld.phone_syncs,
    "phone backs up": RealWorld.phone_backs_up,
    "phone restores": RealWorld.phone_restores,
}
COMMON = ("owner acts", "phone asks", "request arrives", "answer arrives")
WEIGHTED = (*EVENTS, *COMMON * 3, *("phone syncs",) * 4)

__all__ = ["EVENTS", "REGISTRY", "WEIGHTED", "RealWorld", "Violation"]
