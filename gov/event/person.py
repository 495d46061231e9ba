"""Persons as events name them: numbers, names, births. Used by `gov/event/read.py`."""

import re
from datetime import date
from typing import Any  # JSON that the schema of the kind has accepted
from unicodedata import category, normalize

import msgspec

from gov.event.data import EventWarning, Identifier, Person
from gov.event.error import (
    CHECK_DIGIT_WARNING,
    DateContradiction,
    DateImpossible,
    DateOutOfRange,
    NameCharacters,
)
from gov.event.value import YEAR_MAX, YEAR_MIN, read_day

# Embeddings, overrides and isolates (Unicode Standard Annex 9): they show a name as another name.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Invisible, and part of ordinary spelling or direction: joiners (Persian, Urdu), the three marks.
_ALLOWED_FORMAT = frozenset("\u200c\u200d\u200e\u200f\u061c")
_PARTIAL = re.compile(r"[0-9]{4}(-[0-9]{2})?")


def read_person(
    said: dict[str, Any], pointer: str, *, occurred_on: date
) -> tuple[Person, tuple[EventWarning, ...]]:
    """The person, and what the agency should look at.

    Raises: NameCharacters; DateImpossible, DateOutOfRange, DateContradiction of the birth.
    """
    identifier, warnings = _read_identifier(said["identifier"], pointer + "/identifier/value")
    name = said.get("name", {})
    born_on, born_in = _read_birth(said.get("born_on"), pointer + "/born_on", occurred_on)
    person = Person(
        identifier=identifier,
        name_ar=_read_name(name.get("ar"), pointer + "/name/ar"),
        name_en=_read_name(name.get("en"), pointer + "/name/en"),
        sex=said.get("sex"),
        born_on=born_on,
        nationality=said.get("nationality"),
        born_in=born_in,
    )
    return person, warnings


def _read_identifier(
    said: dict[str, str], pointer: str
) -> tuple[Identifier, tuple[EventWarning, ...]]:
    if said["system"] != "emirates_id":
        return msgspec.convert(said, Identifier), ()
    digits = said["value"].replace("-", "")
    warning = EventWarning(code=CHECK_DIGIT_WARNING, pointer=pointer)
    warnings = () if _has_luhn_digit(digits) else (warning,)
    return Identifier(system="emirates_id", value=digits), warnings


def _read_birth(
    text: str | None, pointer: str, occurred_on: date
) -> tuple[date | None, str | None]:
    """The day of birth, or what a register knows instead of it: a year, a month. No day is made
    up."""
    if text is None:
        return None, None
    if _PARTIAL.fullmatch(text) is None:
        born_on = read_day(text, pointer)
        if born_on > occurred_on:
            raise DateContradiction(pointer)
        return born_on, None
    if not YEAR_MIN <= int(text[:4]) <= YEAR_MAX:
        raise DateOutOfRange(pointer)
    if len(text) > 4 and not 1 <= int(text[5:]) <= 12:
        raise DateImpossible(pointer)
    if text > occurred_on.isoformat()[: len(text)]:
        raise DateContradiction(pointer)
    return None, text


def _read_name(text: str | None, pointer: str) -> str | None:
    """The name in NFC without outer spaces. Its digits stay as they are: some names have them."""
    if text is None:
        return None
    if any(is_refused_in_names(char) for char in text):
        raise NameCharacters(pointer)
    return normalize("NFC", text).strip()


def is_refused_in_names(char: str) -> bool:
    """Whether a character has no place in a name: it is a control, or turns the text."""
    if char in _TURNING:
        return True
    return category(char) in ("Cc", "Cf", "Zl", "Zp") and char not in _ALLOWED_FORMAT


def _has_luhn_digit(digits: str) -> bool:
    """Whether the last digit is Luhn's. A warning only: no official text says that it must be.

    Source: community practice (PyPI `idnumbers` 1.22.0); 784-1979-1234567-1 passes.
    """
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
