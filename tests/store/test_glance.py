"""Glances and strokes: connections lent for one statement; a broken one is lent to nobody."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from asyncpg.exceptions import DivisionByZeroError, ReadOnlySQLTransactionError

from domain.error import Busy
from domain.ids import CircleId
from store.glance import Glances
from store.scope import CircleScope
from store.session import GLANCE_CONNECTIONS, Database

SCOPE = CircleScope(CircleId(UUID(int=1)))


@pytest.fixture
async def database(databases: tuple[str, str]) -> AsyncIterator[Database]:
    opened = Database(databases[0])
    yield opened
    await opened.close()


async def backend(database: Database) -> int:
    async with database.glance(SCOPE) as session:
        return int(await (await session.raw()).fetchval("SELECT pg_backend_pid()"))


async def test_one_connection_serves_one_after_the_other(database: Database) -> None:
    assert await backend(database) == await backend(database)


async def test_no_more_are_open_than_may_be(database: Database) -> None:
    async def slow() -> int:
        async with database.glance(SCOPE) as session:
            connection = await session.raw()
            return int(await connection.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.05)"))

    found = await asyncio.gather(*(slow() for _ in range(3 * GLANCE_CONNECTIONS)))
    assert len(set(found)) == GLANCE_CONNECTIONS


async def test_one_that_may_not_write_and_one_that_failed_are_not_lent_again(
    database: Database,
) -> None:
    before = await backend(database)
    with pytest.raises(ReadOnlySQLTransactionError):
        async with database.glance(SCOPE) as session:
            await (await session.raw()).execute("CREATE TABLE written (id int)")
    assert await backend(database) != before


async def test_one_whose_asker_went_away_is_not_lent_again(database: Database) -> None:
    before = await backend(database)

    async def sleeping() -> None:
        async with database.glance(SCOPE) as session:
            await (await session.raw()).fetchval("SELECT pg_sleep(30)")

    task = asyncio.create_task(sleeping())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await backend(database) != before


async def test_one_that_the_server_cut_is_replaced(database: Database) -> None:
    before = await backend(database)
    async with database.glance(SCOPE) as session:
        other = await session.raw()
    async with database.unit(SCOPE) as unit:
        connection = await unit.raw()
        await connection.fetchval("SELECT pg_terminate_backend($1)", before)
    for _ in range(100):
        if other.is_closed():
            break
        await asyncio.sleep(0.01)
    assert await backend(database) != before


async def test_who_waits_too_long_for_one_is_asked_to_come_later(database: Database) -> None:
    glances = Glances(lambda: database._connect({}), connections=1, seconds_max=0.05)
    async with glances.lend():
        with pytest.raises(TimeoutError):
            async with glances.lend():
                raise AssertionError("two were lent")
    await glances.close()


async def test_a_database_that_is_away_is_busy(databases: tuple[str, str]) -> None:
    away = Database(databases[0].rsplit("/", 1)[0].rsplit(":", 1)[0] + ":1/none")
    with pytest.raises(Busy):
        await backend(away)
    await away.close()


async def test_a_stroke_is_committed_by_itself_and_is_one_statement(database: Database) -> None:
    async with database.stroke(SCOPE) as stroke:
        await stroke.fetch("CREATE TABLE struck AS SELECT 1 AS one")
    async with database.stroke(SCOPE) as stroke:
        assert [row["one"] for row in await stroke.fetch("SELECT one FROM struck")] == [1]
        with pytest.raises(AssertionError):
            await stroke.fetch("DROP TABLE struck")
    async with database.stroke(SCOPE) as stroke:
        await stroke.fetch("DROP TABLE struck")


async def test_a_stroke_that_fails_writes_nothing_and_its_connection_is_not_lent_again(
    database: Database,
) -> None:
    async def backend_of_a_stroke() -> int:
        async with database.stroke(SCOPE) as stroke:
            return int((await stroke.fetch("SELECT pg_backend_pid() AS pid"))[0]["pid"])

    before = await backend_of_a_stroke()
    assert await backend_of_a_stroke() == before
    with pytest.raises(DivisionByZeroError):
        async with database.stroke(SCOPE) as stroke:
            await stroke.fetch("SELECT 1 / 0")
    assert await backend_of_a_stroke() != before
