"""`refresh-one-circle`, `refresh-many-circles`: refreshes a second, by the clock on the wall, of
families of five whose facts grow from 45 to 57. Before each refresh one fact is recorded, untimed,
that changes rows; a refresh reads, evaluates and writes. One circle at a time; then eight at once,
as the worker does.

Baseline: the rows that those refreshes wrote, written by plain SQL into copies of the tables
(`bench/plain_write.py`), one at a time or over eight connections. Both sides take turns.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any  # asyncpg is untyped

import asyncpg

from api.wire import open_house
from bench.family import Family, family_of_five
from bench.plain_write import Written, copy_tables, take_written, write_plainly
from bench.result import Result, compare
from bench.servers import bench_servers, driver_url
from domain.fact import Fact
from domain.ids import CircleId
from domain.people.circle import Circle
from timeline.ground import Ground
from timeline.record import couple_circle, open_circle, record_facts
from timeline.refresh import refresh

TODAY = date(2026, 11, 21)
ONE_CIRCLE_FAMILIES = 20  # one after the other: 240 refreshes
MANY_CIRCLES_FAMILIES = 60  # side by side: 720 refreshes
CONCURRENCY = 8  # as many jobs as a worker does at once
BASELINE = "the same rows by plain SQL, one commit each"


@dataclass(frozen=True, slots=True)
class _House:
    ground: Ground
    pool: Any
    circles: list[tuple[Circle, Family]]


@dataclass(slots=True)
class _Spent:
    count: int = 0
    refreshing_seconds: float = 0.0
    writing_seconds: float = 0.0


def measure_one_circle(*, families: int = ONE_CIRCLE_FAMILIES) -> list[Result]:
    """One figure: refreshes of one circle at a time."""
    return [_measure("refresh-one-circle", families, _one_by_one)]


def measure_many_circles(*, families: int = MANY_CIRCLES_FAMILIES) -> list[Result]:
    """One figure: refreshes of many circles, eight at once."""
    return [_measure("refresh-many-circles", families, _side_by_side)]


def _measure(name: str, families: int, work: Callable[[_House], Awaitable[_Spent]]) -> Result:
    async def measured() -> _Spent:
        async with (
            open_house(settings) as house,
            asyncpg.create_pool(
                driver_url(settings), min_size=CONCURRENCY, max_size=CONCURRENCY
            ) as pool,
        ):
            circles = await prepare_families(house.ground, families)
            async with pool.acquire() as connection:
                await copy_tables(connection)
            return await work(_House(house.ground, pool, circles))

    with bench_servers(today=TODAY) as settings:
        spent = asyncio.run(measured())
    return compare(
        name,
        spent.count / spent.refreshing_seconds,
        "refreshes/s",
        baseline=BASELINE,
        baseline_value=spent.count / spent.writing_seconds,
    )


async def prepare_families(ground: Ground, families: int) -> list[tuple[Circle, Family]]:
    """The families' couples' circles, with their facts recorded and refreshed once."""
    circles = []
    for number in range(1, families + 1):
        family = family_of_five(TODAY, number=number)
        circle = couple_circle(ground.keys, family.husband, family.wife)
        await open_circle(ground, circle)
        await record_facts(ground, circle, family.facts)
        await refresh(ground, circle.id)
        circles.append((circle, family))
    return circles


async def _one_by_one(house: _House) -> _Spent:
    spent = _Spent()
    for circle, family in house.circles:
        for fact in family.later:
            await _round(house, [(circle, fact)], spent)
    return spent


async def _side_by_side(house: _House) -> _Spent:
    spent = _Spent()
    for facts in zip(*(family.later for _, family in house.circles), strict=True):
        circles = [circle for circle, _ in house.circles]
        await _round(house, list(zip(circles, facts, strict=True)), spent)
    return spent


async def _round(house: _House, news: Sequence[tuple[Circle, Fact]], spent: _Spent) -> None:
    """Each circle hears of one fact; then both sides do what it led to."""
    ground = house.ground
    for circle, fact in news:
        assert await record_facts(ground, circle, [fact]) == 1

    async def refreshing(circle_id: CircleId) -> None:
        assert await refresh(ground, circle_id) > 0, "the fact changes no row: nothing to measure"

    async def writing(written: list[Written]) -> None:
        async with house.pool.acquire() as connection:
            await write_plainly(connection, written)

    spent.refreshing_seconds += await _timed(refreshing, [circle.id for circle, _ in news])
    async with house.pool.acquire() as connection:
        written = [await take_written(connection, circle.id) for circle, _ in news]
    spent.writing_seconds += await _timed(writing, written)
    spent.count += len(news)


async def _timed(work: Callable[[Any], Awaitable[None]], items: Iterable[Any]) -> float:
    """Wall seconds that the work took on every item, at most eight at once."""
    waiting = iter(items)

    async def take_turns() -> None:
        for item in waiting:
            await work(item)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(CONCURRENCY):
            group.create_task(take_turns())
    return time.perf_counter() - begun
