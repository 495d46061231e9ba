"""A record's body is small, comes back whole, and refuses what it cannot read."""

import zlib
from datetime import date
from pathlib import Path
from uuid import UUID

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.body_dictionary import DICTIONARIES
from domain.card.record import Line, Parameter, Provenance, Record, Why, Window, encode_record
from domain.card.record_body import (
    BODY_BYTES_MAX,
    DEFLATED,
    PLAIN,
    BodyUnreadable,
    decode_body,
    encode_body,
)
from domain.ids import EntryId, PersonId, RecordKey

PUBLISHED = Path(__file__).parents[2] / "mobile-contract" / "sync"
KEY = RecordKey(bytes(range(16)))
READER, CHILD = PersonId(UUID(int=1)), PersonId(UUID(int=2))

days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
texts = st.text(max_size=40)
windows = st.lists(days, min_size=4, max_size=4).map(lambda four: Window(*sorted(four)))
values = st.one_of(texts, st.integers(-(2**31), 2**31), st.lists(texts, max_size=4).map(tuple))
reasons = st.builds(
    Why,
    lines=st.lists(st.builds(Line, texts, st.sampled_from(("met", "not_met", "unknown")))).map(
        tuple
    ),
    facts=st.lists(st.builds(Provenance, texts, texts, days, days), max_size=6).map(tuple),
)
records = st.builds(
    Record,
    key=st.just(KEY),
    recipient=st.just(READER),
    entry=texts.map(EntryId),
    version=st.integers(1, 10**6),
    card=texts,
    occurrence=texts,
    subject=st.uuids().map(PersonId),
    rank=st.integers(0, 1_000),
    waiting=st.booleans(),
    window=st.none() | windows,
    resolved_on=st.none() | days,
    parameters=st.lists(st.builds(Parameter, texts, values), max_size=6).map(tuple),
    why=reasons,
    acknowledged=st.booleans(),
    dismissed=st.booleans(),
    quiet=st.booleans(),
    snoozed_until=st.none() | days,
)


def visit() -> Record:
    return Record(
        key=KEY,
        recipient=READER,
        entry=EntryId("vaccination"),
        version=1,
        card="visit",
        occurrence="visit/month_18",
        subject=CHILD,
        rank=10,
        waiting=False,
        window=Window(date(2026, 5, 8), date(2026, 5, 22), date(2026, 6, 21), date(2042, 11, 21)),
        resolved_on=None,
        parameters=(Parameter("vaccines", ("dtp", "polio")), Parameter("vaccine_count", 2)),
        why=Why(
            (Line("birth_confirmed", "met"),),
            (Provenance("birth.notified", "mohap", date(2024, 11, 22), date(2024, 11, 22)),),
        ),
    )


@given(records)
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    body = encode_body(record)
    assert decode_body(body, DEFLATED, key=KEY, recipient=READER) == record


def test_a_row_of_before_the_first_phone_still_opens() -> None:
    body = encode_record(visit())
    assert decode_body(body, PLAIN, key=KEY, recipient=READER) == visit()


def test_a_visit_takes_a_fifth_of_its_canonical_form() -> None:
    assert len(encode_body(visit())) * 5 < len(encode_record(visit()))


def test_the_dictionaries_are_the_published_ones() -> None:
    published = {
        int(path.stem.removeprefix("dictionary-")): path.read_bytes()
        for path in PUBLISHED.glob("dictionary-*.bin")
    }
    assert published == DICTIONARIES


@pytest.mark.parametrize("before", range(1, DEFLATED))
def test_a_body_deflated_with_a_dictionary_before_still_opens(before: int) -> None:
    dictionary = DICTIONARIES[DEFLATED]
    opener = zlib.decompressobj(-zlib.MAX_WBITS, zdict=dictionary)
    body = deflated(opener.decompress(encode_body(visit())), DICTIONARIES[before])
    assert decode_body(body, before, key=KEY, recipient=READER) == visit()


def test_a_coding_of_tomorrow_is_refused() -> None:
    with pytest.raises(BodyUnreadable):
        decode_body(encode_body(visit()), DEFLATED + 1, key=KEY, recipient=READER)


def deflated(body: bytes, dictionary: bytes = DICTIONARIES[DEFLATED]) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zdict=dictionary)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    "body",
    [
        deflated(cbor2.dumps(bytes(BODY_BYTES_MAX))),  # a head of three bytes more than allowed
        encode_body(visit())[:-1],
        encode_body(visit()) + b"\0",
    ],
)
def test_a_body_too_long_cut_or_followed_by_more_is_refused(body: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        decode_body(body, DEFLATED, key=KEY, recipient=READER)
