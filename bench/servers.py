"""Real servers for one measurement: PostgreSQL that syncs to disk, Valkey, both databases migrated,
the shipped catalogue published; all of it gone afterwards.

What a commit costs is what the disk under the system's temporary directory makes it cost: set
TMPDIR to measure another disk.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from api.settings import Settings, read_settings
from api.wire import open_house
from content.pack import SHIPPED_PACK
from content.publish import publish_pack
from store.embedded import free_port
from store.embedded_postgres import SHARED_BUFFERS, EmbeddedPostgres
from store.embedded_valkey import EmbeddedValkey
from store.migrate import migrate

FAMILIES, KEYS = "osrati", "osrati_keys"


@contextmanager
def bench_servers(
    *, today: date | None = None, shared_buffers: str = SHARED_BUFFERS
) -> Iterator[Settings]:
    """Settings of a house whose servers run. Main thread only. `today` None is the true day."""
    with (
        _fresh_data_dir() as data_dir,
        EmbeddedPostgres(data_dir, shared_buffers=shared_buffers) as postgres,
    ):
        for name in (FAMILIES, KEYS):
            postgres.ensure_database(name)
        with EmbeddedValkey(data_dir) as valkey:
            settings = replace(
                read_settings({}, data_dir=data_dir),
                port=free_port(),
                database_url=postgres.url(FAMILIES),
                keystore_url=postgres.url(KEYS),
                redis_url=valkey.url,
                today=today,
            )
            asyncio.run(_prepare(settings))
            yield settings


def driver_url(settings: Settings) -> str:
    """The families' database as asyncpg alone takes it."""
    assert settings.database_url is not None
    return settings.database_url.replace("postgresql+asyncpg://", "postgresql://")


async def _prepare(settings: Settings) -> None:
    assert settings.database_url is not None
    assert settings.keystore_url is not None
    await migrate(settings.database_url, "main")
    await migrate(settings.keystore_url, "keys")
    async with open_house(settings) as house:
        await publish_pack(house.ground.database, house.ground.clock, SHIPPED_PACK)


@contextmanager
def _fresh_data_dir() -> Iterator[Path]:
    """An empty directory that every user may enter: servers that root starts run as `nobody`."""
    path = Path(tempfile.mkdtemp(prefix="osrati-bench-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path)
