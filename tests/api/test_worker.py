"""The worker with a real queue, and without one: hints are quick, the tables are the truth."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from api.failing import FIRST_PAUSE
from api.settings import read_settings
from api.wire import House
from api.worker import JOBS, Swept, close_hints, connect_hints, interpret_message, sweep, work
from domain.ids import AgencyId, CircleId
from gov.agency import add_agency
from gov.agency_right import ANYTHING
from gov.inbox.row import find_message, keep_message
from simulators.agency import encode_event
from simulators.family_story import stories
from store.circle_tables import CircleRow
from store.embedded_valkey import EmbeddedValkey
from store.reference_tables import INBOX_APPLIED, INBOX_RECEIVED, InboxRow
from store.scope import CircleScope, ReferenceScope
from tests.support.builders import married
from tests.support.data_dir import fresh_data_dir
from tests.support.house import TestHouse, person
from timeline.apply import apply_facts
from timeline.hint import Job
from timeline.wake import list_waking_circles

SECONDS_MAX = 30.0
MOJ = AgencyId("moj")
EVENT = stories(date(2026, 11, 20))[0].events[0]


@pytest.fixture
async def opened(house: TestHouse, tmp_path: Path) -> House:
    house.clock.instant = datetime.now(UTC)
    database = house.ground.database
    await add_agency(database, MOJ, name_ar="عدل", name_en="MOJ", rights=ANYTHING)
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
    await keep_message(house.ground, MOJ, event_id, encode_event(event))


async def until_applied(house: House, event_id: str) -> None:
    event = dict(EVENT) | {"id": event_id}
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            kept = await keep_message(house.ground, MOJ, event_id, encode_event(event))
            if kept.state == INBOX_APPLIED:
                return
            await asyncio.sleep(0.05)


async def test_a_hint_through_the_queue_is_followed(opened: House, valkey: EmbeddedValkey) -> None:
    event = dict(EVENT) | {"id": "hinted"}
    kept = await keep_message(opened.ground, MOJ, "hinted", encode_event(event))
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


async def reseal(house: TestHouse, circle_id: CircleId, sealed: bytes) -> bytes:
    """Puts another body into a circle's row; the one that was there."""
    async with house.ground.database.unit(CircleScope(circle_id)) as unit:
        this = col(CircleRow.circle_id) == circle_id
        found = await unit.execute(select(col(CircleRow.sealed)).where(this))
        before = bytes(found.scalar_one())
        await unit.execute(update(CircleRow).where(this).values(sealed=sealed))
    return before


async def test_a_circle_that_fails_is_passed_over_and_woken_by_no_one_else(
    opened: House, house: TestHouse
) -> None:
    touched = await apply_facts(house.ground, [married(person(1), person(2), date(2026, 11, 21))])
    broken = min(touched)
    sealed = await reseal(house, broken, bytes(64))
    assert (await sweep(opened)).count == len(touched)
    assert await list_waking_circles(house.ground) == (broken,)  # as due as it was before
    assert (await sweep(opened)).count == 0
    house.clock.instant += FIRST_PAUSE
    assert (await sweep(opened)).count == 1
    house.clock.instant += FIRST_PAUSE
    assert (await sweep(opened)).count == 0  # the second pause is twice as long
    await reseal(house, broken, sealed)
    house.clock.instant += FIRST_PAUSE
    assert (await sweep(opened)).count == 1
    assert await list_waking_circles(house.ground) == ()


async def test_a_full_batch_is_followed_at_once_unless_a_circle_of_it_failed(
    opened: House, house: TestHouse
) -> None:
    touched = await apply_facts(house.ground, [married(person(1), person(2), date(2026, 11, 21))])
    assert (await sweep(opened, batch_max=len(touched) - 1)).is_more
    assert await sweep(opened, batch_max=len(touched) - 1) == Swept(1)
    touched = await apply_facts(house.ground, [married(person(3), person(4), date(2026, 11, 21))])
    await reseal(house, min(touched), bytes(64))
    assert await sweep(opened, batch_max=len(touched)) == Swept(len(touched))


async def test_a_passing_fault_is_counted_against_neither_message_nor_circle(
    opened: House, house: TestHouse
) -> None:
    event = dict(EVENT) | {"id": "busy"}
    kept = await keep_message(house.ground, MOJ, "busy", encode_event(event))
    async with (
        asyncio.timeout(SECONDS_MAX),
        house.ground.database.unit(ReferenceScope("intake")) as holding,
    ):
        this = col(InboxRow.inbox_id) == kept.inbox_id
        await holding.execute(select(InboxRow).where(this).with_for_update())
        await interpret_message(opened, kept.inbox_id)  # its row is not had within the lock's time
    message = await find_message(house.ground, kept.inbox_id)
    assert message is not None
    assert (message.state, message.attempt_count) == (INBOX_RECEIVED, 0)
    assert opened.failing.passed_over(house.clock.now_utc()) == frozenset()
    await interpret_message(opened, kept.inbox_id)
    await until_applied(opened, "busy")


def test_every_kind_of_hint_has_a_job() -> None:
    assert set(JOBS) == set(get_args(Job))
