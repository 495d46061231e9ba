"""Who must have been alive: a dose or a marriage of somebody who had died is not applied."""

from collections.abc import Iterable
from datetime import date

from domain.fact import Fact
from domain.facts.person import PersonDied
from domain.ids import PersonId
from domain.standing import standing_facts
from timeline.apply import read_facts_of_people
from timeline.ground import Ground


async def find_death(ground: Ground, alive: Iterable[tuple[PersonId, date]]) -> Fact | None:
    """A death that still stands of one of these people, before the day on which they lived."""
    alive = tuple(alive)
    known = await read_facts_of_people(ground, {person for person, _ in alive})
    for person, day in alive:
        for fact in standing_facts(known[person]):
            if (
                isinstance(fact.payload, PersonDied)
                and fact.payload.person == person
                and fact.occurred_on < day
            ):
                return fact
    return None
