"""`POST /v1/intake/events`: one signed event in, kept raw and sealed, answered 202 at once.

Who sent it is proven first, then what it says is checked, and whether its sender may say so; only
then is it stored, whole, in one commit. Sending it again is harmless and tells how it stands. The
worker interprets it (`gov/interpret.py`).
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.error import Refusal
from gov.agency_right import refuse_event_beyond
from gov.event.data import Event
from gov.event.error import KIND_UNKNOWN_NOTE, EventTooLarge
from gov.event.json_object import EVENT_BYTES_MAX
from gov.event.read import check_content_type, parse_event
from gov.event.schema import EventSchemas
from gov.inbox.row import Kept, keep_message
from gov.reason import REASONS
from gov.signature.request import get_signer
from store.reference_tables import INBOX_APPLIED, INBOX_RECEIVED
from timeline.ground import Ground
from timeline.hint import Hints
from timeline.request_body import read_body

INTAKE_PATH = "/v1/intake/events"


class IdConflict(Refusal):
    code = "intake.id_conflict"
    status = 409
    ar = "أُرسل حدث آخر بهذا المعرِّف من قبل. أرسل الحدث الجديد بمعرِّف جديد، أو صحِّح القديم بحدث تصحيح."
    en = (
        "Another event was sent under this id before. Send the new event under a new id, or "
        "correct the old one with an entered_in_error event."
    )


def intake_routes(
    ground: Ground, schemas: EventSchemas, hints: Hints, *, origin: str | None
) -> list[Route]:
    """The intake's route. `origin` is the public one where a proxy stands before the server."""

    async def receive(request: Request) -> Response:
        check_content_type(request.headers.get("content-type"))
        body = await read_body(request, bytes_max=EVENT_BYTES_MAX, too_large=EventTooLarge)
        key = await get_signer(ground, request, body, origin=origin)
        event = parse_event(body, schemas=schemas, now_utc=ground.clock.now_utc())
        refuse_event_beyond(key.rights, body)
        kept = await keep_message(ground, key.agency_id, event.envelope.id, body)
        if not kept.is_same_body:
            raise IdConflict("/id")
        if kept.state == INBOX_RECEIVED:
            await hints.look("interpret", kept.inbox_id)
        notes = (
            [warning.code for warning in event.warnings]
            if isinstance(event, Event)
            else [KIND_UNKNOWN_NOTE]
        )
        return JSONResponse(_answer(kept, notes), status_code=202)

    return [Route(INTAKE_PATH, receive, methods=["POST"])]


def _answer(kept: Kept, notes: list[str]) -> dict[str, object]:
    """How the event stands: `received`, `applied`, or `held` with the reason in both languages."""
    answer: dict[str, object] = {
        "receipt": str(kept.inbox_id),
        "repeated": not kept.is_new,
        "notes": notes,
    }
    if kept.state in (INBOX_RECEIVED, INBOX_APPLIED):
        answer["status"] = "received" if kept.state == INBOX_RECEIVED else "applied"
        return answer
    reason = REASONS[kept.reason or ""]
    answer["status"] = "held"
    answer["reason"] = {"code": reason.code, "ar": reason.ar, "en": reason.en}
    return answer
