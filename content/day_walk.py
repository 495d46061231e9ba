"""Draws a scenario as text: every day on which somebody's cards change, and how."""

from collections.abc import Iterator
from datetime import date

from content.scenario import Scenario, list_seen, next_change_of
from domain.catalogue import Catalogue

LINES_MAX = 400  # of one drawing


def draw_walk(scenario: Scenario, catalogue: Catalogue) -> str:
    """The walk from the first event to the last day that the scenario speaks of."""
    lines = [f"{scenario.name}: {scenario.title}", *_lines(scenario, catalogue)]
    if len(lines) > LINES_MAX:
        lines = [*lines[:LINES_MAX], "…"]
    return "\n".join(lines)


def _lines(scenario: Scenario, catalogue: Catalogue) -> Iterator[str]:
    day: date | None = min(fact.known_on for fact in scenario.facts)
    last = max(step.on for step in scenario.steps)
    told = {fact.source_id for fact in scenario.facts if fact.kind == "person.described"}
    held: dict[str, tuple[str, ...]] = {}
    while day is not None and day <= last:
        events = [
            fact.kind
            for fact in scenario.facts
            if fact.known_on == day and fact.source_id not in told
        ]
        seen = list_seen(scenario, catalogue, day)
        changes = [
            f"    {who:<10} {sign} {card}"
            for who, cards in seen.items()
            for sign, card in _changes(held.get(who, ()), cards)
        ]
        if events or changes:
            yield f"  {day}  {', '.join(events)}".rstrip()
            yield from changes
        held = seen
        day = next_change_of(scenario, catalogue, day)


def _changes(before: tuple[str, ...], now: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield from (("-", card) for card in before if card not in now)
    yield from (("+", card) for card in now if card not in before)
