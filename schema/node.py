"""Relay's Node, and the opaque ids of what GraphQL shows.

An id is URL-safe base64 of a type's name and 16 bytes. Nobody but this file reads one, and one that
is not exactly as this file writes it is nobody's: it is looked for and not found.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Literal

import strawberry

from domain.citation import CITATION_BYTES
from schema.field import attribute

NodeType = Literal["Card", "Notice", "Person", "Session"]

ID_BYTES = 16
_FACT = b"Fact:"


@strawberry.interface(description="Anything with an id that `node` finds again.")
class Node:
    id: strawberry.ID = attribute("Opaque and stable: compare it, keep it, never take it apart.")


def encode_id(node_type: NodeType, raw: bytes) -> strawberry.ID:
    """The opaque id of 16 bytes of one type."""
    assert len(raw) == ID_BYTES
    return strawberry.ID(to_base64(f"{node_type}:".encode() + raw))


def decode_id(node_type: NodeType, text: str) -> bytes | None:
    """The 16 bytes of an id, or None when it is not an id of this type."""
    body = from_base64(text)
    prefix = f"{node_type}:".encode()
    if body is None or not body.startswith(prefix) or len(body) != len(prefix) + ID_BYTES:
        return None
    return body[len(prefix) :]


def encode_fact(citation: bytes) -> strawberry.ID:
    """The opaque id by which a card's why names a fact."""
    assert len(citation) == CITATION_BYTES
    return strawberry.ID(to_base64(_FACT + citation))


def decode_fact(text: str) -> bytes | None:
    """The citation of a fact, or None when it is not the id of one."""
    body = from_base64(text)
    if body is None or not body.startswith(_FACT) or len(body) != len(_FACT) + CITATION_BYTES:
        return None
    return body[len(_FACT) :]


def to_base64(body: bytes) -> str:
    """URL-safe base64 without padding."""
    return urlsafe_b64encode(body).rstrip(b"=").decode()


def from_base64(text: str) -> bytes | None:
    """What `to_base64` wrote, or None: any other spelling of the same bytes is refused, too."""
    try:
        body = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        return None
    return body if to_base64(body) == text else None
