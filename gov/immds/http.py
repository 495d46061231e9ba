"""FHIR's `$immds-forecast` over HTTP, for hospitals: signed as events are, answered in FHIR's form.

Nothing of a request is kept: not the patient, not the doses. Sending it again gives the same
answer. Base address: `/v1/fhir`.

Source: HL7 FHIR R4 http.html (media types, OperationOutcome); Immunization Decision Support
Forecast 1.0.0.
"""

from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.error import OsratiError, Refusal
from gov.immds.capability import CAPABILITY, OPERATION
from gov.immds.codes import OUR_PROBLEM, TRANSLATION
from gov.immds.element import Element
from gov.immds.pool import ForecastPool
from gov.immds.request import BODY_BYTES_MAX
from gov.signature.request import get_signer
from timeline.ground import Ground
from timeline.refused import note_refused
from timeline.request_body import read_body

FHIR_PATH = "/v1/fhir"
FORECAST_PATH = FHIR_PATH + "/$immds-forecast"
FHIR_JSON = "application/fhir+json"

_READ_TYPES = frozenset({FHIR_JSON, "application/json"})
_WRITTEN_TYPES = _READ_TYPES | {"application/*", "*/*"}
_ISSUE_CODES: Mapping[int, str] = {
    401: "login",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    413: "too-long",
    415: "not-supported",
    503: "transient",
}


class ForecastTooLarge(Refusal):
    code = "fhir.too_large"
    status = 413
    ar = "الطلب أكبر من ميغابايت واحد. أرسل مريضًا واحدًا وجرعاته فقط."
    en = "The request is larger than one MiB. Send one patient and the doses alone."


class ForecastByPost(Refusal):
    code = "fhir.method"
    status = 405
    ar = "أرسل هذه العملية بطريقة POST ومعها مورد Parameters."
    en = "Send this operation by POST, with a resource Parameters."


class FhirJsonNeeded(Refusal):
    code = "fhir.content_type"
    status = 415
    ar = "نوع المحتوى ليس application/fhir+json. صحِّح الترويسة Content-Type ووقِّع الطلب من جديد."
    en = (
        "The content type is not application/fhir+json. "
        "Correct the Content-Type header and sign the request again."
    )


class FhirJsonAlone(Refusal):
    code = "fhir.not_acceptable"
    status = 406
    ar = "الإجابة بصيغة application/fhir+json وحدها. صحِّح الترويسة Accept."
    en = "Answers are application/fhir+json alone. Correct the Accept header."


def immds_routes(ground: Ground, pool: ForecastPool, *, origin: str | None) -> list[Route]:
    """The operation, and what the server says of itself. `origin` as in `gov/receive.py`."""

    async def forecast(request: Request) -> Response:
        try:
            status, answer = await _forecast(request)
        except OsratiError as error:
            note_refused(request, error.code)
            return _refuse(error)
        return _answer(answer, status)

    async def _forecast(request: Request) -> tuple[int, bytes]:
        if request.method != "POST":
            raise ForecastByPost
        _check_types(request)
        body = await read_body(request, bytes_max=BODY_BYTES_MAX, too_large=ForecastTooLarge)
        await get_signer(ground, request, body, origin=origin)
        return await pool.answer(body, today=ground.clock.today())

    async def metadata(_: Request) -> Response:
        return _answer(orjson.dumps(CAPABILITY), 200)

    async def definition(_: Request) -> Response:
        return _answer(orjson.dumps(OPERATION), 200)

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]  # each is answered in FHIR's form
    return [
        Route(FORECAST_PATH, forecast, methods=methods),
        Route(FHIR_PATH + "/metadata", metadata),
        Route(FHIR_PATH + "/OperationDefinition/immds-forecast", definition),
    ]


def _check_types(request: Request) -> None:
    """Raises: FhirJsonNeeded, FhirJsonAlone. Another version of FHIR than R4 is another type."""
    media_type, *parameters = _parts(request.headers.get("content-type", ""), ";")
    allowed = {"charset=utf-8", "fhirversion=4.0"}
    if media_type not in _READ_TYPES or not {p.replace('"', "") for p in parameters} <= allowed:
        raise FhirJsonNeeded
    accepted = _parts(request.headers.get("accept", "*/*"), ",")
    if not _WRITTEN_TYPES.intersection(_parts(item, ";")[0] for item in accepted):
        raise FhirJsonAlone


def _parts(value: str, separator: str) -> list[str]:
    return [part.strip().lower() for part in value.split(separator)]


def _refuse(error: OsratiError) -> Response:
    """The OperationOutcome of a refusal: its code, its words in both languages, no value."""
    arabic = [{"url": "lang", "valueCode": "ar"}, {"url": "content", "valueString": error.ar}]
    details: Element = {
        "coding": [{"system": OUR_PROBLEM, "code": error.code}],
        "text": error.en,
        "_text": {"extension": [{"url": TRANSLATION, "extension": arabic}]},
    }
    issue: Element = {
        "severity": "error",
        "code": _ISSUE_CODES.get(error.status, "processing"),
        "details": details,
    }
    if error.detail:
        issue["diagnostics"] = error.detail
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    answer = _answer(orjson.dumps(outcome), error.status)
    if error.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == ForecastByPost.status:
        answer.headers["Allow"] = "POST"
    if error.status == 408:
        answer.headers["Connection"] = "close"  # what is still to come is not waited for
    return answer


def _answer(body: bytes, status: int) -> Response:
    return Response(
        body, status_code=status, media_type=FHIR_JSON, headers={"Cache-Control": "no-store"}
    )
