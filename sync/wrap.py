"""Wraps: a stream's secrets, each encrypted to one device by HPKE and signed by the registry key.

HPKE (RFC 9180) in base mode says nothing of who sent it, so each wrap is signed; its context
(stream, epoch, device) is bound by `info`, since the library takes no `aad`.
"""

from collections import OrderedDict
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from store.signing import SigningKey
from sync.device import Device, agreement_key
from timeline.stream_key import EpochSecret

WRAP_CONTEXT = b"osrati/1/wrap"
SIGNATURE_CONTEXT = b"osrati/1/wrap-signature"
WRAPS_MAX = 16_384  # kept; x some 600 bytes = 10 MB a process


class Wrap(msgspec.Struct, frozen=True):
    """One secret for one device."""

    stream: UUID
    epoch: int
    wrapped: bytes
    signature: bytes


class Wraps:
    """Wraps by device and epoch, made once a process: a phone that starts over, or whose call was
    cut, is given the same again.
    """

    def __init__(self, registry: SigningKey) -> None:
        self._registry = registry
        self._held: OrderedDict[tuple[UUID, bytes, UUID, int], Wrap] = OrderedDict()

    def wrap(self, device: Device, stream: UUID, secret: EpochSecret) -> Wrap:
        """The secret as only this device opens it."""
        found = self.find(device, stream, secret.epoch)
        if found is None:
            place = (device.id, device.agreement_key, stream, secret.epoch)
            found = self._held[place] = wrap_secret(self._registry, device, stream, secret)
            if len(self._held) > WRAPS_MAX:
                self._held.popitem(last=False)
        return found

    def find(self, device: Device, stream: UUID, epoch: int) -> Wrap | None:
        """The wrap of this secret for this device, if it was made before."""
        return self._held.get((device.id, device.agreement_key, stream, epoch))


def wrap_secret(registry: SigningKey, device: Device, stream: UUID, secret: EpochSecret) -> Wrap:
    """The secret as only this device opens it."""
    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    place = stream.bytes + secret.epoch.to_bytes(4, "big") + device.id.bytes
    wrapped = suite.encrypt(secret.secret, agreement_key(device), info=WRAP_CONTEXT + place)
    return Wrap(stream, secret.epoch, wrapped, registry.sign(SIGNATURE_CONTEXT + place + wrapped))
