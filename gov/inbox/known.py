"""Which applied rows say nothing new: a batch of them at once, so that a long replay spends its
time on those that do.

Nothing is written. What is not known for certain is left to `gov/interpret.py`.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.error import Refusal
from domain.fact import Fact
from domain.ids import AgencyId, PersonId
from gov.event.data import Event
from gov.event.fact import facts_in, numbers_in
from gov.event.read import parse_event
from gov.event.schema import EventSchemas
from gov.inbox.list import Listed
from gov.inbox.seal import open_bodies
from store.reference_tables import INBOX_APPLIED
from store.scope import CirclesScope
from timeline.ground import Ground
from timeline.people import find_people
from timeline.record import fact_key, list_held, single_circle


async def list_known(
    ground: Ground, schemas: EventSchemas, rows: Sequence[Listed]
) -> frozenset[UUID]:
    """Those rows whose events, as they are understood now, state nothing but facts that lie in the
    own circle of every person they name.

    A row was applied only when its facts lay wherever they belong, so such a row has nothing to
    add unless what belongs where was changed. Corrections and FHIR resources are never among them.
    """
    events = await _read_events(ground, schemas, rows)
    numbers = {number for event in events.values() for number in numbers_in(event).values()}
    people = await find_people(ground, numbers)
    facts: dict[UUID, tuple[Fact, ...]] = {}
    for row in rows:
        event = events.get(row.inbox_id)
        who = _people_of(event, people) if event is not None else None
        if event is not None and who is not None:
            facts[row.inbox_id] = facts_in(
                event, who, said_by=AgencyId(row.agency_id), received_at=row.received_at
            )
    places = {
        inbox_id: {
            (single_circle(ground.keys, person).id, fact_key(ground.keys, fact))
            for fact in stated
            for person in fact.payload.subjects()
        }
        for inbox_id, stated in facts.items()
    }
    every = {place for wanted in places.values() for place in wanted}
    circles = tuple(sorted({circle_id for circle_id, _ in every}))
    async with ground.database.read(CirclesScope(circles)) as session:
        held = await list_held(session, {key for _, key in every})
    return frozenset(inbox_id for inbox_id, wanted in places.items() if wanted <= held)


async def _read_events(
    ground: Ground, schemas: EventSchemas, rows: Sequence[Listed]
) -> dict[UUID, Event]:
    """The events of the applied rows that can be opened and understood."""
    applied = [row for row in rows if row.state == INBOX_APPLIED]
    bodies = await open_bodies(ground, [(row.inbox_id, row.month, row.sealed) for row in applied])
    events = {}
    for row, body in zip(applied, bodies, strict=True):
        if body is None:
            continue
        try:
            event = parse_event(body, schemas=schemas, now_utc=row.received_at)
        except Refusal:
            continue
        if isinstance(event, Event) and event.corrects is None and event.people:
            events[row.inbox_id] = event
    return events


def _people_of(
    event: Event, known: Mapping[tuple[str, str], PersonId]
) -> dict[str, PersonId] | None:
    """Who the event's people are, by role; None where one of them is not known."""
    numbers = numbers_in(event)
    if not known.keys() >= set(numbers.values()):
        return None
    return {role: known[number] for role, number in numbers.items()}
