"""Compiles the cards of a service: their windows, their tables of rows, their texts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, get_args

from domain.calendar_date import add_offset
from domain.catalogue import (
    CalculatorName,
    CardRule,
    Notice,
    NoticeMoment,
    Row,
    Start,
    Submit,
    VisitPlace,
)
from domain.compile.document import Node
from domain.compile.text import Scope, compile_bilingual, compile_when
from domain.compile.window import ANCHOR_DAYS, DAYS_MAX, read_offset, read_window
from domain.entry import Channel
from domain.facts.document import DocumentKind
from domain.rule.variable import (
    PARAMETERS,
    PLANNED_CHOICES,
    PLANNED_PARAMETERS,
    beside_term,
    fields_of,
)
from domain.text.message import ParameterType

RANK_MAX = 1_000


def compile_cards(
    node: Node, starts_with: Start, *, scope: Scope, calculator: CalculatorName | None
) -> tuple[CardRule, ...]:
    """The cards of a service that starts with `starts_with`; `scope` is the service's own."""
    cards: list[CardRule] = []
    for item in node.items(minimum=1):
        card = item.fields(
            required=("id", "rank", "window", "title", "body", "notices"),
            optional=("rows", "planned", "place", "resolved_when", "when", "submit"),
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
    if "place" in card and not planned:
        card["place"].refuse("only what a calculator plans is joined by its place: remove it")
    window = read_window(card["window"], starts_with, rows, planned=planned, figures=scope.figures)
    inner = _widen(scope, rows, calculator if planned else None)
    when = compile_when(card["when"], scope.variables) if "when" in card else None
    submit = _read_submit(card["submit"], starts_with) if "submit" in card else None
    resolved_when = None
    if "resolved_when" in card:
        resolved_when = compile_when(card["resolved_when"], scope.variables)
    notices = tuple(_read_notice(item) for item in card["notices"].items())
    if len({notice.moment for notice in notices}) < len(notices):
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
        when=when,
        submit=submit,
        place=card["place"].choice(get_args(VisitPlace)) if "place" in card else None,
    )


def _read_submit(node: Node, starts_with: Start) -> Submit:
    fields = node.fields(required=("kind", "agency", "by", "fields"), optional=("required",))
    known = fields_of(starts_with)
    names = tuple(item.choice(known) for item in fields["fields"].items(minimum=1))
    required = (
        tuple(item.choice(names or known) for item in fields["required"].items())
        if "required" in fields
        else ()
    )
    if len(set(names)) < len(names):
        fields["fields"].refuse("a field stands twice: remove one")
    by: tuple[Literal["itself", "approval"], ...] = ("itself", "approval")
    return Submit(
        kind=fields["kind"].identifier(),
        agency=fields["agency"].refers_to("agency"),
        by=fields["by"].choice(by),
        fields=names,
        required=required,
    )


def _widen(scope: Scope, rows: tuple[Row, ...], calculator: CalculatorName | None) -> Scope:
    """The service's scope with what the card's rows or its calculator add to it."""
    parameters: dict[str, ParameterType] = dict(scope.parameters)
    rules = {name: set(values) for name, values in scope.rules.items()}
    beside: list[str] = []
    if calculator is not None:
        beside = [beside_term(kind) for kind in get_args(CalculatorName) if kind != calculator]
        parameters.update(PLANNED_PARAMETERS[calculator])
        rules.update({name: set(PLANNED_CHOICES[name]) for name in PLANNED_CHOICES})
    for row in rows:
        for name, value in row.parameters:
            parameters[name] = "text" if isinstance(value, str) else "number"
            if isinstance(value, str):
                rules.setdefault(name, set()).add(value)
    frozen = {name: frozenset(values) for name, values in rules.items()}
    return replace(scope, parameters=parameters, rules=frozen, beside=beside)


def _read_notice(node: Node) -> Notice:
    """A moment alone, or with the message that is said and the channels it goes by."""
    if not isinstance(node.value, Mapping):
        return Notice(node.choice(get_args(NoticeMoment)))
    fields = node.fields(required=("moment", "message"), optional=("channels", "attachment"))
    channels = (
        [item.choice(get_args(Channel)) for item in fields["channels"].items(minimum=1)]
        if ("channels" in fields)
        else []
    )
    if len(set(channels)) < len(channels):
        fields["channels"].refuse("a channel stands twice: remove one")
    if "attachment" in fields and "email" not in channels:
        fields["attachment"].refuse("only an e-mail carries a document: name that channel")
    return Notice(
        fields["moment"].choice(get_args(NoticeMoment)),
        fields["message"].refers_to("message"),
        tuple(channels),
        fields["attachment"].choice(get_args(DocumentKind)) if "attachment" in fields else None,
    )


# Tables


def _read_rows(node: Node) -> tuple[Row, ...]:
    rows: list[Row] = []
    for item in node.items(minimum=1):
        fields = item.fields(required=("id", "age"), optional=("parameters",))
        row = Row(
            id=fields["id"].identifier(),
            age=read_offset(fields["age"]),
            parameters=_read_parameters(fields["parameters"]) if "parameters" in fields else (),
        )
        if any(row.id == other.id for other in rows):
            fields["id"].refuse(f"{row.id!r} stands twice: rename one")
        if rows and any(
            add_offset(day, rows[-1].age) >= add_offset(day, row.age) for day in ANCHOR_DAYS
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
