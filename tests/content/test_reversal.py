"""Whatever an event of a story brought is gone once the event is taken back: every event of every
story, on the story's last day, against the same story without it.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time

import msgspec
import pytest

from content.scenario import Scenario, list_evaluations, read_scenarios
from domain.card.state import card_state
from domain.catalogue import Catalogue
from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.health import VaccinationGiven
from domain.facts.person import PersonDescribed

SCENARIOS = read_scenarios()
EVENING_UTC = time(12)  # later that day than any event of a story


def taken_back(fact: Fact, on: date) -> Fact:
    said = EnteredInError(fact.source, fact.source_id)
    at = datetime.combine(on, EVENING_UTC, UTC)
    return Fact(fact.source, f"taken-back-{fact.source_id}", "", on, at, said)


def left_of(
    scenario: Scenario, facts: Iterable[Fact], catalogue: Catalogue, on: date
) -> Iterator[tuple[object, ...]]:
    """Every card of every service with its state, and what is told and sent of it."""
    told = msgspec.structs.replace(scenario, facts=tuple(facts))
    for evaluation in list_evaluations(told, catalogue, on):
        for record in evaluation.records:
            yield (record.recipient, record.entry, record.key, card_state(record, on))
        for effect in evaluation.effects:
            yield (effect.recipient, effect.entry, effect.key, effect.kind)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_an_event_that_is_taken_back_leaves_nothing(
    scenario: Scenario, catalogue: Catalogue
) -> None:
    last = max(step.on for step in scenario.steps)
    for fact in scenario.facts:
        # A dose that was none makes its visit due from the day of that word, and not overdue.
        if isinstance(fact.payload, PersonDescribed | VaccinationGiven):
            continue
        on = max(last, fact.known_on)
        without = [other for other in scenario.facts if other is not fact]
        back = [*scenario.facts, taken_back(fact, on)]
        assert set(left_of(scenario, back, catalogue, on)) == set(
            left_of(scenario, without, catalogue, on)
        ), (fact.kind, fact.source_id)
