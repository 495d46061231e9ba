"""`sync-kinto`: a phone's calls beside Kinto's, over HTTP: the same records, both one process on
the same PostgreSQL, as many clients at once, by turns.

48 people with 1,000 sealed records each, of which ten came last. Idle polls by ETag; a first sync
of all; the ten; and the first sync by a hundred clients at once. Kinto has the sealed bytes in
base64 in JSON, as its clients that encrypt send them. It is installed by pip (`bench/kinto.py`),
so plain `make bench` leaves it out. SECONDS says how long each pair is measured.
"""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import asyncpg

from api.settings import HOST, Settings
from api.wire import open_house
from bench.kinto import kinto, make_database, read_request, write_records
from bench.processes import child, environ_of, wait_until_answers
from bench.raw_http import Connection, http_request
from bench.result import Goal, Result, compare, ratio_at_least, ratio_at_most
from bench.servers import bench_servers, driver_url
from bench.sync_world import Reader, enrol, load_once, make_reader, sample_records, sync_request
from bench.turns import Pace, Work, ask_by_turns
from sync.cursor import complete_at, seal_cursor
from sync.wire import PAGE_BYTES_MAX
from timeline.ground import Ground
from timeline.member_stream import list_member_streams

READERS = 48  # a person may make 600 calls at once: enough for what is asked in four seconds
RECORDS, LAST = 1_000, 10
CLIENTS, MANY_CLIENTS = 8, 100
SECONDS = 4.0
BASELINE = "Kinto 26.5.0"


@dataclass(frozen=True, slots=True)
class _Requests:
    """What the people's phones ask of one server, each in turn. A load may be several calls."""

    polls: Sequence[bytes]
    loads: Sequence[tuple[bytes, ...]]
    deltas: Sequence[bytes]


def measure_kinto(
    *, seconds: float | None = None, readers: int = READERS, records: int = RECORDS
) -> list[Result]:
    """Five figures."""
    each = seconds or float(os.environ.get("SECONDS") or SECONDS)
    with bench_servers() as settings, tempfile.TemporaryDirectory() as directory:
        people = asyncio.run(_prepare(settings, readers, records))
        dsn = driver_url(settings)
        asyncio.run(make_database(dsn))
        with (
            child("api.cli", "api", environ=environ_of(settings)),
            kinto(dsn, Path(directory)) as kinto_port,
        ):
            wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
            ours = asyncio.run(_ours(settings, people))
            theirs = asyncio.run(_theirs(dsn, kinto_port, people))
            return asyncio.run(_measure((settings.port, ours), (kinto_port, theirs), records, each))


async def _prepare(settings: Settings, readers: int, records: int) -> list[Reader]:
    async with open_house(settings) as house:
        sample = sample_records(records, house.ground.clock.today())
        return [
            await make_reader(house.ground, number, sample, last=LAST) for number in range(readers)
        ]


async def _ours(settings: Settings, people: Sequence[Reader]) -> _Requests:
    polls, loads, deltas = [], [], []
    async with open_house(settings) as house, Connection(settings.port) as connection:
        for reader in people:
            await enrol(connection, reader)
            pages = {"first_bytes": PAGE_BYTES_MAX, "page_bytes": PAGE_BYTES_MAX}
            loaded = await load_once(connection, reader, **pages)
            known = {**reader.headers, "If-None-Match": f'"{loaded.tag}"'}
            polls.append(http_request("GET", "/v1/sync/head", known))
            loads.append(loaded.asked)
            deltas.append(await _delta(house.ground, reader))
    return _Requests(polls, loads, deltas)


async def _delta(ground: Ground, reader: Reader) -> bytes:
    """A pull by a phone that has everything but the last write."""
    (stream,) = (await list_member_streams(ground, reader.person_id)).streams
    before = complete_at(stream.incarnation, stream.head - 1)
    cursor = seal_cursor(ground.keys, reader.person_id, stream.stream_id, before)
    return sync_request(
        reader,
        cursors={stream.stream_id.bytes: cursor},
        keys={stream.stream_id.bytes: stream.key_epoch},
        want_bytes=PAGE_BYTES_MAX,
    )


async def _theirs(dsn: str, port: int, people: Sequence[Reader]) -> _Requests:
    """The same sealed bodies, written in the same order."""
    polls, loads, deltas = [], [], []
    tables = await asyncpg.connect(dsn)
    try:
        async with Connection(port) as connection:
            for place, reader in enumerate(people):
                rows = await tables.fetch(
                    "SELECT sealed FROM stream_record WHERE circle_id = $1 AND person_id = $2"
                    " ORDER BY number, record_key",
                    reader.circle_id,
                    reader.person_id,
                )
                bodies, name = [row["sealed"] for row in rows], f"person-{place}"
                before = await write_records(connection, name, bodies[:-LAST])
                now = await write_records(connection, name, bodies[-LAST:])
                polls.append(read_request(name, known=now))
                loads.append((read_request(name),))
                deltas.append(read_request(name, since=before))
    finally:
        await tables.close()
    return _Requests(polls, loads, deltas)


async def _measure(
    ours: tuple[int, _Requests], theirs: tuple[int, _Requests], records: int, seconds: float
) -> list[Result]:
    sides = (ours, theirs)

    async def pair(name: str, status: int, clients: int) -> tuple[Pace, Pace]:
        works = [(port, _asking(getattr(each, name), status)) for port, each in sides]
        return await ask_by_turns(works[0], works[1], connections=clients, seconds=seconds)

    def rates(name: str, unit: str, found: tuple[Pace, Pace], goal: Goal | None) -> Result:
        return compare(
            name,
            found[0].per_second,
            unit,
            baseline=BASELINE,
            baseline_value=found[1].per_second,
            goal=goal,
        )

    loads = f"first syncs of {records:,} records/s"
    polls = await pair("polls", 304, CLIENTS)
    first = await pair("loads", 200, CLIENTS)
    deltas = await pair("deltas", 200, CLIENTS)
    many = await pair("loads", 200, MANY_CLIENTS)
    return [
        rates("kinto-poll", "idle polls/s by ETag", polls, ratio_at_least(10)),
        rates("kinto-first-sync", loads, first, ratio_at_least(4)),
        rates("kinto-delta", f"deltas of {LAST} records/s", deltas, None),
        rates("kinto-100", f"{loads}, {MANY_CLIENTS} at once", many, None),
        compare(
            "kinto-100-p99",
            many[0].p99_ms,
            "ms, the slowest of a hundred of those",
            baseline=BASELINE,
            baseline_value=many[1].p99_ms,
            goal=ratio_at_most(1),
        ),
    ]


def _asking(requests: Sequence[bytes | tuple[bytes, ...]], status: int) -> Work:
    turn = cycle([(one,) if isinstance(one, bytes) else one for one in requests])

    async def ask(connection: Connection) -> None:
        for request in next(turn):
            await connection.ask(request, status=status)

    return ask
