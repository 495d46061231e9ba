"""How many parts an SMS takes: what it costs, and whether it is sent at all. Pure.

One character outside the GSM alphabet, any Arabic letter, makes the whole message UCS-2: 70
characters in one part, 67 in each of several. A character beyond the basic plane counts two and is
never split between parts.
Source: 3GPP TS 23.038 (alphabets), TS 23.040 (user data header of 6 octets).
"""

from typing import Literal

import msgspec

Alphabet = Literal["gsm7", "ucs2"]

GSM7_SINGLE, GSM7_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67
SMS_PARTS_MAX = 3  # what is longer says too much for an SMS: it is not sent, and listed

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")


class Segments(msgspec.Struct, frozen=True):
    """In which alphabet a text goes, and in how many parts."""

    alphabet: Alphabet
    count: int


def count_segments(text: str) -> Segments:
    """The alphabet and the number of parts of a text; an empty text is one part."""
    if all(character in _BASIC or character in _EXTENSION for character in text):
        units = [2 if character in _EXTENSION else 1 for character in text]
        return Segments("gsm7", _parts(units, GSM7_SINGLE, GSM7_PART))
    units = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return Segments("ucs2", _parts(units, UCS2_SINGLE, UCS2_PART))


def _parts(units: list[int], single: int, part: int) -> int:
    if sum(units) <= single:
        return 1
    count, room = 1, part
    for unit in units:
        if unit > room:  # a pair is never split
            count, room = count + 1, part
        room -= unit
    return count
