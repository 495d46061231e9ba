"""What phones' acts cost, and what sealing takes of a refresh and of a reading.

`acts-one-circle`, `acts-many-circles`: commands a second that are applied, over HTTP, ten a call;
each dismisses a card or takes that back. Circles are families of five with 45 facts, and each act
adds one. In one circle both parents act, from four phones each; or eight parents in circles of
their own. Baseline: the rows that such a command wrote, by plain SQL, one commit each, as many at
once. `seal-share`: of a process's time in refreshes that change rows, `open-share`: in first
readings of timelines, which open every record.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any  # asyncpg is untyped
from uuid import UUID, uuid4

import asyncpg
import cbor2

from api.settings import HOST, Settings
from api.wire import open_house
from bench.plain_write import Written, copy_tables, take_written, write_plainly
from bench.processes import child, environ_of, wait_until_answers
from bench.raw_http import Connection
from bench.refresh import prepare_families
from bench.result import Result, compare
from bench.servers import bench_servers, driver_url
from bench.share import Seen, profiled
from bench.sync_world import Reader, enrol, sync_request
from domain.ids import PersonId
from domain.people.actor import Actor
from store.seal import open_, seal
from sync.wire import PAGE_BYTES_MIN
from timeline.people import link
from timeline.read import read_timeline
from timeline.record import record_facts
from timeline.refresh import refresh

TODAY = date(2026, 11, 21)
PHONES = 8
ACTS_A_CALL = 10
ROUNDS = 4
READINGS = 10  # of each
FAMILIES = 16  # refreshed for each of twelve later facts, then read by both parents
BASELINE = "the same rows by plain SQL, one commit each"


@dataclass(slots=True)
class _Phone:
    """A parent's phone, and the card that it acts on: an act, then its undo."""

    reader: Reader
    card: bytes
    sequence: int = 0
    last_id: UUID = field(default_factory=uuid4)
    cursors: dict[bytes, bytes] = field(default_factory=dict)
    keys: dict[bytes, int] = field(default_factory=dict)

    def acts(self, many: int) -> list[dict[str, object]]:
        """The next acts, as they are sent."""
        return [self._act() for _ in range(many)]

    def _act(self) -> dict[str, object]:
        self.sequence += 1
        before, self.last_id = self.last_id, uuid4()
        name = "card.dismiss"
        payload: dict[str, object] = {"key": self.card}
        if self.sequence % 2 == 0:
            name = "card.undo"
            payload |= {"seen_number": 0, "undoes": before.bytes}
        return {
            "sequence": self.sequence,
            "id": self.last_id.bytes,
            "name": name,
            "payload": payload,
        }


def measure_acts(*, seconds: float) -> list[Result]:
    """Two figures: in one circle, in many."""
    with bench_servers(today=TODAY) as settings:
        one, many = asyncio.run(_phones(settings))
        results = []
        with child("api.cli", "api", environ=environ_of(settings)):
            wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
            for name, phones in (("acts-one-circle", one), ("acts-many-circles", many)):
                ours, plain = asyncio.run(_act_by_turns(settings, phones, seconds))
                results.append(
                    compare(
                        name,
                        ours,
                        "commands applied/s",
                        baseline=BASELINE,
                        baseline_value=plain,
                    )
                )
    return results


async def _phones(settings: Settings) -> tuple[list[_Phone], list[_Phone]]:
    """Eight phones of one circle's parents; eight of one parent each. Each acts on its own card."""
    async with open_house(settings) as house:
        families = await prepare_families(house.ground, 1 + PHONES)
        one: list[_Phone] = []
        many: list[_Phone] = []
        for place, (circle, family) in enumerate(families):
            parents = (family.husband, family.wife) if place == 0 else (family.husband,)
            for person in parents:
                await link(house.ground, person, circle.id, member=True)
                cards = await read_timeline(house.ground, _actor(person))
                keys = [card.record.key for card in cards]
                kept = keys[: PHONES // 2] if place == 0 else keys[:1]
                phones = [_Phone(Reader(person, circle.id, uuid4()), key) for key in kept]
                (one if place == 0 else many).extend(phones)
    assert len(one) == len(many) == PHONES
    return one, many


async def _act_by_turns(
    settings: Settings, phones: list[_Phone], seconds: float
) -> tuple[float, float]:
    """Commands a second, and how often the rows of one were written plainly."""
    dsn = driver_url(settings)
    async with (
        Connection(settings.port) as connection,
        asyncpg.create_pool(dsn, min_size=PHONES, max_size=PHONES) as pool,
    ):
        for phone in phones:
            await enrol(connection, phone.reader)
            while await _call(connection, phone, 0):
                pass
        await _call(connection, phones[0], 2)
        async with pool.acquire() as tables:
            await copy_tables(tables)
            circles = sorted({phone.reader.circle_id for phone in phones})
            for phone in phones[1:]:
                await _call(connection, phone, 1)
            written = {one: await take_written(tables, one) for one in circles}
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(await _act_for(settings.port, phones, seconds / ROUNDS))
        plain.append(await _write_for(dsn, phones, written, seconds / ROUNDS))
    return sum(ours) / ROUNDS, sum(plain) / ROUNDS


async def _call(connection: Connection, phone: _Phone, many: int) -> bool:
    """One call with so many acts, each applied; whether there is more to pull."""
    request = sync_request(
        phone.reader,
        cursors=phone.cursors,
        keys=phone.keys,
        want_bytes=PAGE_BYTES_MIN,
        acked=phone.sequence,
        commands=phone.acts(many),
    )
    body, _ = await connection.ask(request, status=200)
    answer = cbor2.loads(body)
    codes = [outcome["code"] for outcome in answer["outcomes"]]
    assert codes == ["applied"] * many, (codes, answer.get("stopped"))
    phone.cursors |= {stream: page["next"] for stream, page in answer["streams"].items()}
    phone.keys |= {wrap["stream"]: wrap["epoch"] for wrap in answer["keys"]}
    return bool(answer["more"])


async def _act_for(port: int, phones: list[_Phone], seconds: float) -> float:
    done = 0
    end = time.perf_counter() + seconds

    async def act(phone: _Phone) -> None:
        nonlocal done
        async with Connection(port) as connection:
            while time.perf_counter() < end:
                await _call(connection, phone, ACTS_A_CALL)
                done += ACTS_A_CALL

    return await _rate(map(act, phones), lambda: done)


async def _write_for(
    dsn: str, phones: list[_Phone], written: dict[Any, list[Written]], seconds: float
) -> float:
    done = 0
    end = time.perf_counter() + seconds

    async def write(phone: _Phone) -> None:
        nonlocal done
        connection = await asyncpg.connect(dsn)
        try:
            while time.perf_counter() < end:
                await write_plainly(connection, written[phone.reader.circle_id])
                done += 1
        finally:
            await connection.close()

    return await _rate(map(write, phones), lambda: done)


async def _rate(works: Iterable[Any], done: Callable[[], int]) -> float:
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for work in works:
            tasks.create_task(work)
    return done() / (time.perf_counter() - begun)


# Sealing


def measure_shares() -> list[Result]:
    """Two shares of this process's time."""
    with bench_servers(today=TODAY) as settings:
        sealing, opening = asyncio.run(_shares(settings))
    return [
        _share("seal-share", sealing, "refreshes that change rows"),
        _share("open-share", opening, "first readings of timelines"),
    ]


async def _shares(settings: Settings) -> tuple[Seen, Seen]:
    sealing, opening = Seen(), Seen()
    async with open_house(settings) as house:
        families = await prepare_families(house.ground, FAMILIES)
        for circle, family in families:
            for person in (family.husband, family.wife):
                await link(house.ground, person, circle.id, member=True)
            for fact in family.later:
                assert await record_facts(house.ground, circle, [fact]) == 1
                with profiled(sealing, [seal.__code__]):
                    assert await refresh(house.ground, circle.id) > 0
    for _ in range(READINGS):  # each house has opened nothing yet
        async with open_house(settings) as house:
            await house.ground.catalogues.current()
            with profiled(opening, [open_.__code__]):
                for _, family in families:
                    for person in (family.husband, family.wife):
                        assert await read_timeline(house.ground, _actor(person))
    return sealing, opening


def _share(name: str, seen: Seen, of: str) -> Result:
    return compare(
        name,
        seen.percent,
        f"% of the time of {of}",
        baseline=f"all of it, {seen.looks:,} samples",
        baseline_value=100.0,
    )


def _actor(person: PersonId) -> Actor:
    return Actor(person, "ar", "demonstration")
