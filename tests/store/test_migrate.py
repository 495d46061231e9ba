"""The migrated schema is that of the models; migrating again changes nothing."""

import asyncio
from typing import Any  # Alembic's operations
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, String, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

from store import circle_tables, notice_tables, person_tables, reference_tables  # noqa: F401  # every table
from store.embedded_postgres import EmbeddedPostgres
from store.migrate import MIGRATIONS, Tree, migrate


def _is_other_type(
    _: Any, __: Any, ___: Any, migrated: TypeEngine[Any], modelled: TypeEngine[Any]
) -> bool | None:
    """Alembic's own answer, but that `text` and `varchar` without a length are one type."""
    plain = modelled.impl_instance if isinstance(modelled, TypeDecorator) else modelled
    if isinstance(migrated, String) and isinstance(plain, String):
        return migrated.length != plain.length
    return None


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": _is_other_type, "compare_server_default": True}
    )
    found: list[Any] = compare_metadata(context, SQLModel.metadata)
    return found


async def differences(url: str, planted: str = "SELECT 1") -> list[Any]:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(planted))
            return await connection.run_sync(_differences)
    finally:
        await engine.dispose()


async def test_the_migrated_schema_is_that_of_the_models(databases: tuple[str, str]) -> None:
    assert await differences(databases[0]) == []


@pytest.mark.parametrize(
    "planted",
    [
        "ALTER TABLE fact ADD COLUMN planted text",
        "ALTER TABLE stream_record DROP COLUMN rank",
        "ALTER TABLE circle ALTER COLUMN refreshed_catalogue TYPE bigint",
        "ALTER TABLE effect ALTER COLUMN sealed DROP NOT NULL",
        "ALTER TABLE agency ALTER COLUMN name_en TYPE varchar(20)",
        "DROP INDEX circle_wake",
        "CREATE TABLE planted (x int)",
    ],
)
async def test_a_planted_difference_would_be_seen(databases: tuple[str, str], planted: str) -> None:
    assert await differences(databases[0], planted)


async def version(url: str) -> str:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    finally:
        await connection.close()


@pytest.mark.parametrize(("tree", "index"), [("main", 0), ("keys", 1)])
async def test_migrating_again_changes_nothing(
    databases: tuple[str, str], tree: Tree, index: int
) -> None:
    before = await version(databases[index])
    await migrate(databases[index], tree)
    assert await version(databases[index]) == before
    newest = sorted((MIGRATIONS / tree / "versions").glob("[0-9]*.py"))[-1].name
    assert newest.startswith(f"{before}_")


async def test_two_that_migrate_at_once_do_it_once(postgres: EmbeddedPostgres) -> None:
    name = f"test_{uuid4().hex[:12]}"
    postgres.ensure_database(name)
    url = postgres.url(name)
    await asyncio.gather(*(migrate(url, "main") for _ in range(3)))
    assert await differences(url) == []
    connection = await asyncpg.connect(postgres.url("postgres").replace("+asyncpg", ""))
    try:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()
