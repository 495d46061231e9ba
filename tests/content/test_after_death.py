"""Of a child who has died nothing is asked, offered or told but what consoles, and an adult who has
died is told nothing: everybody of every story, were they to die on the story's last day, at once
and over the year that follows.
"""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest

from content.scenario import Scenario, list_evaluations, read_scenarios
from domain.card.state import OPEN_STATES, card_state
from domain.catalogue import Catalogue
from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.facts.person import PersonDied
from domain.ids import PersonId

SCENARIOS = read_scenarios()
STORIES = [
    (scenario, fact.payload.child)
    for scenario in SCENARIOS
    for fact in scenario.facts
    if isinstance(fact.payload, BirthNotified)
]
DAYS = (0, 10, 100, 300)  # after the death
CONSOLES = {"bereavement_family"}
ASKS = OPEN_STATES | {"waiting", "scheduled", "snoozed"}
EVENING_UTC = time(12)  # later that day than any event of a story


def died(child: PersonId, on: date) -> Fact:
    at = datetime.combine(on, EVENING_UTC, UTC)
    return Fact("registry", f"death-of-{child}", "", on, at, PersonDied(child))


@pytest.mark.parametrize(
    ("scenario", "child"), STORIES, ids=[f"{one.name}-{str(child)[-4:]}" for one, child in STORIES]
)
@pytest.mark.parametrize("days", DAYS)
def test_of_a_child_who_died_only_what_consoles_is_left(
    scenario: Scenario, child: PersonId, days: int, catalogue: Catalogue
) -> None:
    last = max(step.on for step in scenario.steps)
    told = msgspec.structs.replace(scenario, facts=(*scenario.facts, died(child, last)))
    on = last + timedelta(days=days)
    left = {
        (record.entry, record.card, state)
        for evaluation in list_evaluations(told, catalogue, on)
        for record in evaluation.records
        if record.subject == child
        and record.entry not in CONSOLES
        and (state := card_state(record, on)) in ASKS
    }
    assert not left
    said = {
        (effect.kind, effect.entry)
        for evaluation in list_evaluations(told, catalogue, on)
        for effect in evaluation.effects
        if effect.record_key
        in {
            record.key
            for record in evaluation.records
            if record.subject == child and record.entry not in CONSOLES
        }
    }
    assert not said


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_an_adult_who_died_has_nothing_open_and_is_told_nothing(
    scenario: Scenario, catalogue: Catalogue
) -> None:
    last = max(step.on for step in scenario.steps)
    readers = {
        record.recipient
        for evaluation in list_evaluations(scenario, catalogue, last)
        for record in evaluation.records
    }
    for reader in readers:
        told = msgspec.structs.replace(scenario, facts=(*scenario.facts, died(reader, last)))
        for days in DAYS:
            on = last + timedelta(days=days)
            for evaluation in list_evaluations(told, catalogue, on):
                assert not [
                    (record.entry, record.card)
                    for record in evaluation.records
                    if record.recipient == reader and card_state(record, on) in ASKS
                ]
                assert not [one for one in evaluation.effects if one.recipient == reader]
