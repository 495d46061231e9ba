"""Ages and intervals are read as schedules write them, and nothing is guessed."""

import pytest

from content.schedule.duration_text import parse_duration
from domain.immunization.duration import Duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 days", Duration()),
        ("1 day", Duration(days=1)),
        ("6 weeks - 4 days", Duration(days=38)),
        ("12 months - 4 days", Duration(months=12, days=-4)),
        ("16 months + 4 weeks", Duration(months=16, days=28)),
        ("16 years - 4 months", Duration(years=16, months=-4)),
        ("8 Months + 1 Day", Duration(months=8, days=1)),
        ("  2   years ", Duration(years=2)),
    ],
)
def test_a_duration_is_read(text: str, expected: Duration) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "12", "months", "12 months 4 days", "1.5 years", "2 fortnights", "n/a", "12345 days"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="age or interval"):
        parse_duration(text)
