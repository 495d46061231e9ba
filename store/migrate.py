"""Brings both databases to the schema of this code. Called by `osrati` at start and by the tests.

A migration travels as its own file under `migrations/`, sets a lock timeout and is safe while the
code before it still runs.
"""

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
LOCK_TIMEOUT_MS = 5_000
MIGRATION_LOCK = 7_301_501  # one migration at a time, whoever starts first

Tree = Literal["main", "keys"]


async def migrate(url: str, tree: Tree) -> None:
    """Applies every migration of `tree` that the database at `url` has not seen; idempotent.

    The main tree holds families; the keys tree holds the wrapped keys, apart.
    """
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            await connection.run_sync(_upgrade, tree)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, tree: Tree) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / tree).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
