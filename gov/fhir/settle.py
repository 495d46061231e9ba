"""Settling a kept resource: its facts go where they belong, or it is held or waits with its reason.

Called by `gov/interpret.py`. Idempotent: after a crash the whole is done again.
"""

from datetime import date

import msgspec

from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.ids import AgencyId, InboxId, PersonId
from gov.event.kind import EVENT_KINDS
from gov.fhir.interpret import Stated, state_resource
from gov.identity_join import refuse_contradictions
from gov.inbox.row import (
    Message,
    hash_event,
    reopen_held,
    settle_applied,
    settle_held,
    settle_waiting,
)
from gov.interpreted import Interpreted
from gov.living import find_death
from gov.reason import IdentityContradicted, SubjectDeceased
from timeline.apply import apply_facts
from timeline.ground import Ground
from timeline.known import list_holding


async def interpret_resource(ground: Ground, message: Message) -> Interpreted:
    """Applies one kept resource and settles it."""
    stated = await _state(ground, message)
    freed: tuple[InboxId, ...] = ()
    death = await _find_death(ground, stated)
    while death is not None:
        reported = hash_event(ground, AgencyId(death.source), death.source_id)
        freed += await settle_held(ground, message, SubjectDeceased.code, waits_for=reported)
        still = await _find_death(ground, stated)  # corrected in between, perhaps
        if still == death:
            return Interpreted(freed=freed)
        death = still
    circles = await apply_facts(ground, stated.facts, concerns=stated.concerns)
    for message_hash in stated.taken_back:
        freed += await reopen_held(ground, message_hash)
    return Interpreted(circles, freed + await _settle(ground, message, stated))


async def _state(ground: Ground, message: Message) -> Stated:
    """What the resource states; corrections alone where its numbers are those of two people."""
    stated = await state_resource(ground, message)
    if not await refuse_contradictions(ground, message.agency_id, stated.facts):
        return stated
    corrections = tuple(one for one in stated.facts if isinstance(one.payload, EnteredInError))
    return msgspec.structs.replace(stated, facts=corrections, reason=IdentityContradicted)


async def _settle(ground: Ground, message: Message, stated: Stated) -> tuple[InboxId, ...]:
    if stated.reason is None:
        people = {person for fact in stated.facts for person in fact.payload.subjects()}
        holding = await list_holding(ground, stated.facts, people | set(stated.concerns))
        return await settle_applied(ground, message, holding)
    if stated.waits_for is None:
        return await settle_held(ground, message, stated.reason.code)
    await settle_waiting(ground, message, stated.waits_for, stated.reason.code)
    # What is awaited may have come in between: then this one is open again at once.
    came = (await state_resource(ground, message)).waits_for != stated.waits_for
    return (message.inbox_id,) if came else ()


async def _find_death(ground: Ground, stated: Stated) -> Fact | None:
    return await find_death(ground, [one for fact in stated.facts for one in _alive(fact)])


def _alive(fact: Fact) -> list[tuple[PersonId, date]]:
    """Those who must have lived on the fact's day, as its kind declares (`gov/event/kind.py`)."""
    kind = EVENT_KINDS.get(fact.kind)  # what is said of a person beside an event has none
    people = (getattr(fact.payload, role) for role in (kind.living if kind is not None else ()))
    return [(person, fact.occurred_on) for person in people if person is not None]
