"""`fhir-to-timeline` and `fhir-resources-per-second`: real `osrati api` and `osrati worker`.

A child is known; then one dose of it is sent as a signed FHIR message over HTTP, five a second.
From just before it is sent until the dose is a fact and the child's circle is refreshed with it:
p50 and p99. Baseline: the same bytes inserted into a table, committed and read back, just before.

`fhir-resources-per-second`: childhoods as Bundles of type `transaction` (a Patient, twenty doses,
ten weights), sent by eight at once, until every resource is applied and no circle is dirty.
Baseline: eight connections that insert, commit and read back the same Bundles.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import quantiles
from typing import Any  # asyncpg is untyped

import asyncpg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.settings import HOST, Settings
from api.wire import open_house
from bench.processes import child, environ_of, wait_until_answers
from bench.result import Result, compare
from bench.servers import bench_servers, driver_url
from bench.wait import wait_until
from domain.ids import AgencyId
from gov.agency import AgencyKey, add_agency, add_key
from gov.agency_right import ANYTHING
from simulators.agency import FHIR_JSON, AgencyClient, encode_event
from store.clock import SystemClock
from store.reference_tables import INBOX_APPLIED
from timeline.ground import Ground
from timeline.people import find_person
from timeline.record import single_circle

PACED_COUNT = 100  # twenty seconds; the p99 is the second longest of them
CHILDHOODS = 8
DOSES, WEIGHTS = 20, 10  # of each childhood
DOSES_PER_SECOND = 5.0
SENDERS = 8
POLL_SECONDS = 0.01
SETTLED_POLL_SECONDS = 0.05
SECONDS_MAX = 300.0

AGENCY, KEY_ID = AgencyId("mohap"), "mohap-bench"
FHIR_PATH = "/v1/intake/fhir"
HOSPITAL = "https://osrati.example/fhir/sid/hospital-number/bench"

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Bench:
    ground: Ground
    agency: AgencyClient
    pool: Any  # of the families' database
    today: date


def measure_fhir(*, paced_count: int = PACED_COUNT, childhoods: int = CHILDHOODS) -> list[Result]:
    """Three figures."""
    assert paced_count >= 2, "a percentile needs two"
    with bench_servers() as settings:
        environ = environ_of(settings)
        with (
            child("api.cli", "api", environ=environ),
            child("api.cli", "worker", environ=environ),
        ):
            wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
            return asyncio.run(_put_load(settings, paced_count, childhoods))


async def _put_load(settings: Settings, paced_count: int, childhoods: int) -> list[Result]:
    async with _opened(settings) as bench:
        rate, bare_rate = await _rates(bench, childhoods)
        for number in range(paced_count):
            await _send(bench, _patient(bench, childhoods + number))
        await _settled(bench)
        async with asyncio.TaskGroup() as group:
            doses = [
                group.create_task(_dose_seen(bench, childhoods + place, place / DOSES_PER_SECOND))
                for place in range(paced_count)
            ]
    seen, bare = zip(*(dose.result() for dose in doses), strict=True)
    baseline = "INSERT of the same bytes, commit, read back"
    figures = [
        compare(
            f"fhir-to-timeline-p{percent}",
            _percentile(seen, percent),
            "ms",
            baseline=baseline,
            baseline_value=_percentile(bare, percent),
        )
        for percent in (50, 99)
    ]
    figures.append(
        compare(
            "fhir-resources-per-second",
            rate,
            "resources/s",
            baseline=f"{baseline}, {SENDERS} at once",
            baseline_value=bare_rate,
        )
    )
    return figures


async def _rates(bench: _Bench, childhoods: int) -> tuple[float, float]:
    """Resources a second until all are applied and refreshed; and those of the bare insert."""
    bundles = [_childhood(bench, number) for number in range(childhoods)]
    count = childhoods * (1 + DOSES + WEIGHTS)
    begun = time.perf_counter()
    await _all(lambda one: _send(bench, one), bundles)
    await _settled(bench)
    seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    await _all(lambda one: _bare(bench, one), bundles)
    return count / seconds, count / (time.perf_counter() - begun)


async def _dose_seen(bench: _Bench, number: int, after_seconds: float) -> tuple[float, float]:
    """Milliseconds until a dose is a fact that its circle was refreshed with; and the bare ones."""
    person = await find_person(bench.ground, system="hospital_number", value=f"bench/A-{number}")
    assert person is not None, "the patient was applied"
    circle_id = single_circle(bench.ground.keys, person).id
    dose = _dose(bench, number, 0)
    asked = "SELECT facts_version, refreshed_version FROM circle WHERE circle_id = $1"
    before, _ = await bench.pool.fetchrow(asked, circle_id)
    await asyncio.sleep(after_seconds)
    begun = time.perf_counter()
    await _bare(bench, dose)
    sent = time.perf_counter()
    await _send(bench, dose)

    async def seen() -> bool:
        facts_version, refreshed_version = await bench.pool.fetchrow(asked, circle_id)
        return bool(before < facts_version <= refreshed_version)

    await wait_until(seen, poll_seconds=POLL_SECONDS, seconds_max=SECONDS_MAX)
    return (time.perf_counter() - sent) * 1_000, (sent - begun) * 1_000


def _childhood(bench: _Bench, number: int) -> Json:
    resources = [
        _patient(bench, number),
        *(_dose(bench, number, place) for place in range(DOSES)),
        *(_weight(bench, number, place) for place in range(WEIGHTS)),
    ]
    entries = [
        {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _patient(bench: _Bench, number: int) -> Json:
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [{"system": HOSPITAL, "value": f"A-{number}"}],
        "birthDate": (bench.today - timedelta(days=700)).isoformat(),
    }


def _dose(bench: _Bench, number: int, place: int) -> Json:
    given_on = bench.today - timedelta(days=600 - place * 14)
    return {
        "resourceType": "Immunization",
        "id": f"i{number}-{place}",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "08"}]},
        "patient": {"reference": f"Patient/p{number}"},
        "occurrenceDateTime": given_on.isoformat(),
    }


def _weight(bench: _Bench, number: int, place: int) -> Json:
    measured_on = bench.today - timedelta(days=600 - place * 30)
    return {
        "resourceType": "Observation",
        "id": f"o{number}-{place}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": f"Patient/p{number}"},
        "effectiveDateTime": measured_on.isoformat(),
        "valueQuantity": {
            "value": 5 + place / 2,
            "system": "http://unitsofmeasure.org",
            "code": "kg",
        },
    }


async def _send(bench: _Bench, document: Json) -> None:
    body = encode_event(document)
    answer = await bench.agency.send(body, path=FHIR_PATH, content_type=FHIR_JSON)
    assert answer.status_code in (200, 202), answer.text


async def _bare(bench: _Bench, document: Json) -> None:
    """The same bytes in and out again, with nothing in between."""
    body = encode_event(document)
    async with bench.pool.acquire() as connection:
        row_id = await connection.fetchval(
            "INSERT INTO bench_fhir (body) VALUES ($1) RETURNING id", body
        )
        asked = "SELECT body FROM bench_fhir WHERE id = $1"
        assert body == await connection.fetchval(asked, row_id)


async def _settled(bench: _Bench) -> None:
    """Returns when every resource is applied and no circle is dirty."""

    async def settled() -> bool:
        return not await bench.pool.fetchval(
            "SELECT EXISTS (SELECT FROM inbox WHERE state <> $1)"
            " OR EXISTS (SELECT FROM circle WHERE refreshed_version < facts_version)",
            INBOX_APPLIED,
        )

    await wait_until(settled, poll_seconds=SETTLED_POLL_SECONDS, seconds_max=SECONDS_MAX)


async def _all(work: Callable[[Json], Awaitable[None]], documents: Iterable[Json]) -> None:
    """The work on every document, eight at once."""
    waiting = iter(documents)

    async def take_turns() -> None:
        for document in waiting:
            await work(document)

    async with asyncio.TaskGroup() as group:
        for _ in range(SENDERS):
            group.create_task(take_turns())


def _percentile(values: Iterable[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[_Bench]:
    """A house beside the two processes, on the same databases, with an agency that may report."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    der = private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    async with (
        open_house(settings) as house,
        AgencyClient(f"http://{HOST}:{settings.port}", KEY_ID, private_key) as agency,
        asyncpg.create_pool(driver_url(settings), min_size=SENDERS, max_size=SENDERS) as pool,
    ):
        ground = house.ground
        await add_agency(
            ground.database, AGENCY, name_ar="وزارة الصحة", name_en="MOHAP", rights=ANYTHING
        )
        key = AgencyKey(KEY_ID, AGENCY, der)
        await add_key(ground.database, key, added_at=ground.clock.now_utc())
        await pool.execute(
            "CREATE TABLE bench_fhir"
            " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)"
        )
        yield _Bench(ground, agency, pool, SystemClock().today())
