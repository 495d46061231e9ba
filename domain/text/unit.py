"""Counts of money and time in words: "3,000 dirhams", "14 days", in both languages' plurals."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from domain.text.message import Language, Message, compile_message

# The Arabic dual stands after a preposition ("by two years"), as these counts do.
_UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "dirhams": (
            "{n, plural, zero{# درهم} one{درهم واحد} two{درهمين} few{# دراهم} many{# درهمًا}"
            " other{# درهم}}",
            "{n, plural, one{# dirham} other{# dirhams}}",
        ),
        "days": (
            "{n, plural, zero{# يوم} one{يوم واحد} two{يومين} few{# أيام} many{# يومًا}"
            " other{# يوم}}",
            "{n, plural, one{# day} other{# days}}",
        ),
        "working_days": (
            "{n, plural, zero{# يوم عمل} one{يوم عمل واحد} two{يومي عمل} few{# أيام عمل}"
            " many{# يوم عمل} other{# يوم عمل}}",
            "{n, plural, one{# working day} other{# working days}}",
        ),
        "weeks": (
            "{n, plural, zero{# أسبوع} one{أسبوع واحد} two{أسبوعين} few{# أسابيع} many{# أسبوعًا}"
            " other{# أسبوع}}",
            "{n, plural, one{# week} other{# weeks}}",
        ),
        "months": (
            "{n, plural, zero{# شهر} one{شهر واحد} two{شهرين} few{# أشهر} many{# شهرًا}"
            " other{# شهر}}",
            "{n, plural, one{# month} other{# months}}",
        ),
        "years": (
            "{n, plural, zero{# سنة} one{سنة واحدة} two{سنتين} few{# سنوات} many{# سنة}"
            " other{# سنة}}",
            "{n, plural, one{# year} other{# years}}",
        ),
        "hours": (
            "{n, plural, zero{# ساعة} one{ساعة واحدة} two{ساعتين} few{# ساعات} many{# ساعة}"
            " other{# ساعة}}",
            "{n, plural, one{# hour} other{# hours}}",
        ),
        "percent": ("{n}%", "{n}%"),
    }
)


def count_of(count: int, unit: str | None, language: Language) -> str:
    """The count with its unit, or alone."""
    return _message(unit, language).render({"n": count})


@lru_cache(maxsize=32)
def _message(unit: str | None, language: Language) -> Message:
    arabic, english = _UNITS.get(unit or "", ("{n}", "{n}"))
    return compile_message(arabic if language == "ar" else english, language)
