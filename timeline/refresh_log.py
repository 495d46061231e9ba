"""The refresh log's bodies: what each member saw after a refresh, by digests that a replay
compares.

`timeline/refresh.py` writes a row in the commit of the refresh; `timeline/replay.py` reads them.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from domain.card.record import Record
from domain.ids import CircleId, PersonId
from store.keys import OwnerKeys
from store.scope import CircleScope
from store.seal import Place, open_, seal
from store.session import Reading

PURPOSE = "refresh_log"
RECORD_DIGEST_BYTES = 4  # names the record that differs; the whole digest proves that none does


class Seen(msgspec.Struct, frozen=True):
    """What one member saw: a SHA-256 over their records in key order, and the first bytes of each
    one's own. `records` is None in rows of before they were kept.
    """

    digest: bytes
    records: bytes | None = None


class LoggedRefresh(msgspec.Struct, frozen=True):
    """One refresh as the log has it."""

    number: int
    facts_version: int
    catalogue_version: int
    engine_version: int
    evaluated_on: date
    seen: Mapping[PersonId, Seen]


_Logged = dict[str, Seen | bytes]
_decoder = msgspec.json.Decoder(_Logged)

_LAST = """
SELECT refresh_number, facts_version, catalogue_version, engine_version, evaluated_on, sealed
FROM refresh_log WHERE circle_id = $1 AND evaluated_on <= $2
ORDER BY refresh_number DESC LIMIT 1
"""


def seen_of(bodies: Iterable[tuple[Record, bytes]]) -> Seen:
    """What a member's records come to, in key order with their images."""
    images = [image for _, image in bodies]
    return Seen(hashlib.sha256(b"".join(images)).digest(), b"".join(map(record_digest, images)))


def record_digest(image: bytes) -> bytes:
    """The first bytes of the SHA-256 of a record's image."""
    return hashlib.sha256(image).digest()[:RECORD_DIGEST_BYTES]


def split_records(seen: Seen) -> Sequence[bytes] | None:
    """The digests of the records that were seen; None where they were not kept."""
    if seen.records is None:
        return None
    step = RECORD_DIGEST_BYTES
    return [seen.records[at : at + step] for at in range(0, len(seen.records), step)]


def seal_seen(
    keys: OwnerKeys, circle_id: CircleId, number: int, seen: Mapping[PersonId, Seen]
) -> bytes:
    """The sealed body of the row of one refresh."""
    body = msgspec.json.encode({str(person): one for person, one in seen.items()})
    return seal(keys.for_(PURPOSE), Place(circle_id, number=number), body)


async def find_refresh(
    session: Reading[CircleScope], keys: OwnerKeys, *, on: date
) -> LoggedRefresh | None:
    """The refresh by which the circle's members saw what they saw on a day; None before the
    first.
    """
    circle_id = session.scope.circle_id
    connection = await session.raw()
    row = await connection.fetchrow(_LAST, circle_id, on)
    if row is None:
        return None
    number, facts, catalogue, engine, evaluated_on, sealed = row
    body = _decoder.decode(open_(keys.for_(PURPOSE), Place(circle_id, number=number), sealed))
    seen = {
        PersonId(UUID(person)): one if isinstance(one, Seen) else Seen(one)
        for person, one in body.items()
    }
    return LoggedRefresh(number, facts, catalogue, engine, evaluated_on, seen)
