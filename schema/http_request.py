"""What a GraphQL request over HTTP may be, read once: media types, then one JSON operation.

`schema/http.py` calls it. What is no request is refused here, before anybody is asked who they are.
Source: GraphQL over HTTP, draft of 2026-08-06, and its appendix on persisted documents; which of
the two statuses that they leave open is decided in `docs/decisions/0021-graphql-over-http.md`.
"""

from typing import Any, NamedTuple  # Any: JSON as it came, before GraphQL has typed it

import orjson

from domain.error import Refusal

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
ACCEPTED_MAX = 32  # media types in `Accept` that are looked at; browsers send eight


class MediaTypeRefused(Refusal):
    code = "graphql.media_type"
    status = 415
    ar = "أرسل العملية بصيغة JSON وبالنوع application/json وترميز UTF-8."
    en = "Send the operation as JSON: content type application/json, in UTF-8."


class NotAcceptable(Refusal):
    code = "graphql.not_acceptable"
    status = 406
    ar = "الإجابة بصيغة JSON فقط. اقبل النوع application/graphql-response+json أو application/json."
    en = "Answers are JSON: accept application/graphql-response+json or application/json."


class RequestMalformed(Refusal):
    code = "graphql.malformed"
    ar = "تعذّر فهم الطلب. أرسل عملية GraphQL واحدة بصيغة JSON."
    en = "The request could not be understood. Send one GraphQL operation as JSON."


class Operation(NamedTuple):
    """One operation as it was sent: its text, or the id of a document that is known here."""

    query: str | None
    document_id: str | None
    name: str | None
    variables: dict[str, Any] | None


def check_content_type(content_type: str) -> None:
    """Only `application/json` in UTF-8: a form of another site cannot send it without asking first.

    Raises: MediaTypeRefused.
    """
    name, parameters = _media_type(content_type)
    if name != JSON or parameters.get("charset", "utf-8") not in ("utf-8", "utf8"):
        raise MediaTypeRefused


def choose_answer_type(accept: str) -> str:
    """The media type of the answer; `application/json` for whoever takes anything, or says nothing.

    Raises: NotAcceptable.
    """
    if not accept.strip():
        return JSON
    best: tuple[float, bool, str] = (0.0, False, "")
    for part in accept.split(",")[:ACCEPTED_MAX]:
        name, parameters = _media_type(part)
        answer = JSON if name in ("*/*", "application/*", JSON) else name
        if answer in (JSON, RESPONSE_JSON):
            best = max(best, (_weight(parameters.get("q", "1")), answer == RESPONSE_JSON, answer))
    if best[0] <= 0:
        raise NotAcceptable
    return best[2]


def read_operation(body: bytes) -> Operation:
    """One operation. A list (a batch), a bare value or deep nesting is none.

    Raises: RequestMalformed with what is wrong.
    """
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestMalformed("json") from error
    if not isinstance(asked, dict):
        raise RequestMalformed("object")
    for name in ("query", "documentId", "operationName"):
        if not isinstance(asked.get(name), str | None):
            raise RequestMalformed(name)
    for name in ("variables", "extensions"):
        if not isinstance(asked.get(name), dict | None):
            raise RequestMalformed(name)
    query, document_id = asked.get("query"), asked.get("documentId")
    if not query and not document_id:
        raise RequestMalformed("query")
    if query and document_id:
        raise RequestMalformed("documentId")
    return Operation(query, document_id, asked.get("operationName"), asked.get("variables"))


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    """Its name and its parameters, in small letters."""
    name, *rest = (part.strip() for part in text.lower().split(";"))
    pairs = (part.partition("=") for part in rest)
    return name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _weight(text: str) -> float:
    """From 0 to 1; what is no number weighs nothing."""
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
