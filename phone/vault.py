"""The phone's keys, and sealing at rest.

Two P-256 keys (signing, agreement) live in secure hardware on a real phone and never leave it;
here a file stands in for the hardware, readable by its owner alone (mode 0600). Beside them lies
the local database key, under which whatever the server did not seal itself is sealed before
SQLite sees it: acts, stream keys, settings. Rows rest as they were pulled.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NONCE_BYTES = 12
KEY_BYTES = 32
COORDINATE_BYTES = 32
OWNER_ONLY = 0o600


class VaultBroken(Exception):
    """What was sealed at rest does not open: another phone's database, or damage."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Keys of one installation. A new installation has new ones, and is another device."""

    signing: ec.EllipticCurvePrivateKey = field(repr=False)
    agreement: ec.EllipticCurvePrivateKey = field(repr=False)
    database_key: bytes = field(repr=False)

    def seal(self, place: str, body: bytes) -> bytes:
        """`body` sealed for its place in the local database: moved elsewhere it does not open."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.database_key).encrypt(nonce, body, place.encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """The body sealed for `place`. Raises: VaultBroken."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(self.database_key).decrypt(nonce, body, place.encode())
        except (InvalidTag, ValueError):
            raise VaultBroken(f"what rests at {place} does not open") from None

    def sign(self, message: bytes) -> bytes:
        """ECDSA over SHA-256, raw r | s (64 bytes)."""
        r, s = decode_dss_signature(self.signing.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key as an uncompressed point, 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def new_vault() -> Vault:
    """Fresh keys, in memory alone."""
    curve = ec.SECP256R1()
    return Vault(
        ec.generate_private_key(curve), ec.generate_private_key(curve), os.urandom(KEY_BYTES)
    )


def open_vault(path: Path) -> Vault:
    """The keys in the file; made and written durably on the first call.

    Raises: VaultBroken when the file is no such file.
    """
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        pass
    vault = new_vault()
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_encode(vault))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # whoever comes first wins; a half-written file is never read
    except FileExistsError:
        return _decode(path.read_bytes())
    finally:
        fresh.unlink()
    return vault


def _encode(vault: Vault) -> bytes:
    return cbor2.dumps(
        {
            "signing": vault.signing.private_numbers().private_value.to_bytes(KEY_BYTES, "big"),
            "agreement": vault.agreement.private_numbers().private_value.to_bytes(KEY_BYTES, "big"),
            "database": vault.database_key,
        }
    )


def _decode(body: bytes) -> Vault:
    try:
        held = cbor2.loads(body)
        return Vault(_private(held["signing"]), _private(held["agreement"]), held["database"])
    except (cbor2.CBORDecodeError, KeyError, TypeError, ValueError):
        raise VaultBroken("the key file is damaged") from None


def _private(value: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(value, "big"), ec.SECP256R1())
