"""How many parts an SMS takes. 3GPP TS 23.038 and 23.040: 160/153 in GSM-7, 70/67 in UCS-2."""

import pytest

from push.sms_text import count_segments
from push.words import SMS

LINK = "https://osrati.example/n/AbCdEfGhIjKlMnOpQrStUv"


@pytest.mark.parametrize(
    ("text", "alphabet", "count"),
    [
        ("", "gsm7", 1),
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),  # a character of the extension counts two
        ("€" * 81, "gsm7", 2),
        ("ا" * 70, "ucs2", 1),
        ("ا" * 71, "ucs2", 2),
        ("ا" * 134, "ucs2", 2),
        ("ا" * 135, "ucs2", 3),
        ("a" * 69 + "ا", "ucs2", 1),  # one Arabic letter turns all of it
        ("a" * 70 + "ا", "ucs2", 2),
        ("😀" * 35, "ucs2", 1),
        ("😀" * 36, "ucs2", 2),
        ("😀" * 67, "ucs2", 3),  # 33 pairs a part, since a pair is never split: 33 + 33 + 1
        ("ا" * 66 + "😀" * 34, "ucs2", 3),
    ],
)
def test_parts_on_both_sides_of_each_limit(text: str, alphabet: str, count: int) -> None:
    found = count_segments(text)
    assert (found.alphabet, found.count) == (alphabet, count)


def test_what_we_say_is_two_parts_at_most_in_both_languages() -> None:
    for text in SMS.values():
        assert count_segments(text.format(link=LINK)).count <= 2
