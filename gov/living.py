"""Who must have been alive, and who not yet: a dose or a marriage of somebody who had died is not
applied, nor a birth under the number of somebody else.
"""

from collections.abc import Iterable
from datetime import date

from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.facts.person import PersonDied
from domain.ids import PersonId
from domain.people.identity import lived_before, names_of, other_birth
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


async def find_other_life(ground: Ground, fact: Fact, birth: BirthNotified) -> Fact | None:
    """What still stands of whoever is said to be born by this fact, and is not true of a newborn of
    that day: a life before it, or the birth of another.
    """
    own = await read_own_facts(ground, birth.child)
    names = names_of(own)
    standing = [
        names.read(one)
        for one in standing_facts(own)
        if (one.source, one.source_id) != (fact.source, fact.source_id)
    ]
    child = names.survivor(birth.child)
    lived = lived_before(child, fact.occurred_on, standing)
    return lived or other_birth(child, names.read(fact), standing)
