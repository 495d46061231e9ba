"""Wraps: a stream's secrets, each encrypted to one device by HPKE and signed by the registry key.

HPKE (RFC 9180) in base mode says nothing of who sent it, so each wrap is signed; its context
(stream, epoch, device) is bound by `info`, since the library takes no `aad`.
"""

from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from store.signing import SigningKey
from sync.device import Device, agreement_key
from timeline.stream_key import EpochSecret

WRAP_CONTEXT = b"osrati/1/wrap"
SIGNATURE_CONTEXT = b"osrati/1/wrap-signature"


class Wrap(msgspec.Struct, frozen=True):
    """One secret for one device."""

    stream: UUID
    epoch: int
    wrapped: bytes
    signature: bytes


def wrap_secret(registry: SigningKey, device: Device, stream: UUID, secret: EpochSecret) -> Wrap:
    """The secret as only this device opens it."""
    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    place = stream.bytes + secret.epoch.to_bytes(4, "big") + device.id.bytes
    wrapped = suite.encrypt(secret.secret, agreement_key(device), info=WRAP_CONTEXT + place)
    return Wrap(stream, secret.epoch, wrapped, registry.sign(SIGNATURE_CONTEXT + place + wrapped))
