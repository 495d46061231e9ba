"""The resources that are understood, each with what FHIR R4 requires of it and what is read here.

A status outside FHIR's required binding, a missing patient or a null where something must stand is
refused here: `fhir.resources` lets all three through (decision 0016).

Source: HL7 FHIR R4 (4.0.1), one page for each resource; bindings of strength "required".
"""

from typing import Annotated, Literal

import msgspec

from gov.fhir.element import (
    LIST_ITEMS_MAX,
    Concept,
    Element,
    Extension,
    HumanName,
    Id,
    Identifier,
    Meta,
    Period,
    Quantity,
    Reference,
    Text,
)

Gender = Literal["male", "female", "other", "unknown"]
_Some = msgspec.Meta(max_length=LIST_ITEMS_MAX)
_Concepts = Annotated[tuple[Concept, ...], _Some]


class Resource(Element, frozen=True, kw_only=True):
    """What every resource has. `contained` are resources that live inside this one only."""

    resource_type: Text
    id: Id | None = None
    meta: Meta | None = None
    identifier: Annotated[tuple[Identifier, ...], _Some] = ()
    contained: Annotated[tuple[msgspec.Raw, ...], _Some] = ()


class PatientLink(Element, frozen=True):
    other: Reference
    type: Literal["replaced-by", "replaces", "refer", "seealso"]


class Patient(Resource, frozen=True, kw_only=True):
    active: bool | None = None
    name: Annotated[tuple[HumanName, ...], _Some] = ()
    gender: Gender | None = None
    birth_date: Text | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: Text | None = None
    multiple_birth_boolean: bool | None = None
    multiple_birth_integer: int | None = None
    extension: Annotated[tuple[Extension, ...], _Some] = ()
    link: Annotated[tuple[PatientLink, ...], _Some] = ()


class RelatedPerson(Resource, frozen=True, kw_only=True):
    patient: Reference
    active: bool | None = None
    relationship: _Concepts = ()
    name: Annotated[tuple[HumanName, ...], _Some] = ()
    gender: Gender | None = None
    birth_date: Text | None = None


class ImmunizationProtocol(Element, frozen=True):
    """`dose_number` as a number or a text; neither decides anything: the evaluation counts."""

    dose_number_positive_int: int | None = None
    dose_number_string: Text | None = None


class Immunization(Resource, frozen=True, kw_only=True):
    status: Literal["completed", "entered-in-error", "not-done"]
    vaccine_code: Concept
    patient: Reference
    status_reason: Concept | None = None
    occurrence_date_time: Text | None = None
    occurrence_string: Text | None = None
    recorded: Text | None = None
    primary_source: bool | None = None
    lot_number: Text | None = None
    expiration_date: Text | None = None
    is_subpotent: bool | None = None
    protocol_applied: Annotated[tuple[ImmunizationProtocol, ...], _Some] = ()


class AppointmentParticipant(Element, frozen=True):
    status: Literal["accepted", "declined", "tentative", "needs-action"]
    actor: Reference | None = None
    type: _Concepts = ()


class Appointment(Resource, frozen=True, kw_only=True):
    status: Literal[
        "proposed",
        "pending",
        "booked",
        "arrived",
        "fulfilled",
        "cancelled",
        "noshow",
        "entered-in-error",
        "checked-in",
        "waitlist",
    ]
    participant: Annotated[
        tuple[AppointmentParticipant, ...], msgspec.Meta(min_length=1, max_length=LIST_ITEMS_MAX)
    ]
    start: Text | None = None
    end: Text | None = None
    created: Text | None = None
    service_type: _Concepts = ()
    reason_code: _Concepts = ()


class Condition(Resource, frozen=True, kw_only=True):
    subject: Reference
    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    code: Concept | None = None
    onset_date_time: Text | None = None
    onset_period: Period | None = None
    abatement_date_time: Text | None = None
    abatement_period: Period | None = None
    recorded_date: Text | None = None


class EpisodeOfCare(Resource, frozen=True, kw_only=True):
    status: Literal[
        "planned", "waitlist", "active", "onhold", "finished", "cancelled", "entered-in-error"
    ]
    patient: Reference
    type: _Concepts = ()
    period: Period | None = None


class ObservationComponent(Element, frozen=True):
    code: Concept
    value_quantity: Quantity | None = None


class Observation(Resource, frozen=True, kw_only=True):
    status: Literal[
        "registered",
        "preliminary",
        "final",
        "amended",
        "corrected",
        "cancelled",
        "entered-in-error",
        "unknown",
    ]
    code: Concept
    subject: Reference | None = None
    effective_date_time: Text | None = None
    effective_instant: Text | None = None
    effective_period: Period | None = None
    issued: Text | None = None
    value_quantity: Quantity | None = None
    value_date_time: Text | None = None
    value_codeable_concept: Concept | None = None
    component: Annotated[tuple[ObservationComponent, ...], _Some] = ()


class Encounter(Resource, frozen=True, kw_only=True):
    status: Literal[
        "planned",
        "arrived",
        "triaged",
        "in-progress",
        "onleave",
        "finished",
        "cancelled",
        "entered-in-error",
        "unknown",
    ]
    encounter_class: msgspec.Raw = msgspec.field(name="class")
    subject: Reference | None = None
    type: _Concepts = ()
    period: Period | None = None
    appointment: Annotated[tuple[Reference, ...], _Some] = ()


Understood = (
    Patient
    | RelatedPerson
    | Immunization
    | Appointment
    | Condition
    | EpisodeOfCare
    | Observation
    | Encounter
)
