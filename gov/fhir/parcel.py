"""A parcel: one resource with the patient it speaks of, able to be understood alone and later.

The inbox keeps one parcel a row. Its body is itself a Bundle of type `collection`, so the same
code reads it again: first the resource as it came, byte for byte, then an excerpt of its patient
where the message held one (identifiers and birth; not address, picture or narrative).
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from gov.fhir.element import Reference
from gov.fhir.error import FhirRefusal
from gov.fhir.message import Message, ReadEntry, read_message
from gov.fhir.read import read_head
from gov.fhir.reference import Meant, Target
from gov.fhir.resource import (
    Appointment,
    Condition,
    Encounter,
    EpisodeOfCare,
    Immunization,
    Observation,
    Patient,
    RelatedPerson,
    Understood,
)

_EXCERPT = (
    "resourceType",
    "id",
    "identifier",
    "active",
    "gender",
    "birthDate",
    "multipleBirthBoolean",
    "multipleBirthInteger",
)
_DIGEST_HEX = 32  # 128 bits of what a version says


class Parcel(msgspec.Struct, frozen=True):
    """`resource_key` is "Type/id", the same for every version; `version_id` one version of it."""

    resource_type: str
    resource_key: str
    version_id: str
    body: bytes


class Opened(msgspec.Struct, frozen=True):
    """A parcel read again: the resource and what its reference to a patient means."""

    version_id: str
    resource: Understood | None
    patient: Meant


def make_parcel(entry: ReadEntry, message: Message) -> Parcel:
    """The parcel of one entry. The same content gives the same version, whenever it is sent."""
    key, version_id = _ids(entry)
    meant = _patient_of(entry.resource, entry.target, message)
    related = meant.target if meant.target is not entry.target else None
    return Parcel(
        resource_type=entry.target.head.resource_type,
        resource_key=key,
        version_id=version_id,
        body=_collect(entry.target, related),
    )


def open_parcel(body: bytes) -> Opened:
    """The parcel that `make_parcel` wrote.

    Raises: FhirRefusal when this version of the server refuses what an earlier one took.
    """
    message = read_message(body)
    first = message.entries[0]
    if isinstance(first, FhirRefusal):
        raise first
    return Opened(
        version_id=_ids(first)[1],
        resource=first.resource,
        patient=_patient_of(first.resource, first.target, message),
    )


def read_patient(target: Target) -> Patient | None:
    """The Patient that a reference led to; None when it is another resource, or not sound."""
    if target.head.resource_type != "Patient":
        return None
    try:
        return _patients.decode(target.raw)
    except msgspec.ValidationError:
        return None


_patients = msgspec.json.Decoder(Patient)


def _patient_of(resource: Understood | None, own: Target, message: Message) -> Meant:
    if isinstance(resource, Patient):
        return Meant(target=own)
    contained = _contained(resource)
    for reference in _subjects(resource):
        meant = message.references.resolve(reference, base_url=own.full_url, contained=contained)
        if _is_patient(meant):
            return meant
    return Meant()


def _subjects(resource: Understood | None) -> tuple[Reference | None, ...]:
    match resource:
        case Immunization() | RelatedPerson() | EpisodeOfCare():
            return (resource.patient,)
        case Condition() | Observation() | Encounter():
            return (resource.subject,)
        case Appointment():
            return tuple(participant.actor for participant in resource.participant)
        case _:
            return ()


def _is_patient(meant: Meant) -> bool:
    """Whether it leads to a patient, or to a number of somebody who may be one."""
    if meant.target is not None:
        return meant.target.head.resource_type == "Patient"
    if meant.resource_key is not None:
        return meant.resource_key.startswith("Patient/")
    return meant.identifier is not None


def _contained(resource: Understood | None) -> Mapping[str, Target]:
    """Contained resources by id. One that is not sound cannot be referred to."""
    found: dict[str, Target] = {}
    for raw in resource.contained if resource is not None else ():
        try:
            head = read_head(bytes(raw), "contained")
        except FhirRefusal:
            continue
        if head.id is not None:
            found[head.id] = Target(head=head, full_url=None, raw=bytes(raw))
    return found


def _ids(entry: ReadEntry) -> tuple[str, str]:
    """The key of a resource, and the id of this version of it."""
    content = _content_digest(entry.target.raw)
    key = f"{entry.target.head.resource_type}/{_own_id(entry, content)}"
    return key, f"fhir:{key}:{content}"


def _own_id(entry: ReadEntry, content: str) -> str:
    """By what the sender will know the resource again: its id, its number, its address."""
    if entry.target.head.id is not None:
        return entry.target.head.id
    if entry.resource is not None:
        for identifier in entry.resource.identifier:
            if identifier.value is not None:
                return f"{identifier.system or ''}|{identifier.value}"
    return entry.target.full_url or content


# Any: JSON of whatever resource, looked at for nothing but equality.
def _content_digest(raw: bytes) -> str:
    """What the resource says, whatever the order of its members. Its narrative says nothing new."""
    content: dict[str, Any] = msgspec.json.decode(raw)
    content.pop("text", None)
    return sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:_DIGEST_HEX]


def _collect(own: Target, patient: Target | None) -> bytes:
    """The Bundle that is kept."""
    entries = [_entry(own.full_url, msgspec.Raw(own.raw))]
    if patient is not None and patient.full_url is not None:
        entries.append(_entry(patient.full_url, _excerpt(patient)))
    elif patient is not None and patient.head.id is not None and patient.raw not in own.raw:
        entries.append(_entry(None, _excerpt(patient)))
    return msgspec.json.encode({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _entry(full_url: str | None, resource: msgspec.Raw) -> dict[str, object]:
    entry: dict[str, object] = {"resource": resource}
    return entry if full_url is None else {"fullUrl": full_url, **entry}


def _excerpt(patient: Target) -> msgspec.Raw:
    members = msgspec.json.decode(patient.raw, type=dict[str, msgspec.Raw])
    kept = {name: members[name] for name in _EXCERPT if name in members}
    return msgspec.Raw(msgspec.json.encode(kept))
