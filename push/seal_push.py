"""A push's payload, sealed for one phone: padded, numbered, and of one of two sizes.

`0x01 | key id (4) | counter (8) | nonce (12) | ciphertext of the padded text | tag (16)`. What FCM
and the networks see is the size, one of two, and that something was sent.
Source: `mobile-contract/push/README.md`, which a phone opens it by; AES-256-GCM, NIST SP 800-38D.
"""

import hashlib
import os
import struct

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 0x01
SIZES = (256, 1_024)  # bytes of the padded text: 297 and 1,065 sealed, 396 and 1,420 in base64
KEY_ID_BYTES = 4
NONCE_BYTES = 12
_HEADER = struct.Struct(f">B{KEY_ID_BYTES}sQ")
_LENGTH = struct.Struct(">H")
CONTEXT = b"osrati/1/push"


class PushTooLong(ValueError):
    """A text that no size holds. It is cut before it gets here: a bug."""


class Wake(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a push says: the newest notice, how many there are, and the words to show at once.

    `act` is what the phone's own reminder of the same would be called. `removed` lists notices that
    are to be taken off the screen instead.
    """

    id: bytes
    count: int = 1
    record: bytes = b""
    title: str = ""
    act: str = ""
    removed: tuple[bytes, ...] = ()


def key_id(key: bytes) -> bytes:
    """By which of its keys a phone opens it: 4 bytes of SHA-256."""
    return hashlib.sha256(CONTEXT + key).digest()[:KEY_ID_BYTES]


def fits(text: bytes) -> bool:
    """Whether a text can be sealed at all."""
    return len(text) + _LENGTH.size <= SIZES[-1]


def seal_push(key: bytes, counter: int, text: bytes) -> bytes:
    """The text sealed for the phone that holds `key`, padded to the smallest size that holds it.

    Raises: PushTooLong.
    """
    framed = _LENGTH.pack(len(text)) + text
    for size in SIZES:
        if len(framed) <= size:
            header = _HEADER.pack(VERSION, key_id(key), counter)
            nonce = os.urandom(NONCE_BYTES)
            padded = framed.ljust(size, b"\0")
            return header + nonce + AESGCM(key).encrypt(nonce, padded, CONTEXT + header)
    raise PushTooLong
