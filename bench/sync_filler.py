"""Many people with a stream each, loaded by COPY: bodies that nobody opens, in rows as they lie.

Each has the circle of one person alone, at its head, ten records and a phone; a pull reads of them
what it reads of anybody. Only `bench/sync_large.py` asks for them: nobody could open what they get.
"""

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any  # rows of the driver
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.sync_world import Reader
from domain.ids import PersonId
from domain.keyed_hash import KEY_BYTES
from store.scope import ReferenceScope
from timeline.catalogue import current_version
from timeline.ground import Ground
from timeline.record import single_circle

RECORDS_EACH = 10
BODY_BYTES = 172  # with its frame's head what a record of the shipped services takes
BATCH = 2_000
FIRST_PERSON = 0xF1 << 64

_COLUMNS = {
    "circle": "circle_id refreshed_catalogue refreshed_on sealed",
    "membership": "circle_id person_id",
    "person_circle": "person_id circle_id member",
    "stream": "circle_id person_id stream_id incarnation head digest live_count key_epoch",
    "stream_record": "circle_id person_id record_key number rank content sealed",
    "device": "person_id device_id signing_key agreement_key app enrolled_at",
}


def filler_reader(ground: Ground, number: int) -> Reader:
    """The `number`-th of those people, with the phone that was loaded for them."""
    person_id = PersonId(UUID(int=FIRST_PERSON + number))
    return Reader(person_id, single_circle(ground.keys, person_id).id, person_id)


def filler_stream(reader: Reader) -> UUID:
    """The id, and the incarnation, of a filler's stream."""
    return reader.person_id


async def load_filler(ground: Ground, dsn: str, numbers: Iterable[int]) -> None:
    """Loads the people of these numbers, and lets the database look at them."""
    async with ground.database.read(ReferenceScope("catalogue")) as session:
        catalogue = await current_version(session)
    connection = await asyncpg.connect(dsn)
    try:
        waiting = iter(numbers)
        while batch := list(islice(waiting, BATCH)):
            rows = _rows_of(ground, catalogue, batch)
            async with connection.transaction():
                for table, columns in _COLUMNS.items():
                    await connection.copy_records_to_table(
                        table, records=rows[table], columns=columns.split()
                    )
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


def _rows_of(
    ground: Ground, catalogue: int, numbers: Sequence[int]
) -> dict[str, list[tuple[Any, ...]]]:
    rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}
    today, now = ground.clock.today(), ground.clock.now_utc()
    for number in numbers:
        one = filler_reader(ground, number)
        person, circle, stream = one.person_id, one.circle_id, filler_stream(one)
        rows["circle"].append((circle, catalogue, today, os.urandom(BODY_BYTES)))
        rows["membership"].append((circle, person))
        rows["person_circle"].append((person, circle, True))
        head = (RECORDS_EACH, 0, RECORDS_EACH, 1)
        rows["stream"].append((circle, person, stream, stream, *head))
        for place in range(1, RECORDS_EACH + 1):
            key, content = os.urandom(KEY_BYTES), os.urandom(KEY_BYTES)
            rows["stream_record"].append(
                (circle, person, key, place, place, content, os.urandom(BODY_BYTES))
            )
        rows["device"].append((person, one.device, _POINT, _POINT, "bench/1", now))
    return rows


_POINT = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
)
