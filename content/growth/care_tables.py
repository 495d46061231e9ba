"""Reads the small tables of care before and after birth: contacts, redating, forms of development.

They are JSON in `content/packs/who/`, typed where they are read. A national model is another file.
"""

from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import msgspec

from domain.growth.development import DevelopmentTable
from domain.pregnancy.contacts import ContactPlan
from domain.pregnancy.dating import RedatingRow
from domain.pregnancy.follow import PregnancyTables

SHIPPED = Path(__file__).parents[1] / "packs" / "who"

FILE_BYTES_MAX = 256 * 1024
WEEK_MAX = 44
DAYS_MAX = 366  # of a time to answer, or to follow a referral

_Table = TypeVar("_Table")


class CareTableError(ValueError):
    """A file that holds no sound table; the message says which and why."""


class RedatingTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    source: str
    sign_off: str | None
    rows: tuple[RedatingRow, ...]


def read_pregnancy_tables(directory: Path = SHIPPED) -> PregnancyTables:
    """The thresholds and the one plan that `directory` holds. Raises: CareTableError."""
    redating = read_redating(directory / "redating.json")
    plan = read_contact_plan(directory / "antenatal-contacts.json")
    return PregnancyTables(redating=redating.rows, plans=(plan,))


def read_redating(file: Path) -> RedatingTable:
    """Raises: CareTableError."""
    table = _read(file, RedatingTable)
    limits = [row.before_days for row in table.rows]
    bounded = [limit for limit in limits if limit is not None]
    whole = bool(limits) and limits[-1] is None and len(bounded) == len(limits) - 1
    if not whole or not _rising(bounded) or any(row.tolerance_days < 0 for row in table.rows):
        raise CareTableError(f"{file.name}: limits must rise, and only the last row have none")
    return table


def read_contact_plan(file: Path) -> ContactPlan:
    """Raises: CareTableError."""
    plan = _read(file, ContactPlan)
    firsts = [row[0] for row in plan.rows if row]
    if len(firsts) != len(plan.rows) or not firsts or not _rising(firsts):
        raise CareTableError(f"{file.name}: rows must begin with weeks that rise")
    if not all(_rising(row) and row[0] >= 0 and row[-1] <= WEEK_MAX for row in plan.rows):
        raise CareTableError(f"{file.name}: the weeks of a row must rise, from 0 to {WEEK_MAX}")
    return plan


def read_development_table(file: Path = SHIPPED / "development-ages.json") -> DevelopmentTable:
    """Raises: CareTableError."""
    table = _read(file, DevelopmentTable)
    for form in table.forms:
        if not 0 <= form.months < form.until_months <= form.catch_up_until_months:
            raise CareTableError(f"{file.name}: the ages of {form.id} do not rise")
    if len({form.id for form in table.forms}) != len(table.forms):
        raise CareTableError(f"{file.name}: two forms have one id")
    for days in (table.answers_within_days, table.follow_up_days):
        if not 0 <= days <= DAYS_MAX:
            raise CareTableError(f"{file.name}: {days} days; 0 to {DAYS_MAX} are possible")
    return table


def _rising(numbers: list[int] | tuple[int, ...]) -> bool:
    return all(a < b for a, b in pairwise(numbers))


def _read(file: Path, kind: type[_Table]) -> _Table:
    with file.open("rb") as source:
        body = source.read(FILE_BYTES_MAX + 1)
    if len(body) > FILE_BYTES_MAX:
        raise CareTableError(f"{file.name} is larger than {FILE_BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise CareTableError(f"{file.name}: {error}") from error
