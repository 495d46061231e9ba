"""Who must have been alive, and who not yet: a dose or a marriage of somebody who had died is not
applied, nor the birth of somebody who had lived.
"""

from collections.abc import Iterable
from datetime import date

from domain.fact import Fact
from domain.facts.person import PersonDied
from domain.ids import PersonId
from domain.people.identity import lived_before, names_of
from domain.standing import standing_facts
from timeline.apply import read_facts_of_people, read_own_facts
from timeline.ground import Ground


async def find_death(ground: Ground, alive: Iterable[tuple[PersonId, date]]) -> Fact | None:
    """A death that still stands of one of these people, before the day on which they lived."""
    alive = tuple(alive)
    if not alive:
        return None
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


async def find_life_before(ground: Ground, child: PersonId, born_on: date) -> Fact | None:
    """What still stands of whoever is said to be born on that day, of a life before it."""
    own = await read_own_facts(ground, child)
    names = names_of(own)
    standing = [names.read(fact) for fact in standing_facts(own)]
    return lived_before(names.survivor(child), born_on, standing)
