"""When a card shows, is due, is overdue and goes: dates from the catalogue's offsets and an
anchor.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

import msgspec

from domain.calendar_date import MONTHS_PER_YEAR, Offset, add_offset
from domain.card.record import Window
from domain.catalogue import InYear, Row, WindowRule
from domain.entry import Unit

SPAN_UNITS: Mapping[Unit, tuple[int, int]] = MappingProxyType(
    {"days": (0, 1), "weeks": (0, 7), "months": (1, 0), "years": (MONTHS_PER_YEAR, 0)}
)
"""The months and days of one of each unit in which a figure of law can say a span of time."""

EMIT_AHEAD_DAYS = 90  # a record exists this long before it shows, so that an offline phone has it


def rule_on(rule: WindowRule, day: date) -> WindowRule | None:
    """The rule with the spans that figures of law say as they were on `day`; None where one of them
    was not known then.
    """
    said: dict[str, Offset] = {}
    for key, span in rule.figures.items():
        found = span.figure.on(day)
        if found is None:
            return None
        months, days = SPAN_UNITS[span.figure.unit]
        count = -found.value if span.backwards else found.value
        said[key] = Offset(months=months * count, days=days * count)
    return msgspec.structs.replace(rule, **said, figures={}) if said else rule


def plan_window(
    rule: WindowRule,
    due_from: date,
    anchor_on: date,
    *,
    known_on: date,
    due_until: date | None = None,
) -> Window | None:
    """The window of one occurrence, or None when it had closed before the family was known.

    Nothing is overdue at its creation: an occurrence that would be is moved to the day it became
    known, with the same days of grace (`catch_up`), or is not made at all. `due_until` stands
    instead of the rule's where it is later.
    """
    due_until = max(add_offset(due_from, rule.due_until), due_until or date.min)
    expires_on = add_offset(anchor_on if rule.expires_from == "anchor" else due_from, rule.expires)
    if rule.expires_from == "anchor":
        if expires_on < max(due_from, known_on):
            return None
        due_until = min(due_until, expires_on)
    expires_on = max(expires_on, due_until)
    visible_from = min(due_from, add_offset(due_from, rule.visible))
    if due_until >= known_on:
        return Window(visible_from, due_from, due_until, expires_on)
    if not rule.catch_up:
        return None
    moved_until = known_on + (due_until - due_from)
    if rule.expires_from == "anchor":
        moved_until = min(moved_until, expires_on)
    return Window(
        visible_from=min(visible_from, known_on),
        due_from=known_on,
        due_until=moved_until,
        expires_on=max(expires_on, moved_until),
    )


def due_on(rule: WindowRule, row: Row | None, anchor_on: date) -> date:
    """The day on which a card, or one row of its table, is due."""
    reached_on = add_offset(anchor_on, row.age if row is not None else rule.due)
    return _in_year(rule.in_year, reached_on) if rule.in_year is not None else reached_on


def _in_year(rule: InYear, reached_on: date) -> date:
    """The rule's day of the first year by whose cut-off the age is reached: that year, or the next
    one. A year for which the law says nothing ends with itself.
    """
    year = reached_on.year
    value = rule.reached_by.on(date(year, MONTHS_PER_YEAR, 31))
    month = value.value if value is not None else MONTHS_PER_YEAR
    if reached_on > date(year, month, monthrange(year, month)[1]):
        year += 1
    return date(year, rule.month, rule.day)


def emitted_from(window: Window) -> date:
    """The first day on which a record with this window exists."""
    return window.visible_from - timedelta(days=EMIT_AHEAD_DAYS)
