"""`event-to-timeline` and what its load leaves behind: real `osrati api` and `osrati worker`.

A couple's marriage is known; then the birth of their child is reported by a signed event over
HTTP, five a second. From just before it is sent until the father's timeline, asked by GraphQL over
HTTP, shows the newborn bundle: p50 and p99. The timeline is asked whenever the head of his stream
has risen, which is looked at every 10 ms: asking all the time would measure the asking, and would
refresh in the worker's stead. Baseline: the same bytes inserted into a table, committed and read
back, just before each birth is sent.

`events-per-second`: births reported by eight at once, until each is applied and no circle is dirty.
Baseline: eight connections that insert, commit and read back the same bytes.

`resident-memory-api`, `-worker`: after all that. Baseline: processes that hold nothing but
Starlette and uvicorn, or arq, after as many requests or jobs.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from statistics import quantiles
from typing import Any  # asyncpg is untyped

import asyncpg
import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.app import ACT_AS_HEADER
from api.settings import HOST, Settings
from api.wire import open_house
from bench.bare_memory import bare_api_mb, bare_worker_mb
from bench.couple import COUPLES_MAX, Couple, Json
from bench.processes import child, environ_of, resident_mb, wait_until_answers
from bench.result import Result, compare, value_below
from bench.servers import bench_servers, driver_url
from bench.wait import wait_until
from domain.ids import AgencyId, CircleId, PersonId
from gov.agency import AgencyKey, add_agency, add_key
from gov.agency_right import ANYTHING
from simulators.agency import AgencyClient, encode_event
from store.clock import SystemClock
from store.reference_tables import INBOX_APPLIED
from timeline.ground import Ground
from timeline.people import find_person
from timeline.record import couple_circle

PACED_COUNT = 200  # forty seconds; the p99 is the third longest of them
FAST_COUNT = 200
BIRTHS_PER_SECOND = 5.0
SENDERS = 8
POLL_SECONDS = 0.01
SETTLED_POLL_SECONDS = 0.05
SEEN_SECONDS_MAX = 180.0  # a machine too busy for five a second falls behind, and says so
SETTLED_SECONDS_MAX = 180.0
MEMORY_BELOW_MB = 250
ACCEPTED = 202

AGENCY, KEY_ID = AgencyId("mohap"), "mohap-bench"

ASKED = """
query {
  me {
    timeline(filter: {services: ["newborn_bundle"]}) {
      edges { node { id service state title } }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class EventBench:
    """What the load works with. `pool` leads to the families' database."""

    settings: Settings
    ground: Ground
    agency: AgencyClient
    http: httpx2.AsyncClient
    pool: Any
    today: date


@dataclass(frozen=True, slots=True)
class _Load:
    seen_ms: list[float]
    bare_ms: list[float]
    events_per_second: float
    bare_per_second: float


def measure_events(*, paced_count: int = PACED_COUNT, fast_count: int = FAST_COUNT) -> list[Result]:
    """Five figures."""
    assert paced_count >= 2, "a percentile needs two"
    assert paced_count + fast_count <= COUPLES_MAX, "as many couples as the sample range has"
    with bench_servers() as settings:
        environ = environ_of(settings)
        with (
            child("api.cli", "api", environ=environ) as api,
            child("api.cli", "worker", environ=environ) as worker,
        ):
            wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
            load = asyncio.run(_put_load(settings, paced_count, fast_count))
            resident = resident_mb(api), resident_mb(worker)
        bare = bare_api_mb(), bare_worker_mb(str(settings.redis_url))
    return [*_times(load), *_memory(resident, bare)]


def _times(load: _Load) -> list[Result]:
    baseline = "INSERT of the same bytes, commit, read back"
    figures = [
        compare(
            f"event-to-timeline-p{percent}",
            percentile(load.seen_ms, percent),
            "ms",
            baseline=baseline,
            baseline_value=percentile(load.bare_ms, percent),
        )
        for percent in (50, 99)
    ]
    figures.append(
        compare(
            "events-per-second",
            load.events_per_second,
            "events/s",
            baseline=f"{baseline}, {SENDERS} at once",
            baseline_value=load.bare_per_second,
        )
    )
    return figures


def _memory(resident: tuple[float, float], bare: tuple[float, float]) -> list[Result]:
    baselines = ("bare Starlette and uvicorn", "bare arq worker")
    return [
        compare(
            f"resident-memory-{name}",
            value,
            "MB",
            baseline=baseline,
            baseline_value=baseline_value,
            goal=value_below(MEMORY_BELOW_MB),
        )
        for name, value, baseline, baseline_value in zip(
            ("api", "worker"), resident, baselines, bare, strict=True
        )
    ]


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


async def _put_load(settings: Settings, paced_count: int, fast_count: int) -> _Load:
    async with open_bench(settings) as bench:
        couples = [Couple(number) for number in range(paced_count + fast_count)]
        await all_at_once(lambda couple: report(bench, couple.marriage(bench.today)), couples)
        await until_settled(bench, len(couples))
        fast, paced = couples[:fast_count], couples[fast_count:]
        begun = time.perf_counter()
        await all_at_once(lambda couple: report(bench, couple.birth(bench.today)), fast)
        await until_settled(bench, len(couples) + len(fast))
        fast_seconds = time.perf_counter() - begun
        begun = time.perf_counter()
        await all_at_once(lambda couple: insert_bare(bench, couple.birth(bench.today)), fast)
        bare_seconds = time.perf_counter() - begun
        async with asyncio.TaskGroup() as group:
            births = [
                group.create_task(_birth(bench, couple, after_seconds=place / BIRTHS_PER_SECOND))
                for place, couple in enumerate(paced)
            ]
    times = [birth.result() for birth in births]
    return _Load(
        seen_ms=[seen for seen, _ in times],
        bare_ms=[bare for _, bare in times],
        events_per_second=len(fast) / fast_seconds,
        bare_per_second=len(fast) / bare_seconds,
    )


async def _birth(bench: EventBench, couple: Couple, *, after_seconds: float) -> tuple[float, float]:
    """One birth after a while: milliseconds until it is seen, and those of the bare insert."""
    father = await reported_person(bench, couple.father_digits)
    mother = await reported_person(bench, couple.mother_digits)
    circle_id = couple_circle(bench.ground.keys, father, mother).id
    event = couple.birth(bench.today)
    await asyncio.sleep(after_seconds)
    head = await _head(bench, circle_id, father)
    begun = time.perf_counter()
    await insert_bare(bench, event)
    sent = time.perf_counter()
    await report(bench, event)

    async def seen() -> bool:
        """Asks the timeline once for each rise of the head: it may rise before all is applied."""
        nonlocal head
        before, head = head, await _head(bench, circle_id, father)
        return head > before and await _sees_bundle(bench, father)

    await wait_until(seen, poll_seconds=POLL_SECONDS, seconds_max=SEEN_SECONDS_MAX)
    return (time.perf_counter() - sent) * 1_000, (sent - begun) * 1_000


async def reported_person(bench: EventBench, digits: str) -> PersonId:
    found = await find_person(bench.ground, system="emirates_id", value=f"/{digits}")
    assert found is not None, "the marriage was applied"
    return found


async def _head(bench: EventBench, circle_id: CircleId, person_id: PersonId) -> int:
    """The number of the last change of what a parent sees of a circle; 0 before the first."""
    head: int | None = await bench.pool.fetchval(
        "SELECT head FROM stream WHERE circle_id = $1 AND person_id = $2", circle_id, person_id
    )
    return head or 0


async def report(bench: EventBench, event: Json) -> None:
    answer = await bench.agency.report(event)
    assert answer.status_code == ACCEPTED, answer.text


async def _sees_bundle(bench: EventBench, father: PersonId) -> bool:
    answer = await bench.http.post(
        "/graphql", json={"query": ASKED}, headers={ACT_AS_HEADER: str(father)}
    )
    edges: list[object] = answer.json()["data"]["me"]["timeline"]["edges"]
    return bool(edges)


async def insert_bare(bench: EventBench, event: Json) -> None:
    """The same bytes in and out again, with nothing in between."""
    async with bench.pool.acquire() as connection:
        body = encode_event(event)
        row_id = await connection.fetchval(
            "INSERT INTO bench_event (body) VALUES ($1) RETURNING id", body
        )
        assert body == await connection.fetchval(
            "SELECT body FROM bench_event WHERE id = $1", row_id
        )


async def until_settled(bench: EventBench, event_count: int) -> None:
    """Returns when that many events are applied and no circle is dirty."""
    async with bench.pool.acquire() as connection:

        async def settled() -> bool:
            applied = await connection.fetchval(
                "SELECT count(*) FROM inbox WHERE state = $1", INBOX_APPLIED
            )
            return applied >= event_count and not await connection.fetchval(
                "SELECT EXISTS (SELECT FROM circle WHERE refreshed_version < facts_version)"
            )

        await wait_until(
            settled, poll_seconds=SETTLED_POLL_SECONDS, seconds_max=SETTLED_SECONDS_MAX
        )


async def all_at_once(work: Callable[[Couple], Awaitable[None]], couples: Iterable[Couple]) -> None:
    """The work on every couple, eight at once."""
    waiting = iter(couples)

    async def take_turns() -> None:
        for couple in waiting:
            await work(couple)

    async with asyncio.TaskGroup() as group:
        for _ in range(SENDERS):
            group.create_task(take_turns())


@asynccontextmanager
async def open_bench(settings: Settings) -> AsyncIterator[EventBench]:
    """A house beside the two processes, on the same databases, with an agency that may report."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    der = private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    base_url = f"http://{HOST}:{settings.port}"
    async with (
        open_house(settings) as house,
        httpx2.AsyncClient(base_url=base_url) as http,
        AgencyClient(base_url, KEY_ID, private_key) as agency,
        asyncpg.create_pool(driver_url(settings), min_size=SENDERS, max_size=SENDERS) as pool,
    ):
        ground = house.ground
        await add_agency(
            ground.database, AGENCY, name_ar="وزارة الصحة", name_en="MOHAP", rights=ANYTHING
        )
        key = AgencyKey(KEY_ID, AGENCY, der)
        await add_key(ground.database, key, added_at=ground.clock.now_utc())
        await pool.execute(
            "CREATE TABLE bench_event"
            " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)"
        )
        yield EventBench(settings, ground, agency, http, pool, SystemClock().today())
