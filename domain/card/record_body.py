"""A record as it lies in a stream: what the row's place says is left out, days are numbers, and
the whole is deflated with a dictionary that the contract publishes.

A sealed body does not compress, so it is made small before it is sealed: some 580 bytes of
canonical CBOR become some 150. `timeline/stream.py` seals these bytes and opens them again; the
phone inflates them by `mobile-contract/sync/`.
"""

import zlib
from datetime import date, timedelta
from typing import Any  # a body before its type is known

import cbor2
import msgspec

from domain.body_dictionary import DICTIONARIES
from domain.card.record import Record, decode_record
from domain.ids import PersonId, RecordKey

BODY_BYTES_MAX = 256 * 1024  # inflated; a card has under 2 KB, a record of 500 doses some 120 KB
BODY_FORMAT = 1  # part of the content digest: another form of the same record is written anew

PLAIN = 0  # flags of an envelope: canonical CBOR, as rows were before the first phone
DEFLATED = 3  # raw DEFLATE (RFC 1951) with the dictionary of this number; those before are read

_FIRST_DAY = date(1970, 1, 1)
_LEFT_OUT: dict[str, object] = {
    "waiting": False,
    "window": None,
    "resolved_on": None,
    "acknowledged": False,
    "dismissed": False,
    "quiet": False,
    "snoozed_until": None,
    "kind": "card",
    "vaccinations": None,
    "cited": b"",
    "reviews": (),
    "photo": None,
}


class BodyUnreadable(Exception):
    """A body of a coding that this version does not know, or that inflates past its limit."""


def day_number(day: date) -> int:
    """A day as phones read it: days since 1970-01-01."""
    return (day - _FIRST_DAY).days


def encode_body(record: Record, coding: int = DEFLATED) -> bytes:
    """The record without its key and recipient, small: to be sealed with `coding` as its flags."""
    plain: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(bytes, date))
    del plain["key"], plain["recipient"]
    plain["subject"] = record.subject.bytes
    if record.photo is not None:
        plain["photo"] = record.photo.bytes
    lines, *rest = plain["why"]
    plain["why"] = [[_short(line) for line in lines], *rest]
    said = {name: value for name, value in plain.items() if _LEFT_OUT.get(name, ...) != value}
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zdict=DICTIONARIES[coding])
    return packer.compress(cbor2.dumps(_numbered(said), canonical=True)) + packer.flush()


def decode_body(body: bytes, flags: int, *, key: RecordKey, recipient: PersonId) -> Record:
    """The record that lies at this place. Raises: BodyUnreadable."""
    if flags == PLAIN:
        return decode_record(body)
    if flags not in DICTIONARIES:
        raise BodyUnreadable("unknown coding")
    said: dict[str, Any] = {**_LEFT_OUT, **cbor2.loads(_inflate(body, DICTIONARIES[flags]))}
    lines, facts, *reasons = said["why"]
    dated = [(kind, source, _day(on), _day(told)) for kind, source, on, told in facts]
    said["why"] = ([_dated_line(*line) for line in lines], dated, *reasons)
    said["reviews"] = [_dated_review(review) for review in said["reviews"]]
    if said["vaccinations"] is not None:
        said["vaccinations"] = _dated_record(said["vaccinations"])
    if said["window"] is not None:
        said["window"] = [_day(day) for day in said["window"]]
    for name in ("resolved_on", "snoozed_until"):
        if said[name] is not None:
            said[name] = _day(said[name])
    said |= {"key": key, "recipient": recipient.bytes}
    return msgspec.convert(said, Record, builtin_types=(bytes, date))


def _short(line: list[Any]) -> list[Any]:
    """A line without what it does not say: most lines say their id and how they stand."""
    name, truth, gaps, met_from = line
    return [name, truth, gaps, met_from] if gaps or met_from is not None else [name, truth]


def _dated_line(
    name: str, truth: str, gaps: list[Any] | None = None, met_from: int | None = None
) -> list[Any]:
    return [name, truth, gaps or [], None if met_from is None else _day(met_from)]


def _dated_review(said: list[Any]) -> list[Any]:
    """A review's values in their order, with days for numbers."""
    place, state, registry, since_on, due_on, is_draft, answered_on, words = said
    answered = None if answered_on is None else _day(answered_on)
    if words is not None:
        claim, on, text = words
        words = [claim, None if on is None else _day(on), text]
    return [place, state, registry, _day(since_on), _day(due_on), is_draft, answered, words]


def _dated_record(said: list[Any]) -> list[Any]:
    """A vaccination record's values in their order, with days for numbers."""
    schedule, version, draft, assessed_on, doses, groups, *rest = said
    return [
        schedule,
        version,
        draft,
        _day(assessed_on),
        [
            [code, _day(on), [[by, _day(given), _day(told)] for by, given, told in reports], *more]
            for code, on, reports, *more in doses
        ],
        [
            [*head, *(None if day is None else _day(day) for day in days), left_out]
            for *head, one, two, three, left_out in groups
            for days in [(one, two, three)]
        ],
        *rest,
    ]


def _inflate(body: bytes, dictionary: bytes) -> bytes:
    opener = zlib.decompressobj(-zlib.MAX_WBITS, zdict=dictionary)
    inflated = opener.decompress(body, BODY_BYTES_MAX)
    if not opener.eof or opener.unused_data:
        raise BodyUnreadable("too long or cut")
    return inflated


def _numbered(value: Any) -> Any:
    """The same value with every day as the number of days since 1970-01-01."""
    if isinstance(value, date):
        return day_number(value)
    if isinstance(value, dict):
        return {name: _numbered(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_numbered(part) for part in value]
    return value


def _day(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number)
