"""What one application of facts has read of people: their circles and their own facts.

Called by `timeline/apply.py`. Each person is read once, several together, and once more after a
link of theirs was made: who links a person to a circle must see what others recorded before.
"""

from collections.abc import Collection, Iterable

import msgspec

from domain.circle import Circle
from domain.fact import Fact
from domain.ids import CircleId, PersonId
from store.scope import CirclesScope, PeopleScope
from timeline.ground import Ground
from timeline.people import list_links
from timeline.record import fact_key, list_held, read_circles, read_facts_of, single_circle


async def list_holding(
    ground: Ground, facts: Collection[Fact], people: Collection[PersonId]
) -> tuple[CircleId, ...]:
    """The circles of these people that hold any of these facts: their own, and those they share."""
    keys = [fact_key(ground.keys, fact) for fact in facts]
    async with ground.database.read(PeopleScope(tuple(people))) as session:
        links = await list_links(session)
        linked = tuple(sorted({circle_id for circles in links.values() for circle_id in circles}))
        held = await list_held(session.within(CirclesScope(linked)), keys)
    return tuple(sorted({circle_id for circle_id, _ in held}))


class Known(msgspec.Struct, frozen=True):
    """A person's circles, and the facts of their own, of one snapshot."""

    circles: frozenset[CircleId]
    facts: tuple[Fact, ...]


class KnownPeople:
    """Reads people together, and forgets them where they are about to change."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[PersonId, Known] = {}
        self._circles: dict[CircleId, Circle] = {}

    async def look_at(self, people: Iterable[PersonId]) -> None:
        """Reads those who are not known yet, in one snapshot of this instant."""
        new = tuple(sorted(set(people) - self._known.keys(), key=lambda person: person.bytes))
        if not new:
            return
        own = {person: single_circle(self._ground.keys, person).id for person in new}
        keys = await self._ground.keys.circles(own.values())
        async with self._ground.database.read(PeopleScope(new)) as session:
            links = await list_links(session)
            facts = await read_facts_of(session.within(CirclesScope(tuple(own.values()))), keys)
        for person in new:
            self._known[person] = Known(links[person], facts[own[person]])

    def forget(self, person: PersonId) -> None:
        """What is known of the person is read again when next looked at."""
        self._known.pop(person, None)

    def circles_of(self, person: PersonId) -> frozenset[CircleId]:
        """Every circle that the facts of a person looked at go to."""
        return self._known[person].circles

    def facts_of(self, person: PersonId) -> tuple[Fact, ...]:
        """Every fact of the own circle of a person looked at."""
        return self._known[person].facts

    async def open_circles(self, circle_ids: Iterable[CircleId]) -> list[Circle]:
        """The circles of these ids, which somebody is linked to: so they were opened before."""
        new = tuple(sorted(set(circle_ids) - self._circles.keys()))
        if new:
            keys = await self._ground.keys.circles(new)
            async with self._ground.database.read(CirclesScope(new)) as session:
                self._circles |= await read_circles(session, keys)
        return [self._circles[circle_id] for circle_id in circle_ids]
