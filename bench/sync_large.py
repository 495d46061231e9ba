"""`sync-large`: what a phone's calls cost among many circles, of long streams, of a hundred phones
at once; what acts cost; and what sealing takes of it.

`delta-circles`, `poll-circles`: a pull of ten records and an idle poll among 100,000 circles, and a
million, each by turns with a house of 1,000, CIRCLES at most. Phones of a thousand people spread
over all of them, eight at once. `load-10`, `load-1000`, `load-2000`: first loads beside the bare
read of the same rows, `load-linear` what a record of the longest costs beside one of the middle:
the median load of each, one at a time by turns, since at rates taken minutes apart a busy machine
showed whatever else it did.
`clients-100-load`, `clients-100-p99`: a hundred at once. Acts are in `bench/sync_acts.py`.

CIRCLES says how many at most, SECONDS how long each pair is measured.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from random import Random

from api.settings import HOST, Settings
from api.wire import open_house
from bench.processes import child, environ_of, wait_until_answers
from bench.raw_http import Connection, http_request
from bench.result import Result, compare, ratio_at_least, ratio_at_most
from bench.servers import bench_servers, driver_url
from bench.sync_acts import measure_acts, measure_shares
from bench.sync_filler import RECORDS_EACH, filler_reader, filler_stream, load_filler
from bench.sync_world import (
    Reader,
    enrol,
    load_once,
    make_reader,
    sample_records,
    sync_request,
)
from bench.turns import Pace, Work, ask_by_turns
from store.embedded import free_port
from sync.cursor import complete_at, seal_cursor
from sync.wire import PAGE_BYTES_MAX
from timeline.ground import Ground

SMALL_CIRCLES, WHOLE_CIRCLES = 1_000, 100_000
SIZES = (100_000, 1_000_000)  # beside SMALL_CIRCLES
SMALL_SECONDS, SECONDS = 0.4, 4.0
CLIENTS, MANY_CLIENTS = 8, 100
PHONES = 1_000
LENGTHS = (10, 1_000, 2_000)
READERS = 16  # a person's pace is 600 calls at once: enough for what is asked in the whole
# Of each database. With 128 MB what a thousand phones touch of a million circles, some eight
# pages each, hardly fits, and a pull among them took 1.4 times as long: memory's figure, not ours.
BUFFERS = "1GB"
SEED = 7


def measure_large_small() -> list[Result]:
    """Every figure, of few circles and short turns."""
    return measure_large(circles=2 * SMALL_CIRCLES, seconds=SMALL_SECONDS)


def measure_large_whole() -> list[Result]:
    """Every figure, of as many circles as CIRCLES says."""
    return measure_large(
        circles=int(os.environ.get("CIRCLES") or WHOLE_CIRCLES),
        seconds=float(os.environ.get("SECONDS") or SECONDS),
    )


def measure_large(*, circles: int, seconds: float) -> list[Result]:
    """Every figure."""
    return [
        *_among(circles, seconds),
        *_lengths(seconds),
        *measure_acts(seconds=seconds),
        *measure_shares(),
    ]


# Many circles


@dataclass(frozen=True, slots=True)
class _Asked:
    """A phone's pull of ten records and its idle poll, as bytes."""

    delta: bytes
    poll: bytes


def _among(circles: int, seconds: float) -> list[Result]:
    """Pulls and polls among ever more circles."""
    sizes = sorted({size for size in SIZES if size < circles} | {circles})
    results: list[Result] = []
    with (
        _house_of_fillers(range(SMALL_CIRCLES)) as small,
        bench_servers(shared_buffers=BUFFERS) as settings,
    ):
        few = asyncio.run(_asked_of(small, SMALL_CIRCLES))
        loaded = 0
        for size in sizes:
            begun = time.perf_counter()
            asyncio.run(_load(settings, range(loaded, size)))
            loaded = size
            _say(f"{size:,} circles loaded in {time.perf_counter() - begun:.0f} s")
            with ExitStack() as processes:
                for one in (small, settings):
                    processes.enter_context(child("api.cli", "api", environ=environ_of(one)))
                    wait_until_answers(f"http://{HOST}:{one.port}/health/ready")
                many = asyncio.run(_asked_of(settings, size))
                results += asyncio.run(
                    _pull_by_turns((settings.port, many), (small.port, few), size, seconds)
                )
    return results


@contextmanager
def _house_of_fillers(numbers: Sequence[int]) -> Iterator[Settings]:
    with bench_servers(shared_buffers=BUFFERS) as settings:
        asyncio.run(_load(settings, numbers))
        yield settings


async def _load(settings: Settings, numbers: Sequence[int]) -> None:
    async with open_house(settings) as house:
        await load_filler(house.ground, driver_url(settings), numbers)


async def _asked_of(settings: Settings, size: int) -> list[_Asked]:
    """What phones of a thousand people ask, who are spread evenly over that many."""
    async with open_house(settings) as house:
        numbers = range(0, size, max(1, size // PHONES))
        found = [_asked(house.ground, number) for number in numbers]
    Random(SEED).shuffle(found)
    return found


def _asked(ground: Ground, number: int) -> _Asked:
    reader = filler_reader(ground, number)
    stream = filler_stream(reader)
    start = seal_cursor(ground.keys, reader.person_id, stream, complete_at(stream, 0))
    delta = sync_request(
        reader,
        cursors={stream.bytes: start},
        keys={stream.bytes: 1},
        want_bytes=PAGE_BYTES_MAX,
    )
    return _Asked(delta, http_request("GET", "/v1/sync/head", reader.headers))


async def _pull_by_turns(
    many: tuple[int, list[_Asked]], few: tuple[int, list[_Asked]], size: int, seconds: float
) -> list[Result]:
    results = []
    for name, said in (
        ("delta", f"pulls of {RECORDS_EACH} records/s"),
        ("poll", "idle polls/s"),
    ):
        ours, base = await ask_by_turns(
            *(
                (port, _asking([getattr(one, name) for one in asked]))
                for port, asked in (many, few)
            ),
            connections=CLIENTS,
            seconds=seconds,
        )
        results.append(
            compare(
                f"{name}-circles",
                ours.per_second,
                f"{said} among {size:,} circles",
                baseline=f"among {SMALL_CIRCLES:,}",
                baseline_value=base.per_second,
                goal=ratio_at_least(0.8),
            )
        )
    return results


def _asking(requests: Sequence[bytes]) -> Work:
    turn = cycle(requests)

    async def ask(connection: Connection) -> None:
        await connection.ask(next(turn), status=200)

    return ask


# Long streams, and a hundred phones


def _lengths(seconds: float) -> list[Result]:
    results: list[Result] = []
    loads: dict[int, Work] = {}
    with bench_servers() as settings:
        readers = {length: asyncio.run(_readers(settings, length)) for length in LENGTHS}
        bare_port = free_port()
        with (
            child("api.cli", "api", environ=environ_of(settings)),
            child("bench.bare_sync", str(bare_port), driver_url(settings), environ={}),
        ):
            wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
            wait_until_answers(f"http://{HOST}:{bare_port}/ready")
            for length, people in readers.items():
                load = loads[length] = asyncio.run(_loading(settings.port, people))
                bare = _asking([_bare_request(reader) for reader in people])
                sides = ((settings.port, load), (bare_port, bare))
                ours, base = asyncio.run(ask_by_turns(*sides, connections=CLIENTS, seconds=seconds))
                results.append(_loaded(f"load-{length}", length, CLIENTS, ours, base))
                if length == LENGTHS[1]:
                    ours, base = asyncio.run(
                        ask_by_turns(*sides, connections=MANY_CLIENTS, seconds=seconds)
                    )
                    name = f"clients-{MANY_CLIENTS}"
                    results.append(_loaded(f"{name}-load", length, MANY_CLIENTS, ours, base))
                    results.append(
                        compare(
                            f"{name}-p99",
                            ours.p99_ms,
                            "ms, the slowest of a hundred such loads",
                            baseline="bare Starlette, the same rows by asyncpg",
                            baseline_value=base.p99_ms,
                        )
                    )
            middle, longest = LENGTHS[1:]
            more, fewer = asyncio.run(
                ask_by_turns(
                    *((settings.port, loads[length]) for length in (longest, middle)),
                    connections=1,
                    seconds=seconds,
                )
            )
    return [
        *results,
        compare(
            "load-linear",
            1_000 * more.p50_ms / longest,
            f"us a record of {longest:,}",
            baseline=f"a record of {middle:,}",
            baseline_value=1_000 * fewer.p50_ms / middle,
            goal=ratio_at_most(1.2),
        ),
    ]


def _loaded(name: str, length: int, clients: int, ours: Pace, base: Pace) -> Result:
    return compare(
        name,
        ours.per_second,
        f"first loads of {length:,} records/s, {clients} at once",
        baseline="bare Starlette, the same rows by asyncpg",
        baseline_value=base.per_second,
    )


async def _readers(settings: Settings, length: int) -> list[Reader]:
    """People with streams of that length."""
    async with open_house(settings) as house:
        sample = sample_records(length, house.ground.clock.today())
        first = length << 20  # each length has people of its own
        return [
            await make_reader(house.ground, first + number, sample) for number in range(READERS)
        ]


async def _loading(port: int, people: Sequence[Reader]) -> Work:
    """First loads of these people's phones, which are enrolled, by turns."""
    pages = {"first_bytes": PAGE_BYTES_MAX, "page_bytes": PAGE_BYTES_MAX}
    async with Connection(port) as one:
        for reader in people:
            await enrol(one, reader)
        turn = cycle([(await load_once(one, reader, **pages)).asked for reader in people])

    async def load(connection: Connection) -> None:
        for request in next(turn):
            await connection.ask(request, status=200)

    return load


def _bare_request(reader: Reader) -> bytes:
    return http_request("GET", f"/rows/{reader.circle_id}/{reader.person_id}", {})


def _say(line: str) -> None:
    print(line, flush=True)
