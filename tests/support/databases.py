"""Fresh databases from the migrated templates, for a fixture or for each of a machine's lives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from store.embedded_postgres import EmbeddedPostgres

TEMPLATE = "template_osrati"
TEMPLATE_KEYS = "template_osrati_keys"


@asynccontextmanager
async def fresh_databases(postgres: EmbeddedPostgres) -> AsyncIterator[tuple[str, str]]:
    """URLs of a fresh family database and a fresh key store, dropped at the end."""
    name = f"test_{uuid4().hex[:12]}"
    pairs = ((name, TEMPLATE), (f"{name}_keys", TEMPLATE_KEYS))
    connection = await asyncpg.connect(_plain(postgres.url("postgres")))
    try:
        for database, template in pairs:
            await connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        yield postgres.url(name), postgres.url(f"{name}_keys")
        for database, _ in pairs:
            await connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
    finally:
        await connection.close()


def _plain(url: str) -> str:
    return url.replace("postgresql+asyncpg://", "postgresql://")
