"""`population`: what a day and a publication cost where there are many circles, of which almost all
have nothing to do with it (`bench/population.py` loads them).

`correction-rows`: rows of families that a correction of every service's words rewrites.
`tick`: the worker's sweeps of the next day, on which 1 % of the circles wake, until none is left.
Baseline: the same circles in a house that holds no other, refreshed one after another.
`publish`: circles a second that a real worker takes through a publication that touches every one,
beside the baseline of refreshes that find nothing to write. It is ended after a while, however many
are left. `publish-read-p99`: what a timeline over GraphQL takes meanwhile from a real api process;
baseline: with nothing beside it.

CIRCLES says how many circles, SECONDS how long a publication is watched at most.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import cycle
from statistics import quantiles
from typing import Any  # rows of the driver

import asyncpg
import orjson

from api.app import ACT_AS_HEADER
from api.settings import HOST, Settings
from api.wire import open_house
from api.worker import sweep
from bench.evaluate import shipped_documents
from bench.population import (
    Shapes,
    load_population,
    load_waking,
    population_family,
)
from bench.processes import child, environ_of, wait_until_answers
from bench.raw_http import Connection, http_request
from bench.result import Result, compare, ratio_at_most, value_below
from bench.servers import bench_servers, driver_url
from bench.wait import wait_until
from content.publish import publish_documents
from domain.ids import CircleId
from store.scope import ReferenceScope
from timeline.catch_up import count_behind
from timeline.ground import Ground
from timeline.refresh import refresh

TODAY = date(2026, 11, 21)
TOMORROW = TODAY + timedelta(days=1)
SMALL_CIRCLES, WHOLE_CIRCLES = 200, 2_000
SECONDS = 240.0
IDLE_SECONDS = 10.0
SMALL_IDLE_SECONDS = 1.0
READERS = 50
READS_PER_SECOND = 20.0
REFRESHED_ALONE = 200
POLL_SECONDS = 0.1
WATCHED_SECONDS_MAX = 3_600.0
TOUCHES_ALL = "marriage"  # every circle of the population starts with one
TABLES = ("circle", "fact", "stream", "stream_record", "effect", "audience", "refresh_log")
TIMELINE = """
{ me { timeline(first: 20) { edges { node { id service state title body window { dueFrom } } } } } }
"""
Document = dict[str, Any]


def measure_population_small() -> list[Result]:
    """Every figure, of few circles."""
    return measure_population(
        circles=SMALL_CIRCLES, seconds=SECONDS, idle_seconds=SMALL_IDLE_SECONDS
    )


def measure_population_whole() -> list[Result]:
    """Every figure, of as many circles as CIRCLES says."""
    return measure_population(
        circles=int(os.environ.get("CIRCLES") or WHOLE_CIRCLES),
        seconds=float(os.environ.get("SECONDS") or SECONDS),
        idle_seconds=IDLE_SECONDS,
    )


def measure_population(*, circles: int, seconds: float, idle_seconds: float) -> list[Result]:
    """Four figures."""
    with bench_servers(today=TODAY) as settings:
        load_waking(settings, circles)
        alone_seconds, alone_count = asyncio.run(_refresh_waking(settings))
    with bench_servers(today=TODAY) as settings:
        begun = time.perf_counter()
        shapes = load_population(settings, circles)
        _say(f"{circles:,} circles loaded in {time.perf_counter() - begun:.0f} s")
        correction = asyncio.run(_correct_words(settings))
        tomorrow = replace(settings, today=TOMORROW)
        tick_seconds, tick_count = asyncio.run(_tick(tomorrow))
        assert tick_count == alone_count, "another number of circles woke"
        published = _publish(tomorrow, shapes, circles, seconds, idle_seconds)
    tick = compare(
        "tick",
        tick_seconds,
        f"s, {tick_count:,} of {circles:,} circles wake",
        baseline="the same refreshes alone",
        baseline_value=alone_seconds,
        goal=ratio_at_most(2),
    )
    return [correction, tick, *published]


# Words


async def _correct_words(settings: Settings) -> Result:
    """Publishes every service reworded and lets the worker look; how many rows that wrote."""
    async with open_house(settings) as house:
        connection = await asyncpg.connect(driver_url(settings))
        begun = await connection.fetchval("SELECT txid_current()")
        await _publish_changed(house.ground, _reworded)
        begun_at = time.perf_counter()
        while (await sweep(house)).is_more:
            pass
        assert await count_behind(house.ground) == 0
        _say(f"words corrected: looked at in {time.perf_counter() - begun_at:.2f} s")
        rewritten = there = 0
        for table in TABLES:
            query = f"SELECT count(*), count(*) FILTER (WHERE xmin::text::bigint > $1) FROM {table}"
            found = await connection.fetchrow(query, begun)
            there, rewritten = there + found[0], rewritten + found[1]
        await connection.close()
    return compare(
        "correction-rows",
        float(rewritten),
        "rows of families rewritten",
        baseline="rows of families",
        baseline_value=float(there),
        goal=value_below(1),
    )


def _reworded(document: Document) -> Document:
    name = {language: f"{text}." for language, text in document["name"].items()}
    return document | {"name": name, "revision": document["revision"] + 1}


def _reruled(document: Document) -> Document:
    """Words as they were corrected; the rules of what starts with a marriage anew."""
    changed = _reworded(document)
    if document["starts_with"] == TOUCHES_ALL:
        changed["version"] += 1
    return changed


async def _publish_changed(ground: Ground, change: Callable[[Document], Document]) -> None:
    documents = [
        (name, change(dict(one)) if one["kind"] == "service" else dict(one))
        for name, one in shipped_documents()
    ]
    async with ground.database.unit(ReferenceScope("publish")) as unit:
        await publish_documents(unit, ground.clock, documents)


# A day


async def _tick(settings: Settings) -> tuple[float, int]:
    """Sweeps until nothing is left of the day: the seconds, and how many circles it refreshed."""
    async with open_house(settings) as house:
        await house.ground.catalogues.current()
        begun, count, is_more = time.perf_counter(), 0, True
        while is_more:
            swept = await sweep(house)
            count, is_more = count + swept.count, swept.is_more
        return time.perf_counter() - begun, count


async def _refresh_waking(settings: Settings) -> tuple[float, int]:
    """Refreshes on the next day every circle there is, one after another."""
    async with open_house(replace(settings, today=TOMORROW)) as house:
        await house.ground.catalogues.current()
        ids = await _circle_ids(settings, limit=None)
        begun = time.perf_counter()
        for circle_id in ids:
            await refresh(house.ground, circle_id)
        return time.perf_counter() - begun, len(ids)


async def _circle_ids(settings: Settings, *, limit: int | None) -> list[CircleId]:
    connection = await asyncpg.connect(driver_url(settings))
    rows = await connection.fetch("SELECT circle_id FROM circle ORDER BY circle_id LIMIT $1", limit)
    await connection.close()
    return [CircleId(row[0]) for row in rows]


# A publication


def _publish(
    settings: Settings, shapes: Shapes, circles: int, seconds: float, idle_seconds: float
) -> list[Result]:
    """Circles a second, and the p99 of readers meanwhile."""
    environ = {**environ_of(settings), "OSRATI_TODAY": TOMORROW.isoformat()}
    idle_rate = asyncio.run(_refresh_alone(settings))
    families = [population_family(TODAY, number, shapes) for number in range(min(READERS, circles))]
    body = orjson.dumps({"query": TIMELINE})
    requests = [
        http_request(
            "POST",
            "/graphql",
            {ACT_AS_HEADER: str(one.husband), "Content-Type": "application/json"},
            body,
        )
        for one in families
    ]
    with child("api.cli", "api", environ=environ), child("api.cli", "worker", environ=environ):
        wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
        return asyncio.run(_watch(settings, requests, idle_rate, seconds, idle_seconds))


async def _refresh_alone(settings: Settings) -> float:
    """Refreshes a second that find nothing to write."""
    async with open_house(settings) as house:
        await house.ground.catalogues.current()
        ids = await _circle_ids(settings, limit=REFRESHED_ALONE)
        begun = time.perf_counter()
        for circle_id in ids:
            await refresh(house.ground, circle_id)
        return len(ids) / (time.perf_counter() - begun)


async def _watch(
    settings: Settings,
    requests: list[bytes],
    idle_rate: float,
    seconds: float,
    idle_seconds: float,
) -> list[Result]:
    async with open_house(settings) as house:
        await _read_for(settings, requests, _elapsed(idle_seconds / 2))  # caches warm up
        idle = await _read_for(settings, requests, _elapsed(idle_seconds))
        before = await count_behind(house.ground)
        assert before == 0
        begun = time.perf_counter()
        await _publish_changed(house.ground, _reruled)
        published = time.perf_counter()
        total = await count_behind(house.ground)
        left = total
        is_over = _elapsed(seconds)

        async def is_done() -> bool:
            nonlocal left
            left = await count_behind(house.ground)
            return left == 0 or await is_over()

        busy = await _read_for(settings, requests, is_done)
        spent = time.perf_counter() - published
        _say(
            f"published in {published - begun:.1f} s; {total - left:,} of {total:,} circles in"
            f" {spent:.1f} s, {len(busy)} reads meanwhile"
        )
    return [
        compare(
            "publish",
            (total - left) / spent,
            f"circles/s, of {total:,} touched",
            baseline="refreshes one after another that write nothing",
            baseline_value=idle_rate,
        ),
        compare(
            "publish-read-p99",
            _p99(busy),
            "ms",
            baseline="nothing beside the reading",
            baseline_value=_p99(idle),
        ),
    ]


def _elapsed(seconds: float) -> Callable[[], Awaitable[bool]]:
    until = time.perf_counter() + seconds

    async def is_over() -> bool:
        return time.perf_counter() >= until

    return is_over


async def _read_for(
    settings: Settings, requests: list[bytes], is_over: Callable[[], Awaitable[bool]]
) -> list[float]:
    """Milliseconds of each reading, at a steady pace, until it is over; readers take turns."""
    found: list[float] = []
    ended = asyncio.Event()

    async def read() -> None:
        turn = cycle(requests)
        async with Connection(settings.port) as connection:
            due = time.perf_counter()
            while not ended.is_set():
                answer, _ = await connection.ask(next(turn), status=200)
                found.append((time.perf_counter() - due) * 1_000)  # a late one counts as it waited
                assert b'"errors"' not in answer, answer[:200]
                due = max(due + 1 / READS_PER_SECOND, time.perf_counter() - 1.0)
                await asyncio.sleep(max(0.0, due - time.perf_counter()))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        await wait_until(is_over, poll_seconds=POLL_SECONDS, seconds_max=WATCHED_SECONDS_MAX)
        ended.set()
    return found


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]


def _say(line: str) -> None:
    print(line, flush=True)
