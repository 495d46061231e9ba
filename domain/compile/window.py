"""Compiles the windows of cards: offsets in months, weeks and days, or by a figure of law."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

from domain.calendar_date import Offset, add_offset
from domain.card.window import SPAN_UNITS, rule_on
from domain.catalogue import FigureSpan, InYear, Row, Start, WindowRule
from domain.compile.document import Node
from domain.entry import Figure
from domain.ids import EntryId
from domain.rule.variable import ANCHORS

MONTHS_MAX = 1_200  # a hundred years, either way
DAYS_MAX = 36_600
WEEKS_MAX = 5_200
DAYS_PER_WEEK = 7
SPANS = ", ".join(sorted(SPAN_UNITS))

# The order of two offsets may hang on the month they are counted from: so it is tried from the end
# of a long month, where months are clamped, and from the end of the shortest.
ANCHOR_DAYS = (date(2024, 1, 31), date(2025, 2, 28))


def read_window(
    node: Node,
    starts_with: Start,
    rows: Sequence[Row],
    *,
    planned: bool,
    figures: Mapping[EntryId, Figure],
) -> WindowRule:
    """The window of a card; `figures` are those that an offset may name instead of a time."""
    window = node.fields(
        required=("anchor", "visible", "due_until", "expires", "catch_up"),
        optional=("due", "expires_from", "in_year"),
    )
    from_options: tuple[Literal["due", "anchor"], ...] = ("due", "anchor")
    spans: dict[str, FigureSpan] = {}
    offsets: dict[str, Offset] = {}
    for key in ("due", "visible", "due_until", "expires"):
        span = _read_figure_span(window[key], figures) if key in window else None
        if span is not None:
            spans[key] = span
            offsets[key] = Offset()
        elif key in window:
            offsets[key] = read_offset(window[key])
    rule = WindowRule(
        anchor=window["anchor"].choice(sorted(ANCHORS[starts_with])),
        due=offsets.get("due", Offset()),
        visible=offsets["visible"],
        due_until=offsets["due_until"],
        expires=offsets["expires"],
        catch_up=window["catch_up"].boolean(),
        expires_from=window["expires_from"].choice(from_options)
        if "expires_from" in window
        else "due",
        figures=spans,
        in_year=_read_in_year(window["in_year"], figures) if "in_year" in window else None,
    )
    if rule.in_year is not None and (planned or rule.expires_from == "anchor"):
        window["in_year"].refuse("goes with neither a calculator nor an end from the anchor")
    if rows and "due" in window:
        window["due"].refuse("the rows say when each is due: remove it")
    if planned and "due" in window:
        window["due"].refuse("the calculator says when each is due: remove it")
    if not node.missing and not rows and not planned and "due" not in window:
        node.refuse("the key 'due' is missing: add it, or rows that each have an age")
    for each in _variants(rule):
        _check_order(window, each, [row.age for row in rows] or [each.due])
    return rule


def _read_in_year(node: Node, figures: Mapping[EntryId, Figure]) -> InYear | None:
    fields = node.fields(required=("month", "day", "reached_by"))
    figure = figures.get(fields["reached_by"].refers_to("figure"))
    if figure is None:
        return None
    if figure.unit != "months" or any(not 1 <= one.value <= 12 for one in figure.values):
        fields["reached_by"].refuse(f"{figure.id!r} is no month of the year: name one that is")
        return None
    return InYear(fields["month"].integer(1, 12), fields["day"].integer(1, 28), figure)


def _read_figure_span(node: Node, figures: Mapping[EntryId, Figure]) -> FigureSpan | None:
    """`{figure: NAME}`: a span of time that the law says; counted back where `backwards`."""
    if node.missing or not isinstance(node.value, Mapping) or "figure" not in node.value:
        return None
    fields = node.fields(required=("figure",), optional=("backwards",))
    figure = figures.get(fields["figure"].refers_to("figure"))
    backwards = fields["backwards"].boolean() if "backwards" in fields else False
    if figure is None:
        return None
    if figure.unit not in SPAN_UNITS:
        fields["figure"].refuse(f"{figure.id!r} counts {figure.unit}: name one of {SPANS}")
        return None
    return FigureSpan(figure, backwards)


def _variants(rule: WindowRule) -> Iterator[WindowRule]:
    """The window as it is under each law that there was: one without figures is one."""
    if not rule.figures:
        yield rule
    spans = rule.figures.values()
    for day in sorted({v.valid_from for span in spans for v in span.figure.values if v.valid_from}):
        if (resolved := rule_on(rule, day)) is not None:
            yield resolved


def _check_order(window: Mapping[str, Node], rule: WindowRule, ages: list[Offset]) -> None:
    """visible <= due <= due_until <= expires, for every row and wherever in the calendar."""
    late: set[str] = set()
    for anchor in ANCHOR_DAYS:
        for age in ages:
            due = add_offset(anchor, age)
            until = add_offset(due, rule.due_until)
            expires_after_due = rule.expires_from == "due"
            expires = add_offset(due if expires_after_due else anchor, rule.expires)
            if add_offset(due, rule.visible) > due:
                late.add("visible")
            if until < due:
                late.add("due_until")
            # Counted from the anchor, the end may cut the last row's grace short, not its due day.
            if expires < (until if expires_after_due else due):
                late.add("expires")
    order = "visible, due, due_until, expires must follow each other"
    for key in sorted(late):
        window[key].refuse(f"out of order: {order}; visible counts from due, so 0 or less")


def read_offset(node: Node) -> Offset:
    """A span of time: months, weeks, days."""
    parts = node.fields(optional=("months", "weeks", "days"))
    if not parts:
        node.refuse("says no time: write months, weeks or days, such as {days: 30}")
    months = parts["months"].integer(-MONTHS_MAX, MONTHS_MAX) if "months" in parts else 0
    weeks = parts["weeks"].integer(-WEEKS_MAX, WEEKS_MAX) if "weeks" in parts else 0
    days = parts["days"].integer(-DAYS_MAX, DAYS_MAX) if "days" in parts else 0
    return Offset(months=months, days=weeks * DAYS_PER_WEEK + days)
