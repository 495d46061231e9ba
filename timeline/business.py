"""Telling the circle of a business what its owners' own circles hold of it, and nothing else.

Called by `timeline/apply.py`. Idempotent, like the steps there: whoever finds an owner finds the
business by the link, and what comes later of that owner (a death, a correction) is told, too.
Which business a fact is about may follow from what lies with another owner, so those whom facts
connect under one number are read together.
"""

from collections.abc import Collection, Mapping

import msgspec

from domain.fact import Fact
from domain.ids import CircleId, PersonId
from domain.people.business import told_apart
from domain.people.circle import Circle
from domain.standing import standing_facts
from timeline.carry import belongs, licences_of, named_with
from timeline.ground import Ground
from timeline.known import KnownPeople
from timeline.people import link
from timeline.record import business_circle, open_circle, record_missing, wake

CONNECTED_MAX = 64  # owners under one number: a company with limited liability has 50 at most


class _Connected(msgspec.Struct, frozen=True):
    """Owners whom facts connect under one licence's number, and all that they hold."""

    number: str
    people: tuple[PersonId, ...]
    own: tuple[Fact, ...]


async def tell_businesses(
    ground: Ground, known: KnownPeople, people: Collection[PersonId]
) -> set[CircleId]:
    """Records in every business of these people what is said of it; those that learnt something,
    and those that are of nobody any more.
    """
    touched: set[CircleId] = set()
    done: set[tuple[str, PersonId]] = set()
    for person in _sorted(people):
        for number in licences_of(known.facts_of(person)):
            if (number, person) in done:
                continue
            connected = await _connect(known, person, number)
            while new := _list_unlinked(ground, known, connected):
                for circle, owner in new:
                    await open_circle(ground, circle)
                    await link(ground, owner, circle.id, member=True)
                    known.forget(owner)
                connected = await _connect(known, person, number)  # perhaps others came meanwhile
            touched |= await _tell(ground, known, connected)
            done |= {(number, one) for one in connected.people}
    return touched


async def _connect(known: KnownPeople, person: PersonId, number: str) -> _Connected:
    found, new = {person}, {person}
    while new:
        await known.look_at(new)
        named = {one for who in new for one in named_with(number, known.facts_of(who))}
        new = set(_sorted(named - found)[: CONNECTED_MAX - len(found)])
        found |= new
    await known.look_at(found)
    own = {fact.identity: fact for one in _sorted(found) for fact in known.facts_of(one)}
    return _Connected(number, tuple(_sorted(found)), tuple(own.values()))


def _list_unlinked(
    ground: Ground, known: KnownPeople, connected: _Connected
) -> list[tuple[Circle, PersonId]]:
    """The businesses as they stand, each with those owners who are not linked to it yet."""
    return [
        (circle, owner)
        for circle, owners in _circles_of(ground, connected).items()
        for owner in _sorted(owners & set(connected.people))
        if circle.id not in known.circles_of(owner)
    ]


def _circles_of(ground: Ground, connected: _Connected) -> Mapping[Circle, set[PersonId]]:
    found: dict[Circle, set[PersonId]] = {}
    for fact, business in told_apart(standing_facts(connected.own)):
        if business.number == connected.number:
            circle = business_circle(ground.keys, business)
            found.setdefault(circle, set()).update(fact.payload.subjects())
    return found


async def _tell(ground: Ground, known: KnownPeople, connected: _Connected) -> set[CircleId]:
    """Tells every business under the number that one of these people is or was linked to."""
    linked = {circle_id for one in connected.people for circle_id in known.circles_of(one)}
    touched: set[CircleId] = set()
    for circle in await known.open_circles(sorted(linked)):
        if circle.kind != "business" or circle.registration != connected.number:
            continue
        if circle.business is None:  # of before businesses were told apart by emirate: it ends
            await wake(ground, circle.id)
            touched.add(circle.id)
            continue
        here = [fact for fact in connected.own if belongs(fact, circle, connected.own)]
        about = {one for fact in here for one in fact.payload.subjects()}
        sayings = [one for one in known.sayings() if about & set(one.payload.subjects())]
        if await record_missing(ground, circle, [*known.as_reported(here), *sayings]):
            touched.add(circle.id)
    return touched


def _sorted(people: Collection[PersonId]) -> list[PersonId]:
    return sorted(people, key=lambda one: one.bytes)
