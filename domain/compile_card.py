"""Compiles the cards of a service: their windows, their tables of rows, their texts."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Literal, get_args

from domain.calendar_date import Offset, add_offset
from domain.catalogue import CardRule, Dose, NoticeMoment, Row, Start, WindowRule
from domain.compile_text import Scope, compile_bilingual, compile_when
from domain.document import Node, nearest
from domain.text import ParameterType
from domain.variable import ANCHORS, DOSE_PARAMETERS, PARAMETERS, ROW_VARIABLES

RANK_MAX = 1_000
MONTHS_MAX = 1_200  # a hundred years, either way
DAYS_MAX = 36_600
WEEKS_MAX = 5_200
DOSE_NUMBER_MAX = 20
WEEK_MAX = 45  # completed weeks of a pregnancy
DAYS_PER_WEEK = 7

# The order of two offsets may hang on the month they are counted from: so it is tried from the end
# of a long month, where months are clamped, and from the end of the shortest.
_ANCHOR_DAYS = (date(2024, 1, 31), date(2025, 2, 28))

Table = tuple[tuple[Row, ...], Mapping[int, tuple[Row, ...]] | None]


def compile_cards(
    node: Node, starts_with: Start, *, scope: Scope, groups: Collection[str]
) -> tuple[CardRule, ...]:
    """The cards of a service that starts with `starts_with`; `scope` is the service's own."""
    cards: list[CardRule] = []
    for item in node.items(minimum=1):
        card = item.fields(
            required=("id", "rank", "window", "title", "body", "notices"),
            optional=("rows", "weeks_table", "resolved_when"),
        )
        card_id = card["id"].identifier()
        if any(card_id == other.id for other in cards):
            card["id"].refuse(f"{card_id!r} stands twice: rename one")
        cards.append(_compile_card(card, card_id, starts_with, scope=scope, groups=groups))
    return tuple(cards)


def _compile_card(
    card: Mapping[str, Node],
    card_id: str,
    starts_with: Start,
    *,
    scope: Scope,
    groups: Collection[str],
) -> CardRule:
    rows, rows_by_week = _read_table(card, starts_with, groups)
    tables = (rows, *(rows_by_week or {}).values())
    every_row = [row for table in tables for row in table]
    window = _read_window(card["window"], starts_with, every_row)
    inner = _widen(scope, every_row, starts_with)
    resolved_when = None
    if "resolved_when" in card:
        variables = {**scope.variables, **ROW_VARIABLES[starts_with]}
        resolved_when = compile_when(card["resolved_when"], variables)
        of_rows = resolved_when.variables & ROW_VARIABLES[starts_with].keys()
        if of_rows and not (every_row and all(row.doses for row in every_row)):
            card["resolved_when"].refuse(
                f"{', '.join(sorted(of_rows))} needs rows with doses: add doses to every row"
            )
    notices = tuple(item.choice(get_args(NoticeMoment)) for item in card["notices"].items())
    if len(set(notices)) < len(notices):
        card["notices"].refuse("a moment stands twice: one message for one act, remove one")
    return CardRule(
        id=card_id,
        rank=card["rank"].integer(0, RANK_MAX),
        window=window,
        rows=rows,
        rows_by_week=rows_by_week,
        resolved_when=resolved_when,
        title=compile_bilingual(card["title"], inner),
        body=compile_bilingual(card["body"], inner),
        notices=notices,
    )


def _widen(scope: Scope, rows: list[Row], starts_with: Start) -> Scope:
    """The service's scope with what the card's rows add to it."""
    parameters: dict[str, ParameterType] = dict(scope.parameters)
    rules: dict[str, set[str]] = {}
    groups = {dose.group for row in rows for dose in row.doses}
    if groups:
        known = PARAMETERS[starts_with]
        parameters.update({name: known[name] for name in DOSE_PARAMETERS & known.keys()})
    for row in rows:
        for name, value in row.parameters:
            parameters[name] = "text" if isinstance(value, str) else "number"
            if isinstance(value, str):
                rules.setdefault(name, set()).add(value)
    frozen = {name: frozenset(values) for name, values in rules.items()}
    return replace(scope, parameters=parameters, rules=frozen, groups=groups)


# Windows


def _read_window(node: Node, starts_with: Start, rows: list[Row]) -> WindowRule:
    window = node.fields(
        required=("anchor", "visible", "due_until", "expires", "catch_up"),
        optional=("due", "expires_from"),
    )
    from_options: tuple[Literal["due", "anchor"], ...] = ("due", "anchor")
    rule = WindowRule(
        anchor=window["anchor"].choice(sorted(ANCHORS[starts_with])),
        due=_read_offset(window["due"]) if "due" in window else Offset(),
        visible=_read_offset(window["visible"]),
        due_until=_read_offset(window["due_until"]),
        expires=_read_offset(window["expires"]),
        catch_up=window["catch_up"].boolean(),
        expires_from=window["expires_from"].choice(from_options)
        if "expires_from" in window
        else "due",
    )
    if rows and "due" in window:
        window["due"].refuse("the rows say when each is due: remove it")
    if not node.missing and not rows and "due" not in window:
        node.refuse("the key 'due' is missing: add it, or rows that each have an age")
    _check_order(window, rule, [row.age for row in rows] or [rule.due])
    return rule


def _check_order(window: Mapping[str, Node], rule: WindowRule, ages: list[Offset]) -> None:
    """visible <= due <= due_until <= expires, for every row and wherever in the calendar."""
    late: set[str] = set()
    for anchor in _ANCHOR_DAYS:
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


def _read_offset(node: Node) -> Offset:
    parts = node.fields(optional=("months", "weeks", "days"))
    if not parts:
        node.refuse("says no time: write months, weeks or days, such as {days: 30}")
    months = parts["months"].integer(-MONTHS_MAX, MONTHS_MAX) if "months" in parts else 0
    weeks = parts["weeks"].integer(-WEEKS_MAX, WEEKS_MAX) if "weeks" in parts else 0
    days = parts["days"].integer(-DAYS_MAX, DAYS_MAX) if "days" in parts else 0
    return Offset(months=months, days=weeks * DAYS_PER_WEEK + days)


# Tables


def _read_table(card: Mapping[str, Node], starts_with: Start, groups: Collection[str]) -> Table:
    if "weeks_table" in card:
        if starts_with != "pregnancy":
            card["weeks_table"].refuse("only a pregnancy has weeks: use rows")
        if "rows" in card:
            card["rows"].refuse("the weeks_table makes the rows: remove one of the two")
        return (), _read_weeks(card["weeks_table"])
    if "rows" not in card:
        return (), None
    return _read_rows(card["rows"], groups), None


def _read_rows(node: Node, groups: Collection[str]) -> tuple[Row, ...]:
    rows: list[Row] = []
    for item in node.items(minimum=1):
        fields = item.fields(required=("id", "age"), optional=("doses", "parameters"))
        row = Row(
            id=fields["id"].identifier(),
            age=_read_offset(fields["age"]),
            doses=_read_doses(fields["doses"], groups) if "doses" in fields else (),
            parameters=_read_parameters(fields["parameters"]) if "parameters" in fields else (),
        )
        if any(row.id == other.id for other in rows):
            fields["id"].refuse(f"{row.id!r} stands twice: rename one")
        if rows and any(
            add_offset(day, rows[-1].age) >= add_offset(day, row.age) for day in _ANCHOR_DAYS
        ):
            fields["age"].refuse("is not after the row before: put the rows in order of age")
        if rows and _shape(row) != _shape(rows[0]):
            item.refuse("has other parameters than the first row: give every row the same")
        rows.append(row)
    return tuple(rows)


def _shape(row: Row) -> list[tuple[str, type]]:
    return sorted((name, type(value)) for name, value in row.parameters)


def _read_doses(node: Node, groups: Collection[str]) -> tuple[Dose, ...]:
    doses: list[Dose] = []
    for item in node.items(minimum=1):
        fields = item.fields(required=("group", "number"))
        group = fields["group"].text()
        if group not in groups:
            fields["group"].refuse(f"{group!r} is no vaccine group: {nearest(group, groups)}")
        if any(group == other.group for other in doses):
            fields["group"].refuse(f"{group!r} stands twice in a row: keep the higher number")
        doses.append(Dose(group, fields["number"].integer(1, DOSE_NUMBER_MAX)))
    return tuple(doses)


def _read_parameters(node: Node) -> tuple[tuple[str, str | int], ...]:
    parameters: list[tuple[str, str | int]] = []
    taken = {name for known in PARAMETERS.values() for name in known}
    for name, item in node.named().items():
        if name in taken:
            item.refuse(f"{name!r} is given by the system already: rename it")
        if isinstance(item.value, str):
            parameters.append((name, item.identifier()))
        else:
            parameters.append((name, item.integer(-DAYS_MAX, DAYS_MAX)))
    return tuple(parameters)


def _read_weeks(node: Node) -> Mapping[int, tuple[Row, ...]]:
    """Plans by the week of the first contact, from lines of weeks.

    A line's first number is the week of the first contact, which is the visit that confirmed the
    pregnancy: it is behind her and gives no row. Its last is the week of referral for delivery, the
    same in every line. Those between are the contacts still to come, counted from the second.
    """
    plans: dict[int, tuple[Row, ...]] = {}
    deliveries: set[int] = set()
    for line in node.items(minimum=1):
        weeks = [item.integer(1, WEEK_MAX) for item in line.items(minimum=1)]
        if not weeks:
            continue
        if any(later <= earlier for earlier, later in pairwise(weeks)):
            line.refuse("weeks do not ascend: put them in order")
        if plans and weeks[0] <= max(plans):
            line.refuse(f"begins at week {weeks[0]}, not after the line before: put it in order")
        deliveries.add(weeks[-1])
        plans[weeks[0]] = _plan(weeks)
    if len(deliveries) > 1:
        node.refuse("lines end in different weeks: the last is referral for delivery, the same")
    return plans


def _plan(weeks: list[int]) -> tuple[Row, ...]:
    count = max(1, len(weeks) - 1)
    rows = [
        _week_row(f"contact_{number}", week, contact=number, count=count, visit="contact")
        for number, week in enumerate(weeks[1:-1], start=2)
    ]
    rows.append(_week_row("delivery", weeks[-1], contact=count, count=count, visit="delivery"))
    return tuple(rows)


def _week_row(row_id: str, week: int, *, contact: int, count: int, visit: str) -> Row:
    return Row(
        id=row_id,
        age=Offset(days=week * DAYS_PER_WEEK),
        parameters=(
            ("contact", contact),
            ("contact_count", count),
            ("visit", visit),
            ("week", week),
        ),
    )
