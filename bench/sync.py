"""`sync`: the idle poll and the first load of a phone, over HTTP, beside a bare Starlette route.

Thirty-two alike members with one stream of 1,000 records each. Both servers are one uvicorn process
over one PostgreSQL; each measurement runs in turns on both, eight clients at once. The bare route
reads the same rows of the same streams in one statement, without sign-in, cursor or key, and sends
the sealed bodies alone.
"""

import asyncio
from dataclasses import dataclass
from itertools import cycle

from api.settings import HOST, Settings
from api.wire import open_house
from bench.processes import child, environ_of, wait_until_answers
from bench.raw_http import Connection, http_request
from bench.result import Result, compare, ratio_at_least, value_below
from bench.servers import bench_servers, driver_url
from bench.sync_world import (
    FIRST_SCREEN_BYTES,
    FIRST_SCREEN_RECORDS,
    Reader,
    enrol,
    load_once,
    make_reader,
    sample_records,
)
from bench.turns import ask_by_turns
from store.embedded import free_port
from sync.wire import PAGE_BYTES_MAX

SECONDS = 4.0
CLIENTS = 8
RECORDS = 1_000
READERS = 32  # one alone would come to the pace of a person's calls


@dataclass(frozen=True, slots=True)
class _Rates:
    """Each side's rates a second, and what a first load takes on the wire."""

    poll: float
    bare_poll: float
    load: float
    bare_load: float
    load_bytes: int
    screen_bytes: float
    bare_bytes: int


def measure_sync(
    *, seconds: float = SECONDS, records: int = RECORDS, readers: int = READERS
) -> list[Result]:
    """Four figures."""
    with bench_servers() as settings:
        people = asyncio.run(_prepare(settings, records, readers))
        bare_port = free_port()
        with (
            child("api.cli", "api", environ=environ_of(settings)),
            child("bench.bare_sync", str(bare_port), driver_url(settings), environ={}),
        ):
            wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
            wait_until_answers(f"http://{HOST}:{bare_port}/ready")
            rates = asyncio.run(_measure(settings.port, bare_port, people, seconds))
    return _figures(rates, records)


def _figures(rates: _Rates, records: int) -> list[Result]:
    return [
        compare(
            "idle-poll",
            rates.poll,
            "polls/s",
            baseline="bare Starlette, one row by asyncpg",
            baseline_value=rates.bare_poll,
            goal=ratio_at_least(0.7),
        ),
        compare(
            "first-sync",
            rates.load,
            f"loads of {records:,} records/s",
            baseline="bare Starlette, the same rows by asyncpg",
            baseline_value=rates.bare_load,
            goal=ratio_at_least(0.6),
        ),
        compare(
            "first-sync-bytes",
            rates.load_bytes / 1_000,
            "KB on the wire",
            baseline="the sealed rows alone",
            baseline_value=rates.bare_bytes / 1_000,
            goal=value_below(250),
        ),
        compare(
            "first-screen-bytes",
            rates.screen_bytes / 1_000,
            "KB on the wire",
            baseline="the sealed rows alone",
            baseline_value=rates.bare_bytes / 1_000 * FIRST_SCREEN_RECORDS / records,
            goal=value_below(20),
        ),
    ]


async def _measure(port: int, bare_port: int, people: list[Reader], seconds: float) -> _Rates:
    first = people[0]
    async with Connection(port) as one:
        for reader in people:
            await enrol(one, reader)
        loaded = await load_once(
            one, first, first_bytes=FIRST_SCREEN_BYTES, page_bytes=PAGE_BYTES_MAX
        )
        pages = {"first_bytes": PAGE_BYTES_MAX, "page_bytes": PAGE_BYTES_MAX}
        turn = cycle([(await load_once(one, reader, **pages)).asked for reader in people])
    poll = http_request(
        "GET", "/v1/sync/head", {**first.headers, "If-None-Match": f'"{loaded.tag}"'}
    )
    bare = {reader: f"{reader.circle_id}/{reader.person_id}" for reader in people}
    async with Connection(bare_port) as one:
        rows = await one.ask(http_request("GET", f"/rows/{bare[first]}", {}), status=200)
    bare_poll = http_request("GET", f"/head/{bare[first]}", {"If-None-Match": '"1"'})
    bare_turn = cycle([http_request("GET", f"/rows/{place}", {}) for place in bare.values()])

    async def ask_head(connection: Connection) -> None:
        await connection.ask(poll, status=304)

    async def ask_bare_head(connection: Connection) -> None:
        await connection.ask(bare_poll, status=304)

    async def load(connection: Connection) -> None:
        for request in next(turn):
            await connection.ask(request, status=200)

    async def load_bare(connection: Connection) -> None:
        await connection.ask(next(bare_turn), status=200)

    polls, loads = [
        await ask_by_turns((port, ours), (bare_port, theirs), connections=CLIENTS, seconds=seconds)
        for ours, theirs in ((ask_head, ask_bare_head), (load, load_bare))
    ]
    return _Rates(
        polls[0].per_second,
        polls[1].per_second,
        loads[0].per_second,
        loads[1].per_second,
        loaded.total_bytes,
        loaded.screen_bytes,
        len(rows[0]),
    )


async def _prepare(settings: Settings, records: int, readers: int) -> list[Reader]:
    """The members, their circles at their heads, and the streams."""
    async with open_house(settings) as house:
        sample = sample_records(records, house.ground.clock.today())
        return [await make_reader(house.ground, number, sample) for number in range(readers)]
