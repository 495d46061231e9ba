"""A phone as bare as it can be: what it sends and holds, in memory, by the contract alone.

It shares no code with `sync`: frames, envelopes and digests are worked out here from
`mobile-contract/sync/`.
"""

import hashlib
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # CBOR
from uuid import UUID, uuid4

import cbor2
import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette

from api.app import ACT_AS_HEADER, build_app
from api.settings import read_settings
from api.wire import House
from domain.ids import PersonId
from tests.support.house import TestHouse
from timeline.hint import NoHints

DICTIONARY = (
    Path(__file__).parents[2] / "mobile-contract" / "sync" / "dictionary-3.bin"
).read_bytes()
BASE_URL = "http://osrati.test"
CBOR = {"content-type": "application/cbor"}
CALLS_MAX = 500


def make_app(house: TestHouse, data_dir: Path) -> Starlette:
    """The real application on a test's house."""
    settings = read_settings({}, data_dir=data_dir)
    return build_app(House(settings, house.ground, house.registry, house.schemas), NoHints())


@asynccontextmanager
async def open_app(house: TestHouse, data_dir: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The real application on a test's house, asked in process."""
    transport = httpx2.ASGITransport(app=make_app(house, data_dir), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        yield http


def point(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sign(private: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    r, s = decode_dss_signature(private.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass
class HeldStream:
    """One stream as the phone has it. `rows`: key -> (number, sealed)."""

    rows: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    cursor: bytes | None = None
    secrets: dict[int, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> bytes:
        total = 0
        for key, (number, _) in self.rows.items():
            hashed = hashlib.sha256(key + number.to_bytes(8, "big")).digest()
            total ^= int.from_bytes(hashed[:8], "big")
        return total.to_bytes(8, "big")


@dataclass
class BarePhone:
    """One installation of one person's."""

    http: httpx2.AsyncClient
    person_id: PersonId
    device: UUID = field(default_factory=uuid4)
    signing: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    agreement: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    streams: dict[bytes, HeldStream] = field(default_factory=dict)
    registry_key: bytes = b""
    sequence: int = 0
    acked: int = 0
    schema: int = 1
    token: str | None = None  # of a sign-in; without one it acts as its person

    @property
    def headers(self) -> dict[str, str]:
        if self.token is not None:
            return {"authorization": f"Bearer {self.token}"}
        return {ACT_AS_HEADER: str(self.person_id)}

    async def post(self, path: str, body: Any) -> httpx2.Response:
        raw = body if isinstance(body, bytes) else cbor2.dumps(body)
        return await self.http.post(path, content=raw, headers={**CBOR, **self.headers})

    async def enrol(self) -> dict[str, Any]:
        answer = await self.post("/v1/device/enrol", self.introduction())
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = cbor2.loads(answer.content)
        self.registry_key = said["registry_key"]
        return said

    def introduction(self) -> dict[str, Any]:
        keys = point(self.signing), point(self.agreement)
        text = b"osrati/1/enrol" + self.device.bytes + keys[0] + keys[1]
        return {
            "device": self.device.bytes,
            "signing_key": keys[0],
            "agreement_key": keys[1],
            "proof": sign(self.signing, text),
            "app": "test/1",
        }

    def request(self, commands: list[dict[str, Any]], *, bytes_max: int = 65_536) -> dict[str, Any]:
        return {
            "device": self.device.bytes,
            "app": "test/1",
            "schema": self.schema,
            "acked": self.acked,
            "cursors": {key: held.cursor for key, held in self.streams.items() if held.cursor},
            "keys": {key: max(held.secrets) for key, held in self.streams.items() if held.secrets},
            "commands": commands,
            "want": {"bytes": bytes_max},
        }

    def command(self, name: str, payload: Any, **changed: Any) -> dict[str, Any]:
        """The next command, as it is sent."""
        self.sequence += 1
        made = {"sequence": self.sequence, "id": uuid4().bytes, "name": name, "payload": payload}
        return {**made, **changed}

    async def call(self, *commands: dict[str, Any], bytes_max: int = 65_536) -> dict[str, Any]:
        """One round trip, taken in."""
        answer = await self.post("/v1/sync", self.request(list(commands), bytes_max=bytes_max))
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = cbor2.loads(answer.content)
        self.take(said)
        return said

    async def sync(self, *commands: dict[str, Any], bytes_max: int = 65_536) -> dict[str, Any]:
        """Round trips until there is no more; the first answer."""
        first = said = await self.call(*commands, bytes_max=bytes_max)
        for _ in range(CALLS_MAX):
            if not said["more"]:
                return first
            said = await self.call(bytes_max=bytes_max)
        raise AssertionError("it never ends")

    def take(self, said: dict[str, Any]) -> None:
        for gone in said["closed"]:
            self.streams.pop(gone, None)
        for wrap in said["keys"]:
            held = self.streams.setdefault(wrap["stream"], HeldStream())
            held.secrets[wrap["epoch"]] = self.unwrap(wrap)
        for stream_id, page in said["streams"].items():
            held = self.streams.setdefault(stream_id, HeldStream())
            if "reset" in page:
                held.rows.clear()
            for key, number, sealed in frames(page["rows"]):
                if number >= held.rows.get(key, (0, b""))[0]:
                    held.rows[key] = (number, sealed)
                    if not sealed:
                        del held.rows[key]
            held.cursor = page["next"]
            if not page["more"]:
                assert page["digest"] == held.digest
                assert page["count"] == len(held.rows)

    def unwrap(self, wrap: dict[str, Any]) -> bytes:
        place = wrap["stream"] + wrap["epoch"].to_bytes(4, "big") + self.device.bytes
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.registry_key)
        signed, signature = b"osrati/1/wrap-signature" + place + wrap["wrapped"], wrap["signature"]
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
        opened: bytes = suite.decrypt(
            wrap["wrapped"], self.agreement, info=b"osrati/1/wrap" + place
        )
        return opened

    def bodies(self) -> dict[bytes, dict[str, Any]]:
        """Every row opened, by key."""
        return {
            key: open_row(held.secrets, stream_id, key, number, sealed)
            for stream_id, held in self.streams.items()
            for key, (number, sealed) in held.rows.items()
        }

    def cards(self) -> dict[bytes, dict[str, Any]]:
        """The bodies that are cards: a row of another kind says which."""
        return {
            key: body for key, body in self.bodies().items() if body.get("kind", "card") == "card"
        }

    def number_of(self, key: bytes) -> int:
        """The number of a row that the phone holds."""
        return next(held.rows[key][0] for held in self.streams.values() if key in held.rows)


def frames(rows: bytes) -> list[tuple[bytes, int, bytes]]:
    """key, number, sealed of every frame; a tombstone's is empty."""
    found, at = [], 0
    while at < len(rows):
        key, number, length = struct.unpack_from(">16sQH", rows, at)
        at += 26
        found.append((key, number, rows[at : at + length]))
        at += length
    assert at == len(rows)
    return found


def open_row(
    secrets: dict[int, bytes], stream: bytes, key: bytes, number: int, sealed: bytes
) -> dict[str, Any]:
    """A row's body by the contract."""
    suite, epoch, flags, commit, nonce = struct.unpack_from(">BIB16s12s", sealed)
    assert (suite, flags) == (1, 3)
    secret = secrets[epoch]
    assert HKDFExpand(SHA256(), 16, b"osrati/1/stream/commit").derive(secret) == commit
    header = struct.pack(">B16s16sIQB16s", suite, stream, key, epoch, number, flags, commit)
    cipher = AESGCM(HKDFExpand(SHA256(), 32, b"osrati/1/stream/seal").derive(secret))
    packed = cipher.decrypt(nonce, sealed[34:], header)
    opened: dict[str, Any] = cbor2.loads(
        zlib.decompressobj(-15, zdict=DICTIONARY).decompress(packed)
    )
    return opened
