"""Reads values out of CDSi's XML elements, where empty and "n/a" mean nothing is said."""

import re
from datetime import date, datetime
from xml.etree.ElementTree import Element

from content.schedule.duration_text import parse_duration
from domain.immunization.duration import Duration

_DATE_FORMATS = ("%Y%m%d", "%m/%d/%Y", "%Y-%m-%d")
_LIST_SEPARATORS = re.compile(r"[;,]")


class ScheduleError(ValueError):
    """A published file says something that cannot be read; the words name the place."""


def text(element: Element, tag: str) -> str | None:
    """The words under `tag`, or None where there are none."""
    found = " ".join((element.findtext(tag) or "").split())
    return None if found.lower() in ("", "n/a") else found


def words(element: Element, tag: str) -> str:
    """The words under `tag`; Raises: ScheduleError when there are none."""
    found = text(element, tag)
    if found is None:
        raise ScheduleError(f"<{element.tag}> has no <{tag}>")
    return found


def children(element: Element, path: str) -> list[Element]:
    """The elements at `path` that hold something: an empty one stands for none."""
    return [child for child in element.findall(path) if len(child)]


def duration(element: Element, tag: str) -> Duration | None:
    found = text(element, tag)
    if found is None:
        return None
    try:
        return parse_duration(found)
    except ValueError as error:
        raise ScheduleError(f"<{element.tag}> <{tag}>: {error}") from error


def day(element: Element, tag: str) -> date | None:
    found = text(element, tag)
    if found is None:
        return None
    for pattern in _DATE_FORMATS:
        try:
            return datetime.strptime(found, pattern).date()  # noqa: DTZ007 a day only
        except ValueError:
            continue
    raise ScheduleError(f"<{element.tag}> <{tag}>: {found!r} is not a day")


def number(element: Element, tag: str) -> int | None:
    """The whole number under `tag`: "3", or "Dose 3"."""
    found = text(element, tag)
    if found is None:
        return None
    digits = found.rpartition(" ")[2]
    if not digits.isdecimal():
        raise ScheduleError(f"<{element.tag}> <{tag}>: {found!r} is not a number")
    return int(digits)


def flag(element: Element, tag: str) -> bool:
    """Whether `tag` says yes; silence is no. Raises: ScheduleError for any third word."""
    found = (text(element, tag) or "no").lower()
    if found not in ("y", "yes", "n", "no"):
        raise ScheduleError(f"<{element.tag}> <{tag}>: {found!r} is neither yes nor no")
    return found in ("y", "yes")


def parts(element: Element, tag: str) -> frozenset[str]:
    """The values of a list written "1; 2" or "1,2"."""
    found = _LIST_SEPARATORS.split(text(element, tag) or "")
    return frozenset(part.strip() for part in found if part.strip())


def codes(element: Element, tag: str) -> frozenset[str]:
    """The vaccine codes of a list, each with two digits at least."""
    return frozenset(part.zfill(2) for part in parts(element, tag))


def code(element: Element, tag: str = "cvx") -> str:
    """One vaccine code, with two digits at least."""
    return words(element, tag).zfill(2)
