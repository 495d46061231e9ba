"""Every code has words in both languages."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from domain.immunization import reason_text
from domain.immunization.history import DoseFlag
from domain.immunization.reason import (
    EvaluationReason,
    EvaluationStatus,
    ForecastReason,
    SeriesStatus,
)

TABLES: list[tuple[Any, Mapping[Any, reason_text.Words]]] = [  # Literal types have no common type
    (EvaluationStatus, reason_text.EVALUATION_STATUS_WORDS),
    (EvaluationReason, reason_text.EVALUATION_REASON_WORDS),
    (SeriesStatus, reason_text.SERIES_STATUS_WORDS),
    (ForecastReason, reason_text.FORECAST_REASON_WORDS),
    (DoseFlag, reason_text.DOSE_FLAG_WORDS),
]


@pytest.mark.parametrize(("codes", "words"), TABLES)
def test_each_code_has_arabic_and_english_words(
    codes: Any,  # a Literal, as above
    words: Mapping[str, reason_text.Words],
) -> None:
    assert set(words) == set(get_args(codes))
    for item in words.values():
        assert item.en.isascii()
        assert any("؀" <= letter <= "ۿ" for letter in item.ar)
