"""Every code has words in both languages."""

from typing import get_args

from domain.pregnancy.contacts import ContactState
from domain.pregnancy.dating import DatingBasis, DatingFlag
from domain.pregnancy.follow import Standing
from domain.pregnancy.pregnancy_text import (
    BASIS_WORDS,
    FLAG_WORDS,
    STANDING_WORDS,
    STATE_WORDS,
)


def test_every_code_has_words_in_both_languages() -> None:
    assert set(BASIS_WORDS) == set(get_args(DatingBasis))
    assert set(FLAG_WORDS) == set(get_args(DatingFlag))
    assert set(STANDING_WORDS) == set(get_args(Standing))
    assert set(STATE_WORDS) == set(get_args(ContactState))
    for table in (BASIS_WORDS, FLAG_WORDS, STANDING_WORDS, STATE_WORDS):
        for words in table.values():
            assert words.ar
            assert words.en
