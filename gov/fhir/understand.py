"""A resource to what it tells, by its type. Pure: neither clock nor database.

Called by `gov/fhir/interpret.py` for the version of a resource that counts.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from gov.fhir.condition import tell_condition, tell_episode, verification_of
from gov.fhir.day import find_day
from gov.fhir.dose import tell_dose
from gov.fhir.observation import tell_observation
from gov.fhir.patient import tell_patient
from gov.fhir.reason import DayContradicted, LinkUnused, TypeUnused
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
from gov.fhir.telling import Told
from gov.fhir.visit import tell_appointment, tell_encounter

# A hospital abroad may be a day ahead of Dubai when it says "today".
AHEAD_DAYS_MAX = 1


def understand(
    resource: Understood | None,
    *,
    patient: Patient | None,
    earlier: Iterable[Understood],
    asserted_on: date,
    received_on: date,
) -> Told:
    """What a resource tells, or the reason why nothing.

    `patient` is whom it speaks of, where that Patient is at hand; `earlier` are the versions of it
    that were said before. Nothing can have happened after it reached us (`received_on`).
    """
    told = _tell(resource, patient=patient, earlier=earlier, asserted_on=asserted_on)
    if isinstance(told, type):
        return told
    born_on = find_day(patient.birth_date) if patient is not None else None
    latest = received_on + timedelta(days=AHEAD_DAYS_MAX)
    for telling in told:
        is_before_birth = born_on is not None and telling.occurred_on < born_on
        if is_before_birth or telling.occurred_on > latest:
            return DayContradicted
    return told


def is_withdrawn(resource: Understood) -> bool:
    """Whether this version says that the resource should never have been: all it said goes."""
    if isinstance(resource, Condition):
        return verification_of(resource) in ("entered-in-error", "refuted")
    return getattr(resource, "status", None) == "entered-in-error"


def _tell(
    resource: Understood | None,
    *,
    patient: Patient | None,
    earlier: Iterable[Understood],
    asserted_on: date,
) -> Told:
    match resource:
        case Patient():
            return tell_patient(resource, asserted_on=asserted_on)
        case Immunization():
            return tell_dose(resource)
        case Observation():
            return tell_observation(resource)
        case Condition():
            return tell_condition(resource)
        case EpisodeOfCare():
            return tell_episode(resource)
        case Appointment():
            before = [other for other in earlier if isinstance(other, Appointment)]
            return tell_appointment(resource, earlier=before, asserted_on=asserted_on)
        case Encounter():
            born_on = find_day(patient.birth_date) if patient is not None else None
            return tell_encounter(resource, born_on=born_on)
        case RelatedPerson():
            return LinkUnused
        case None:
            return TypeUnused
