"""Single values of an event: days, instants, numbers as they are said to what is kept.

Each reader is given what the schema has accepted, its JSON pointer and the event's day; what cannot
be is refused by that pointer.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime

from domain.mobile import find_mobile
from gov.event.error import (
    DateContradiction,
    DateImpossible,
    DateOutOfRange,
    MobileRefused,
)

Reader = Callable[[str, str, date], object]

YEAR_MIN = 1900
YEAR_MAX = 2100
# A full pregnancy is 280 days from the last period; 300 leaves room for one dated late.
DUE_AHEAD_DAYS_MAX = 300


def read_day(text: str, pointer: str) -> date:
    """Raises: DateImpossible, DateOutOfRange."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise DateImpossible(pointer) from None
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise DateOutOfRange(pointer)
    return day


def read_instant(text: str, pointer: str) -> datetime:
    """The instant in UTC. Raises: DateImpossible, DateOutOfRange."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise DateImpossible(pointer) from None
    if not YEAR_MIN <= instant.year <= YEAR_MAX:  # which also keeps the conversion in range
        raise DateOutOfRange(pointer)
    return instant.astimezone(UTC)


def read_due_on(text: str, pointer: str, occurred_on: date) -> date:
    """From the event's day to 300 days after it. Raises: DateContradiction, as `read_day`."""
    due_on = read_day(text, pointer)
    if not 0 <= (due_on - occurred_on).days <= DUE_AHEAD_DAYS_MAX:
        raise DateContradiction(pointer)
    return due_on


def read_later_day(text: str, pointer: str, occurred_on: date) -> date:
    """What ends or expires does so no earlier than it begins. Raises: as `read_due_on`."""
    day = read_day(text, pointer)
    if day < occurred_on:
        raise DateContradiction(pointer)
    return day


def read_earlier_day(text: str, pointer: str, occurred_on: date) -> date:
    """What had begun by the event's day. Raises: as `read_due_on`."""
    day = read_day(text, pointer)
    if day > occurred_on:
        raise DateContradiction(pointer)
    return day


def read_vaccine(text: str, pointer: str, occurred_on: date) -> str:
    """A CVX code as CDC writes it: at least two digits ("08")."""
    return f"{int(text):02}"


def read_mobile(text: str, pointer: str, occurred_on: date) -> str:
    """A number that can be, as E.164; its digits may be of any script. Raises: MobileRefused."""
    mobile = find_mobile(text)
    if mobile is None:
        raise MobileRefused(pointer)
    return mobile


def read_email(text: str, pointer: str, occurred_on: date) -> str:
    """An address with its domain in lower case: the part before it may tell letters apart."""
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"
