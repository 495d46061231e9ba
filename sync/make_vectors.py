"""`python -m sync.make_vectors`: writes `mobile-contract/vectors/sync.json` anew.

Made by the server's own code; opened in the tests by WebCrypto in a browser, which shares none of
it. Keys and bodies are of nobody. A new run gives other nonces and signatures, equally right.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any  # JSON
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.card.record import Line, Parameter, Provenance, Record, Why, Window
from domain.card.record_body import DEFLATED, encode_body
from domain.ids import EntryId, PersonId, RecordKey
from store.seal import Place, new_key, seal
from store.signing import signing_key
from sync.catalogue import CATALOGUE_CONTEXT
from sync.device import Device
from sync.wrap import wrap_secret
from timeline.stream import row_digest
from timeline.stream_key import EpochSecret, row_key

VECTORS_PATH = Path(__file__).parents[1] / "mobile-contract" / "vectors" / "sync.json"
STREAM, DEVICE = UUID(int=0xA1), UUID(int=0xD1)
READER, CHILD = PersonId(UUID(int=1)), PersonId(UUID(int=2))
ROWS = 3


def make_vectors() -> dict[str, Any]:
    """Rows under two epochs, wraps of both, the digest, and a signed catalogue."""
    registry, publisher = signing_key(bytes(range(48))), signing_key(bytes(range(1, 49)))
    private = ec.generate_private_key(ec.SECP256R1())
    device = Device(
        DEVICE,
        private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    )
    secrets = [EpochSecret(epoch, new_key()) for epoch in (1, 2)]
    rows, digest = [], 0
    for number in range(1, ROWS + 1):
        record, secret = _record(number), secrets[number % 2]
        place = Place(STREAM, record.key, number)
        coding = DEFLATED + number - ROWS  # the first ones as older servers wrote them
        body = encode_body(record, coding)
        sealed = seal(row_key(secret), place, body, flags=coding)
        digest ^= row_digest(record.key, number)
        rows.append(
            {
                "key": record.key.hex(),
                "number": number,
                "epoch": secret.epoch,
                "coding": coding,
                "sealed": sealed.hex(),
                "deflated": body.hex(),
                "occurrence": record.occurrence,
            }
        )
    wraps = [wrap_secret(registry, device, STREAM, secret) for secret in secrets]
    catalogue = b"\xa1gversion\x01"
    return {
        "stream": STREAM.bytes.hex(),
        "device": DEVICE.bytes.hex(),
        "agreement_private": private.private_numbers().private_value.to_bytes(32, "big").hex(),
        "agreement_public": device.agreement_key.hex(),
        "registry_key": registry.point.hex(),
        "publisher_key": publisher.point.hex(),
        "publisher_key_id": publisher.key_id.hex(),
        "secrets": {str(secret.epoch): secret.secret.hex() for secret in secrets},
        "wraps": [
            {"epoch": w.epoch, "wrapped": w.wrapped.hex(), "signature": w.signature.hex()}
            for w in wraps
        ],
        "rows": rows,
        "digest": digest.to_bytes(8, "big", signed=True).hex(),
        "catalogue": {
            "body": catalogue.hex(),
            "signature": publisher.sign(CATALOGUE_CONTEXT + catalogue).hex(),
        },
    }


def _record(number: int) -> Record:
    day = date(2026, 11, number)
    return Record(
        key=RecordKey(bytes([number]) * 16),
        recipient=READER,
        entry=EntryId("vaccination"),
        version=1,
        card="visit",
        occurrence=f"visit/month_{number}",
        subject=CHILD,
        rank=10,
        waiting=False,
        window=Window(day, day, date(2026, 12, 1), date(2027, 1, 1)),
        resolved_on=None,
        parameters=(Parameter("child_name_ar", "طفل تجريبي"), Parameter("vaccine_count", 2)),
        why=Why(
            (Line("birth_confirmed", "met"),), (Provenance("birth.notified", "mohap", day, day),)
        ),
    )


if __name__ == "__main__":
    VECTORS_PATH.parent.mkdir(exist_ok=True)
    VECTORS_PATH.write_text(json.dumps(make_vectors(), indent=1) + "\n", encoding="utf-8")
