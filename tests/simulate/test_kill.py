"""`kill -9` of the server and of the phone at the worst moments: nothing is lost or done twice."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx2
import pytest

from domain.ids import PersonId
from phone import act
from phone.day import HardwareClock
from phone.outbox import list_acts
from phone.store import Store
from phone.stream import held_rows
from phone.sync import Phone, round_trip
from phone.timeline import read_timeline
from phone.transport import Transport, TryLater
from phone.vault import open_vault
from store.embedded import free_port
from store.embedded_valkey import EmbeddedValkey
from tests.simulate.dying_phone import DEATHS
from tests.support.builders import born, married
from tests.support.house import TestHouse, person

CHECKOUT = Path(__file__).parents[2]
READY_SECONDS_MAX = 60.0
HUSBAND, WIFE, CHILD = person(1), person(2), person(3)


@dataclass
class Ground:
    """Databases with a family in them, and how to start the server's process on them."""

    house: TestHouse
    databases: tuple[str, str]
    environ: dict[str, str]
    port: int
    directory: Path

    @contextmanager
    def server(self) -> Iterator[subprocess.Popen[bytes]]:
        """The web process, killed at the end if nobody did before."""
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "api"], cwd=CHECKOUT, env=self.environ
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def phone(self, http: httpx2.AsyncClient, who: PersonId = WIFE) -> Phone:
        """The same phone however often its process begins."""
        store = Store(self.directory / "phone.sqlite", open_vault(self.directory / "keys"))
        return Phone(store, Transport(http, who), HardwareClock())

    async def rows(self) -> set[tuple[bytes, int, bytes]]:
        """What the wife's phone must hold."""
        connection = await asyncpg.connect(plain(self.databases[0]))
        try:
            found = await connection.fetch(
                "SELECT record_key, number, sealed FROM stream_record"
                " WHERE person_id = $1 AND sealed IS NOT NULL",
                WIFE,
            )
        finally:
            await connection.close()
        return {(row[0], row[1], row[2]) for row in found}


def plain(url: str) -> str:
    return url.replace("postgresql+asyncpg://", "postgresql://")


@pytest.fixture
async def ground(
    house: TestHouse, databases: tuple[str, str], valkey: EmbeddedValkey, tmp_path: Path
) -> Ground:
    today = HardwareClock().now_utc().date()
    house.clock.move_to(today)
    await house.apply(
        married(HUSBAND, WIFE, today - timedelta(days=700)),
        born(CHILD, WIFE, today - timedelta(days=3), father=HUSBAND),
    )
    port = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": plain(databases[0]),
        "KEYSTORE_URL": plain(databases[1]),
        "REDIS_URL": valkey.url,
        "OSRATI_DATA_DIR": str(tmp_path),
        "OSRATI_PORT": str(port),
        "OSRATI_TODAY": today.isoformat(),
    }
    directory = tmp_path / "phone"
    directory.mkdir()
    return Ground(house, databases, environ, port, directory)


async def ready(url: str) -> None:
    """The server answers."""
    async with httpx2.AsyncClient(base_url=url) as http, asyncio.timeout(READY_SECONDS_MAX):
        while True:
            with contextlib.suppress(httpx2.TransportError):
                if (await http.get("/health/ready")).status_code == httpx2.codes.OK:
                    return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def deaf_once(server_port: int, killed: subprocess.Popen[bytes]) -> AsyncIterator[str]:
    """A way to the server on which it is killed as soon as it begins to answer."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", server_port)
        asking = asyncio.ensure_future(pass_on(reader, up_writer))
        await up_reader.read(1)  # it has committed: it answers
        killed.kill()
        killed.wait()
        asking.cancel()
        writer.close()
        up_writer.close()

    proxy = await asyncio.start_server(carry, "127.0.0.1", 0)
    async with proxy:
        yield f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while body := await reader.read(65_536):
        writer.write(body)
        await writer.drain()


async def has_outcome(connection: asyncpg.Connection) -> None:
    """The circle's transaction of a command is committed."""
    for _ in range(1_000):
        if await connection.fetchval("SELECT count(*) FROM outcome"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no outcome in ten seconds")


async def settle(phone: Phone) -> None:
    """Round trips until nothing is left to do."""
    for _ in range(20):
        if not (await round_trip(phone)).again:
            return
    raise AssertionError("never at rest")


async def held_phone(ground: Ground) -> list[bytes]:
    """The phone has pulled everything; the keys of two cards that show."""
    with ground.server():
        await ready(ground.url)
        async with httpx2.AsyncClient(base_url=ground.url) as http:
            phone = ground.phone(http)
            await settle(phone)
            cards = read_timeline(phone.store, ground.house.clock.today())
            phone.store.close()
    keys = [one.card.key for one in cards if one.state in ("due", "upcoming")][:2]
    assert len(keys) == 2
    return keys


async def finish(ground: Ground, keys: list[bytes], act_ids: list[UUID]) -> None:
    """The server is back, and so is the phone: each act is applied, once."""
    with ground.server():
        await ready(ground.url)
        async with httpx2.AsyncClient(base_url=ground.url) as http:
            phone = ground.phone(http)
            await settle(phone)
            held = [(act.id, act.state) for act in list_acts(phone.store)]
            assert held == [(act_id, "applied") for act_id in act_ids]
            shown = read_timeline(phone.store, ground.house.clock.today())
            states = [one.state for one in shown if one.card.key in keys]
            assert states == ["dismissed"] * len(keys)
            rows = {(row.key, row.number, row.sealed) for row in held_rows(phone.store)}
            assert rows == await ground.rows()
    connection = await asyncpg.connect(plain(ground.databases[0]))
    counted = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM outcome), (SELECT last_sequence FROM command_counter)"
    )
    await connection.close()
    assert tuple(counted) == (len(act_ids), len(act_ids))


async def test_the_server_dies_between_commit_and_answer(ground: Ground) -> None:
    keys = (await held_phone(ground))[:1]
    with ground.server() as server:
        await ready(ground.url)
        async with deaf_once(ground.port, server) as way, httpx2.AsyncClient(base_url=way) as http:
            phone = ground.phone(http)
            act_ids = [act.dismiss(phone.store, keys[0], now=HardwareClock().now_utc())]
            with pytest.raises(TryLater):
                await round_trip(phone)
            assert server.returncode == -signal.SIGKILL
            phone.store.close()
    connection = await asyncpg.connect(plain(ground.databases[0]))
    assert await connection.fetchval("SELECT count(*) FROM outcome") == 1  # it had been committed
    await connection.close()
    await finish(ground, keys, act_ids)


@pytest.mark.parametrize("acts", [1, 2])
async def test_the_server_dies_between_the_two_transactions_of_commands(
    ground: Ground, acts: int
) -> None:
    """Of one, and of two that share both."""
    keys = (await held_phone(ground))[:acts]
    connection = await asyncpg.connect(plain(ground.databases[0]))
    with ground.server() as server:
        await ready(ground.url)
        async with httpx2.AsyncClient(base_url=ground.url) as http:
            phone = ground.phone(http)
            now = HardwareClock().now_utc()
            act_ids = [act.dismiss(phone.store, key, now=now) for key in keys]
            async with connection.transaction():
                # Whoever would advance the counter waits here; the circle's commit does not.
                await connection.execute("LOCK TABLE command_counter IN SHARE MODE")
                asking = asyncio.ensure_future(round_trip(phone))
                await has_outcome(connection)
                server.kill()
                server.wait()
            with pytest.raises(TryLater):
                await asking
            phone.store.close()
    settled = await connection.fetchval("SELECT max(last_sequence) FROM command_counter")
    assert not settled
    await connection.close()
    await finish(ground, keys, act_ids)


async def test_phones_die_between_row_and_cursor(ground: Ground) -> None:
    with ground.server():
        await ready(ground.url)
        dying = await asyncio.create_subprocess_exec(
            sys.executable,
            "tests/simulate/dying_phone.py",
            str(ground.directory),
            ground.url,
            str(WIFE),
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await dying.communicate()
        deaths = [line.split() for line in said.decode().splitlines()]
        assert [int(code) for _, _, code in deaths] == [-signal.SIGKILL] * len(DEATHS)
        async with httpx2.AsyncClient(base_url=ground.url) as http:
            for place, (directory, act_id, _) in enumerate(deaths):
                ground.directory = Path(directory)
                phone = ground.phone(http)
                await settle(phone)
                rows = {(row.key, row.number, row.sealed) for row in held_rows(phone.store)}
                assert rows == await ground.rows(), DEATHS[place]
                (held,) = list_acts(phone.store)
                assert (str(held.id), held.state) == (act_id, "refused"), DEATHS[place]
                restarted = phone.store.connection.execute(
                    "SELECT count(*) FROM stream WHERE restarted_on IS NOT NULL OR alarm"
                )
                assert restarted.fetchone() == (0,), DEATHS[place]
                phone.store.close()
