"""What one application of facts has read of people: their circles and their own facts.

Called by `timeline/apply.py`. Each person is read once, several together, with everybody said to be
one with them, and once more after a link of theirs was made: who links a person to a circle must
see what others recorded before.
"""

from collections.abc import Collection, Iterable

import msgspec

from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.person import IdentifierReplaced
from domain.ids import CircleId, PersonId
from domain.people.actor import Actor
from domain.people.circle import Circle
from domain.people.identity import Names, joined_with, names_of, renamed
from store.scope import CircleScope, CirclesScope, PeopleScope
from timeline.ground import Ground
from timeline.people import list_links
from timeline.record import (
    fact_key,
    find_facts_version,
    list_held,
    read_circles,
    read_facts_of,
    single_circle,
)


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


JOINED_MAX = 16  # people said to be one with another: no register numbers anybody so often


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
        self._names = Names({}, ())

    async def look_at(self, people: Iterable[PersonId]) -> None:
        """Reads those who are not known yet, in one snapshot of this instant; then whoever is said
        to be one with them.
        """
        new = _sorted(set(people) - self._known.keys())
        while new:
            own = {person: single_circle(self._ground.keys, person).id for person in new}
            keys = await self._ground.keys.circles(own.values())
            async with self._ground.database.read(PeopleScope(new)) as session:
                links = await list_links(session)
                facts = await read_facts_of(session.within(CirclesScope(tuple(own.values()))), keys)
            for person in new:
                self._known[person] = Known(links[person], facts[own[person]])
            joined = {one for person in new for one in joined_with(self._known[person].facts)}
            if joined:
                self._names = names_of(fact for one in self._known.values() for fact in one.facts)
            new = _sorted(joined - self._known.keys())[:JOINED_MAX]

    def note_own(self, person: PersonId) -> None:
        """A person looked at was linked to their own circle, which holds nothing of others'."""
        known, own = self._known[person], single_circle(self._ground.keys, person).id
        self._known[person] = Known(known.circles | {own}, known.facts)

    def forget(self, person: PersonId) -> None:
        """What is known of the person is read again when next looked at."""
        self._known.pop(person, None)

    def circles_of(self, person: PersonId) -> frozenset[CircleId]:
        """Every circle that the facts of a person looked at go to."""
        return self._known[person].circles

    def facts_of(self, person: PersonId) -> tuple[Fact, ...]:
        """Every fact of the own circle of a person looked at, and of those joined with them;
        everybody they name read as who they are.
        """
        same = self.joined_to(person)
        if len(same) == 1 and not (self._names.survivors or self._names.corrected):
            return self._known[person].facts
        together = {fact.identity: fact for one in same for fact in self._known[one].facts}
        return tuple(self._names.read(fact) for fact in together.values())

    def joined_to(self, person: PersonId) -> tuple[PersonId, ...]:
        """A person looked at and all who are said to be, or were taken for, them, sorted."""
        found, new = {person}, {person}
        while new:
            new = {
                one
                for known in new
                if known in self._known
                for one in joined_with(self._known[known].facts)
            } - found
            found |= new
        return _sorted(found & self._known.keys())

    def joined_if_known(self, person: PersonId) -> tuple[PersonId, ...]:
        """As `joined_to`; nobody but themselves for one who was not looked at."""
        return self.joined_to(person) if person in self._known else (person,)

    def survivor(self, person: PersonId) -> PersonId:
        """Whom a person is read as, by what is known."""
        return self._names.survivor(person)

    def as_they_are(self, fact: Fact) -> Fact:
        """The fact with everybody it names read as who they are."""
        return self._names.read(fact)

    def as_reported(self, facts: Iterable[Fact]) -> list[Fact]:
        """The facts as their sources named everybody: so are they kept, wherever they go."""
        if not (self._names.survivors or self._names.corrected):
            return list(facts)
        reported = {fact.identity: fact for one in self._known.values() for fact in one.facts}
        return [self._as_reported(fact, reported.get(fact.identity, fact)) for fact in facts]

    def _as_reported(self, fact: Fact, reported: Fact) -> Fact:
        """What is kept of a fact, perhaps in part, naming people as its source did."""
        read, said = self._names.read(reported).payload.subjects(), reported.payload.subjects()
        known_as = dict(zip(read, said, strict=True))
        return renamed(fact, lambda person: known_as.get(person, person))

    def sayings(self) -> list[Fact]:
        """Everything known of who is whom, and what may take that back."""
        facts = {fact.identity: fact for one in self._known.values() for fact in one.facts}
        said = [fact for fact in facts.values() if isinstance(fact.payload, IdentifierReplaced)]
        targets = {(fact.source, fact.source_id) for fact in said}
        corrections = [f for f in facts.values() if isinstance(f.payload, EnteredInError)]
        while True:
            more = [
                fact
                for fact in corrections
                if isinstance(fact.payload, EnteredInError)
                and (fact.payload.target_source, fact.payload.target_source_id) in targets
                and fact not in said
            ]
            if not more:
                return said
            said += more
            targets |= {(fact.source, fact.source_id) for fact in more}

    async def open_circles(self, circle_ids: Iterable[CircleId]) -> list[Circle]:
        """The circles of these ids, which somebody is linked to: so they were opened before."""
        new = tuple(sorted(set(circle_ids) - self._circles.keys()))
        if new:
            keys = await self._ground.keys.circles(new)
            async with self._ground.database.read(CirclesScope(new)) as session:
                self._circles |= await read_circles(session, keys)
        return [self._circles[circle_id] for circle_id in circle_ids]


def _sorted(people: Iterable[PersonId]) -> tuple[PersonId, ...]:
    return tuple(sorted(people, key=lambda person: person.bytes))


async def find_survivor(ground: Ground, person: PersonId) -> PersonId:
    """Whom a person is read as, by all that is said of their numbers: mostly themselves.

    The version is read before the facts: what comes between makes the next call look again.
    """
    own = single_circle(ground.keys, person).id
    async with ground.database.glance(CircleScope(own)) as session:
        version = await find_facts_version(session)
    if ground.alone.holds(person, version):
        return person
    known = KnownPeople(ground)
    await known.look_at([person])
    if known.joined_to(person) == (person,):
        ground.alone.put(person, version)
    return known.survivor(person)


async def resolve_actor(ground: Ground, actor: Actor) -> Actor:
    """The actor as whom they are read: who holds the session may have been joined since, or be
    apart again.
    """
    survivor = await find_survivor(ground, actor.person_id)
    if survivor == actor.person_id:
        return actor
    return msgspec.structs.replace(actor, person_id=survivor, holder_id=actor.person_id)
