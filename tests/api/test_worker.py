"""The worker with a real queue, and without one: hints are quick, the tables are the truth."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args
from uuid import uuid4

import pytest

from api.settings import read_settings
from api.wire import House
from api.worker import JOBS, close_hints, connect_hints, work
from domain.ids import AgencyId
from gov.inbox import keep_message
from simulators.agency import encode_event
from simulators.family_story import stories
from store.embedded_valkey import EmbeddedValkey
from store.reference_tables import INBOX_APPLIED
from tests.support.data_dir import fresh_data_dir
from tests.support.house import TestHouse
from timeline.hint import Job

SECONDS_MAX = 30.0
EVENT = stories(date(2026, 11, 20))[0].events[0]


@pytest.fixture
def opened(house: TestHouse, tmp_path: Path) -> House:
    house.clock.instant = datetime.now(UTC)
    settings = read_settings({}, data_dir=tmp_path)
    return House(settings, house.ground, house.registry, house.schemas)


@asynccontextmanager
async def working(house: House, redis_url: str) -> AsyncIterator[asyncio.Event]:
    """The worker at work until the block ends; then it must end by itself."""
    stop = asyncio.Event()
    task = asyncio.create_task(work(house, redis_url, stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(SECONDS_MAX):
            await task


async def keep(house: House, event_id: str) -> None:
    event = dict(EVENT) | {"id": event_id}
    await keep_message(house.ground, AgencyId("moj"), event_id, encode_event(event))


async def until_applied(house: House, event_id: str) -> None:
    event = dict(EVENT) | {"id": event_id}
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            kept = await keep_message(house.ground, AgencyId("moj"), event_id, encode_event(event))
            if kept.state == INBOX_APPLIED:
                return
            await asyncio.sleep(0.05)


async def test_a_hint_through_the_queue_is_followed(opened: House, valkey: EmbeddedValkey) -> None:
    event = dict(EVENT) | {"id": "hinted"}
    kept = await keep_message(opened.ground, AgencyId("moj"), "hinted", encode_event(event))
    hints = await connect_hints(valkey.url)
    try:
        async with working(opened, valkey.url):
            await hints.look("interpret", kept.inbox_id)
            await until_applied(opened, "hinted")
    finally:
        await close_hints(hints)


async def test_without_a_queue_the_sweep_does_the_work(opened: House, house: TestHouse) -> None:
    await keep(opened, "unhinted")
    async with working(opened, "redis://127.0.0.1:9/0"):  # nobody listens there
        house.clock.move_days(1)
        await until_applied(opened, "unhinted")


async def test_a_hint_that_cannot_be_said_is_no_fault() -> None:
    with fresh_data_dir() as data_dir:
        server = EmbeddedValkey(data_dir)
        server.start()
        hints = await connect_hints(server.url)
        server.stop()
        try:
            await hints.look("refresh", uuid4())
        finally:
            await close_hints(hints)


def test_every_kind_of_hint_has_a_job() -> None:
    assert set(JOBS) == set(get_args(Job))
