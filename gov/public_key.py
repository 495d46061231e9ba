"""An agency's public key as it hands it over: a JWK (RFC 7517) or a PEM file, checked once.

Called where a key is registered (`api/operate/agency.py`). A private key is refused by name: who
sends one has given it away.
"""

import base64
import json

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

KEY_FILE_BYTES_MAX = 16_384  # a PEM file of a P-256 key has 178 bytes, a JWK some 200
COORDINATE_BYTES = 32


class KeyRefused(ValueError):
    """The file holds no key that can be registered: the message says why, and the next step."""


def read_public_key(body: bytes) -> bytes:
    """The P-256 key in SubjectPublicKeyInfo DER.

    Raises: KeyRefused.
    """
    if len(body) > KEY_FILE_BYTES_MAX:
        raise KeyRefused("the file is too large for one key: give one JWK or one PEM public key")
    text = body.lstrip()
    key = _read_jwk(text) if text.startswith(b"{") else _read_pem(text)
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise KeyRefused("the key is not on the curve P-256: make one with prime256v1")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _read_pem(text: bytes) -> object:
    if b"PRIVATE KEY" in text:
        raise KeyRefused(
            "this is a private key: it must never leave the agency. Make a new pair, and give the "
            "public half alone"
        )
    if text.count(b"-----BEGIN") != 1:
        raise KeyRefused("the file is neither one PEM public key nor one JWK")
    try:
        return load_pem_public_key(text)
    except ValueError:
        raise KeyRefused("the PEM file does not hold a sound public key") from None


def _read_jwk(text: bytes) -> EllipticCurvePublicKey:
    try:
        jwk = json.loads(text)
    except (ValueError, RecursionError):
        raise KeyRefused("the file is not sound JSON: give one JWK") from None
    if "d" in jwk:
        raise KeyRefused(
            "this is a private key: it must never leave the agency. Make a new pair, and give the "
            "public half alone"
        )
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise KeyRefused("the JWK is not of kty EC and crv P-256: make one with prime256v1")
    try:
        return EllipticCurvePublicNumbers(
            x=_coordinate(jwk.get("x")), y=_coordinate(jwk.get("y")), curve=SECP256R1()
        ).public_key()
    except ValueError:
        raise KeyRefused("x and y of the JWK are no point of P-256") from None


def _coordinate(text: object) -> int:
    """A coordinate in base64url without padding. Source: RFC 7518, 6.2.1.2."""
    if not isinstance(text, str):
        raise ValueError
    body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(body) != COORDINATE_BYTES:
        raise ValueError
    return int.from_bytes(body, "big")
