"""Opens what the server sealed: rows of streams, by the keys that were wrapped to this device.

The envelope's header is given by the row's place (stream, key, number); a row that was moved,
replayed under another number or changed does not open. The commitment is checked first, because
GCM does not commit to its key. Source: `mobile-contract/sync/`, "Envelope".
"""

import hmac
import struct
import zlib

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from phone.contract import CONTRACT
from phone.store import Store
from phone.stream_key import find_secret

SUITE = 1
COMMIT_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16
BODY_BYTES_MAX = 262_144  # of a body, inflated: a bomb is not let out

_PREFIX = struct.Struct(">BIB16s12s")
_HEADER = struct.Struct(">B16s16sIQB16s")
# By the coding (`flags`) that names each.
_DICTIONARIES = {
    number: (CONTRACT / "sync" / f"dictionary-{number}.bin").read_bytes() for number in (1, 2, 3)
}


class HeldRow(msgspec.Struct, frozen=True):
    """A row as it rests: sealed as it was pulled."""

    stream: bytes
    key: bytes
    number: int
    sealed: bytes


class EnvelopeBroken(Exception):
    """A row that does not open here: changed, moved, or sealed under a key not held."""


class UnknownCoding(Exception):
    """A row that opens, but whose inside this phone cannot read: kept, not shown."""


class StreamKeys:
    """The keys of every stream and epoch held, opened as they are needed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ready: dict[tuple[bytes, int], tuple[AESGCM, bytes]] = {}

    def read(self, row: HeldRow) -> bytes:
        """The CBOR in a row. Raises: EnvelopeBroken, UnknownCoding."""
        flags, body = self.open(row)
        return inflate(body, flags)

    def open(self, row: HeldRow) -> tuple[int, bytes]:
        """The coding of a row's inside, and the inside. Raises: EnvelopeBroken."""
        sealed = row.sealed
        if len(sealed) < _PREFIX.size + TAG_BYTES:
            raise EnvelopeBroken("too short")
        suite, epoch, flags, commit, nonce = _PREFIX.unpack_from(sealed)
        if suite != SUITE:
            raise EnvelopeBroken("another suite")
        cipher, expected = self._key(row.stream, epoch)
        if not hmac.compare_digest(commit, expected):
            raise EnvelopeBroken("another key")
        header = _HEADER.pack(suite, row.stream, row.key, epoch, row.number, flags, commit)
        try:
            return flags, cipher.decrypt(nonce, sealed[_PREFIX.size :], header)
        except InvalidTag:
            raise EnvelopeBroken("changed, moved or replayed") from None

    def _key(self, stream: bytes, epoch: int) -> tuple[AESGCM, bytes]:
        ready = self._ready.get((stream, epoch))
        if ready is None:
            secret = find_secret(self._store, stream, epoch)
            if secret is None:
                raise EnvelopeBroken("its key is not here")
            ready = self._ready[stream, epoch] = (
                AESGCM(_expand(secret, "stream/seal", 32)),
                _expand(secret, "stream/commit", COMMIT_BYTES),
            )
        return ready


def inflate(body: bytes, coding: int) -> bytes:
    """What was deflated with a dictionary of the contract. Raises: UnknownCoding."""
    if coding not in _DICTIONARIES:
        raise UnknownCoding(f"coding {coding}")
    stream = zlib.decompressobj(wbits=-15, zdict=_DICTIONARIES[coding])
    try:
        plain = stream.decompress(body, BODY_BYTES_MAX)
    except zlib.error:
        raise UnknownCoding("not deflated") from None
    if not stream.eof:
        raise UnknownCoding("too long, or cut")
    return plain


def _expand(secret: bytes, purpose: str, length: int) -> bytes:
    return HKDFExpand(SHA256(), length, b"osrati/1/" + purpose.encode()).derive(secret)
