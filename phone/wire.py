"""What goes over the wire: `mobile-contract/sync/sync.cddl` as types, CBOR in and out.

Unknown fields are let pass: an older phone talks to a newer server.
"""

import struct
from collections.abc import Iterable
from typing import Any, TypeVar

import cbor2
import msgspec

COMMANDS_MAX = 100  # of one request
PAYLOAD_BYTES_MAX = 16_384  # of one command
REQUEST_BYTES_MAX = 262_144
SCHEMA = 1

_FRAME = struct.Struct(">16sQH")


class Malformed(ValueError):
    """An answer that is not of the contract: nothing of it is applied."""


class EnrolRequest(msgspec.Struct, frozen=True):
    """A new installation's keys, and the proof that it has them."""

    device: bytes
    signing_key: bytes
    agreement_key: bytes
    proof: bytes
    app: str


class EnrolAnswer(msgspec.Struct, frozen=True):
    """Who the device belongs to, and whose signatures it believes."""

    device: bytes
    person: bytes
    last_sequence: int
    registry_key: bytes
    publisher_key: bytes
    minimum: int


class SentCommand(msgspec.Struct, frozen=True):
    """One act on its way up."""

    sequence: int
    id: bytes
    name: str
    payload: dict[str, Any]  # Any: by name, `commands.json`


class Registration(msgspec.Struct, frozen=True):
    """What the phone says of itself: `POST /v1/push/register`."""

    device: str
    token: str
    platform: str
    key: str
    language: str


class Want(msgspec.Struct, frozen=True):
    """How much may come down."""

    bytes: int


class SyncRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """Commands up, changes down: one round trip."""

    device: bytes
    app: str
    schema: int
    acked: int
    cursors: dict[bytes, bytes]
    keys: dict[bytes, int]
    commands: tuple[SentCommand, ...]
    want: Want | None = None


class Row(msgspec.Struct, frozen=True):
    """One row of a page; `sealed` None is a tombstone."""

    key: bytes
    number: int
    sealed: bytes | None


class Page(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one stream. `digest` and `count` come at the head alone."""

    rows: bytes
    next: bytes
    more: bool
    reset: str | None = None
    digest: bytes | None = None
    count: int | None = None


class SentOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one act; words when it was refused."""

    sequence: int
    id: bytes
    code: str
    ar: str = ""
    en: str = ""


class Stopped(msgspec.Struct, frozen=True, omit_defaults=True):
    """At which command the server stopped, and why."""

    sequence: int
    code: str
    expect: int | None = None
    retry_after_seconds: int | None = None


class WrappedKey(msgspec.Struct, frozen=True):
    """A stream's key of one epoch, wrapped to this device and signed by the server."""

    stream: bytes
    epoch: int
    wrapped: bytes
    signature: bytes


class SyncAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a SyncRequest."""

    last_sequence: int
    outcomes: tuple[SentOutcome, ...]
    streams: dict[bytes, Page]
    closed: tuple[bytes, ...]
    keys: tuple[WrappedKey, ...]
    more: bool
    catalogue: int
    today: int
    now: int
    poll_after_seconds: int
    stopped: Stopped | None = None
    tag: str | None = None


class OutdatedAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """426: this app is too old for downloads. What it sent was taken."""

    code: str
    ar: str
    en: str
    minimum: int
    last_sequence: int
    outcomes: tuple[SentOutcome, ...]
    stopped: Stopped | None = None


class BlobAnswer(msgspec.Struct, frozen=True):
    """Which chunks are there."""

    received: tuple[int, ...]
    complete: bool


class CatalogueAnswer(msgspec.Struct, frozen=True):
    """A signed page of the catalogue."""

    body: bytes
    key_id: bytes
    signature: bytes


T = TypeVar("T", bound=msgspec.Struct)


def encode(message: msgspec.Struct) -> bytes:
    """The bytes of a message."""
    return cbor2.dumps(msgspec.to_builtins(message, builtin_types=(bytes,)))


def decode(body: bytes, kind: type[T]) -> T:
    """The message in `body`. Raises: Malformed."""
    try:
        return msgspec.convert(cbor2.loads(body), kind, builtin_types=(bytes,))
    except (cbor2.CBORDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise Malformed(str(error)) from None


def split_rows(frames: bytes) -> list[Row]:
    """The rows of a page. Raises: Malformed when a frame is cut."""
    rows: list[Row] = []
    place = 0
    while place < len(frames):
        try:
            key, number, length = _FRAME.unpack_from(frames, place)
        except struct.error:
            raise Malformed("a row's header is cut") from None
        place += _FRAME.size
        if place + length > len(frames):
            raise Malformed("a row is cut")
        rows.append(Row(key, number, frames[place : place + length] if length else None))
        place += length
    return rows


def join_rows(rows: Iterable[Row]) -> bytes:
    """Rows as frames: what a server sends."""
    return b"".join(
        _FRAME.pack(row.key, row.number, len(row.sealed or b"")) + (row.sealed or b"")
        for row in rows
    )
