"""Telling the circle of a business what its owners' own circles hold of it, and nothing else.

Called by `timeline/apply.py`. Idempotent, like the steps there: whoever finds an owner finds the
business by the link, and what comes later of that owner (a death, a correction) is told, too.
"""

from collections.abc import Collection

from domain.ids import CircleId, PersonId
from timeline.carry import belongs, businesses_of
from timeline.ground import Ground
from timeline.known import KnownPeople
from timeline.people import link
from timeline.record import business_circle, open_circle, record_missing


async def tell_businesses(
    ground: Ground, known: KnownPeople, people: Collection[PersonId]
) -> set[CircleId]:
    """Records in every business of these people what is said of it; those that learnt something."""
    touched: set[CircleId] = set()
    for person in sorted(people, key=lambda one: one.bytes):
        own = known.facts_of(person)
        for registration in businesses_of(own):
            circle = business_circle(ground.keys, registration)
            if circle.id not in known.circles_of(person):
                await open_circle(ground, circle)
                await link(ground, person, circle.id, member=True)
                known.forget(person)
                await known.look_at([person])
                own = known.facts_of(person)
            here = [fact for fact in own if belongs(fact, circle, own)]
            about = {one for fact in here for one in fact.payload.subjects()}
            sayings = [
                saying for saying in known.sayings() if about & set(saying.payload.subjects())
            ]
            if await record_missing(ground, circle, [*known.as_reported(here), *sayings]):
                touched.add(circle.id)
    return touched
