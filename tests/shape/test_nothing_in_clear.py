"""Law 6, nothing in clear: marked facts go in by the public route, and no mark comes out anywhere.

The real processes run: web, worker, PostgreSQL, Valkey. Agencies report a family whose every word
is a mark; its mother reads and acts; faulty messages come between; an operator looks into one and
names the family in the purpose. Then every table of both
databases, everything said to the queue, and every line that any process wrote is searched for
every mark, as text, as UTF-16, in hexadecimal, in base64 and escaped.
"""

import asyncio
import json
import os
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # JSON, and rows of any table
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx2
import pytest
import redis.asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.calendar_date import DUBAI
from domain.ids import AgencyId
from gov.agency import AgencyKey, add_agency, add_key
from gov.agency_right import ANYTHING
from simulators.agency import AgencyClient
from store.embedded import free_port
from store.embedded_valkey import EmbeddedValkey
from tests.support.house import TestHouse
from timeline.people import find_person

pytestmark = pytest.mark.slow  # left to `make test`

CHECKOUT = Path(__file__).parents[2]
SECONDS_MAX = 60.0
AGENCY = "mohap"

MARKS = {
    "husband: Arabic name": "ظرغفان الزقزوقي",
    "husband: English name": "Zarghafan Qizzuqi",
    "wife: Arabic name": "ضغثاء الكظيظي",
    "wife: English name": "Dighthaa Kazizi",
    "child: Arabic name": "قظوظة",
    "child: English name": "Qazuzaya",
    "husband: number": "784191771309152",
    "husband: number as written": "784-1917-7130915-2",
    "wife: number": "784191864208130",
    "wife: number as written": "784-1918-6420813-0",
    "child: number": "HN-QZX-77190",
    "hospital": "qzxq-hospital-77",
    "event id": "evt-qzxq",
    "contract": "QZX-CONTRACT-5519",
    "book": "QZX-BOOK-6620",
    "lot": "QZXLOT7731",
    "husband: day of birth": "1917-03-19",
    "wife: day of birth": "1918-07-23",
    "words in a faulty message": "qzxfaulty",
}
# Three letters are found by chance among random bytes: here they count only with what stands round
# them in JSON, in CBOR (a text of three bytes) and in a log.
NATIONALITY = "QZX"
NATIONALITY_MARKS = ('"QZX"', "cQZX", "=QZX", "'QZX'", ": QZX")


def forms(mark: str) -> set[bytes]:
    """A mark as it may lie somewhere."""
    raw = mark.encode()
    found = {
        raw,
        mark.encode("utf-16-le"),
        mark.encode("utf-16-be"),
        raw.hex().encode(),
        raw.hex().upper().encode(),
        quote(mark).encode(),
        json.dumps(mark)[1:-1].encode(),
    }
    if (
        len(raw) >= 9
    ):  # shorter ones leave too little that does not depend on what stands round them
        for before in range(3):
            for encode in (b64encode, urlsafe_b64encode):
                text = encode(bytes(before) + raw)
                found.add(text[(0, 2, 3)[before] : -4])
    return found


SEARCHED = {
    name: forms(mark)
    for name, mark in [*MARKS.items(), *(("nationality", mark) for mark in NATIONALITY_MARKS)]
} | {"nationality": {mark.encode() for mark in NATIONALITY_MARKS}}


def marks_in(places: Mapping[str, bytes]) -> list[str]:
    """Each mark found, with where."""
    return sorted(
        f"{name} in {where}"
        for where, body in places.items()
        for name, found in SEARCHED.items()
        if any(form in body for form in found)
    )


async def dump_database(url: str) -> dict[str, bytes]:
    """Every value of every column of every table, one after another, by column."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    places: dict[str, bytes] = {}
    try:
        tables = await connection.fetch(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table in tables:
            for row in await connection.fetch(f'SELECT * FROM "{schema}"."{table}"'):
                for column, value in row.items():
                    where = f"{table}.{column}"
                    places[where] = places.get(where, b"") + _bytes(value) + b"\n"
    finally:
        await connection.close()
    return places


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


async def dump_queue(url: str) -> dict[str, bytes]:
    """Every key of Valkey, whatever its type, with all that it holds."""
    client = redis.asyncio.Redis.from_url(url)
    places: dict[str, bytes] = {}
    try:
        async for key in client.scan_iter(count=1_000):
            places[f"queue {key!r}"] = key + _bytes(await _held(client, key))
    finally:
        await client.aclose()
    return places


async def _held(client: Any, key: bytes) -> object:  # Any: redis's client is typed for both kinds
    match await client.type(key):
        case b"string":
            return await client.get(key)
        case b"hash":
            return await client.hgetall(key)
        case b"list":
            return await client.lrange(key, 0, -1)
        case b"set":
            return await client.smembers(key)
        case b"zset":
            return await client.zrange(key, 0, -1, withscores=True)
        case b"stream":
            return await client.xrange(key)
        case _:
            return b""


@dataclass
class Overheard:
    """Everything that was said to the queue while it was listened to."""

    said: list[str] = field(default_factory=list)


@asynccontextmanager
async def overhear(url: str) -> AsyncIterator[Overheard]:
    overheard = Overheard()
    client = redis.asyncio.Redis.from_url(url)

    async def listen() -> None:
        async with client.monitor() as monitor:
            ready.set()
            async for command in monitor.listen():
                overheard.said.append(str(command["command"]))

    ready = asyncio.Event()
    task = asyncio.create_task(listen())
    try:
        await asyncio.wait_for(ready.wait(), SECONDS_MAX)
        yield overheard
        await asyncio.sleep(0.1)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.aclose()


@contextmanager
def process(name: str, environ: Mapping[str, str], log: Path) -> Iterator[None]:
    """One of the product's processes, with all that it writes kept in `log`."""
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "api.cli", name],
            env={**os.environ, **environ, "PYTHONUNBUFFERED": "1"},
            cwd=CHECKOUT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@dataclass
class Town:
    """The running product: where it answers, who reports to it, what it writes."""

    base_url: str
    agency: AgencyClient
    http: httpx2.AsyncClient
    logs: list[Path]
    environ: Mapping[str, str]

    async def tell(self, kind: str, data: Mapping[str, object], *, days_ago: int) -> None:
        """Reports an event and waits until it is applied."""
        event = told(kind, data, days_ago=days_ago)
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                answer = await self.agency.report(event)
                assert answer.status_code == 202, answer.text
                if answer.json()["status"] == "applied":
                    return
                await asyncio.sleep(0.05)

    async def operate(self, *arguments: str) -> str:
        """What an operator's command shows; what else it writes is one of the logs."""
        command = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "api.cli",
            *arguments,
            env={**os.environ, **self.environ},
            cwd=CHECKOUT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        shown, said = await asyncio.wait_for(command.communicate(), SECONDS_MAX)
        with self.logs[-1].open("ab") as log:
            log.write(said)
        assert command.returncode == 0, said
        return shown.decode()

    async def ask(self, who: str, operation: str, **variables: object) -> dict[str, Any]:
        """An operation of the contract, as one person; the whole answer."""
        path = CHECKOUT / "mobile-contract" / "operations" / f"{operation}.graphql"
        answer = await self.http.post(
            "/graphql",
            json={"query": path.read_text("utf-8"), "variables": variables},
            headers={"x-osrati-act-as": who},
        )
        body: dict[str, Any] = answer.json()
        return body


@asynccontextmanager
async def running(
    house: TestHouse, databases: tuple[str, str], queue_url: str, directory: Path
) -> AsyncIterator[Town]:
    """Both processes at work on the house's databases, and an agency with a key."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    database, agency_id = house.ground.database, AgencyId(AGENCY)
    await add_agency(database, agency_id, name_ar="وزارة", name_en="Ministry", rights=ANYTHING)
    await add_key(database, AgencyKey("k1", agency_id, public), added_at=house.clock.now_utc())
    port = free_port()
    environ = {
        "DATABASE_URL": databases[0].replace("+asyncpg", ""),
        "KEYSTORE_URL": databases[1].replace("+asyncpg", ""),
        "REDIS_URL": queue_url,
        "OSRATI_DATA_DIR": str(directory),
        "OSRATI_PORT": str(port),
    }
    base_url = f"http://127.0.0.1:{port}"
    logs = [directory / f"{name}.log" for name in ("api", "worker", "operator")]
    with process("api", environ, logs[0]), process("worker", environ, logs[1]):
        client = AgencyClient(base_url, "k1", private)
        async with client, httpx2.AsyncClient(base_url=base_url) as http:
            async with asyncio.timeout(SECONDS_MAX):
                while True:
                    try:
                        if (await http.get("/health/ready")).status_code == 200:
                            break
                    except httpx2.TransportError:
                        pass
                    await asyncio.sleep(0.05)
            yield Town(base_url, client, http, logs, environ)


def told(kind: str, data: Mapping[str, object], *, days_ago: int) -> dict[str, object]:
    on = datetime.now(UTC).astimezone(DUBAI).date() - timedelta(days=days_ago)
    return {
        "id": f"{MARKS['event id']}-{kind}-{days_ago}",
        "kind": kind,
        "occurred_on": on.isoformat(),
        "asserted_at": f"{on.isoformat()}T09:00:00+04:00",
        "data": data,
    }


def someone(role: str, sex: str) -> dict[str, object]:
    return {
        "identifier": {
            "system": "emirates_id",
            "value": MARKS[f"{role}: number as written"],
        },
        "name": {"ar": MARKS[f"{role}: Arabic name"], "en": MARKS[f"{role}: English name"]},
        "sex": sex,
        "born_on": MARKS[f"{role}: day of birth"],
        "nationality": NATIONALITY,
    }


def alone(who: Mapping[str, object]) -> dict[str, object]:
    """What an event about one person says of them: the number and no more."""
    return {"person": {"identifier": who["identifier"]}}


HUSBAND, WIFE = someone("husband", "male"), someone("wife", "female")
CHILD = {
    "identifier": {
        "system": "hospital_number",
        "value": MARKS["child: number"],
        "assigner": MARKS["hospital"],
    },
    "name": {"ar": MARKS["child: Arabic name"], "en": MARKS["child: English name"]},
    "sex": "female",
    "nationality": NATIONALITY,
}
COUPLE: dict[str, object] = {"husband": HUSBAND, "wife": WIFE}
HUSBAND_ALONE, WIFE_ALONE, CHILD_ALONE = (alone(who) for who in (HUSBAND, WIFE, CHILD))


async def live(town: Town, house: TestHouse) -> None:
    """The family's life, what its mother does, and what goes wrong on the way."""
    contract: dict[str, object] = {"contract_number": MARKS["contract"]}
    await town.tell("marriage.registered", COUPLE | contract, days_ago=400)
    await town.tell("family_book.issued", COUPLE | {"number": MARKS["book"]}, days_ago=390)
    due_on = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    await town.tell(
        "pregnancy.confirmed", {"mother": WIFE, "father": HUSBAND, "due_on": due_on}, days_ago=200
    )
    birth = {"child": CHILD, "mother": WIFE, "father": HUSBAND}
    await town.tell(
        "birth.notified", birth | {"place": {"facility": MARKS["hospital"]}}, days_ago=5
    )
    dose: dict[str, object] = {"vaccine_code": "19", "lot_number": MARKS["lot"]}
    await town.tell("vaccination.given", CHILD_ALONE | dose, days_ago=4)
    await town.tell("person.died", HUSBAND_ALONE, days_ago=3)
    await go_wrong(town)
    await look_into(town)

    mother = await find_person(
        house.ground, system="emirates_id", value=f"/{MARKS['wife: number']}"
    )
    assert mother is not None
    answer = await town.ask(str(mother), "Timeline", language="EN", first=50)
    shown = json.dumps(answer, ensure_ascii=False)
    assert MARKS["child: English name"] in shown, "the mother does read of her child"
    edges = answer["data"]["me"]["timeline"]["edges"]
    card_id = edges[0]["node"]["id"]
    done = {"cardId": card_id, "commandId": str(uuid4())}
    changed = await town.ask(str(mother), "DismissCard", language="EN", input=done)
    assert changed["data"]["dismissCard"]["card"]["dismissed"]
    faulty = f"query {{ me {{ {MARKS['words in a faulty message']} }} }}"
    await town.http.post(
        "/graphql", json={"query": faulty}, headers={"x-osrati-act-as": str(mother)}
    )


async def go_wrong(town: Town) -> None:
    """Messages that are refused, held or kept waiting, each full of marks."""
    dead = told("vaccination.given", HUSBAND_ALONE | {"vaccine_code": "08"}, days_ago=1)
    conflicting = told("person.died", WIFE_ALONE, days_ago=3)  # an id that was used before
    unknown = told("divorce.registered", COUPLE, days_ago=2)
    waiting = told("entered_in_error", {"event_id": f"{MARKS['event id']}-none"}, days_ago=1)
    impossible = told("person.died", WIFE_ALONE | {"qzxfaulty": "qzxfaulty"}, days_ago=2)
    same_twice = told("marriage.registered", {"husband": WIFE, "wife": WIFE}, days_ago=2)
    codes = [
        (await town.agency.report(event)).status_code
        for event in (dead, conflicting, unknown, waiting, impossible, same_twice)
    ]
    assert codes[:4] == [202, 409, 202, 202]
    assert all(400 <= code < 500 for code in codes[4:])
    unsigned = await town.http.post("/v1/intake/events", json=told("x.y", COUPLE, days_ago=1))
    assert unsigned.status_code == 401
    await town.http.get(f"/{MARKS['wife: number']}?name={quote(MARKS['wife: English name'])}")


async def look_into(town: Town) -> None:
    """An operator reads what is held, and names the family in the purpose that is recorded."""
    listed = await town.operate("inbox", "list", "--state", "held")
    held = listed.splitlines()[1].split()[0]
    purpose = f"Asked by {MARKS['wife: Arabic name']}, {MARKS['wife: number as written']}"
    shown = await town.operate("inbox", "show", held, "--body", "--purpose", purpose)
    assert marks_in({"shown": shown.encode()}), "the operator does read what was sent"
    await town.operate("inbox", "replay", held)
    assert purpose in await town.operate("agency", "log")


async def everywhere(
    databases: tuple[str, str], queue_url: str, overheard: Overheard, logs: list[Path]
) -> dict[str, bytes]:
    """Every place in which something of a family could lie."""
    places = await dump_database(databases[0])
    places |= {
        f"key store {where}": body for where, body in (await dump_database(databases[1])).items()
    }
    places |= await dump_queue(queue_url)
    places["said to the queue"] = "\n".join(overheard.said).encode()
    places |= {log.name: log.read_bytes() for log in logs}
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    try:
        cluster = Path(await connection.fetchval("SHOW data_directory"))
    finally:
        await connection.close()
    for log in cluster.parent.glob("*.log"):
        places[f"PostgreSQL's {log.name}"] = log.read_bytes()
    return places


async def test_no_mark_of_a_family_lies_anywhere_in_clear(
    house: TestHouse, databases: tuple[str, str], valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    async with overhear(valkey.url) as overheard:
        async with running(house, databases, valkey.url, tmp_path) as town:
            await live(town, house)
            mid_way = await everywhere(databases, valkey.url, overheard, town.logs)
        places = await everywhere(databases, valkey.url, overheard, town.logs)
    assert {"fact.sealed", "inbox.sealed", "stream_record.sealed", "person.sealed"} <= places.keys()
    assert {"effect.sealed", "outcome.sealed", "identifier.identifier_hash"} <= places.keys()
    assert {"operation.sealed", "operator.log"} <= places.keys()
    assert "PostgreSQL's postgres.log" in places
    assert b"interpret" in places["said to the queue"], "the queue was listened to"
    assert marks_in(mid_way) == []
    assert marks_in(places) == []


@pytest.mark.parametrize("name", sorted(MARKS))
def test_a_mark_is_found_in_every_form(name: str) -> None:
    mark = MARKS[name]
    raw = mark.encode()
    for body in (
        b"\0" + raw + b"\0",
        mark.encode("utf-16-le"),
        raw.hex().encode(),
        json.dumps({"a": mark}).encode(),
        quote(mark).encode(),
    ):
        assert f"{name} in there" in marks_in({"there": body})
    if len(raw) >= 9:
        for before in range(3):
            wrapped = b64encode(b"x" * before + raw + b"tail")
            assert f"{name} in there" in marks_in({"there": wrapped})


async def test_a_mark_planted_in_a_table_or_the_queue_is_found(
    house: TestHouse, databases: tuple[str, str], valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    try:
        await connection.execute(
            "INSERT INTO agency VALUES ('planted', $1, 'x', '{}')", MARKS["wife: Arabic name"]
        )
        await connection.execute(
            "INSERT INTO operation VALUES (gen_random_uuid(), now(), $1)",
            f'{{"purpose": "{MARKS["wife: number as written"]}"}}'.encode(),
        )
        await connection.execute(
            "INSERT INTO person VALUES (gen_random_uuid(), 1, $1)", b"\x01" + b'{"n":"QZX"}'
        )
    finally:
        await connection.close()
    client = redis.asyncio.Redis.from_url(valkey.url)
    log = tmp_path / "some.log"
    log.write_text(f'{{"event": "failed", "id": "{MARKS["husband: number"]}"}}')
    try:
        async with overhear(valkey.url) as overheard:
            await client.hset("planted", mapping={"lot": MARKS["lot"]})
            found = marks_in(await everywhere(databases, valkey.url, overheard, [log]))
    finally:
        await client.delete("planted")
        await client.aclose()
    assert found == [
        "husband: number in some.log",
        "lot in queue b'planted'",
        "lot in said to the queue",
        "nationality in person.sealed",
        "wife: Arabic name in agency.name_ar",
        "wife: number as written in operation.sealed",
    ]
