"""The worker as a process that a test ends, on servers that it restarts."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg

from api.settings import Settings, read_settings
from api.wire import open_house
from bench.recipients import Recipient, list_recipients, load_recipients
from content.pack import SHIPPED_PACK
from content.publish import publish_pack
from store.embedded_postgres import EmbeddedPostgres
from store.embedded_valkey import EmbeddedValkey
from store.migrate import migrate
from tests.support.fcm import FcmProcess

CHECKOUT = Path(__file__).parents[2]
SECONDS_MAX = 240.0  # for any one thing to come about: a guard, no measurement
MAIN, KEYS = "worker", "worker_keys"
LATE = date(2099, 1, 1)


@dataclass
class Proxy:
    """One address for a PostgreSQL whose port changes when it begins again."""

    port: int = 0
    target: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@dataclass
class Site:
    """Servers, the recipients on them, and workers that begin and are ended."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    fcm: FcmProcess
    proxy: Proxy
    directory: Path
    recipients: list[Recipient]
    connection: Any  # of asyncpg, which is untyped
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def begin_worker(self) -> None:
        """`osrati worker`."""
        port = self.postgres.url(MAIN).rpartition(":")[2].partition("/")[0]
        environ = {
            **os.environ,
            "DATABASE_URL": self.postgres.url(MAIN).replace(port, str(self.proxy.port)),
            "KEYSTORE_URL": self.postgres.url(KEYS).replace(port, str(self.proxy.port)),
            "REDIS_URL": self.valkey.url,
            "OSRATI_DATA_DIR": str(self.directory),
            "OSRATI_FCM_ACCOUNT": str(self.fcm.access.account_file),
            "OSRATI_FCM_URL": self.fcm.origin,
            "OSRATI_FCM_CERTIFICATE": str(self.fcm.access.certificate_file),
        }
        command = [sys.executable, "-m", "api.cli", "worker"]
        self.workers.append(subprocess.Popen(command, cwd=CHECKOUT, env=environ))

    async def kill_workers(self) -> None:
        """`kill -9`; returns when nothing of them holds a lock any more."""
        for worker in self.workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        self.workers.clear()

    async def until_gone(self) -> None:
        """What the dead workers had open in the database has ended."""
        await until(
            lambda: self._is_none(
                "SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND application_name = 'osrati'",
                MAIN,
            )
        )

    async def until_waits(self, words: str) -> None:
        """A statement with these words waits for a lock."""
        await until(
            lambda: self._is_some(
                "SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'"
                " AND query LIKE $2",
                MAIN,
                f"%{words}%",
            )
        )

    async def end_waiting(self, words: str) -> None:
        """Whoever waits for a lock with these words is ended: a statement that commits itself is
        carried out even when who sent it is gone.
        """
        await self.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
            " AND wait_event_type = 'Lock' AND query LIKE $2",
            MAIN,
            f"%{words}%",
        )

    @asynccontextmanager
    async def locking(self, statement: str) -> AsyncIterator[None]:
        """Holds the locks of a statement: on a connection of its own, since what PostgreSQL says
        of its sessions stands still within a transaction.
        """
        connection = await asyncpg.connect(_plain(self.postgres.url(MAIN)))
        try:
            async with connection.transaction():
                await connection.execute(statement)
                yield
        finally:
            await connection.close()

    async def count(self, *states: int) -> int:
        """How many deliveries are in any of these states."""
        found: int = await self.connection.fetchval(
            "SELECT count(*) FROM delivery WHERE state = ANY($1::smallint[])", list(states)
        )
        return found

    async def end_waits(self) -> None:
        """As if the time had come of what waits; what a living worker holds stays its own."""
        await self.connection.execute(
            "UPDATE delivery SET next_at = now() - interval '1 second' WHERE state = 0"
        )

    async def end_leases(self) -> None:
        """As if their time had passed, and every wait with it."""
        await self.connection.execute(
            "UPDATE delivery SET next_at = now() - interval '1 second' WHERE state < 2"
        )

    async def restart_postgres(self) -> None:
        """Stops it under the worker, and starts it again; the address stays."""
        await self.connection.close()
        self.postgres.stop()
        self.postgres.start()
        self.proxy.target = _port(self.postgres)
        self.connection = await asyncpg.connect(_plain(self.postgres.url(MAIN)))

    async def _is_some(self, query: str, *values: object) -> bool:
        return await self.connection.fetchval(query, *values) is not None

    async def _is_none(self, query: str, *values: object) -> bool:
        return not await self._is_some(query, *values)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits until something holds."""
    async with asyncio.timeout(SECONDS_MAX):
        while not await holds():  # noqa: ASYNC110  # another process's doing
            await asyncio.sleep(0.02)


@asynccontextmanager
async def open_site(
    postgres: EmbeddedPostgres,
    valkey: EmbeddedValkey,
    fcm: FcmProcess,
    *,
    directory: Path,
    count: int,
) -> AsyncIterator[Site]:
    """A house with so many recipients whose messages are due; its workers are killed at the end."""
    for name in (MAIN, KEYS):
        postgres.ensure_database(name)
    await migrate(postgres.url(MAIN), "main")
    await migrate(postgres.url(KEYS), "keys")
    recipients = await _load(postgres, directory, count)
    proxy = Proxy(target=_port(postgres))
    await proxy.open()
    connection = await asyncpg.connect(_plain(postgres.url(MAIN)))
    site = Site(postgres, valkey, fcm, proxy, directory, recipients, connection)
    try:
        yield site
    finally:
        await site.kill_workers()
        await site.connection.close()
        await proxy.close()


async def _load(postgres: EmbeddedPostgres, directory: Path, count: int) -> list[Recipient]:
    environ = {"DATABASE_URL": postgres.url(MAIN), "KEYSTORE_URL": postgres.url(KEYS)}
    settings: Settings = read_settings(environ, data_dir=directory)
    recipients = list_recipients(count)
    async with open_house(settings) as house:
        await publish_pack(house.ground.database, house.ground.clock, SHIPPED_PACK)
        await load_recipients(house.ground, postgres.url(MAIN), recipients, until_on=LATE)
    return recipients


def _port(postgres: EmbeddedPostgres) -> int:
    return int(postgres.url(MAIN).rpartition(":")[2].partition("/")[0])


def _plain(url: str) -> str:
    return url.replace("+asyncpg", "")
