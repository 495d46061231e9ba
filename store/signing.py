"""Keys of the house that sign what phones keep: P-256, ECDSA with SHA-256, r and s as 64 bytes.

A phone checks wraps and catalogues by their public points. `store/keys.py` derives them from a
wrapped secret; nothing else makes one.
"""

import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT_BYTES = 65
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 8
# The order of P-256 less one: a scalar is 1 to this. FIPS 186-5, SP 800-186 section 3.2.1.3.
_SCALARS = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of the house, ready to sign."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    point: bytes

    @property
    def key_id(self) -> bytes:
        """The first 8 bytes of SHA-256 of the point."""
        return hashlib.sha256(self.point).digest()[:KEY_ID_BYTES]

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`: r and s, 32 bytes each. Two of one message differ."""
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signing_key(material: bytes) -> SigningKey:
    """The key that 48 uniformly random bytes give: 16 more than the order, so without a bias."""
    assert len(material) == 48
    private = ec.derive_private_key(int.from_bytes(material, "big") % _SCALARS + 1, ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return SigningKey(private, point)


def load_point(point: bytes) -> ec.EllipticCurvePublicKey:
    """A public key from its uncompressed point. Raises: ValueError when it is none."""
    if len(point) != POINT_BYTES:
        raise ValueError("not an uncompressed point")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def is_signed(public: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (r and s, 64 bytes) is this key's over `message`."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    try:
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
