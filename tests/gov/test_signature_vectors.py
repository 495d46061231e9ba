"""Wycheproof's ECDSA vectors against the signatures of agencies, in the form that RFC 9421 has."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from http_message_signatures import HTTPMessageSignaturesException

from gov.signature.claim import SIGNATURE_SUITE
from gov.signature.verify import load_public_key
from tests.support.wycheproof import Vector, vectors


def taken(vector: Vector) -> bool:
    """With a key read as an agency's is read from the database."""
    pem = load_pem_public_key(vector.public_pem.encode())
    der = pem.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        suite = SIGNATURE_SUITE(load_public_key(der))  # type: ignore[no-untyped-call]  # as it is
        suite.verify(vector.signature, vector.message)
    except (InvalidSignature, HTTPMessageSignaturesException):
        return False
    return True


def test_signatures_of_agencies_are_believed_as_wycheproof_says() -> None:
    every = vectors("ecdsa_secp256r1_sha256_p1363_test")
    wrong = [v.name for v in every if taken(v) is not (v.result == "valid")]
    assert wrong == []
    assert {vector.result for vector in every} == {"valid", "invalid"}
