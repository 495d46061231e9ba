"""Carrying a dispute: to wherever the disputed fact is, to the registry that answers for it, and
its answer back.

A registry knows a dispute by its id and says it in its answer, which comes through the public
intake. `dispute` leads from that id to the circle in which it was said; only this file writes it.
Where several circles hold one dispute, the first to claim it asks.
"""

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.calendar_date import local_date
from domain.card.record import DisputeStep
from domain.dispute import asked_of
from domain.error import Refusal
from domain.fact import Fact
from domain.facts.dispute import DisputeAnswered, FactDisputed
from domain.ids import AgencyId, CircleId, PersonId
from gov.agency import find_agency
from gov.event.data import Event, Identifier
from gov.event.read import parse_event
from gov.event.schema import EventSchemas
from gov.fhir.interpret import find_patient_number
from gov.inbox.row import Message, find_by_hash, hash_event
from gov.reason import AgencyUnknown, DisputeUnknown
from gov.registry.gateway import Question
from store.keys import KeyErased
from store.person_tables import DisputeRow
from store.scope import LookupScope, ReferenceScope
from timeline.dispute import HeldDispute, find_dispute, spread_dispute
from timeline.effect_lease import ClaimedEffect
from timeline.ground import Ground


class Answered(msgspec.Struct, frozen=True):
    """What an answer states, and the people whose circles hold its dispute."""

    fact: Fact
    people: tuple[PersonId, ...]


async def prepare_question(
    ground: Ground, schemas: EventSchemas, claimed: ClaimedEffect
) -> Question | None:
    """Brings a dispute wherever it belongs; what its registry is to be asked, or None where another
    circle asks, or nothing is left to ask about.
    """
    step = claimed.effect.dispute
    assert step is not None, "claimed by its kind"
    held = await find_dispute(ground, claimed.circle_id, step.dispute)
    if held is None:
        return None
    await spread_dispute(ground, held)
    if await _claim(ground, step.dispute, claimed.circle_id) != claimed.circle_id:
        return None
    return await _question(ground, schemas, step, held)


async def _claim(ground: Ground, dispute: str, circle_id: CircleId) -> CircleId:
    """The circle that carries a dispute: this one, unless another came first."""
    dispute_hash = _hash(ground, dispute)
    async with ground.database.unit(LookupScope()) as unit:
        await unit.execute(
            insert(DisputeRow)
            .values(dispute_hash=dispute_hash, circle_id=circle_id)
            .on_conflict_do_nothing()
        )
        found = await unit.execute(
            select(col(DisputeRow.circle_id)).where(col(DisputeRow.dispute_hash) == dispute_hash)
        )
        return CircleId(found.scalar_one())


def _hash(ground: Ground, dispute: str) -> bytes:
    return ground.keys.hash("dispute", dispute.encode())


async def _question(
    ground: Ground, schemas: EventSchemas, step: DisputeStep, held: HeldDispute
) -> Question | None:
    fact = held.disputed
    said = next((f.payload for f in held.facts if isinstance(f.payload, FactDisputed)), None)
    if fact is None or said is None:
        return None
    return Question(
        step=step,
        fact=fact,
        said=said,
        since_on=held.dispute.since_on,
        due_on=held.dispute.opened.due_on,
        number=await _find_number(ground, schemas, fact),
    )


async def _find_number(ground: Ground, schemas: EventSchemas, fact: Fact) -> Identifier | None:
    """The number of whom a fact is about, from the event or resource that said it, for a registry
    that is not its sender; None where neither did.
    """
    try:
        message = await find_by_hash(
            ground, hash_event(ground, AgencyId(fact.source), fact.source_id)
        )
    except KeyErased:
        return None
    if message is None:
        return None
    if message.resource_hash is not None:
        return await find_patient_number(ground, message)
    try:
        event = parse_event(message.body, schemas=schemas, now_utc=message.received_at)
    except Refusal:  # of a schema before this one
        return None
    if not isinstance(event, Event) or not event.people:
        return None
    people = dict(event.people)
    person = people.get(fact.part.removeprefix("person:"), event.people[0][1])
    return person.identifier


async def find_answered(ground: Ground, message: Message, event: Event) -> Answered | type[Refusal]:
    """What an answer states and whom it concerns, or why it is held.

    Of a dispute that nobody knows, and of one about which its sender was not asked, the same is
    said.
    """
    said = msgspec.convert(event.said, DisputeAnswered)
    held = await _find(ground, said.dispute)
    if held is None or message.agency_id not in asked_of(said.dispute, held.facts):
        return DisputeUnknown
    if said.passed_to is not None and not await _is_another(ground, message, said.passed_to):
        return AgencyUnknown
    fact = Fact(
        source=message.agency_id,
        source_id=event.envelope.id,
        part="",
        occurred_on=event.envelope.occurred_on,
        asserted_at=event.envelope.asserted_at,
        payload=said,
        received_on=local_date(message.received_at),
    )
    return Answered(fact, held.people)


async def people_of_answer(ground: Ground, event: Event) -> tuple[PersonId, ...]:
    """Whom an answer that is taken back concerns; nobody where its dispute is not known."""
    said = msgspec.convert(event.said, DisputeAnswered)
    held = await _find(ground, said.dispute)
    return () if held is None else held.people


async def _find(ground: Ground, dispute: str) -> HeldDispute | None:
    """A dispute that a registry was asked about, as the circle that asked holds it."""
    async with ground.database.read(LookupScope()) as session:
        found = await session.execute(
            select(col(DisputeRow.circle_id)).where(
                col(DisputeRow.dispute_hash) == _hash(ground, dispute)
            )
        )
        circle_id = found.scalar_one_or_none()
    if circle_id is None:
        return None
    try:
        return await find_dispute(ground, CircleId(circle_id), dispute)
    except KeyErased:
        return None


async def _is_another(ground: Ground, message: Message, agency_id: str) -> bool:
    """Whether a dispute may be handed to this agency: one that we know, and not its sender."""
    if agency_id == message.agency_id:
        return False
    async with ground.database.read(ReferenceScope("intake")) as session:
        return await find_agency(session, AgencyId(agency_id)) is not None
