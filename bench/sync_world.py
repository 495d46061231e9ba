"""What phones are measured with: readers, each with a circle of their own and a stream in it; and
the calls a phone makes, as bytes made before.

Records have the shapes of the shipped services: of a stream, the first 150 are open cards with
their why, the others history.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count, islice
from uuid import UUID, uuid4

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.dialects.postgresql import insert

from api.app import ACT_AS_HEADER
from bench.evaluate import RECORD_SECRET, shipped_catalogue
from bench.family import family_of_five
from bench.raw_http import Connection, http_request
from domain.card.record import Record, encode_record
from domain.evaluate import evaluate
from domain.ids import CircleId, PersonId, RecordKey
from domain.people.circle import Circle, couple_members
from store.circle_tables import CircleRow
from store.scope import CircleScope
from store.seal import Place, seal
from timeline.catalogue import current_version
from timeline.ground import Ground
from timeline.people import link
from timeline.record import single_circle
from timeline.stream import write_stream

OPEN_CARDS = 150
FIRST_SCREEN_RECORDS = 50
FIRST_SCREEN_BYTES = 16 * 1024
CBOR = "application/cbor"
FRAME_HEAD_BYTES = 26


@dataclass(frozen=True, slots=True)
class Reader:
    """A person, the circle their stream is in, and the device they ask from."""

    person_id: PersonId
    circle_id: CircleId
    device: UUID

    @property
    def headers(self) -> dict[str, str]:
        """Who asks, the way of development."""
        return {ACT_AS_HEADER: str(self.person_id)}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A first load: bytes of all answers, of fifty records, what was asked, and where it ended."""

    total_bytes: int
    screen_bytes: float
    asked: tuple[bytes, ...]
    tag: str
    cursors: Mapping[bytes, bytes]
    keys: Mapping[bytes, int]


def sample_records(records: int, today: date) -> list[Record]:
    """Cards of as many families as it takes; the later ones resolved."""
    return list(islice(_records(today), records))


async def make_reader(
    ground: Ground, number: int, records: Sequence[Record], *, last: int = 0
) -> Reader:
    """The `number`-th reader with these records in a stream, in a circle that nothing makes due.
    So many of them came in a second write.
    """
    person_id = PersonId(UUID(int=0xB0_0000 + number))
    circle_id = single_circle(ground.keys, person_id).id
    today = ground.clock.today()
    await link(ground, person_id, circle_id, member=True)
    keys = await ground.keys.circle(circle_id)
    body = msgspec.json.encode(Circle(circle_id, "single", (person_id,)))
    mine = [
        msgspec.structs.replace(one, key=RecordKey(uuid4().bytes), recipient=person_id)
        for one in records
    ]
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        await unit.execute(
            insert(CircleRow).values(
                circle_id=circle_id,
                refreshed_catalogue=await current_version(unit),
                refreshed_on=today,
                sealed=seal(keys.for_("circle"), Place(circle_id), body),
            )
        )
        bodies = [(one, encode_record(one)) for one in mine]
        for written in (bodies[: len(bodies) - last], bodies) if last else (bodies,):
            await write_stream(unit, keys, person_id, written, today=today)
    return Reader(person_id, circle_id, uuid4())


async def enrol(connection: Connection, reader: Reader) -> None:
    """Enrols the reader's device."""
    await connection.ask(_post(reader, "/v1/device/enrol", _introduction(reader)), status=200)


async def load_once(
    connection: Connection, reader: Reader, *, first_bytes: int, page_bytes: int
) -> Loaded:
    """A first load, page by page; the first page may be smaller, to show something soon."""
    cursors: dict[bytes, bytes] = {}
    keys: dict[bytes, int] = {}
    total, screen = 0, 0.0
    requests: list[bytes] = []
    for calls in count(1):
        want = first_bytes if calls == 1 else page_bytes
        request = sync_request(reader, cursors=cursors, keys=keys, want_bytes=want)
        requests.append(request)
        body, size = await connection.ask(request, status=200)
        answer = cbor2.loads(body)
        total += size
        if calls == 1:
            rows = sum(row_count(page["rows"]) for page in answer["streams"].values())
            screen = size * FIRST_SCREEN_RECORDS / rows
        cursors = {stream: page["next"] for stream, page in answer["streams"].items()}
        keys |= {wrap["stream"]: wrap["epoch"] for wrap in answer["keys"]}
        if not answer["more"]:
            return Loaded(total, screen, tuple(requests), answer["tag"], cursors, keys)
    raise AssertionError("it never ends")


def sync_request(
    reader: Reader,
    *,
    cursors: Mapping[bytes, bytes],
    keys: Mapping[bytes, int],
    want_bytes: int,
    commands: Sequence[object] = (),
    acked: int = 0,
) -> bytes:
    """One round trip as bytes."""
    said = {"cursors": cursors, "keys": keys, "want": {"bytes": want_bytes}, "acked": acked}
    who = {"device": reader.device.bytes, "app": "bench/1", "schema": 1}
    return _post(reader, "/v1/sync", {**who, **said, "commands": list(commands)})


def row_count(rows: bytes) -> int:
    """How many frames there are."""
    at = found = 0
    while at < len(rows):
        at += FRAME_HEAD_BYTES + int.from_bytes(rows[at + 24 : at + FRAME_HEAD_BYTES], "big")
        found += 1
    return found


def _post(reader: Reader, path: str, body: object) -> bytes:
    headers = {**reader.headers, "Content-Type": CBOR}
    return http_request("POST", path, headers, cbor2.dumps(body))


def _introduction(reader: Reader) -> dict[str, object]:
    signing, agreement = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    points = [
        key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        for key in (signing, agreement)
    ]
    text = b"osrati/1/enrol" + reader.device.bytes + points[0] + points[1]
    r, s = decode_dss_signature(signing.sign(text, ec.ECDSA(SHA256())))
    return {
        "device": reader.device.bytes,
        "signing_key": points[0],
        "agreement_key": points[1],
        "proof": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        "app": "bench/1",
    }


def _records(today: date) -> Iterator[Record]:
    made = 0
    for number in count(1):
        family = family_of_five(today, number=number)
        members = couple_members(family.husband, family.wife)
        circle = Circle(CircleId(family.husband), "couple", members)
        for record in evaluate(
            circle, family.facts, shipped_catalogue(), today, RECORD_SECRET
        ).records:
            made += 1
            resolved = record.resolved_on or (today if made > OPEN_CARDS else None)
            yield msgspec.structs.replace(record, resolved_on=resolved)
