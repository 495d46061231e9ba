"""What shipped apps rely on: nothing of the baseline may change but what was announced in time.

`mobile-contract/schema-baseline.graphql` is the schema of the last release. A field, an argument,
an input's field or a value of an enum goes only after it was deprecated there, with a reason in
the form of ANNOUNCED, and the day that it names has come. `python -m schema.baseline` writes the
baseline anew at a release; it refuses while something would break.
"""

import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any  # the visitor's own signature

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    EnumValueDefinitionNode,
    FieldDefinitionNode,
    InputValueDefinitionNode,
    NamedTypeNode,
    Node,
    StringValueNode,
    TypeDefinitionNode,
    Visitor,
    build_ast_schema,
    build_schema,
    find_breaking_changes,
    parse,
    visit,
)

from schema.print_sdl import SDL_PATH, sdl
from store.clock import SystemClock

BASELINE_PATH = SDL_PATH.with_name("schema-baseline.graphql")
DEPRECATION_DAYS = 180  # phones that are updated twice a year have heard of it
ANNOUNCED = re.compile(
    r"Since (\d{4}-\d{2}-\d{2}): .+\. Goes on (\d{4}-\d{2}-\d{2}) at the earliest\."
)

_Deprecable = FieldDefinitionNode | InputValueDefinitionNode | EnumValueDefinitionNode


class AnnouncementMalformed(Exception):
    """A deprecation that does not say since when, what instead, and until when."""


def list_unannounced(baseline: str, now: str, *, today: date) -> list[str]:
    """What of the baseline the schema `now` breaks, leaving out what was announced in time.

    Raises: AnnouncementMalformed.
    """
    left = visit(parse(baseline, no_location=True), _Pruning(today))
    before = build_ast_schema(_reached(left), assume_valid=True)
    return [change.description for change in find_breaking_changes(before, build_schema(now))]


def check_announcements(text: str) -> int:
    """How many things of a schema are deprecated. Raises: AnnouncementMalformed."""
    checking = _Pruning(date.min)
    visit(parse(text, no_location=True), checking)
    return checking.announced_count


def goes_on(reason: str) -> date:
    """The first day on which what is deprecated for this reason may go.

    Raises: AnnouncementMalformed.
    """
    found = ANNOUNCED.fullmatch(reason)
    if found is None:
        raise AnnouncementMalformed(
            f"{reason!r}: write `Since 2027-01-01: use other. Goes on 2027-06-30 at the earliest.`"
        )
    since, goes = (date.fromisoformat(each) for each in found.groups())
    if goes < since + timedelta(days=DEPRECATION_DAYS):
        raise AnnouncementMalformed(f"{reason!r}: {DEPRECATION_DAYS} days lie between the two.")
    return goes


class _Pruning(Visitor):
    """Takes out what was announced and whose day has come."""

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today
        self.announced_count = 0

    def enter_field_definition(self, node: FieldDefinitionNode, *_: Any) -> Any:
        return self._kept(node)

    def enter_input_value_definition(self, node: InputValueDefinitionNode, *_: Any) -> Any:
        return self._kept(node)

    def enter_enum_value_definition(self, node: EnumValueDefinitionNode, *_: Any) -> Any:
        return self._kept(node)

    def _kept(self, node: _Deprecable) -> Any:
        reason = next(filter(None, map(_reason, node.directives or ())), None)
        if reason is None:
            return None
        self.announced_count += 1
        return REMOVE if goes_on(reason) <= self._today else None


def _reason(directive: DirectiveNode) -> str | None:
    """Why something is deprecated; an empty reason is one that says nothing."""
    if directive.name.value != "deprecated":
        return None
    for argument in directive.arguments or ():
        if isinstance(argument.value, StringValueNode):
            return argument.value.value or "no reason"
    return "no reason"


def _reached(document: DocumentNode) -> DocumentNode:
    """Without the types that nothing leads to any more: they go with what led to them."""
    types = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, TypeDefinitionNode)
    }
    waiting, reached = ["Query", "Mutation"], set[str]()
    while waiting:
        name = waiting.pop()
        if name in reached or name not in types:
            continue
        reached.add(name)
        waiting += _named(types[name])
        waiting += [other for other, each in types.items() if name in _interfaces(each)]
    kept = [
        each
        for each in document.definitions
        if not isinstance(each, TypeDefinitionNode) or each.name.value in reached
    ]
    return DocumentNode(definitions=tuple(kept))


def _named(node: Node) -> list[str]:
    finding = _FindTypes()
    visit(node, finding)
    return finding.names


def _interfaces(node: TypeDefinitionNode) -> Iterator[str]:
    for each in getattr(node, "interfaces", None) or ():
        yield each.name.value


class _FindTypes(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_named_type(self, node: NamedTypeNode, *_: Any) -> None:
        self.names.append(node.name.value)


if __name__ == "__main__":
    now = sdl()
    if BASELINE_PATH.exists():
        broken = list_unannounced(
            BASELINE_PATH.read_text(encoding="utf-8"), now, today=SystemClock().today()
        )
        if broken:
            sys.exit("\n".join(["Apps that were shipped would break:", *broken]))
    BASELINE_PATH.write_text(now, encoding="utf-8")
