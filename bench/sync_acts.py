"""What phones' acts cost, and what sealing takes of a refresh and of a reading.

`acts-one-circle`, `acts-many-circles`: commands a second that are applied, over HTTP, seven a call,
as a phone sends them that was away: each dismisses another card, and the next call takes all of
that back. Circles are families of five with 45 facts, and each act adds one. In one circle both
parents act, from four phones each; or eight parents in circles of their own. Baseline: the rows
that such a call wrote, by plain SQL, one commit a call, as many at once. `acts-alone`: the same in
many circles, one command a call. `seal-share`: of a process's time in refreshes that change rows,
`open-share`: in first readings of timelines, which open every record.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
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
ACTS_A_CALL = 7  # four phones of a parent have no card in common of the 29 that there are
ROUNDS = 4
READINGS = 10  # of each
FAMILIES = 16  # refreshed for each of twelve later facts, then read by both parents
BASELINE = "the same rows by plain SQL, one commit a call"


@dataclass(slots=True)
class _Phone:
    """A parent's phone, and the cards that it acts on: an act on each, then each act's undo."""

    reader: Reader
    cards: Sequence[bytes]
    sequence: int = 0
    done: dict[bytes, UUID] = field(default_factory=dict)
    cursors: dict[bytes, bytes] = field(default_factory=dict)
    keys: dict[bytes, int] = field(default_factory=dict)

    def acts(self, many: int) -> list[dict[str, object]]:
        """The next acts, as they are sent."""
        return [self._act(card) for card in self.cards[:many]]

    def _act(self, card: bytes) -> dict[str, object]:
        self.sequence += 1
        command_id, undone = uuid4(), self.done.pop(card, None)
        name = "card.dismiss"
        payload: dict[str, object] = {"key": card}
        if undone is not None:
            name = "card.undo"
            payload |= {"seen_number": 0, "undoes": undone.bytes}
        else:
            self.done[card] = command_id
        return {
            "sequence": self.sequence,
            "id": command_id.bytes,
            "name": name,
            "payload": payload,
        }


def measure_acts(*, seconds: float) -> list[Result]:
    """Three figures: in one circle, in many, and in many one a call."""
    with bench_servers(today=TODAY) as settings:
        one, many = asyncio.run(_phones(settings))
        results = []
        with child("api.cli", "api", environ=environ_of(settings)):
            wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
            for name, phones, a_call in (
                ("acts-one-circle", one, ACTS_A_CALL),
                ("acts-many-circles", many, ACTS_A_CALL),
                ("acts-alone", many, 1),
            ):
                ours, plain = asyncio.run(_act_by_turns(settings, phones, a_call, seconds))
                results.append(
                    compare(
                        name,
                        ours,
                        f"commands applied/s, {a_call} a call",
                        baseline=BASELINE,
                        baseline_value=plain,
                    )
                )
    return results


async def _phones(settings: Settings) -> tuple[list[_Phone], list[_Phone]]:
    """Eight phones of one circle's parents; eight of one parent each. Each has its own cards."""
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
                for number in range(PHONES // 2 if place == 0 else 1):
                    mine = keys[number * ACTS_A_CALL :][:ACTS_A_CALL]
                    assert len(mine) == ACTS_A_CALL
                    phone = _Phone(Reader(person, circle.id, uuid4()), mine)
                    (one if place == 0 else many).append(phone)
    assert len(one) == len(many) == PHONES
    return one, many


async def _act_by_turns(
    settings: Settings, phones: list[_Phone], a_call: int, seconds: float
) -> tuple[float, float]:
    """Commands a second, and as many whose rows were written plainly."""
    dsn = driver_url(settings)
    async with (
        Connection(settings.port) as connection,
        asyncpg.create_pool(dsn, min_size=PHONES, max_size=PHONES) as pool,
    ):
        for phone in phones:
            if not phone.sequence:
                await enrol(connection, phone.reader)
            while await _call(connection, phone, 0):
                pass
        await _call(connection, phones[0], a_call)
        await _call(connection, phones[0], a_call)
        async with pool.acquire() as tables:
            await copy_tables(tables)
            circles = sorted({phone.reader.circle_id for phone in phones})
            for phone in phones:
                await _call(connection, phone, a_call)
            written = {one: await take_written(tables, one) for one in circles}
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(await _act_for(settings.port, phones, a_call, seconds / ROUNDS))
        plain.append(a_call * await _write_for(dsn, phones, written, seconds / ROUNDS))
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


async def _act_for(port: int, phones: list[_Phone], a_call: int, seconds: float) -> float:
    done = 0
    end = time.perf_counter() + seconds

    async def act(phone: _Phone) -> None:
        nonlocal done
        async with Connection(port) as connection:
            while time.perf_counter() < end:
                await _call(connection, phone, a_call)
                done += a_call

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
