"""`osrati run`: servers, migrations, catalogue, API, worker, demonstration; and all of them ended.

The two processes of the product are children of this one, as are the embedded servers where no
URL names others. Whatever it started, it stops: last the servers, so that nothing loses its
database first.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date

import httpx2
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from api.child import ChildEnded, ended
from api.demo import (
    DemonstrationRefused,
    begin_stories,
    begun_stories,
    play,
    register_agencies,
)
from api.demo_phone import register_phones
from api.prepare import prepare_databases, publish_shipped
from api.registry_key import make_registry_key
from api.settings import HOST, Settings, SettingsError
from api.simulated import outside_environ, start_outside, start_registry
from api.wire import open_house
from store.clock import SystemClock
from store.embedded import make_dir
from store.embedded_postgres import EmbeddedPostgres
from store.embedded_valkey import EmbeddedValkey

READY_POLL_SECONDS = 0.05
READY_SECONDS_MAX = 60
DATABASE = "osrati"
KEYSTORE = "osrati_keys"
OK = 200


def run(settings: Settings) -> int:
    """Runs everything until Ctrl-C (or SIGTERM); the exit code."""
    _refuse_taken_port(settings.port)
    # Also SIGINT: a shell starts what it puts in the background with that one ignored.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _interrupt)
    make_dir(settings.data_dir)
    with ExitStack() as stack:
        settings = start_outside(_start_servers(settings, stack), stack)
        try:
            asyncio.run(_prepare(settings))
            settings = start_registry(settings, stack)
            children = [
                stack.enter_context(_child("api", settings)),
                stack.enter_context(_child("worker", settings)),
            ]
            asyncio.run(_serve(settings, children))
        except KeyboardInterrupt:
            print("stopping", flush=True)
        except ChildEnded as gone:
            print(f"{gone}; stopping. Its own lines above say why.", file=sys.stderr, flush=True)
            return 1
    print("stopped", flush=True)
    return 0


def _start_servers(settings: Settings, stack: ExitStack) -> Settings:
    """Starts the embedded servers that are needed; the settings with every URL filled in."""
    if settings.database_url is None:
        postgres = stack.enter_context(EmbeddedPostgres(settings.data_dir))
        postgres.ensure_database(DATABASE)
        postgres.ensure_database(KEYSTORE)
        settings = replace(
            settings,
            database_url=postgres.url(DATABASE),
            keystore_url=settings.keystore_url or postgres.url(KEYSTORE),
        )
    elif settings.keystore_url is None:
        settings = replace(settings, keystore_url=asyncio.run(_keystore_beside(settings)))
    if settings.redis_url is None:
        valkey = stack.enter_context(EmbeddedValkey(settings.data_dir))
        settings = replace(settings, redis_url=valkey.url)
    return settings


async def _keystore_beside(settings: Settings) -> str:
    """A database `<name>_keys` beside the one given, made if it is not there (development only)."""
    assert settings.database_url is not None
    family = make_url(settings.database_url)
    keystore = family.set(database=f"{family.database}_keys")
    engine = create_async_engine(family, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            found = await connection.execute(
                text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": keystore.database}
            )
            if found.scalar_one_or_none() is None:
                quoted = str(keystore.database).replace('"', '""')
                await connection.execute(text(f'CREATE DATABASE "{quoted}"'))
    finally:
        await engine.dispose()
    return keystore.render_as_string(hide_password=False)


async def _prepare(settings: Settings) -> None:
    await prepare_databases(settings)
    await publish_shipped(settings)
    async with open_house(settings) as house:
        await register_agencies(house.ground, settings.data_dir)
        begin_stories(settings.data_dir, settings.today or SystemClock().today())
        await register_phones(house.ground, settings.data_dir, begun_stories(settings.data_dir))
    make_registry_key(settings.data_dir)


async def _serve(settings: Settings, children: list[subprocess.Popen[bytes]]) -> None:
    base_url = f"http://{HOST}:{settings.port}"
    await _until_ready(base_url, children)
    print(f"ready {base_url}", flush=True)
    print(f"  families  {base_url}/", flush=True)
    print(f"  GraphQL   {base_url}/graphiql", flush=True)
    print(f"  health    {base_url}/health/ready", flush=True)
    print(f"  data      {settings.data_dir}", flush=True)
    playing = asyncio.create_task(_play(base_url, settings))
    told = False
    while True:
        _refuse_ended(children)
        if playing.done() and not told:
            told = True
            print(playing.result(), flush=True)
        await asyncio.sleep(READY_POLL_SECONDS)


async def _play(base_url: str, settings: Settings) -> str:
    """Plays the demonstration; the line that says whether it was. The service runs either way."""
    try:
        async with httpx2.AsyncClient() as client:
            ready = await client.get(f"{base_url}/health/ready")
        today = date.fromisoformat(ready.raise_for_status().json()["today"])
        await play(base_url, settings.data_dir, today)
    except (DemonstrationRefused, httpx2.HTTPError) as error:
        return f"not played: {' '.join(str(error).split()) or type(error).__name__}"
    return "played"


async def _until_ready(base_url: str, children: list[subprocess.Popen[bytes]]) -> None:
    try:
        async with asyncio.timeout(READY_SECONDS_MAX), httpx2.AsyncClient() as client:
            while True:
                _refuse_ended(children)
                try:
                    if (await client.get(f"{base_url}/health/ready")).status_code == OK:
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(READY_POLL_SECONDS)
    except TimeoutError:
        raise ChildEnded(f"the process 'api' was not ready in {READY_SECONDS_MAX} s") from None


def _refuse_ended(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is not None:
            raise ChildEnded(f"the process {child.args[-1]!r} ended with {child.returncode}")  # type: ignore[index]


@contextmanager
def _child(name: str, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """One of the product's processes; asked to end, and waited for, at the end."""
    environ = {
        **os.environ,
        "DATABASE_URL": str(settings.database_url),
        "KEYSTORE_URL": str(settings.keystore_url),
        "REDIS_URL": str(settings.redis_url),
        "OSRATI_DATA_DIR": str(settings.data_dir),
        "OSRATI_PARENT": str(os.getpid()),
        **outside_environ(settings),
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "api.cli", name], env=environ, start_new_session=True
    )
    with ended(child):
        yield child


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SettingsError(
                f"Port {port} on {HOST} is taken ({error.strerror}): "
                "end what uses it, or set OSRATI_PORT to another."
            ) from None


def _interrupt(_: int, __: object) -> None:
    raise KeyboardInterrupt
