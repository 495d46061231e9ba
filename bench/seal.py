"""`seal`: record bodies sealed into envelopes and opened again, a second of one core.

Baseline: AES-256-GCM of the cryptography library alone, on the same bodies, with a fresh nonce and
as many bytes of associated data: what is left is the price of the envelope (header, key commitment,
checks of the place).
"""

import os
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.evaluate import RECORD_SECRET, TODAY, shipped_catalogue
from bench.family import family_of_five
from bench.rate import compare_rates
from bench.result import Result, compare
from domain.card.record import encode_record
from domain.evaluate import evaluate
from domain.ids import CircleId
from domain.people.circle import Circle, couple_members
from store.seal import KEY_BYTES, NONCE_BYTES, Place, new_key, open_, seal, sealing_key

SECONDS = 3.0
HEADER_BYTES = 62  # the associated data of an envelope (`store/seal.py`)
BASELINE = "AESGCM of cryptography, same bytes"


def measure_seal(*, seconds: float = SECONDS) -> list[Result]:
    """Two figures: rows sealed, rows opened."""
    rows = _rows()
    key, raw = sealing_key(new_key(), "stream"), AESGCM(os.urandom(KEY_BYTES))
    header = os.urandom(HEADER_BYTES)
    sealed = [(place, seal(key, place, body)) for place, body in rows]
    encrypted = [(nonce := os.urandom(NONCE_BYTES), raw.encrypt(nonce, b, header)) for _, b in rows]

    def sealing(count: int) -> None:
        for _ in range(count):
            for place, body in rows:
                seal(key, place, body)

    def encrypting(count: int) -> None:
        for _ in range(count):
            for _place, body in rows:
                raw.encrypt(os.urandom(NONCE_BYTES), body, header)

    def opening(count: int) -> None:
        for _ in range(count):
            for place, envelope in sealed:
                open_(key, place, envelope)

    def decrypting(count: int) -> None:
        for _ in range(count):
            for nonce, ciphertext in encrypted:
                raw.decrypt(nonce, ciphertext, header)

    results = []
    for name, ours, bare in (("seal", sealing, encrypting), ("open", opening, decrypting)):
        value, baseline_value = compare_rates(ours, bare, seconds=seconds)
        results.append(
            compare(
                name,
                value * len(rows),
                "rows/s per core",
                baseline=BASELINE,
                baseline_value=baseline_value * len(rows),
            )
        )
    return results


def _rows() -> list[tuple[Place, bytes]]:
    """Every record of a family of five, and where each lies in a stream."""
    family = family_of_five(TODAY)
    circle = Circle(CircleId(family.husband), "couple", couple_members(family.husband, family.wife))
    records = evaluate(circle, family.facts, shipped_catalogue(), TODAY, RECORD_SECRET).records
    stream = UUID(int=1)
    return [
        (Place(stream, record.key, number), encode_record(record))
        for number, record in enumerate(records, start=1)
    ]
