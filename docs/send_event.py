"""Reports, as the ministry of the demonstration, the two vaccines that the twin Maitha missed.

    .venv/bin/python docs/send_event.py http://127.0.0.1:8000 .osrati

The second argument is the data directory that `make run` prints: the agencies' keys lie there.
"""

import asyncio
import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from simulators.agency import AgencyClient

HOSPITAL = "demo-hospital-ajman"
MAITHA = {"system": "hospital_number", "value": "A-2002", "assigner": HOSPITAL}
HEPATITIS_B, BCG = "08", "19"  # CVX codes


def read_key(data_dir: str) -> EllipticCurvePrivateKey:
    pem = Path(data_dir, "demonstration-keys", "mohap.pem").read_bytes()
    key = load_pem_private_key(pem, None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


def key_id_of(key: EllipticCurvePrivateKey) -> str:
    """The demonstration's key ids end with the fingerprint of the public key."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"mohap-demonstration-{hashlib.sha256(der).hexdigest()[:12]}"


async def report(base_url: str, key: EllipticCurvePrivateKey) -> None:
    now = datetime.now(UTC)
    async with AgencyClient(base_url, key_id_of(key), key) as ministry:
        for code in (HEPATITIS_B, BCG):
            event = {
                "id": f"by-hand:{code}:{now:%Y%m%dT%H%M%S}",
                "kind": "vaccination.given",
                "occurred_on": f"{now:%Y-%m-%d}",
                "asserted_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "data": {"person": {"identifier": MAITHA}, "vaccine_code": code},
            }
            answer = await ministry.report(event)
            print(answer.status_code, answer.json()["status"])


if __name__ == "__main__":
    asyncio.run(report(sys.argv[1], read_key(sys.argv[2])))
