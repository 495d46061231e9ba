"""Reads the Parameters of `$immds-forecast` into a history, and refuses with the place what is not
so: FHIR's own shapes, checked by hand, for the elements that the calculation needs.
"""

import json
from datetime import date

import msgspec

from domain.calendar_date import Sex
from domain.immunization.history import DOSES_MAX, GivenDose
from gov.immds.codes import CVX_SYSTEMS, EMIRATES
from gov.immds.element import (
    Element,
    find_day,
    find_object,
    find_text,
    get_flag,
    get_text,
    read_day,
    refuse,
)

BODY_BYTES_MAX = 1024 * 1024  # 500 doses, the most one person may have, take some 300 KB
_SEXES: dict[str, Sex] = {
    "male": "male",
    "female": "female",
    "other": "unknown",
    "unknown": "unknown",
}
_STATUSES = ("completed", "entered-in-error", "not-done")
_NAMES = ("assessmentDate", "patient", "immunization")


class ToldDose(msgspec.Struct, frozen=True, kw_only=True):
    """One Immunization. `dose` is None when it was not done, or its day is not known; `reference`
    names it in answers."""

    id: str
    reference: Element
    vaccine: Element
    cvx: str | None
    was_done: bool
    dose: GivenDose | None


class ForecastRequest(msgspec.Struct, frozen=True, kw_only=True):
    assessed_on: date
    born_on: date
    sex: Sex
    emirate: str | None
    patient: Element
    told: tuple[ToldDose, ...]


def read_request(body: bytes) -> ForecastRequest:
    """Raises: BadRequest."""
    document = _parse(body)
    if document.get("resourceType") != "Parameters":
        refuse("structure", "Parameters", "the body is no resource Parameters")
    found = _sort_parameters(document.get("parameter"))
    day = _the_one(found["assessmentDate"], "assessmentDate")
    patient_path, patient = _resource(_the_one(found["patient"], "patient"), "Patient")
    if len(found["immunization"]) > DOSES_MAX:
        refuse("too-long", "Parameters.parameter", f"more than {DOSES_MAX} immunizations", 413)
    told = tuple(
        _read_immunization(
            *_resource(parameter, "Immunization"),
            patient_id=find_text(patient, "id", patient_path),
            place=place,
        )
        for place, parameter in enumerate(found["immunization"])
    )
    _refuse_same_ids(told)
    gender = find_text(patient, "gender", patient_path)
    if gender is not None and gender not in _SEXES:
        refuse("code-invalid", f"{patient_path}.gender", "no code of administrative gender")
    path, value = day
    return ForecastRequest(
        assessed_on=read_day(get_text(value, "valueDate", path), f"{path}.valueDate"),
        born_on=read_day(get_text(patient, "birthDate", patient_path), f"{patient_path}.birthDate"),
        sex=_SEXES[gender or "unknown"],
        emirate=_read_emirate(patient, patient_path),
        patient=_refer_to("Patient", find_text(patient, "id", patient_path), "the patient sent"),
        told=told,
    )


def _parse(body: bytes) -> Element:
    if len(body) > BODY_BYTES_MAX:
        refuse("too-long", "Parameters", f"more than {BODY_BYTES_MAX} bytes", 413)
    try:
        document = json.loads(body.decode("utf-8"))
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):  # not UTF-8, not JSON, a lone surrogate, nested too deep
        refuse("structure", "Parameters", "the body is not JSON in UTF-8")
    if not isinstance(document, dict):
        refuse("structure", "Parameters", "the body is no JSON object")
    return document


def _sort_parameters(parameters: object) -> dict[str, list[tuple[str, Element]]]:
    if not isinstance(parameters, list):
        refuse("required", "Parameters.parameter", "a list is needed")
    found: dict[str, list[tuple[str, Element]]] = {name: [] for name in _NAMES}
    for place, parameter in enumerate(parameters):
        path = f"Parameters.parameter[{place}]"
        if not isinstance(parameter, dict):
            refuse("structure", path, "no object")
        name = get_text(parameter, "name", path)
        if name not in found:
            refuse("not-supported", f"{path}.name", "not a parameter of this operation")
        found[name].append((path, parameter))
    return found


def _the_one(found: list[tuple[str, Element]], name: str) -> tuple[str, Element]:
    if len(found) != 1:
        refuse("required", "Parameters.parameter", f"exactly one {name} is needed")
    return found[0]


def _resource(parameter: tuple[str, Element], kind: str) -> tuple[str, Element]:
    path = f"{parameter[0]}.resource"
    resource = find_object(parameter[1], "resource", parameter[0])
    if resource is None or resource.get("resourceType") != kind:
        refuse("structure", path, f"a resource {kind} is needed")
    return path, resource


def _read_immunization(
    path: str, resource: Element, *, patient_id: str | None, place: int
) -> ToldDose:
    status = get_text(resource, "status", path)
    if status not in _STATUSES:
        refuse("code-invalid", f"{path}.status", "no code of immunization status")
    _check_patient(resource, path, patient_id)
    vaccine = find_object(resource, "vaccineCode", path)
    if vaccine is None:
        refuse("required", f"{path}.vaccineCode", "is missing")
    cvx = _read_cvx(vaccine, f"{path}.vaccineCode")
    given_on = _read_occurrence(resource, path)
    told_id = find_text(resource, "id", path)
    dose_id = told_id or f"parameter {place}"
    dose = None
    if status != "not-done" and given_on is not None:
        dose = _make_dose(
            resource, path, dose_id=dose_id, cvx=cvx or "", given_on=given_on, status=status
        )
    return ToldDose(
        id=dose_id,
        reference=_refer_to("Immunization", told_id, f"immunization {place + 1} of those sent"),
        vaccine=_restate(vaccine, cvx, f"{path}.vaccineCode"),
        cvx=cvx,
        was_done=status != "not-done",
        dose=dose,
    )


def _make_dose(
    resource: Element, path: str, *, dose_id: str, cvx: str, given_on: date, status: str
) -> GivenDose:
    expires = find_text(resource, "expirationDate", path)
    return GivenDose(
        id=dose_id,
        cvx=cvx,
        administered_on=given_on,
        lot_number=find_text(resource, "lotNumber", path),
        lot_expires_on=find_day(expires, f"{path}.expirationDate") if expires else None,
        substandard=get_flag(resource, "isSubpotent", path),
        primary_source=get_flag(resource, "primarySource", path),
        reported_by=_read_reporter(resource, path),
        entered_in_error=status == "entered-in-error",
    )


def _check_patient(resource: Element, path: str, patient_id: str | None) -> None:
    """A twin's dose must not be counted here."""
    patient = find_object(resource, "patient", path)
    if patient is None:
        refuse("required", f"{path}.patient", "is missing")
    reference = find_text(patient, "reference", f"{path}.patient")
    kind, _, meant = (reference or "").rpartition("/")
    if patient_id is not None and kind.endswith("Patient") and meant != patient_id:
        refuse("invariant", f"{path}.patient", "refers to another patient than the one sent")


def _read_cvx(vaccine: Element, path: str) -> str | None:
    """The CVX code, with two digits at least; None where the vaccine has no such code."""
    codings = vaccine.get("coding", [])
    if not isinstance(codings, list):
        refuse("structure", f"{path}.coding", "no list")
    for place, coding in enumerate(codings):
        if not isinstance(coding, dict):
            refuse("structure", f"{path}.coding[{place}]", "no object")
        if find_text(coding, "system", f"{path}.coding[{place}]") in CVX_SYSTEMS:
            code = find_text(coding, "code", f"{path}.coding[{place}]")
            if code is not None:
                return code.zfill(2)
    return None


def _restate(vaccine: Element, cvx: str | None, path: str) -> Element:
    words = find_text(vaccine, "text", path)
    return {"text": words or (f"CVX {cvx}" if cvx else "a vaccine without a CVX code")}


def _read_occurrence(resource: Element, path: str) -> date | None:
    words = find_text(resource, "occurrenceString", path)
    written = find_text(resource, "occurrenceDateTime", path)
    if words is None and written is None:
        refuse("required", f"{path}.occurrence[x]", "is missing")
    return None if written is None else find_day(written, f"{path}.occurrenceDateTime")


def _read_emirate(patient: Element, path: str) -> str | None:
    """The emirate of the first address that names one; what is not known changes nothing."""
    addresses = patient.get("address")
    if addresses is None:
        return None
    if not isinstance(addresses, list):
        refuse("structure", f"{path}.address", "no list")
    for place, address in enumerate(addresses):
        if not isinstance(address, dict):
            refuse("structure", f"{path}.address[{place}]", "no object")
        state = find_text(address, "state", f"{path}.address[{place}]")
        if state is not None and state.strip().lower() in EMIRATES:
            return EMIRATES[state.strip().lower()]
    return None


def _read_reporter(resource: Element, path: str) -> str | None:
    """Who reports: meta.source, else the system of the first identifier."""
    meta = find_object(resource, "meta", path)
    source = find_text(meta, "source", f"{path}.meta") if meta is not None else None
    if source is not None:
        return source
    identifiers = resource.get("identifier")
    if not isinstance(identifiers, list) or not identifiers:
        return None
    if not isinstance(identifiers[0], dict):
        refuse("structure", f"{path}.identifier[0]", "no object")
    return find_text(identifiers[0], "system", f"{path}.identifier[0]")


def _refuse_same_ids(told: tuple[ToldDose, ...]) -> None:
    ids = [item.id for item in told]
    if len(set(ids)) != len(ids):
        refuse("duplicate", "Parameters.parameter", "two immunizations have the same id")


def _refer_to(kind: str, known_id: str | None, otherwise: str) -> Element:
    return {"reference": f"{kind}/{known_id}"} if known_id else {"display": otherwise}
