"""Reads an age or interval as schedules write it: "12 months - 4 days", "16 months + 4 weeks"."""

import re
from collections import Counter

from domain.immunization.duration import Duration

_DAYS_PER_WEEK = 7
_PART = re.compile(r"\s*([+-]?)\s*(\d{1,4})\s+(year|month|week|day)s?\s*", re.IGNORECASE)


def parse_duration(text: str) -> Duration:
    """The duration that `text` says. Raises: ValueError that quotes what cannot be read."""
    parts: Counter[str] = Counter()
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None or (position > 0 and not match.group(1)):
            raise ValueError(f"{text!r} is not an age or interval such as '12 months - 4 days'")
        sign, count, unit = match.groups()
        parts[unit.lower()] += -int(count) if sign == "-" else int(count)
        position = match.end()
    if not parts:
        raise ValueError("an age or interval is empty")
    return Duration(
        years=parts["year"],
        months=parts["month"],
        days=parts["week"] * _DAYS_PER_WEEK + parts["day"],
    )
