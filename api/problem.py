"""Errors as problem+json (RFC 9457), in Arabic and English. The only place that renders them.

Refusals say their code and next step; a bug is masked and logged by its kind alone, without values.
"""

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.error import Busy, NotFound, OsratiError, Refusal
from timeline.refused import note_refused

_log = structlog.get_logger("osrati.api")

PROBLEM_TYPE = "application/problem+json"
REQUEST_TIMEOUT = 408


class MethodNotAllowed(Refusal):
    code = "method_not_allowed"
    status = 405
    ar = "هذا العنوان لا يقبل طريقة الطلب هذه. راجع التوثيق واستخدم الطريقة الصحيحة."
    en = "This address does not take that method. See the documentation for the right one."


class InternalError(TypeError):
    """Only a name for what is answered when the fault is ours."""

    code = "internal_error"
    status = 500
    ar = "حدث خطأ من جهتنا ولم يضع شيء. أعد المحاولة بعد قليل."
    en = "Something went wrong on our side and nothing was lost. Try again shortly."


def problem(
    *, code: str, status: int, ar: str, en: str, detail: str = "", retry_after: int | None = None
) -> Response:
    """One problem+json answer."""
    body: dict[str, object] = {
        "type": "about:blank",
        "status": status,
        "code": code,
        "title": en,
        "messages": {"ar": ar, "en": en},
    }
    headers = {"Content-Language": "ar, en", "Cache-Control": "no-store"}
    if detail:
        body["detail"] = detail
    if retry_after is not None:
        body["retry_after_seconds"] = retry_after
        headers["Retry-After"] = str(retry_after)
    return JSONResponse(body, status_code=status, headers=headers, media_type=PROBLEM_TYPE)


async def render_osrati_error(request: Request, error: Exception) -> Response:
    """What we refuse, or ask to be tried later."""
    assert isinstance(error, OsratiError)
    note_refused(request, error.code)
    answer = problem(
        code=error.code,
        status=error.status,
        ar=error.ar,
        en=error.en,
        detail=error.detail,
        retry_after=error.retry_after_seconds,
    )
    answer.headers.update(error.headers)
    if error.status == REQUEST_TIMEOUT:
        answer.headers["Connection"] = "close"  # what is still to come is not waited for
    return answer


async def render_http_exception(request: Request, error: Exception) -> Response:
    """What Starlette refuses by itself: no such address, no such method."""
    assert isinstance(error, HTTPException)
    known = {404: NotFound, 405: MethodNotAllowed, 503: Busy}.get(error.status_code, NotFound)
    note_refused(request, known.code)
    answer = problem(code=known.code, status=error.status_code, ar=known.ar, en=known.en)
    answer.headers.update(error.headers or {})
    return answer


async def render_bug(request: Request, error: Exception) -> Response:
    """Our own fault: masked, and logged by its kind. Values may be personal, so none is logged."""
    _log.error("request_failed", error=type(error).__name__)
    note_refused(request, InternalError.code)
    return problem(
        code=InternalError.code,
        status=InternalError.status,
        ar=InternalError.ar,
        en=InternalError.en,
    )
