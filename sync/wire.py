"""Bodies on the wire: CBOR in and out, typed at once. What does not fit the contract is refused
whole; `mobile-contract/sync/sync.cddl` is the same in CDDL.

The reader takes no tags, no indefinite lengths, no repeated keys and little nesting: a phone needs
none of them, and an attacker would.
"""

import re
from typing import Annotated, Any, NoReturn, TypeVar  # Any: CBOR before it is typed
from uuid import UUID

import cbor2
import msgspec

from sync.error import SyncMalformed, TooManyCommands

NESTING_MAX = 8
COMMANDS_MAX = 100
STREAMS_MAX = 64
APP_CHARACTERS_MAX = 64
CURSOR_BYTES_MAX = 128
PAGE_BYTES_MIN = 1_024
PAGE_BYTES_DEFAULT = 65_536
PAGE_BYTES_MAX = 262_144  # a thousand records are some 210 KB: one call where the network allows
SEQUENCE_MAX = 2**53  # what every language counts exactly
BUILTIN_TAGS = (*range(6), 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000)

App = Annotated[str, msgspec.Meta(min_length=1, max_length=APP_CHARACTERS_MAX)]
Count = Annotated[int, msgspec.Meta(ge=0, le=SEQUENCE_MAX)]
Cursor = Annotated[bytes, msgspec.Meta(max_length=CURSOR_BYTES_MAX)]
Point = Annotated[bytes, msgspec.Meta(max_length=CURSOR_BYTES_MAX)]

B = TypeVar("B")


class EnrolRequest(msgspec.Struct, frozen=True):
    """A phone that introduces itself."""

    device: UUID
    signing_key: Point
    agreement_key: Point
    proof: Point
    app: App


class SentCommand(msgspec.Struct, frozen=True):
    """One act as a phone sends it. The phone's clock may be told; nobody reads it.

    Name and payload are typed when its turn comes: one bad act is refused, not the whole outbox.
    """

    sequence: Annotated[int, msgspec.Meta(ge=1, le=SEQUENCE_MAX)]
    id: UUID
    name: Any = None
    payload: Any = None


class Want(msgspec.Struct, frozen=True):
    """How much a phone wants at once."""

    bytes: Annotated[int, msgspec.Meta(ge=PAGE_BYTES_MIN, le=PAGE_BYTES_MAX)] = PAGE_BYTES_DEFAULT


class SyncRequest(msgspec.Struct, frozen=True):
    """One round trip: what the phone has, knows and did."""

    device: UUID
    app: App
    schema: Count
    acked: Count
    cursors: Annotated[dict[UUID, Cursor], msgspec.Meta(max_length=STREAMS_MAX)]
    commands: Annotated[list[SentCommand], msgspec.Meta(max_length=COMMANDS_MAX)]
    keys: Annotated[dict[UUID, Count], msgspec.Meta(max_length=STREAMS_MAX)] = {}
    want: Want = Want()


def decode(body: bytes, kind: type[B]) -> B:
    """The body as `kind`. Raises: SyncMalformed with the place that does not fit."""
    try:
        said = cbor2.loads(
            body,
            tag_hook=_refuse_tag,
            semantic_decoders=dict.fromkeys(BUILTIN_TAGS, _refuse_tag),
            max_depth=NESTING_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
    except (cbor2.CBORDecodeError, ValueError, RecursionError, OverflowError) as error:
        raise SyncMalformed("cbor") from error
    if isinstance(said, dict) and _count(said.get("commands")) > COMMANDS_MAX:
        raise TooManyCommands("commands")
    try:
        return msgspec.convert(said, kind, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise SyncMalformed(_place(error)) from error


def encode(answer: object) -> bytes:
    """An answer as CBOR; ids are bytes, what is None is left out."""
    return cbor2.dumps(_plain(answer))


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {
            name: _plain(part)
            for name, part in msgspec.structs.asdict(value).items()
            if part is not None
        }
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, dict):
        return {_plain(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("a tag")


def _count(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _place(error: msgspec.ValidationError) -> str:
    """The path alone: the words may hold what was sent."""
    path = re.search(r"\$[^`]*", str(error))
    return path[0] if path else "body"
