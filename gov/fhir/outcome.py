"""Answers in FHIR's form: OperationOutcome, and the Bundle of answers to a Bundle.

Each issue has FHIR's own code, ours, and words in English with their Arabic translation; never a
value of the sender's document.

Source: HL7 FHIR R4, operationoutcome.html; extension
http://hl7.org/fhir/StructureDefinition/translation.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

import msgspec
from starlette.responses import Response

from domain.error import OsratiError
from gov.agency_right import KindNotAllowed, SubjectNotAllowed
from gov.event.error import NotJson
from gov.fhir.error import FhirMethod, FhirRefusal
from gov.reason import REASONS

FHIR_JSON = "application/fhir+json"
CODE_SYSTEM = "https://osrati.example/fhir/CodeSystem/problem"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
ISSUES_MAX = 50  # of a transaction that is refused: the rest is of the same making

_BY_STATUS: Mapping[int, str] = MappingProxyType(
    {401: "login", 403: "forbidden", 408: "timeout", 413: "too-long", 415: "not-supported"}
)


class Said(msgspec.Struct, frozen=True):
    """What is said of one resource in both languages: a code with its words."""

    code: str
    en: str
    ar: str


RECEIVED = Said(
    "intake.fhir_received",
    "The resource is kept and will be understood in a moment. Nothing more is needed.",
    "حُفظ المورد وسيُفهم بعد لحظات. لا يلزم شيء آخر.",
)
APPLIED = Said(
    "intake.fhir_applied",
    "The resource was kept before and has been applied. Nothing more is needed.",
    "المورد محفوظ من قبل وقد طُبِّق. لا يلزم شيء آخر.",
)


def outcome_of_refusals(refusals: Sequence[OsratiError]) -> Mapping[str, object]:
    """The OperationOutcome of what was refused, at most ISSUES_MAX of them."""
    return _outcome(
        _issue(
            "error",
            _issue_code(refusal),
            Said(refusal.code, refusal.en, refusal.ar),
            expression=refusal.detail if _is_path(refusal) else "",
            diagnostics="" if _is_path(refusal) else refusal.detail,
        )
        for refusal in refusals[:ISSUES_MAX]
    )


def outcome_of_kept(reason_code: str | None, *, is_applied: bool) -> Mapping[str, object]:
    """The OperationOutcome of a resource that is kept: taken, applied, or held with its reason."""
    if reason_code is None:
        return _outcome(
            [_issue("information", "informational", APPLIED if is_applied else RECEIVED)]
        )
    reason = REASONS[reason_code]
    said = Said(reason.code, reason.en, reason.ar)
    return _outcome([_issue("warning", "informational", said)])


def answer_of_bundle(
    bundle_type: str | None, entries: Iterable[tuple[int, Mapping[str, object]]]
) -> Mapping[str, object]:
    """The Bundle that answers a Bundle, entry for entry: (status, outcome) of each."""
    answers = [
        {"response": {"status": f"{status} {HTTPStatus(status).phrase}", "outcome": outcome}}
        for status, outcome in entries
    ]
    kind = "transaction-response" if bundle_type == "transaction" else "batch-response"
    bundle: dict[str, object] = {"resourceType": "Bundle", "type": kind}
    return {**bundle, "entry": answers} if answers else bundle


def refuse(refusals: Sequence[OsratiError]) -> Response:
    """The HTTP answer of a request refused as a whole: the status is that of the first."""
    first = refusals[0]
    response = answer(outcome_of_refusals(refusals), status=first.status)
    if first.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(first.retry_after_seconds)
    if first.status == HTTPStatus.REQUEST_TIMEOUT:
        response.headers["Connection"] = "close"  # what is still to come is not waited for
    if first.status == FhirMethod.status:
        response.headers["Allow"] = "POST"
    return response


def answer(resource: Mapping[str, object], *, status: int = 200) -> Response:
    """One resource as an HTTP answer."""
    return Response(
        msgspec.json.encode(resource),
        status_code=status,
        media_type=FHIR_JSON,
        headers={"Cache-Control": "no-store", "Content-Language": "ar, en"},
    )


def _outcome(issues: Iterable[Mapping[str, object]]) -> Mapping[str, object]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def _issue(
    severity: str, code: str, said: Said, *, expression: str = "", diagnostics: str = ""
) -> Mapping[str, object]:
    arabic = [
        {"url": "lang", "valueCode": "ar"},
        {"url": "content", "valueString": said.ar},
    ]
    issue: dict[str, object] = {
        "severity": severity,
        "code": code,
        "details": {
            "coding": [{"system": CODE_SYSTEM, "code": said.code}],
            "text": said.en,
            "_text": {"extension": [{"url": TRANSLATION, "extension": arabic}]},
        },
    }
    if expression:
        issue["expression"] = [expression]
    if diagnostics:
        issue["diagnostics"] = diagnostics
    return issue


def _issue_code(refusal: OsratiError) -> str:
    if isinstance(refusal, FhirRefusal):
        return refusal.issue
    if isinstance(refusal, NotJson):
        return "structure"
    if refusal.retry_after_seconds is not None:
        return "transient"
    return _BY_STATUS.get(refusal.status, "processing")


def _is_path(refusal: OsratiError) -> bool:
    return isinstance(refusal, FhirRefusal | KindNotAllowed | SubjectNotAllowed)
