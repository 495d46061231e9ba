"""`osrati run`: servers, migrations, catalogue, API, worker, demonstration; and all of them ended.

The two processes of the product are children of this one, as are the embedded servers where no
URL names others. Whatever it started, it stops: last the servers, so that nothing loses its
database first.
"""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date

import httpx2
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from api.demo import DemonstrationRefused, begin_stories, play, register_agencies
from api.prepare import prepare_databases, publish_shipped
from api.registry_key import make_registry_key
from api.settings import HOST, Settings, SettingsError, UaePassAccess
from api.wire import open_house
from identity.sign_in import CALLBACK_PATH
from push.connect import FcmAccess
from push.smpp import SmppAccess
from store.clock import SystemClock
from store.embedded import make_dir
from store.embedded_postgres import EmbeddedPostgres
from store.embedded_valkey import EmbeddedValkey

READY_POLL_SECONDS = 0.05
READY_SECONDS_MAX = 60
STOP_SECONDS = 15
CLIENT_SECRET = "OSRATI_UAEPASS_CLIENT_SECRET"  # by the environment: a command line shows to all
SMPP_PASSWORD = "OSRATI_SMPP_PASSWORD"
DATABASE = "osrati"
KEYSTORE = "osrati_keys"
OK = 200


class ChildEnded(Exception):
    """The API or the worker ended by itself, or never began to serve."""


def run(settings: Settings) -> int:
    """Runs everything until Ctrl-C (or SIGTERM); the exit code."""
    _refuse_taken_port(settings.port)
    # Also SIGINT: a shell starts what it puts in the background with that one ignored.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _interrupt)
    make_dir(settings.data_dir)
    with ExitStack() as stack:
        settings = _start_uae_pass(_start_servers(settings, stack), stack)
        settings = _start_smpp(_start_fcm(settings, stack), stack)
        try:
            asyncio.run(_prepare(settings))
            settings = _start_registry(settings, stack)
            children = [
                stack.enter_context(_child("api", settings)),
                stack.enter_context(_child("worker", settings)),
            ]
            asyncio.run(_serve(settings, children))
        except KeyboardInterrupt:
            print("stopping", flush=True)
        except ChildEnded as ended:
            print(f"{ended}; stopping. Its own lines above say why.", file=sys.stderr, flush=True)
            return 1
    print("stopped", flush=True)
    return 0


def _start_registry(settings: Settings, stack: ExitStack) -> Settings:
    """Starts the registries' simulator where no gateway is named; the settings that name one."""
    if settings.registry_url is not None:
        return settings
    played_on = begin_stories(settings.data_dir, settings.today or SystemClock().today())
    port = _free_port()
    intake_url = f"http://{HOST}:{settings.port}"
    arguments = [str(settings.data_dir), str(port), intake_url, played_on.isoformat()]
    _start_simulator("registry", arguments, stack)
    return replace(settings, registry_url=f"http://{HOST}:{port}")


def _start_uae_pass(settings: Settings, stack: ExitStack) -> Settings:
    """Starts UAE PASS's simulator where the real one is not named; the settings that name one."""
    if settings.uae_pass is not None:
        return settings
    port = _free_port()
    secret = secrets.token_urlsafe(16)
    access = UaePassAccess(f"http://{HOST}:{port}/idshub", "osrati-development", secret)
    arguments = ["--port", str(port), "--client-id", access.client_id]
    arguments += ["--redirect-uri", f"{settings.origin}{CALLBACK_PATH}"]
    _start_simulator("uae_pass", arguments, stack, **{CLIENT_SECRET: secret})
    return replace(settings, uae_pass=access)


def _start_fcm(settings: Settings, stack: ExitStack) -> Settings:
    """Starts FCM's simulator where no service account is named; the settings that name one."""
    if settings.fcm is not None:
        return settings
    ports = _free_port(), _free_port()
    directory = settings.data_dir / "fcm"
    make_dir(directory)
    access = FcmAccess(
        directory / "fcm-service-account.json",
        f"https://{HOST}:{ports[1]}",
        directory / "fcm-certificate.pem",
    )
    access.account_file.unlink(missing_ok=True)  # an earlier run's, which is believed no more
    _start_simulator("fcm", [str(directory), *map(str, ports)], stack)
    until = time.monotonic() + READY_SECONDS_MAX
    while not access.account_file.exists():  # written last
        if time.monotonic() > until:
            raise ChildEnded(f"FCM's simulator was not ready in {READY_SECONDS_MAX} s")
        time.sleep(READY_POLL_SECONDS)
    return replace(settings, fcm=access)


def _start_smpp(settings: Settings, stack: ExitStack) -> Settings:
    """Starts a message centre's simulator where none is named; the settings that name one."""
    if settings.smpp is not None:
        return settings
    ports, password = (_free_port(), _free_port()), secrets.token_hex(4)  # SMPP: at most 8
    _start_simulator("smpp", [*map(str, ports)], stack, **{SMPP_PASSWORD: password})
    return replace(settings, smpp=SmppAccess(HOST, ports[0], "osrati", password))


def _start_simulator(name: str, arguments: list[str], stack: ExitStack, **environ: str) -> None:
    simulator = subprocess.Popen(
        [sys.executable, "-m", f"simulators.{name}", *arguments],
        env={**os.environ, **environ},
        stdin=subprocess.PIPE,  # it ends when this closes, however this process ends
        start_new_session=True,
    )
    stack.enter_context(_ended(simulator))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


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
    assert settings.uae_pass is not None
    environ = {
        **os.environ,
        "DATABASE_URL": str(settings.database_url),
        "KEYSTORE_URL": str(settings.keystore_url),
        "REDIS_URL": str(settings.redis_url),
        "OSRATI_DATA_DIR": str(settings.data_dir),
        "OSRATI_UAEPASS_URL": settings.uae_pass.base_url,
        "OSRATI_UAEPASS_CLIENT_ID": settings.uae_pass.client_id,
        CLIENT_SECRET: settings.uae_pass.client_secret,
        "OSRATI_PARENT": str(os.getpid()),
    }
    if settings.fcm is not None:
        environ["OSRATI_FCM_ACCOUNT"] = str(settings.fcm.account_file)
        environ["OSRATI_FCM_URL"] = settings.fcm.origin
        environ["OSRATI_FCM_CERTIFICATE"] = str(settings.fcm.certificate_file or "")
    if settings.smpp is not None:
        centre = settings.smpp
        environ["OSRATI_SMPP_URL"] = f"smpp://{centre.system_id}@{centre.host}:{centre.port}"
        environ[SMPP_PASSWORD] = centre.password
        environ["OSRATI_SMPP_SENDER"] = centre.sender
    if settings.registry_url is not None:
        environ["OSRATI_REGISTRY_URL"] = settings.registry_url
    child = subprocess.Popen(
        [sys.executable, "-m", "api.cli", name], env=environ, start_new_session=True
    )
    with _ended(child):
        yield child


@contextmanager
def _ended(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """The process is asked to end, and waited for, at the end."""
    try:
        yield
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if child.stdin is not None:
            child.stdin.close()


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
