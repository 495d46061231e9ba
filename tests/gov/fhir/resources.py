"""FHIR resources for tests, each sound, each with only what a test is about."""

import json
from collections.abc import Mapping, Sequence
from typing import Any  # JSON

Json = Mapping[str, Any]

EMIRATES_ID = "https://osrati.example/fhir/sid/emirates-id"
HOSPITAL = "https://osrati.example/fhir/sid/hospital-number/demo-hospital-ajman"
CVX = "http://hl7.org/fhir/sid/cvx"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
BORN_ON = "2026-03-10"


def concept(system: str | None, code: str) -> Json:
    coding = {"code": code} if system is None else {"system": system, "code": code}
    return {"coding": [coding]}


def patient(id_: str = "p1", **members: object) -> Json:
    number = {"system": HOSPITAL, "value": f"A-{id_}"}
    return {
        "resourceType": "Patient",
        "id": id_,
        "identifier": [number],
        "birthDate": BORN_ON,
        **members,
    }


def immunization(id_: str = "i1", *, of: str = "Patient/p1", **members: object) -> Json:
    return {
        "resourceType": "Immunization",
        "id": id_,
        "status": "completed",
        "vaccineCode": concept(CVX, "08"),
        "patient": {"reference": of},
        "occurrenceDateTime": "2026-05-10",
        **members,
    }


def observation(code: str, *, of: str = "Patient/p1", **members: object) -> Json:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": concept(LOINC, code),
        "subject": {"reference": of},
        "effectiveDateTime": "2026-05-10",
        **members,
    }


def quantity(value: float, code: str | None, **members: object) -> Json:
    coded = {"system": UCUM, "code": code} if code is not None else {}
    return {"value": value, **coded, **members}


def condition(code: str, *, of: str = "Patient/p1", **members: object) -> Json:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "code": concept(SNOMED, code),
        "subject": {"reference": of},
        "onsetDateTime": "2026-05-10",
        **members,
    }


def appointment(status: str = "booked", *, of: str = "Patient/p1", **members: object) -> Json:
    return {
        "resourceType": "Appointment",
        "id": "a1",
        "status": status,
        "start": "2026-12-01T09:00:00+04:00",
        "end": "2026-12-01T09:20:00+04:00",
        "participant": [{"status": "accepted", "actor": {"reference": of}}],
        **members,
    }


def encounter(code: str, *, of: str = "Patient/p1", **members: object) -> Json:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "AMB"},
        "type": [concept(SNOMED, code)],
        "subject": {"reference": of},
        "period": {"start": "2026-05-10T10:00:00+04:00"},
        **members,
    }


def bundle(*resources: Json, kind: str = "transaction", urls: Sequence[str] = ()) -> Json:
    """A Bundle with the resources as entries; `urls` are their fullUrls, in order."""
    entries = []
    for place, resource in enumerate(resources):
        entry: dict[str, object] = {"resource": resource}
        if place < len(urls):
            entry["fullUrl"] = urls[place]
        if kind in ("transaction", "batch"):
            entry["request"] = {"method": "POST", "url": resource["resourceType"]}
        entries.append(entry)
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def encode(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
