"""Reads one element of FHIR's JSON at a time, and refuses with its path what has another shape.

Dates. A day is needed for birth. A dose dated by month, year or words is kept and answered as not
counted. An instant in UTC is taken to its day in Asia/Dubai; one with another offset keeps the day
that its writer saw.
"""

import re
from datetime import date, datetime
from typing import Any, Literal, NoReturn

from domain.calendar_date import local_date

TEXT_MAX = 256  # of an id, code or lot number

Element = dict[str, Any]  # Any: JSON as parsed; each element is checked where it is read

IssueCode = Literal[
    "structure",
    "required",
    "value",
    "code-invalid",
    "invariant",
    "too-long",
    "not-supported",
    "duplicate",
    "business-rule",
]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PARTIAL = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)


class BadRequest(Exception):
    """What is wrong, with FHIR's issue code and the path; never what a person's record holds."""

    def __init__(self, code: IssueCode, path: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{path}: {message}")
        self.code = code
        self.path = path
        self.message = message
        self.status = status


def find_object(element: Element, name: str, path: str) -> Element | None:
    found = element.get(name)
    if found is None:
        return None
    if not isinstance(found, dict):
        refuse("structure", f"{path}.{name}", "no object")
    return found


def find_text(element: Element, name: str, path: str) -> str | None:
    found = element.get(name)
    if found is None:
        return None
    if not isinstance(found, str) or not found.strip() or len(found) > TEXT_MAX:
        refuse("value", f"{path}.{name}", f"no text of 1 to {TEXT_MAX} characters")
    return found


def get_text(element: Element, name: str, path: str) -> str:
    found = find_text(element, name, path)
    if found is None:
        refuse("required", f"{path}.{name}", "is missing")
    return found


def get_flag(element: Element, name: str, path: str) -> bool:
    found = element.get(name, False)
    if not isinstance(found, bool):
        refuse("value", f"{path}.{name}", "neither true nor false")
    return found


def refuse(code: IssueCode, path: str, message: str, status: int = 400) -> NoReturn:
    raise BadRequest(code, path, message, status=status)


def find_day(written: str, path: str) -> date | None:
    """The day of a FHIR dateTime; None where only the month or year is told."""
    if _PARTIAL.fullmatch(written) and written[:4] != "0000":
        return None
    if not _INSTANT.fullmatch(written):
        return read_day(written, path)
    try:
        instant = datetime.fromisoformat(written)
        return local_date(instant) if written.endswith("Z") else instant.date()
    except (ValueError, OverflowError):
        refuse("value", path, "no date and time of the calendar")


def read_day(written: str, path: str) -> date:
    try:
        if not _DAY.fullmatch(written):
            raise ValueError
        return date.fromisoformat(written)
    except ValueError:
        refuse("value", path, "a full date of the calendar is needed: YYYY-MM-DD")
