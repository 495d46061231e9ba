"""An agency's public key as it hands it over: JWK or PEM, of P-256, and never a private one."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gov.public_key import KEY_FILE_BYTES_MAX, KeyRefused, read_public_key

PRIVATE = ec.derive_private_key(77, ec.SECP256R1())
DER = PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def base64url(number: int, length: int = 32) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(length, "big")).decode().rstrip("=")


def jwk(**change: object) -> bytes:
    point = PRIVATE.public_key().public_numbers()
    whole = {"kty": "EC", "crv": "P-256", "x": base64url(point.x), "y": base64url(point.y)}
    return json.dumps({k: v for k, v in (whole | change).items() if v is not None}).encode()


def pem_of(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "body", [PEM, b"\n" + PEM, jwk(), b" " + jwk(kid="one", use="sig", alg="ES256")]
)
def test_one_key_is_read_from_either_form(body: bytes) -> None:
    assert read_public_key(body) == DER


def test_the_jwk_of_the_standard_is_read() -> None:
    """Source: RFC 7517 (2015), appendix A.1, the first key."""
    body = json.dumps(
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            "use": "enc",
            "kid": "1",
        }
    )
    assert len(read_public_key(body.encode())) == len(DER)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (
            PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "private key",
        ),
        (jwk(d=base64url(77)), "private key"),
        (b"", "neither"),
        (DER, "neither"),
        (PEM + PEM, "neither"),
        (PEM.replace(b"MFkw", b"AAAA"), "sound public key"),
        (pem_of(ec.generate_private_key(ec.SECP384R1()).public_key()), "P-256"),
        (pem_of(rsa.generate_private_key(65537, 2048).public_key()), "P-256"),
        (b"{", "JSON"),
        (b'{"a":' * 5000, "too large"),
        (b'{"a":' * 3000, "JSON"),
        (jwk(kty="RSA"), "kty EC"),
        (jwk(crv="P-384"), "kty EC"),
        (jwk(x=None), "no point"),
        (jwk(x=7), "no point"),
        (jwk(y="!"), "no point"),
        (jwk(y=base64url(1, 31)), "no point"),
        (jwk(y=base64url(1)), "no point"),
    ],
)
def test_what_is_no_such_key_is_refused_in_words(body: bytes, word: str) -> None:
    with pytest.raises(KeyRefused, match=word):
        read_public_key(body)


def test_a_file_at_the_limit_is_read_and_one_past_it_is_not() -> None:
    padded = PEM + b" " * (KEY_FILE_BYTES_MAX - len(PEM))
    assert read_public_key(padded) == DER
    with pytest.raises(KeyRefused, match="too large"):
        read_public_key(padded + b" ")
