"""The dates of FHIR: to a day in Asia/Dubai, or honestly to no day.

A year or a month is no day, and none is made up. An instant in UTC (Z or +00:00: servers write
either) is taken to its day in Dubai, so that a dose in the night of a birth is not before it; one
with another offset keeps the day that its writer saw.

Source: HL7 FHIR R4, datatypes date, dateTime and instant.
"""

import re
from datetime import UTC, date, datetime

from domain.calendar_date import local_date
from gov.event.value import YEAR_MAX, YEAR_MIN
from gov.fhir.error import FhirDateImpossible, FhirDateOutOfRange

_FORM = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2})"
    r"(?P<time>T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}))?)?)?",
    re.ASCII,
)


def check_date(written: str | None, path: str) -> None:
    """Raises: FhirDateImpossible, FhirDateOutOfRange. A partial date is sound."""
    if written is None:
        return
    form = _FORM.fullmatch(written)
    if form is None:
        raise FhirDateImpossible(path)
    if not YEAR_MIN <= int(form["year"]) <= YEAR_MAX:
        raise FhirDateOutOfRange(path)
    try:
        if form["time"]:
            _instant(written)
        else:
            date(int(form["year"]), int(form["month"] or 1), int(form["day"] or 1))
    except (ValueError, OverflowError):
        raise FhirDateImpossible(path) from None


def find_day(written: str | None) -> date | None:
    """The day of a date that `check_date` passed; None where it tells only a month or a year."""
    form = _FORM.fullmatch(written or "")
    if form is None or form["day"] is None:
        return None
    if form["time"] is None:
        return date.fromisoformat(written or "")
    instant = _instant(written or "")
    return instant.date() if instant.utcoffset() else local_date(instant)


def find_instant(written: str | None) -> datetime | None:
    """The instant in UTC of a date that `check_date` passed; None where it tells no time."""
    form = _FORM.fullmatch(written or "")
    if form is None or form["time"] is None:
        return None
    return _instant(written or "").astimezone(UTC)


def _instant(written: str) -> datetime:
    """FHIR allows a leap second (:60) and nine digits; the calendar here has neither."""
    return datetime.fromisoformat(written.replace(":60", ":59", 1) if _leap(written) else written)


def _leap(written: str) -> bool:
    return written[16:19] == ":60"
