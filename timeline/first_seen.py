"""Somebody signs in: they are known from then on, and registries are asked about their family.

Called by whatever signs people in (`api/app.py` in development). The fact it records is in the
person's single circle alone; `evaluate` makes the look-up of it, `gov/registry/call.py` carries
that out.
"""

from domain.fact import MEMBER_SOURCE, Fact
from domain.facts.person import PersonFirstSeen
from domain.ids import PersonId
from timeline.apply import apply_facts
from timeline.ground import Ground
from timeline.known import find_survivor
from timeline.people import identify

EMIRATES_ID = "emirates_id"


async def see_person(ground: Ground, *, emirates_id: str) -> PersonId:
    """The person who shows this Emirates ID (its 15 digits), whichever of their numbers it is; one
    whom nobody reported gets a single circle.

    Idempotent: a person is looked up once for each number, however often and on however many
    devices at once they sign in.
    """
    person = await identify(ground, system=EMIRATES_ID, value=f"/{emirates_id}")
    seen = Fact(
        source=MEMBER_SOURCE,
        source_id=f"{person}/first-seen",
        part="",
        occurred_on=ground.clock.today(),
        asserted_at=ground.clock.now_utc(),
        payload=PersonFirstSeen(person, EMIRATES_ID, emirates_id),
        received_on=ground.clock.today(),
    )
    await apply_facts(ground, (seen,))
    return await find_survivor(ground, person)
