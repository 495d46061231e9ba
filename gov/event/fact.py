"""What an event states: whose numbers it names, and its facts once it is known who they are."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from domain.calendar_date import local_date
from domain.fact import Fact, Payload
from domain.facts.business import BusinessFact
from domain.facts.person import PersonDescribed
from domain.ids import AgencyId, PersonId
from gov.event.data import Event, Person
from gov.event.kind import EVENT_KINDS
from gov.person_number import canonical_number


def numbers_in(event: Event) -> dict[str, tuple[str, str]]:
    """The number (system, canonical value) of each person of an event, by role."""
    return {role: canonical_number(person.identifier) for role, person in event.people}


def facts_in(
    event: Event,
    people: Mapping[str, PersonId],
    *,
    said_by: AgencyId,
    received_at: datetime,
    emirate: str | None = None,
) -> tuple[Fact, ...]:
    """The event itself as a fact, and what it said of each person as a fact of its own.

    `emirate` is the only one its agency may speak of: a business is there if nothing else is said.
    """

    def fact(part: str, payload: Payload) -> Fact:
        return Fact(
            source=said_by,
            source_id=event.envelope.id,
            part=part,
            occurred_on=event.envelope.occurred_on,
            asserted_at=event.envelope.asserted_at,
            payload=payload,
            received_on=local_date(received_at),
        )

    said = [
        fact(f"person:{role}", _described(person, people[role]))
        for role, person in event.people
        if person.is_described
    ]
    payload = event.payload(EVENT_KINDS[event.envelope.kind].payload, people)
    if isinstance(payload, BusinessFact) and payload.emirate is None:
        payload = msgspec.structs.replace(payload, emirate=emirate)
    return (fact("", payload), *said)


def _described(person: Person, person_id: PersonId) -> PersonDescribed:
    return PersonDescribed(
        person=person_id,
        name_ar=person.name_ar,
        name_en=person.name_en,
        sex=person.sex,
        born_on=person.born_on,
        nationality=person.nationality,
        born_in=person.born_in,
    )
