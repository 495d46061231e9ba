"""Understanding a kept resource: which version counts, whose it is, which facts it states.

Called by `gov/interpret.py` in the worker. Every step is idempotent, so a crash anywhere is mended
by doing the whole again. What is no fact is held with a reason of `gov/fhir/reason.py`.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from domain.calendar_date import local_date
from domain.error import Refusal
from domain.fact import Fact, Payload
from domain.facts.act import EnteredInError
from domain.facts.person import IdentifierReplaced, PersonDescribed
from domain.ids import AgencyId, PersonId
from domain.standing import standing_facts
from gov.agency_right import Rights
from gov.event.data import Identifier as Number
from gov.fhir.day import find_day
from gov.fhir.element import Identifier
from gov.fhir.number import choose_numbers
from gov.fhir.parcel import open_parcel, read_patient
from gov.fhir.reason import (
    PatientAwaited,
    PatientContradicted,
    PatientMissing,
    Superseded,
    TypeUnused,
    Withdrawn,
)
from gov.fhir.reference import Meant
from gov.fhir.resource import Patient
from gov.fhir.right import find_beyond
from gov.fhir.understand import is_withdrawn, understand
from gov.fhir.version import Version, earlier_than, is_superseded
from gov.inbox.resource import hash_resource, list_versions
from gov.inbox.row import Message
from gov.person_number import identify_numbers
from timeline.apply import read_own_facts
from timeline.ground import Ground

# A register's slip of a digit is common, a generation apart is somebody else.
BIRTHS_APART_DAYS_MAX = 3_650


class Stated(msgspec.Struct, frozen=True):
    """What is to be recorded of a resource: facts, and people whom they concern without naming
    them.

    `reason` says why the resource itself is no fact; corrections of older versions may be among the
    facts all the same. `waits_for` is the hash of the resource that must come first, `taken_back`
    those of the versions whose facts no longer stand.
    """

    facts: tuple[Fact, ...] = ()
    concerns: tuple[PersonId, ...] = ()
    reason: type[Refusal] | None = None
    waits_for: bytes | None = None
    taken_back: tuple[bytes, ...] = ()


async def state_resource(ground: Ground, message: Message) -> Stated:
    """What one kept resource states.

    Raises: FhirRefusal when this version of the server cannot read what an earlier one took.
    """
    assert message.resource_hash is not None
    versions = _read_versions(await list_versions(ground, message.resource_hash))
    own = next((one for one in versions if one.message.inbox_id == message.inbox_id), None)
    if own is None:
        return Stated(reason=TypeUnused)
    if is_superseded(own, versions):
        return Stated(reason=Superseded)
    taken_back = _taken_back(own, versions)
    if is_withdrawn(own.resource):
        return await _withdraw(ground, own, taken_back)
    stated = await _state(ground, own, earlier_than(own, versions), message.rights)
    if not taken_back:
        return stated
    corrected = await _correct(ground, own, taken_back)
    return msgspec.structs.replace(
        corrected,
        facts=(*corrected.facts, *stated.facts),
        reason=stated.reason,
        waits_for=stated.waits_for,
    )


def _read_versions(messages: Sequence[Message]) -> tuple[Version, ...]:
    """The versions that are understood, as they lie in the inbox."""
    found = []
    for message in messages:
        opened = open_parcel(message.body)
        if opened.resource is not None:
            found.append(Version(opened.version_id, message, opened.resource, opened.patient))
    return tuple(found)


def _taken_back(own: Version, versions: Sequence[Version]) -> tuple[Version, ...]:
    """Those whose facts no longer stand. A chapter of a story takes back none of the others."""
    if own.is_chapter:
        return ()
    return tuple(other for other in versions if other.id != own.id)


async def _state(
    ground: Ground, own: Version, earlier: Sequence[Version], rights: Rights
) -> Stated:
    """The facts of the version that counts, or why it has none."""
    patient, awaited = await _find_patient(ground, own.message.agency_id, own.patient)
    asserted_on = local_date(own.asserted_at)
    told = understand(
        own.resource,
        patient=patient,
        earlier=[version.resource for version in earlier],
        asserted_on=asserted_on,
        received_on=local_date(own.message.received_at),
    )
    if isinstance(told, type):
        return Stated(reason=told)
    if awaited is not None:
        return Stated(reason=PatientAwaited, waits_for=awaited)
    numbers = _numbers(own.message.agency_id, patient, own.patient.identifier)
    beyond = find_beyond(rights, told, numbers)  # rights may have been narrowed since it came
    if beyond is not None:
        return Stated(reason=beyond)
    people = await identify_numbers(ground, numbers)
    if not people:
        return Stated(reason=PatientMissing)
    who = people[0]
    if await _is_somebody_else(ground, who, patient, own):
        return Stated(reason=PatientContradicted)
    facts = [
        _fact(own, telling.about(who), on=telling.occurred_on, part=telling.part)
        for telling in told
    ]
    if isinstance(own.resource, Patient) and rights.allows_kind("identifier.replaced"):
        facts += _joins(own, people, on=asserted_on)
    return Stated(facts=tuple(facts))


async def _withdraw(ground: Ground, own: Version, others: Sequence[Version]) -> Stated:
    """What the other versions had said goes, wherever it went."""
    if not others:
        return Stated(reason=Withdrawn)
    return await _correct(ground, own, others)


async def _correct(ground: Ground, own: Version, others: Sequence[Version]) -> Stated:
    """The corrections of other versions, and all whom those or this one speak of."""
    concerns: list[PersonId] = []
    for version in (own, *others):
        patient, _ = await _find_patient(ground, version.message.agency_id, version.patient)
        people = await identify_numbers(
            ground, _numbers(version.message.agency_id, patient, version.patient.identifier)
        )
        concerns += people if isinstance(version.resource, Patient) else people[:1]
    facts = tuple(
        _fact(
            own,
            EnteredInError(other.message.agency_id, other.id),
            on=local_date(own.asserted_at),
            part=f"instead:{other.id}",
        )
        for other in others
    )
    return Stated(
        facts=facts,
        concerns=tuple(dict.fromkeys(concerns)),
        taken_back=tuple(other.message.message_hash for other in others),
    )


async def _find_patient(
    ground: Ground, agency_id: AgencyId, meant: Meant
) -> tuple[Patient | None, bytes | None]:
    """The Patient that is meant; else the hash of the resource to wait for, if there is one."""
    if meant.target is not None:
        return read_patient(meant.target), None
    if meant.resource_key is None:
        return None, None
    resource_hash = hash_resource(ground, agency_id, meant.resource_key)
    versions = _read_versions(await list_versions(ground, resource_hash))
    sent = [version for version in versions if not is_superseded(version, versions)]
    if not sent:
        return None, resource_hash
    resource = max(sent, key=lambda version: version.order).resource
    return (resource if isinstance(resource, Patient) else None), None


async def find_patient_number(ground: Ground, message: Message) -> Number | None:
    """The surest number of whom a kept resource speaks; None where it names none."""
    opened = open_parcel(message.body)
    if opened.resource is None:
        return None
    patient, _ = await _find_patient(ground, message.agency_id, opened.patient)
    numbers = _numbers(message.agency_id, patient, opened.patient.identifier)
    return numbers[0] if numbers else None


def _numbers(
    agency_id: AgencyId, patient: Patient | None, number: Identifier | None
) -> tuple[Number, ...]:
    """The numbers that count of whom a resource speaks, the surest first."""
    identifiers = patient.identifier if patient is not None else ((number,) if number else ())
    return choose_numbers(identifiers, agency_id=agency_id)


def _joins(own: Version, people: Sequence[PersonId], *, on: date) -> list[Fact]:
    """That the further numbers of a Patient are one person's: said, so that it can be unsaid."""
    first, *others = dict.fromkeys(people)
    return [
        _fact(own, IdentifierReplaced(first, other, "reissued"), on=on, part=f"same:{place}")
        for place, other in enumerate(others)
    ]


async def _is_somebody_else(
    ground: Ground, who: PersonId, patient: Patient | None, own: Version
) -> bool:
    """Whether the number is known as that of a person of another generation.

    Hospitals write a newborn's doses under the mother's number until it has its own. What other
    versions of this resource said of the birth is no witness against it.
    """
    born_on = find_day(patient.birth_date) if patient is not None else None
    if born_on is None:
        return False
    key, _, _ = own.id.rpartition(":")
    return any(
        isinstance(fact.payload, PersonDescribed)
        and fact.payload.person == who
        and fact.payload.born_on is not None
        and abs(fact.payload.born_on - born_on) > timedelta(days=BIRTHS_APART_DAYS_MAX)
        and not (fact.source == own.message.agency_id and fact.source_id.startswith(key + ":"))
        for fact in standing_facts(await read_own_facts(ground, who))
    )


def _fact(own: Version, payload: Payload, *, on: date, part: str) -> Fact:
    return Fact(
        source=own.message.agency_id,
        source_id=own.id,
        part=part,
        occurred_on=on,
        asserted_at=own.asserted_at,
        payload=payload,
        received_on=local_date(own.message.received_at),
    )
