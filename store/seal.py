"""Sealing: every body at rest, on the wire and on the phone is one envelope of one suite.

Suite 0x01 is AES-256-GCM with a random 96-bit nonce and keys expanded by HKDF-SHA256. The header
`suite | stream | key | key_epoch | number | flags | commit` (62 bytes) is the associated data, so
a body moved to another row, or an old number put back, does not open. GCM does not commit to its
key; `commit` does, and is checked first. What the place of a row gives (stream, key, number) is
not stored again: `sealed = suite | key_epoch | flags | commit | nonce | ciphertext | tag`.

Source: NIST SP 800-38D (GCM), RFC 5869 (HKDF). Called by the store alone; it knows no table.
"""

import hmac
import os
import struct
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SUITE = 0x01
KEY_BYTES = 32
COMMIT_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16
PLACE_KEY_BYTES = 16

_PREFIX = struct.Struct(f">BIB{COMMIT_BYTES}s{NONCE_BYTES}s")
_HEADER = struct.Struct(f">B16s{PLACE_KEY_BYTES}sIQB{COMMIT_BYTES}s")
SEALED_OVERHEAD_BYTES = _PREFIX.size + TAG_BYTES

NO_KEY = bytes(PLACE_KEY_BYTES)


class SealBroken(Exception):
    """A sealed body that does not open: changed, moved, replayed, or sealed under another key.

    Never the caller's fault: it is a bug or damage, and its message says only where.
    """


@dataclass(frozen=True, slots=True)
class Place:
    """Where a body lies: its stream (or circle, or person), its row key, its number there."""

    owner: UUID
    key: bytes = NO_KEY
    number: int = 0


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key made ready for one purpose, of one generation (`epoch`)."""

    epoch: int
    cipher: AESGCM = field(repr=False)
    commit: bytes = field(repr=False)


def expand(secret: bytes, purpose: str, length: int = KEY_BYTES) -> bytes:
    """HKDF-Expand of a uniformly random secret for one named purpose.

    RFC 5869, 2.3, by the library's HMAC: its HKDF took five times as long, and every message of a
    fan-out opens four keys.
    """
    info = b"osrati/1/" + purpose.encode()
    block = out = hmac.digest(secret, info + b"\x01", "sha256")
    while len(out) < length:
        block = hmac.digest(secret, block + info + bytes([len(out) // len(block) + 1]), "sha256")
        out += block
    return out[:length]


def sealing_key(secret: bytes, purpose: str, *, epoch: int = 1) -> SealingKey:
    """The sealing key of `purpose` under a 32-byte secret; two purposes never share a key."""
    assert len(secret) == KEY_BYTES
    return SealingKey(
        epoch,
        AESGCM(expand(secret, purpose + "/seal")),
        expand(secret, purpose + "/commit", COMMIT_BYTES),
    )


def new_key() -> bytes:
    """32 random bytes."""
    return os.urandom(KEY_BYTES)


def seal(key: SealingKey, place: Place, body: bytes, *, flags: int = 0) -> bytes:
    """`body` sealed for its place. Two seals of one body differ (random nonce)."""
    nonce = os.urandom(NONCE_BYTES)
    header = _header(key.epoch, place, flags, key.commit)
    prefix = _PREFIX.pack(SUITE, key.epoch, flags, key.commit, nonce)
    return prefix + key.cipher.encrypt(nonce, body, header)


def sealed_epoch(sealed: bytes) -> int:
    """The key generation a body was sealed under. Raises: SealBroken when it is no envelope."""
    if len(sealed) < SEALED_OVERHEAD_BYTES:
        raise SealBroken("too short to be an envelope")
    epoch: int = _PREFIX.unpack_from(sealed)[1]
    return epoch


def sealed_flags(sealed: bytes) -> int:
    """How what is inside is coded. Raises: SealBroken when it is no envelope."""
    if len(sealed) < SEALED_OVERHEAD_BYTES:
        raise SealBroken("too short to be an envelope")
    flags: int = _PREFIX.unpack_from(sealed)[2]
    return flags


def open_(key: SealingKey, place: Place, sealed: bytes) -> bytes:
    """The body sealed for this place under this key.

    Raises: SealBroken for any other place, key, suite or changed byte.
    """
    if len(sealed) < SEALED_OVERHEAD_BYTES:
        raise SealBroken("too short to be an envelope")
    suite, epoch, flags, commit, nonce = _PREFIX.unpack_from(sealed)
    if suite != SUITE or epoch != key.epoch:
        raise SealBroken("another suite or key generation")
    if not hmac.compare_digest(commit, key.commit):
        raise SealBroken("sealed under another key")
    try:
        return key.cipher.decrypt(
            nonce, sealed[_PREFIX.size :], _header(epoch, place, flags, commit)
        )
    except InvalidTag:
        raise SealBroken("changed, moved or replayed") from None


def _header(epoch: int, place: Place, flags: int, commit: bytes) -> bytes:
    assert len(place.key) == PLACE_KEY_BYTES
    return _HEADER.pack(SUITE, place.owner.bytes, place.key, epoch, place.number, flags, commit)
