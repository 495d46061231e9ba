"""One resource from its raw bytes: its type, and where the type is understood its checked value.

Every refusal names the element by FHIRPath and never holds a value.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from gov.fhir.day import check_date
from gov.fhir.element import Id
from gov.fhir.error import (
    BundleInBundle,
    CodeInvalid,
    ElementMissing,
    FhirRefusal,
    InvariantBroken,
    NotFhir,
    TextTooLong,
)
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


class Head(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of every resource, of whatever type. R4 has types of at most 33 letters."""

    resource_type: str
    id: Id | None = None


_heads = msgspec.json.Decoder(Head)
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}", re.ASCII)
_DECODERS: Mapping[str, msgspec.json.Decoder[Understood]] = MappingProxyType(
    {
        kind.__name__: msgspec.json.Decoder(kind)
        for kind in (
            Patient,
            RelatedPerson,
            Immunization,
            Appointment,
            Condition,
            EpisodeOfCare,
            Observation,
            Encounter,
        )
    }
)
UNDERSTOOD_TYPES = frozenset(_DECODERS)


def read_head(raw: bytes, path: str) -> Head:
    """The type and id of any resource.

    Raises: a refusal of `gov/fhir/error.py`.
    """
    try:
        head = _heads.decode(raw)
    except msgspec.ValidationError as error:
        raise explain(error, path) from None
    if not _TYPE.fullmatch(head.resource_type):
        raise NotFhir(f"{path}.resourceType")
    if head.resource_type == "Bundle":
        raise BundleInBundle(path)
    return head


def read_resource(head: Head, raw: bytes, path: str) -> Understood | None:
    """The resource, checked; None for a type that nothing here understands.

    Raises: a refusal of `gov/fhir/error.py`.
    """
    decoder = _DECODERS.get(head.resource_type)
    if decoder is None:
        return None
    try:
        resource = decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise explain(error, path) from None
    for written, name in _dates(resource):
        check_date(written, f"{path}.{name}")
    _refuse_contradictions(resource, path)
    return resource


_MISSING = re.compile(r"missing required field `([^`]+)`")
_PLACE = re.compile(r" - at `\$([^`]*)`$")


def explain(error: msgspec.ValidationError, path: str) -> FhirRefusal:
    """The refusal of a shape that is not FHIR's. The library's words may hold values: only the
    place and the kind of its complaint are taken over."""
    words = str(error)
    place = _PLACE.search(words)
    where = path + (place[1].replace("[...]", "") if place else "")
    if missing := _MISSING.search(words):
        return ElementMissing(f"{where}.{missing[1]}")
    if "got `null`" in words:
        return ElementMissing(where)
    if words.startswith("Invalid enum value"):
        return CodeInvalid(where)
    if "of length" in words:
        return ElementMissing(where) if "length >=" in words else TextTooLong(where)
    return NotFhir(where)


_DATE_FIELDS: tuple[tuple[str, str], ...] = tuple(
    (name, re.sub(r"_(.)", lambda match: match[1].upper(), name))
    for name in (
        "birth_date",
        "deceased_date_time",
        "occurrence_date_time",
        "recorded",
        "expiration_date",
        "start",
        "end",
        "created",
        "onset_date_time",
        "abatement_date_time",
        "recorded_date",
        "effective_date_time",
        "effective_instant",
        "issued",
        "value_date_time",
    )
)
_PERIOD_FIELDS = (
    ("period", "period"),
    ("onset_period", "onsetPeriod"),
    ("abatement_period", "abatementPeriod"),
    ("effective_period", "effectivePeriod"),
)


def _dates(resource: Understood) -> Iterator[tuple[str | None, str]]:
    """Every date that is read, with its place."""
    if resource.meta is not None:
        yield resource.meta.last_updated, "meta.lastUpdated"
    for name, written in _DATE_FIELDS:
        yield getattr(resource, name, None), written
    for name, written in _PERIOD_FIELDS:
        period = getattr(resource, name, None)
        if period is not None:
            yield period.start, f"{written}.start"
            yield period.end, f"{written}.end"
    for place, identifier in enumerate(resource.identifier):
        if identifier.period is not None:
            yield identifier.period.start, f"identifier[{place}].period.start"
            yield identifier.period.end, f"identifier[{place}].period.end"


# Each group is one element of FHIR with a choice of types, of which one alone may stand.
_CHOICES: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "Patient": (
            ("deceased_boolean", "deceased_date_time"),
            ("multiple_birth_boolean", "multiple_birth_integer"),
        ),
        "Immunization": (("occurrence_date_time", "occurrence_string"),),
        "Condition": (
            ("onset_date_time", "onset_period"),
            ("abatement_date_time", "abatement_period"),
        ),
        "Observation": (
            ("effective_date_time", "effective_instant", "effective_period"),
            ("value_quantity", "value_date_time", "value_codeable_concept"),
        ),
    }
)


def _refuse_contradictions(resource: Understood, path: str) -> None:
    for group in _CHOICES.get(resource.resource_type, ()):
        if sum(getattr(resource, name) is not None for name in group) > 1:
            raise InvariantBroken(f"{path}.{group[0].split('_')[0]}")
    check = _CHECKS.get(resource.resource_type)
    if check is not None:
        check(resource, path)


def _check_immunization(resource: Understood, path: str) -> None:
    assert isinstance(resource, Immunization)
    if resource.occurrence_date_time is None and resource.occurrence_string is None:
        raise ElementMissing(f"{path}.occurrence")


def _check_appointment(resource: Understood, path: str) -> None:
    """Source: R4 Appointment, invariants app-2, app-3."""
    assert isinstance(resource, Appointment)
    if (resource.start is None) != (resource.end is None):
        raise InvariantBroken(f"{path}.start")
    if resource.start is None and resource.status not in ("proposed", "cancelled", "waitlist"):
        raise ElementMissing(f"{path}.start")


_CLINICAL = frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"})
_VERIFICATION = frozenset(
    {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}
)
CLINICAL_SYSTEM = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION_SYSTEM = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def _check_condition(resource: Understood, path: str) -> None:
    """Source: R4 Condition: both bindings are required ones."""
    assert isinstance(resource, Condition)
    for concept, system, known, name in (
        (resource.clinical_status, CLINICAL_SYSTEM, _CLINICAL, "clinicalStatus"),
        (resource.verification_status, VERIFICATION_SYSTEM, _VERIFICATION, "verificationStatus"),
    ):
        if concept is not None and concept.find_code(frozenset({system})) not in known:
            raise CodeInvalid(f"{path}.{name}")


_CHECKS: Mapping[str, Callable[[Understood, str], None]] = MappingProxyType(
    {
        "Immunization": _check_immunization,
        "Appointment": _check_appointment,
        "Condition": _check_condition,
    }
)
