"""How a card names the facts that its why cites, so that a member can say which one is wrong.

A citation is 8 bytes: within one circle, of some thousands of facts, no two are alike. It is keyed
before anybody sees it, so that nobody guesses an agency's event id back.
"""

import hashlib

from domain.fact import Fact
from domain.keyed_hash import keyed_hash

CITATION_BYTES = 8


def mark(source: str, source_id: str, part: str) -> bytes:
    """The mark of a fact by what it is, whatever it says: the same in every circle."""
    digest = hashlib.sha256()
    for text in (source, source_id, part):
        raw = text.encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return digest.digest()[:CITATION_BYTES]


def mark_of(fact: Fact) -> bytes:
    """The mark of this fact."""
    return mark(fact.source, fact.source_id, fact.part)


def citation_of(marked: bytes, secret: bytes) -> bytes:
    """What a card shows for a mark."""
    return keyed_hash(secret, "citation", marked)[:CITATION_BYTES]


def split(marks: bytes) -> tuple[bytes, ...]:
    """The marks, or citations, that lie one after another."""
    return tuple(marks[at : at + CITATION_BYTES] for at in range(0, len(marks), CITATION_BYTES))
