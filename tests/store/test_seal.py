"""The envelope: what is sealed opens in its own place under its own key, and nowhere else."""

import struct
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from store.seal import (
    KEY_BYTES,
    NO_KEY,
    SEALED_OVERHEAD_BYTES,
    SUITE,
    Place,
    SealBroken,
    SealingKey,
    expand,
    new_key,
    open_,
    seal,
    sealed_epoch,
    sealing_key,
)

SECRET = bytes(range(32))
OWNER = UUID("00112233-4455-6677-8899-aabbccddeeff")
ROW = bytes.fromhex("f0e1d2c3b4a5968778695a4b3c2d1e0f")
PLACE = Place(OWNER, ROW, 7)
KEY = sealing_key(SECRET, "fact", epoch=3)
PLACES = st.builds(Place, st.uuids(), st.binary(min_size=16, max_size=16), st.integers(0, 2**63))


@given(st.binary(max_size=5_000), PLACES, st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_what_is_sealed_opens(body: bytes, place: Place, epoch: int, flags: int) -> None:
    key = sealing_key(SECRET, "fact", epoch=epoch)
    sealed = seal(key, place, body, flags=flags)
    assert open_(key, place, sealed) == body
    assert len(sealed) == len(body) + SEALED_OVERHEAD_BYTES
    assert sealed_epoch(sealed) == epoch
    assert len(body) < 8 or body not in sealed


def test_every_flipped_bit_is_noticed() -> None:
    sealed = seal(KEY, PLACE, b"a body of some length")
    for position in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[position] ^= 1 << bit
            with pytest.raises(SealBroken):
                open_(KEY, PLACE, bytes(changed))


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_nothing_else_opens(noise: bytes) -> None:
    with pytest.raises(SealBroken):
        open_(KEY, PLACE, noise)


@pytest.mark.parametrize("length", [0, 1, SEALED_OVERHEAD_BYTES - 1])
def test_what_is_too_short_is_no_envelope(length: int) -> None:
    sealed = seal(KEY, PLACE, b"")
    assert len(sealed) == SEALED_OVERHEAD_BYTES
    assert open_(KEY, PLACE, sealed) == b""
    with pytest.raises(SealBroken, match="too short"):
        open_(KEY, PLACE, sealed[:length])
    with pytest.raises(SealBroken, match="too short"):
        sealed_epoch(sealed[:length])


def test_a_body_that_is_cut_or_lengthened_does_not_open() -> None:
    sealed = seal(KEY, PLACE, b"a body")
    for changed in (sealed[:-1], sealed + b"\0"):
        with pytest.raises(SealBroken):
            open_(KEY, PLACE, changed)


@pytest.mark.parametrize(
    "other",
    [
        Place(UUID(int=OWNER.int ^ 1), ROW, 7),
        Place(OWNER, ROW[:-1] + b"\0", 7),
        Place(OWNER, NO_KEY, 7),
        Place(OWNER, ROW, 6),
        Place(OWNER, ROW, 8),
        Place(OWNER, ROW),
    ],
)
def test_a_row_moved_or_renumbered_does_not_open(other: Place) -> None:
    with pytest.raises(SealBroken, match="moved"):
        open_(KEY, other, seal(KEY, PLACE, b"a body"))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (sealing_key(bytes(32), "fact", epoch=3), "another key"),
        (sealing_key(SECRET, "effect", epoch=3), "another key"),
        (sealing_key(SECRET, "fact", epoch=4), "generation"),
    ],
)
def test_another_key_purpose_or_generation_does_not_open(other: SealingKey, why: str) -> None:
    with pytest.raises(SealBroken, match=why):
        open_(other, PLACE, seal(KEY, PLACE, b"a body"))


def test_two_seals_of_one_body_differ() -> None:
    assert len({seal(KEY, PLACE, b"a body") for _ in range(50)}) == 50
    assert len({new_key() for _ in range(50)}) == 50
    assert len(new_key()) == KEY_BYTES


def test_the_flags_are_bound_into_the_seal() -> None:
    sealed = bytearray(seal(KEY, PLACE, b"a body", flags=1))
    assert sealed[5] == 1
    sealed[5] = 0
    with pytest.raises(SealBroken):
        open_(KEY, PLACE, bytes(sealed))


def test_the_envelope_has_its_published_layout() -> None:
    """Opened here by the words of the contract, with nothing of the house's own code."""
    sealed = seal(KEY, PLACE, b"a body", flags=2)
    suite, epoch, flags = struct.unpack(">BIB", sealed[:6])
    commit, nonce, body = sealed[6:22], sealed[22:34], sealed[34:]
    assert (suite, epoch, flags) == (SUITE, 3, 2) == (1, 3, 2)

    def derive(name: str, length: int) -> bytes:
        return HKDFExpand(SHA256(), length, b"osrati/1/fact/" + name.encode()).derive(SECRET)

    assert commit == derive("commit", 16)
    # suite | owner | key | epoch | number | flags | commit: 62 bytes
    header = b"\1" + OWNER.bytes + ROW + struct.pack(">IQB", 3, 7, 2) + commit
    assert len(header) == 62
    assert AESGCM(derive("seal", 32)).decrypt(nonce, body, header) == b"a body"


def test_a_body_sealed_long_ago_still_opens() -> None:
    sealed = bytes.fromhex(FIXED)
    assert open_(KEY, PLACE, sealed) == "كُتب في الماضي".encode()


def test_purposes_never_share_a_key() -> None:
    purposes = ["fact", "effect", "fact/seal", "stream", "digest"]
    assert len({expand(SECRET, purpose) for purpose in purposes}) == len(purposes)
    assert len(expand(SECRET, "fact", 16)) == 16


@pytest.mark.parametrize("length", [1, 16, 32, 33, 48, 64, 65, 300])
def test_a_purpose_is_expanded_as_the_library_does_it(length: int) -> None:
    by_library = HKDFExpand(SHA256(), length, b"osrati/1/fact/seal").derive(SECRET)
    assert expand(SECRET, "fact/seal", length) == by_library


# Sealed once with SECRET, purpose "fact", epoch 3 and PLACE.
FIXED = (
    "01000000030089f01a2fbc1795dec100332aa2e443597d4ebe2bae204e40182bd42c6a6cdd254874"
    "84c3c4be40ad412bc9f80b3e7325e7dea75ffc3cbb395f2d5891a80aacd680edb6ea0ceb"
)
