"""Fixtures: real PostgreSQL and Valkey for the whole run, fresh databases for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from store.embedded_postgres import EmbeddedPostgres
from store.embedded_valkey import EmbeddedValkey
from store.migrate import migrate
from tests.support.data_dir import fresh_data_dir
from tests.support.databases import TEMPLATE, TEMPLATE_KEYS, fresh_databases
from tests.support.house import FixedClock, TestHouse, open_test_house


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL with two migrated template databases."""
    with fresh_data_dir() as data_dir:
        server = EmbeddedPostgres(data_dir, durable=False)
        server.start()
        try:
            for name in (TEMPLATE, TEMPLATE_KEYS):
                server.ensure_database(name)
            asyncio.run(_migrate_templates(server))
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def valkey() -> Iterator[EmbeddedValkey]:
    """A real Valkey."""
    with fresh_data_dir() as data_dir:
        server = EmbeddedValkey(data_dir)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
async def databases(postgres: EmbeddedPostgres) -> AsyncIterator[tuple[str, str]]:
    """URLs of a fresh family database and a fresh key store."""
    async with fresh_databases(postgres) as urls:
        yield urls


@pytest.fixture
def clock() -> FixedClock:
    """A clock that the test moves: it starts on 2026-11-21 at noon in Dubai."""
    return FixedClock()


@pytest.fixture
async def house(
    databases: tuple[str, str], clock: FixedClock, tmp_path: Path
) -> AsyncIterator[TestHouse]:
    """A house on fresh databases, the shipped catalogue published."""
    async with open_test_house(*databases, clock=clock, directory=tmp_path) as opened:
        yield opened


async def _migrate_templates(server: EmbeddedPostgres) -> None:
    await migrate(server.url(TEMPLATE), "main")
    await migrate(server.url(TEMPLATE_KEYS), "keys")
