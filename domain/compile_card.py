"""Compiles the cards of a service: their windows, their tables of rows, their texts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal, get_args

from domain.calendar_date import Offset, add_offset
from domain.catalogue import CalculatorName, CardRule, NoticeMoment, Row, Start, WindowRule
from domain.compile_text import Scope, compile_bilingual, compile_when
from domain.document import Node
from domain.text import ParameterType
from domain.variable import ANCHORS, PARAMETERS, PLANNED_CHOICES, PLANNED_PARAMETERS

RANK_MAX = 1_000
MONTHS_MAX = 1_200  # a hundred years, either way
DAYS_MAX = 36_600
WEEKS_MAX = 5_200
DAYS_PER_WEEK = 7

# The order of two offsets may hang on the month they are counted from: so it is tried from the end
# of a long month, where months are clamped, and from the end of the shortest.
_ANCHOR_DAYS = (date(2024, 1, 31), date(2025, 2, 28))


def compile_cards(
    node: Node, starts_with: Start, *, scope: Scope, calculator: CalculatorName | None
) -> tuple[CardRule, ...]:
    """The cards of a service that starts with `starts_with`; `scope` is the service's own."""
    cards: list[CardRule] = []
    for item in node.items(minimum=1):
        card = item.fields(
            required=("id", "rank", "window", "title", "body", "notices"),
            optional=("rows", "planned", "resolved_when"),
        )
        card_id = card["id"].identifier()
        if any(card_id == other.id for other in cards):
            card["id"].refuse(f"{card_id!r} stands twice: rename one")
        cards.append(_compile_card(card, card_id, starts_with, scope=scope, calculator=calculator))
    planned = [card for card in cards if card.planned]
    if len(planned) != (calculator is not None) and not node.missing:
        node.refuse("a service with a calculator has one planned card, and no other has: mend it")
    return tuple(cards)


def _compile_card(
    card: Mapping[str, Node],
    card_id: str,
    starts_with: Start,
    *,
    scope: Scope,
    calculator: CalculatorName | None,
) -> CardRule:
    rows = _read_rows(card["rows"]) if "rows" in card else ()
    planned = card["planned"].boolean() if "planned" in card else False
    for key in ("rows", "resolved_when"):
        if planned and key in card:
            card[key].refuse("the calculator says so of a planned card: remove it")
    window = _read_window(card["window"], starts_with, rows, planned=planned)
    inner = _widen(scope, rows, calculator if planned else None)
    resolved_when = None
    if "resolved_when" in card:
        resolved_when = compile_when(card["resolved_when"], scope.variables)
    notices = tuple(item.choice(get_args(NoticeMoment)) for item in card["notices"].items())
    if len(set(notices)) < len(notices):
        card["notices"].refuse("a moment stands twice: one message for one act, remove one")
    return CardRule(
        id=card_id,
        rank=card["rank"].integer(0, RANK_MAX),
        window=window,
        rows=rows,
        resolved_when=resolved_when,
        title=compile_bilingual(card["title"], inner),
        body=compile_bilingual(card["body"], inner),
        notices=notices,
        planned=planned,
    )


def _widen(scope: Scope, rows: tuple[Row, ...], calculator: CalculatorName | None) -> Scope:
    """The service's scope with what the card's rows or its calculator add to it."""
    parameters: dict[str, ParameterType] = dict(scope.parameters)
    rules: dict[str, set[str]] = {}
    if calculator is not None:
        parameters.update(PLANNED_PARAMETERS[calculator])
        rules.update({name: set(PLANNED_CHOICES[name]) for name in PLANNED_CHOICES})
    for row in rows:
        for name, value in row.parameters:
            parameters[name] = "text" if isinstance(value, str) else "number"
            if isinstance(value, str):
                rules.setdefault(name, set()).add(value)
    frozen = {name: frozenset(values) for name, values in rules.items()}
    return replace(scope, parameters=parameters, rules=frozen)


# Windows


def _read_window(
    node: Node, starts_with: Start, rows: tuple[Row, ...], *, planned: bool
) -> WindowRule:
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
    if planned and "due" in window:
        window["due"].refuse("the calculator says when each is due: remove it")
    if not node.missing and not rows and not planned and "due" not in window:
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


def _read_rows(node: Node) -> tuple[Row, ...]:
    rows: list[Row] = []
    for item in node.items(minimum=1):
        fields = item.fields(required=("id", "age"), optional=("parameters",))
        row = Row(
            id=fields["id"].identifier(),
            age=_read_offset(fields["age"]),
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
