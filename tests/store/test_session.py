"""Sessions: a reading one sees one instant and cannot write; a unit is whole or nothing."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col

from domain.error import Busy
from domain.ids import CircleId
from store.circle_tables import MembershipRow
from store.scope import CircleScope, ReferenceScope
from store.session import LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS, Database, Reading, Unit

SCOPE = CircleScope(CircleId(UUID(int=1)))
CATALOGUE = ReferenceScope("catalogue")


@pytest.fixture
async def database(databases: tuple[str, str]) -> AsyncIterator[Database]:
    opened = Database(databases[0], pool_connections=3)
    yield opened
    await opened.close()


def a_row() -> dict[str, UUID]:
    return {"circle_id": SCOPE.circle_id, "person_id": uuid4()}


async def count(database: Database) -> int:
    async with database.read(SCOPE) as session:
        return len((await session.execute(select(col(MembershipRow.person_id)))).all())


async def test_a_unit_is_committed_at_its_end(database: Database) -> None:
    async with database.unit(SCOPE) as unit:
        await unit.execute(insert(MembershipRow).values(a_row()))
        assert await count(database) == 0, "nobody sees it before"
    assert await count(database) == 1


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, GeneratorExit])
async def test_a_unit_that_fails_leaves_nothing(
    database: Database, fault: type[BaseException]
) -> None:
    async def fail() -> None:
        async with database.unit(SCOPE) as unit:
            await unit.execute(insert(MembershipRow).values(a_row()))
            raw = await unit.raw()
            await raw.execute("INSERT INTO membership VALUES ($1, $2)", *a_row().values())
            raise fault

    with pytest.raises(fault):
        await fail()
    assert await count(database) == 0


async def test_a_unit_whose_first_statement_goes_past_sqlalchemy_is_whole_too(
    database: Database,
) -> None:
    async def fail() -> None:
        async with database.unit(SCOPE) as unit:
            raw = await unit.raw()
            await raw.execute("INSERT INTO membership VALUES ($1, $2)", *a_row().values())
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # our own, of above
        await fail()
    assert await count(database) == 0
    async with database.unit(SCOPE) as unit:
        raw = await unit.raw()
        await raw.execute("INSERT INTO membership VALUES ($1, $2)", *a_row().values())
    assert await count(database) == 1


async def test_a_reading_session_cannot_write(database: Database) -> None:
    async with database.read(SCOPE) as session:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await session.execute(insert(MembershipRow).values(a_row()))
    async with database.read(SCOPE) as session:
        raw = await session.raw()
        with pytest.raises(Exception, match="read-only transaction"):
            await raw.execute("INSERT INTO membership VALUES ($1, $2)", *a_row().values())
    assert await count(database) == 0


@pytest.mark.parametrize("past_sqlalchemy", [False, True])
async def test_a_reading_session_sees_one_instant(
    database: Database, past_sqlalchemy: bool
) -> None:
    async def seen(session: Reading[CircleScope]) -> int:
        if past_sqlalchemy:
            found = await (await session.raw()).fetchval("SELECT count(*) FROM membership")
            return int(found)
        return len((await session.execute(select(col(MembershipRow.person_id)))).all())

    async with database.read(SCOPE) as session:
        assert await seen(session) == 0
        async with database.unit(SCOPE) as unit:
            await unit.execute(insert(MembershipRow).values(a_row()))
        assert await seen(session) == 0
    assert await count(database) == 1


async def test_a_session_carries_its_scope_and_narrows_it(database: Database) -> None:
    async with database.unit(SCOPE) as unit:
        assert unit.scope is SCOPE
        narrowed = unit.within(CATALOGUE)
        assert narrowed.scope is CATALOGUE
        assert not isinstance(narrowed, Unit)
        await unit.execute(insert(MembershipRow).values(a_row()))
        rows = await narrowed.execute(select(col(MembershipRow.person_id)))
        assert len(rows.all()) == 1, "it is the same unit"


async def test_every_connection_has_its_limits(database: Database) -> None:
    async with database.read(CATALOGUE) as session:
        for name, milliseconds in (
            ("statement_timeout", STATEMENT_TIMEOUT_MS),
            ("lock_timeout", LOCK_TIMEOUT_MS),
        ):
            shown = await session.execute(text(f"SHOW {name}"))
            assert shown.scalar_one() == f"{milliseconds // 1000}s"


async def test_a_database_that_is_gone_may_come_back(database: Database) -> None:
    await database.ping()
    nowhere = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none")
    with pytest.raises(Busy):
        await nowhere.ping()
    with pytest.raises(Busy):
        async with nowhere.read(CATALOGUE):
            pass
    await nowhere.close()


async def test_a_lock_not_had_in_time_may_be_had_later_and_nothing_is_written(
    database: Database,
) -> None:
    async def wait() -> None:
        async with database.unit(SCOPE) as unit:
            await unit.execute(insert(MembershipRow).values(a_row()))
            await unit.execute(text("SET LOCAL lock_timeout = '20ms'"))
            await unit.execute(text("LOCK TABLE circle"))

    async with database.unit(SCOPE) as holder:
        await holder.execute(text("LOCK TABLE circle"))
        with pytest.raises(Busy):
            await wait()
    assert await count(database) == 0
    await wait()
    assert await count(database) == 1


async def test_what_will_never_pass_is_not_called_busy(database: Database) -> None:
    row = a_row()
    with pytest.raises(IntegrityError):
        async with database.unit(SCOPE) as unit:
            await unit.execute(insert(MembershipRow), [row, row])
    assert await count(database) == 0
