"""`sync`: the idle poll and the first load of a phone, over HTTP, beside a bare Starlette route.

One member, one stream of 1,000 records: 150 open cards with their why, 850 of history; shapes are
those of the shipped services. Both servers are one uvicorn process with twelve connections to one
PostgreSQL; each measurement runs in turns on both, eight clients at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import TypeAlias
from uuid import UUID, uuid4

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.dialects.postgresql import insert

from api.app import ACT_AS_HEADER
from api.settings import HOST, Settings
from api.wire import open_house
from bench.evaluate import RECORD_SECRET, shipped_catalogue
from bench.family import family_of_five
from bench.processes import child, environ_of, wait_until_answers
from bench.raw_http import Connection, http_request, rate
from bench.result import Result, compare, ratio_at_least, value_below
from bench.servers import bench_servers, driver_url
from domain.circle import Circle, couple_members
from domain.evaluate import evaluate
from domain.ids import CircleId, PersonId, RecordKey
from domain.record import Record, encode_record
from store.circle_tables import CircleRow
from store.embedded import free_port
from store.scope import CircleScope
from store.seal import Place, seal
from timeline.catalogue import current_version
from timeline.ground import Ground
from timeline.people import link
from timeline.stream import write_stream

SECONDS = 3.0
ROUNDS = 3  # in turns, so that whatever else the machine does falls on both
CLIENTS = 8
RECORDS, OPEN_CARDS, FIRST_SCREEN = 1_000, 150, 50
READER = PersonId(UUID(int=0xB0))
CIRCLE = CircleId(UUID(int=0xB1))
CBOR = "application/cbor"
FIRST_SCREEN_BYTES = 16 * 1024
_WHO = {ACT_AS_HEADER: str(READER)}

Work: TypeAlias = Callable[[Connection], Awaitable[None]]


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


def measure_sync(*, seconds: float = SECONDS, records: int = RECORDS) -> list[Result]:
    """Four figures."""
    with bench_servers() as settings:
        asyncio.run(_prepare(settings, records))
        bare_port = free_port()
        bare = (str(bare_port), driver_url(settings), str(CIRCLE), str(READER))
        with (
            child("api.cli", "api", environ=environ_of(settings)),
            child("bench.bare_sync", *bare, environ={}),
        ):
            wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
            wait_until_answers(f"http://{HOST}:{bare_port}/head")
            rates = asyncio.run(_measure(settings.port, bare_port, seconds))
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
            baseline_value=rates.bare_bytes / 1_000 * FIRST_SCREEN / records,
            goal=value_below(20),
        ),
    ]


async def _measure(port: int, bare_port: int, seconds: float) -> _Rates:
    device = uuid4()
    async with Connection(port) as one:
        await one.ask(_post("/v1/device/enrol", _introduction(device)), status=200)
        load_bytes, screen_bytes, tag = await _load_once(one, device)
    poll = http_request("GET", "/v1/sync/head", {**_WHO, "If-None-Match": f'"{tag}"'})
    async with Connection(bare_port) as one:
        bare_bytes = len((await one.ask(http_request("GET", "/rows", {}), status=200))[0])
    bare_poll = http_request("GET", "/head", {"If-None-Match": '"1"'})

    async def ask_head(connection: Connection) -> None:
        await connection.ask(poll, status=304)

    async def ask_bare_head(connection: Connection) -> None:
        await connection.ask(bare_poll, status=304)

    async def load(connection: Connection) -> None:
        await _load_once(connection, device, whole=True)

    async def load_bare(connection: Connection) -> None:
        await connection.ask(http_request("GET", "/rows", {}), status=200)

    polls = await _in_turns(port, ask_head, bare_port, ask_bare_head, seconds)
    loads = await _in_turns(port, load, bare_port, load_bare, seconds)
    return _Rates(*polls, *loads, load_bytes, screen_bytes, bare_bytes)


async def _in_turns(
    port: int, ours: Work, bare_port: int, bare: Work, seconds: float
) -> tuple[float, float]:
    """The mean rate of each side, measured by turns."""
    found: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        part = seconds / ROUNDS
        found.append(
            (
                await rate(port, ours, connections=CLIENTS, seconds=part),
                await rate(bare_port, bare, connections=CLIENTS, seconds=part),
            )
        )
    return sum(one for one, _ in found) / ROUNDS, sum(two for _, two in found) / ROUNDS


async def _load_once(
    connection: Connection, device: UUID, *, whole: bool = False
) -> tuple[int, float, str]:
    """A first load, page by page: bytes of all answers, of fifty records, and the tag."""
    cursors: dict[bytes, bytes] = {}
    keys: dict[bytes, int] = {}
    total, screen = 0, 0.0
    for place in count():
        want = {"bytes": FIRST_SCREEN_BYTES} if place == 0 and not whole else {}
        said = {"cursors": cursors, "keys": keys, "want": want, "commands": []}
        asked = {"device": device.bytes, "app": "bench/1", "schema": 1, "acked": 0, **said}
        body, size = await connection.ask(_post("/v1/sync", asked), status=200)
        answer = cbor2.loads(body)
        total += size
        if not screen:
            rows = sum(_row_count(page["rows"]) for page in answer["streams"].values())
            screen = size * FIRST_SCREEN / rows
        cursors = {stream: page["next"] for stream, page in answer["streams"].items()}
        keys |= {wrap["stream"]: wrap["epoch"] for wrap in answer["keys"]}
        if not answer["more"]:
            return total, screen, answer["tag"]
    raise AssertionError("it never ends")


def _row_count(rows: bytes) -> int:
    at = found = 0
    while at < len(rows):
        at += 26 + int.from_bytes(rows[at + 24 : at + 26], "big")
        found += 1
    return found


def _post(path: str, body: object) -> bytes:
    return http_request("POST", path, {**_WHO, "Content-Type": CBOR}, cbor2.dumps(body))


def _introduction(device: UUID) -> dict[str, object]:
    signing, agreement = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    points = [
        key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        for key in (signing, agreement)
    ]
    text = b"osrati/1/enrol" + device.bytes + points[0] + points[1]
    r, s = decode_dss_signature(signing.sign(text, ec.ECDSA(SHA256())))
    return {
        "device": device.bytes,
        "signing_key": points[0],
        "agreement_key": points[1],
        "proof": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        "app": "bench/1",
    }


async def _prepare(settings: Settings, records: int) -> None:
    """The member, the circle at its head, and the stream."""
    async with open_house(settings) as house:
        await _open_circle(house.ground)
        today = house.ground.clock.today()
        keys = await house.ground.keys.circle(CIRCLE)
        bodies = [(one, encode_record(one)) for one in _records(records, today)]
        async with house.ground.database.unit(CircleScope(CIRCLE)) as unit:
            await write_stream(unit, keys, READER, bodies, today=today)


async def _open_circle(ground: Ground) -> None:
    """A circle that nothing makes due: its rows stay as they are filled in."""
    await link(ground, READER, CIRCLE, member=True)
    keys = await ground.keys.circle(CIRCLE)
    body = msgspec.json.encode(Circle(CIRCLE, "single", (READER,)))
    async with ground.database.unit(CircleScope(CIRCLE)) as unit:
        await unit.execute(
            insert(CircleRow).values(
                circle_id=CIRCLE,
                refreshed_catalogue=await current_version(unit),
                refreshed_on=ground.clock.today(),
                sealed=seal(keys.for_("circle"), Place(CIRCLE), body),
            )
        )


def _records(records: int, today: date) -> Iterator[Record]:
    """Cards of as many families as it takes, all the one reader's; the later ones resolved."""
    made = 0
    for number in count(1):
        family = family_of_five(today, number=number)
        members = couple_members(family.husband, family.wife)
        circle = Circle(CircleId(family.husband), "couple", members)
        for record in evaluate(
            circle, family.facts, shipped_catalogue(), today, RECORD_SECRET
        ).records:
            if made == records:
                return
            made += 1
            resolved = record.resolved_on or (today if made > OPEN_CARDS else None)
            yield msgspec.structs.replace(
                record, key=RecordKey(uuid4().bytes), recipient=READER, resolved_on=resolved
            )
