"""Interpreting a kept event: whom it is about, which facts it states, which circles they go to.

Called by the worker. Every step is idempotent, so a crash anywhere is mended by doing the whole
again. What cannot be applied waits in the inbox with a reason; it is never dropped.
"""

from collections.abc import Collection, Mapping

from domain.error import Refusal
from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.birth import BirthNotified
from domain.facts.dispute import DisputeAnswered
from domain.ids import AgencyId, InboxId, PersonId
from gov.agency_right import KindNotAllowed, SubjectNotAllowed, refuse_event_beyond
from gov.dispute import Answered, find_answered, people_of_answer
from gov.event.data import Event, UnknownEvent
from gov.event.fact import facts_in, numbers_in
from gov.event.kind import EVENT_KINDS
from gov.event.read import parse_event
from gov.event.schema import EventSchemas
from gov.fhir.settle import interpret_resource
from gov.identity_join import refuse_contradiction
from gov.inbox.row import (
    ATTEMPTS_MAX,
    Message,
    count_attempt,
    find_by_hash,
    find_message,
    hash_event,
    reopen_held,
    settle_applied,
    settle_erased,
    settle_held,
    settle_waiting,
)
from gov.interpreted import Interpreted
from gov.living import find_death, find_other_life
from gov.reason import (
    Erased,
    EventAwaited,
    ForAuthors,
    IdentityContradicted,
    KindUnknown,
    NewbornNumberTaken,
    NotUnderstood,
    SubjectDeceased,
)
from store.keys import KeyErased
from store.reference_tables import INBOX_APPLIED, INBOX_RECEIVED, INBOX_WAITING
from timeline.apply import apply_facts
from timeline.ground import Ground
from timeline.known import list_holding
from timeline.people import identify_all
from timeline.record import single_circle

CORRECTIONS_DEPTH_MAX = 8  # a correction of a correction of …: no agency needs more than two


async def interpret(
    ground: Ground, schemas: EventSchemas, inbox_id: InboxId, *, again: bool = False
) -> Interpreted:
    """Applies one kept message and settles it. A settled one is left as it is.

    With `again` one that was applied before is applied once more: what its circles hold already is
    not recorded twice, what a mended mapping adds is.
    """
    try:
        message = await find_message(ground, inbox_id)
    except KeyErased:
        await settle_erased(ground, inbox_id, Erased.code)
        return Interpreted()
    open_states = (INBOX_RECEIVED, INBOX_WAITING, *((INBOX_APPLIED,) if again else ()))
    if message is None or message.state not in open_states:
        return Interpreted()
    if message.resource_hash is not None:
        return await interpret_resource(ground, message)
    try:
        if message.state != INBOX_APPLIED:
            refuse_event_beyond(message.rights, message.body)
    except (KindNotAllowed, SubjectNotAllowed) as refusal:  # rights narrowed since it came
        return Interpreted(freed=await settle_held(ground, message, refusal.code))
    event = parse_event(message.body, schemas=schemas, now_utc=message.received_at)
    if isinstance(event, UnknownEvent):
        return Interpreted(freed=await settle_held(ground, message, KindUnknown.code))
    if event.corrects is not None:
        return await _correct(ground, schemas, message, event, event.corrects)
    if EVENT_KINDS[event.envelope.kind].payload is DisputeAnswered:
        return await _answer(ground, message, event)
    if not event.people:
        return Interpreted(freed=await settle_held(ground, message, ForAuthors.code))
    people = await _identify_all(ground, event)
    freed: tuple[InboxId, ...] = ()
    facts = facts_in(
        event,
        people,
        said_by=message.agency_id,
        received_at=message.received_at,
        emirate=message.rights.only_emirate,
    )
    against = await _contradicted_by(ground, event, people, facts[0])
    while against is not None:
        contradiction, reason = against
        reported = hash_event(ground, AgencyId(contradiction.source), contradiction.source_id)
        freed += await settle_held(
            ground,
            message,
            reason.code,
            waits_for=reported,
            circle_ids=[single_circle(ground.keys, person).id for person in people.values()],
        )
        still = await _contradicted_by(
            ground, event, people, facts[0]
        )  # corrected in between, perhaps
        if still == against:
            return Interpreted(freed=freed)
        against = still
    for fact in facts:
        if await refuse_contradiction(ground, fact):
            return Interpreted(
                freed=freed + await settle_held(ground, message, IdentityContradicted.code)
            )
    circles = await apply_facts(ground, facts)
    holding = await list_holding(ground, facts, people.values())
    return Interpreted(circles, freed + await settle_applied(ground, message, holding))


async def _answer(ground: Ground, message: Message, event: Event) -> Interpreted:
    """Applies a registry's answer wherever its dispute is."""
    found = await find_answered(ground, message, event)
    if not isinstance(found, Answered):
        return Interpreted(freed=await settle_held(ground, message, found.code))
    circles = await apply_facts(ground, (found.fact,), concerns=found.people)
    holding = await list_holding(ground, (found.fact,), found.people)
    return Interpreted(circles, await settle_applied(ground, message, holding))


async def give_up_if_hopeless(ground: Ground, inbox_id: InboxId) -> bool:
    """Counts a failed attempt; past the maximum the message is held, and True returned."""
    if await count_attempt(ground, inbox_id) < ATTEMPTS_MAX:
        return False
    try:
        message = await find_message(ground, inbox_id)
    except KeyErased:
        await settle_erased(ground, inbox_id, Erased.code)
        return True
    if message is not None:
        await settle_held(ground, message, NotUnderstood.code)
    return True


async def _correct(
    ground: Ground, schemas: EventSchemas, message: Message, event: Event, event_id: str
) -> Interpreted:
    """Applies a correction wherever the corrected event went, or lets it wait for that event.

    What was held because of the corrected event is freed: the event may stand no more.
    """
    awaited: bytes | None = None
    while isinstance(
        corrected := await _corrected_event(ground, schemas, message, event_id), bytes
    ):
        if corrected == awaited:
            return Interpreted()
        awaited = corrected
        await settle_waiting(ground, message, awaited, EventAwaited.code)
        # Looked for once more: it may have come in between.
    if isinstance(corrected, type):
        return Interpreted(freed=await settle_held(ground, message, corrected.code))
    people: Collection[PersonId]
    if EVENT_KINDS[corrected.envelope.kind].payload is DisputeAnswered:
        people = await people_of_answer(ground, corrected)
    else:
        people = (await _identify_all(ground, corrected)).values()
    fact = Fact(
        source=message.agency_id,
        source_id=event.envelope.id,
        part="",
        occurred_on=event.envelope.occurred_on,
        asserted_at=event.envelope.asserted_at,
        payload=EnteredInError(message.agency_id, event_id),
    )
    circles = await apply_facts(ground, (fact,), concerns=tuple(people))
    holding = await list_holding(ground, (fact,), people)
    corrected_hash = hash_event(ground, message.agency_id, corrected.envelope.id)
    freed = await reopen_held(ground, corrected_hash)
    return Interpreted(circles, freed + await settle_applied(ground, message, holding))


async def _corrected_event(
    ground: Ground, schemas: EventSchemas, message: Message, event_id: str
) -> Event | bytes | type[Refusal]:
    """The event at the end of a chain of corrections: the people it names are those concerned.

    Else the hash of the event in the chain that has not come, or why the chain has no such end.
    """
    for _ in range(CORRECTIONS_DEPTH_MAX):
        target_hash = hash_event(ground, message.agency_id, event_id)
        try:
            target = await find_by_hash(ground, target_hash)
        except KeyErased:
            return Erased
        if target is None:
            return target_hash
        event = parse_event(target.body, schemas=schemas, now_utc=target.received_at)
        if isinstance(event, UnknownEvent):
            return KindUnknown
        if event.corrects is None:
            return event
        event_id = event.corrects
    return NotUnderstood  # a ring, or deeper than any agency needs


async def _identify_all(ground: Ground, event: Event) -> dict[str, PersonId]:
    numbers = numbers_in(event)
    found = await identify_all(ground, numbers.values())
    return {role: found[number] for role, number in numbers.items()}


async def _contradicted_by(
    ground: Ground, event: Event, people: Mapping[str, PersonId], fact: Fact
) -> tuple[Fact, type[Refusal]] | None:
    """What is recorded that this event cannot be true beside, and the reason to hold it for: a
    death before that day of someone who must have lived then, another life under the number of the
    newborn it tells of.

    Who must have lived and who is born is declared by the kind (`gov/event/kind.py`).
    """
    kind, on = EVENT_KINDS[event.envelope.kind], event.envelope.occurred_on
    living = [(people[role], on) for role in kind.living if role in people]
    death = await find_death(ground, living)
    if death is not None:
        return death, SubjectDeceased
    if isinstance(fact.payload, BirthNotified):
        life = await find_other_life(ground, fact, fact.payload)
        if life is not None:
            return life, NewbornNumberTaken
    return None
