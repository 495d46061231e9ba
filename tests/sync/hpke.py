"""HPKE (RFC 9180) in base mode for the one suite of `mobile-contract/sync/`, written from the RFC:
P-256, HKDF-SHA256, AES-256-GCM. It shares no code with the library that server and phone use.
"""

import hashlib
import hmac
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEM = b"KEM" + (0x0010).to_bytes(2, "big")
SUITE = b"HPKE" + b"".join(part.to_bytes(2, "big") for part in (0x0010, 0x0001, 0x0002))
POINT_BYTES = 65


class Schedule(NamedTuple):
    """What both sides have worked out (RFC 9180, 5.1)."""

    shared_secret: bytes
    key: bytes
    base_nonce: bytes


def point_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def receive(private: ec.EllipticCurvePrivateKey, enc: bytes, info: bytes) -> Schedule:
    """The receiver's side: Decap, then KeySchedule."""
    shared = _agreed(private, enc, enc + point_of(private))
    return _schedule(shared, info)


def send(receiver: bytes, info: bytes, body: bytes) -> bytes:
    """The sender's side in one shot: enc | ciphertext."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    enc = point_of(ephemeral)
    made = _schedule(_agreed(ephemeral, receiver, enc + receiver), info)
    return enc + AESGCM(made.key).encrypt(made.base_nonce, body, b"")


def open_one(private: ec.EllipticCurvePrivateKey, wrapped: bytes, info: bytes) -> bytes:
    """Opens what was sent in one shot."""
    enc, sealed = wrapped[:POINT_BYTES], wrapped[POINT_BYTES:]
    made = receive(private, enc, info)
    return AESGCM(made.key).decrypt(made.base_nonce, sealed, b"")


def _agreed(private: ec.EllipticCurvePrivateKey, public: bytes, context: bytes) -> bytes:
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    secret = _extract(KEM, b"", b"eae_prk", private.exchange(ec.ECDH(), peer))
    return _expand(KEM, secret, b"shared_secret", context, 32)


def _schedule(shared: bytes, info: bytes) -> Schedule:
    context = (
        b"\x00"
        + _extract(SUITE, b"", b"psk_id_hash", b"")
        + _extract(SUITE, b"", b"info_hash", info)
    )
    secret = _extract(SUITE, shared, b"secret", b"")
    key = _expand(SUITE, secret, b"key", context, 32)
    return Schedule(shared, key, _expand(SUITE, secret, b"base_nonce", context, 12))


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    text = b"HPKE-v1" + suite + label + ikm
    return hmac.new(salt or bytes(32), text, hashlib.sha256).digest()


def _expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand of at most one block: nothing here asks for more than 32 bytes."""
    text = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.new(secret, text + b"\x01", hashlib.sha256).digest()[:length]
