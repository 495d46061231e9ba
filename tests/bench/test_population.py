"""The bench's population is what refreshes leave; and a publication over it, whose worker is killed
in the middle, touches the circles that it selects and no other, each once.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any  # rows of the driver

import asyncpg
import pytest

from api.settings import Settings, read_settings
from api.wire import House, open_house
from bench.population import WAKING_EVERY, WITH_CHILD_EVERY, load_numbers
from bench.processes import environ_of
from bench.servers import driver_url
from content.pack import SHIPPED_PACK
from content.publish import publish_documents, publish_pack
from content.schedule_entries import read_catalogue
from domain.ids import CircleId
from store.embedded_valkey import EmbeddedValkey
from store.scope import ReferenceScope
from tests.support.house import actor_of
from timeline.catch_up import count_behind
from timeline.read import read_timeline
from timeline.refresh import refresh
from timeline.replay import replay_member

TODAY = date(2026, 11, 21)
CHECKOUT = Path(__file__).parents[2]
WITH_CHILD = range(WITH_CHILD_EVERY, 61 * WITH_CHILD_EVERY, WITH_CHILD_EVERY)
WITHOUT = range(1, WITH_CHILD_EVERY)
SECONDS_MAX = 120.0
SEEN_BEFORE_THE_END = 5
Document = dict[str, Any]


@dataclass(frozen=True)
class Town:
    """A house with a population, and a way into its tables."""

    settings: Settings
    house: House
    tables: asyncpg.Connection


@pytest.fixture
async def town(
    databases: tuple[str, str], valkey: EmbeddedValkey, tmp_path: Path
) -> AsyncIterator[Town]:
    settings = replace(
        read_settings({}, data_dir=tmp_path),
        database_url=databases[0],
        keystore_url=databases[1],
        redis_url=valkey.url,
        today=TODAY,
    )
    async with open_house(settings) as house:
        await publish_pack(house.ground.database, house.ground.clock, SHIPPED_PACK)
        await asyncio.to_thread(load_numbers, settings, [*WITH_CHILD, *WITHOUT])
        tables = await asyncpg.connect(driver_url(settings))
        yield Town(settings, house, tables)
        await tables.close()


async def publish(town: Town, change: Callable[[Document], Document]) -> None:
    documents = [
        (name, change(dict(one)) if one["kind"] == "service" else dict(one))
        for name, one in read_catalogue(SHIPPED_PACK)
    ]
    async with town.house.ground.database.unit(ReferenceScope("publish")) as unit:
        await publish_documents(unit, town.house.ground.clock, documents)


def vaccination_anew(document: Document) -> Document:
    """The rules of one service of children, numbered anew."""
    if document["id"] != "vaccination":
        return document
    return document | {"version": document["version"] + 1}


@pytest.mark.slow
async def test_the_population_is_what_refreshes_leave_and_one_publication_survives_a_kill(
    town: Town,
) -> None:
    tables, ground = town.tables, town.house.ground
    circles = [CircleId(row[0]) for row in await tables.fetch("SELECT circle_id FROM circle")]
    assert len(circles) == len(WITH_CHILD) + len(WITHOUT)
    waking = await tables.fetchval(
        "SELECT count(*) FROM circle WHERE next_change_on = $1", date(2026, 11, 22)
    )
    assert waking == len([number for number in WITH_CHILD if number % WAKING_EVERY == 0])
    # A refresh of any finds nothing to write, and what its reader sees is made again exactly.
    assert [await refresh(ground, circle_id) for circle_id in circles[:12]] == [0] * 12
    parents = {row[0] for row in await tables.fetch("SELECT DISTINCT person_id FROM stream")}
    for person in sorted(parents)[:4]:
        assert await read_timeline(ground, actor_of(person))
        _, replayed = await replay_member(ground, person, on=TODAY)
        assert replayed
        assert all(one.is_exact for one in replayed)

    with_child = {row[0] for row in await tables.fetch(_WITH_CHILD)}
    before = await logged(tables)
    await publish(town, vaccination_anew)
    assert await count_behind(ground) == len(circles)
    await work_until(town, lambda done: done >= SEEN_BEFORE_THE_END, kill=True)
    left = await count_behind(ground)
    assert 0 < left < len(circles), "it was ended in the middle"
    await work_until(town, lambda done: done == len(circles), kill=False)
    after = await logged(tables)
    evaluated = {circle for circle in after if after[circle] > before[circle]}
    assert evaluated == with_child, "the others took the version as they were"
    assert {after[circle] - before[circle] for circle in evaluated} == {1}, "each once"
    assert {row[0] for row in await tables.fetch("SELECT refreshed_catalogue FROM circle")} == {2}


# The circles of the population with a child have more facts than a couple's six.
_WITH_CHILD = "SELECT circle_id FROM circle WHERE facts_version > 6"


async def logged(tables: asyncpg.Connection) -> dict[CircleId, int]:
    """How many refreshes each circle has had."""
    rows = await tables.fetch("SELECT circle_id, count(*) FROM refresh_log GROUP BY circle_id")
    return {CircleId(row[0]): row[1] for row in rows}


async def work_until(town: Town, is_enough: Callable[[int], bool], *, kill: bool) -> None:
    """A real worker, until enough circles have the new version; then killed, or told to end."""
    environ = {**os.environ, **environ_of(town.settings), "OSRATI_TODAY": TODAY.isoformat()}
    command = (sys.executable, "-m", "api.cli", "worker")
    process = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT, env=environ)
    try:
        async with asyncio.timeout(SECONDS_MAX):
            while not is_enough(
                await town.tables.fetchval(
                    "SELECT count(*) FROM circle WHERE refreshed_catalogue = 2"
                )
            ):
                assert process.returncode is None, "the worker ended by itself"
                await asyncio.sleep(0.005)
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        async with asyncio.timeout(SECONDS_MAX):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
