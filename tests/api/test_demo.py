"""The demonstration's agencies: a database from elsewhere does not shut fresh keys out."""

from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from api.demo import AGENCIES, KEYS_DIRECTORY, register_agencies
from gov.agency import find_key
from tests.support.house import TestHouse


async def test_fresh_keys_sign_beside_those_that_a_copied_database_knows(
    house: TestHouse, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        await register_agencies(house.ground, tmp_path / name)
        await register_agencies(house.ground, tmp_path / name)  # again: nothing changes
    for name in ("first", "second"):
        for agency_id in AGENCIES:
            keys = tmp_path / name / KEYS_DIRECTORY
            key_id = (keys / f"{agency_id}.key-id").read_text()
            now = house.clock.now_utc()
            key = await find_key(house.ground.database, key_id, now_utc=now)
            private = load_pem_private_key((keys / f"{agency_id}.pem").read_bytes(), None)
            assert key is not None
            assert key.agency_id == agency_id
            assert key.public_key == private.public_key().public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            )
