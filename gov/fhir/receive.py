"""`POST /v1/intake/fhir`: a signed Bundle or resource in, kept in parcels, answered in FHIR's form.

Who sent it is proven first, then its shape is checked; only then is it stored, every resource in
one commit. Sending it again changes nothing. The worker understands it (`gov/fhir/interpret.py`).
"""

import asyncio
from collections.abc import Sequence
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.error import OsratiError, Refusal
from gov.agency import Signer
from gov.fhir.capability import CAPABILITY
from gov.fhir.error import FhirContentType, FhirMethod, FhirTooLarge
from gov.fhir.message import FHIR_BYTES_MAX, Message, ReadEntry, read_message
from gov.fhir.number import choose_numbers
from gov.fhir.outcome import (
    answer,
    answer_of_bundle,
    outcome_of_kept,
    outcome_of_refusals,
    refuse,
)
from gov.fhir.parcel import Parcel, make_parcel, open_parcel, read_patient
from gov.fhir.right import find_beyond
from gov.fhir.same_person import refuse_same_person
from gov.fhir.understand import understand
from gov.inbox.resource import keep_parcels
from gov.inbox.row import Kept
from gov.signature.request import get_signer
from store.reference_tables import INBOX_APPLIED, INBOX_RECEIVED
from timeline.ground import Ground
from timeline.hint import Hints
from timeline.refused import note_refused
from timeline.request_body import read_body

FHIR_INTAKE_PATH = "/v1/intake/fhir"
FHIR_BODY_SECONDS_MAX = 60  # 8 MiB over a line of 2 Mbit/s take 34
ACCEPTED = 202  # kept, and understood in a moment
KNOWN = 200

_MEDIA_TYPES = frozenset({"application/fhir+json", "application/json"})
# R4 is the default where no version is named; another version is another format.
_PARAMETERS = frozenset({"charset=utf-8", "fhirversion=4.0"})


def fhir_intake_routes(ground: Ground, hints: Hints, *, origin: str | None) -> list[Route]:
    """The intake and what it says of itself. `origin` as in `gov/receive.py`."""

    async def receive(request: Request) -> Response:
        try:
            return await _receive(request)
        except OsratiError as refusal:
            note_refused(request, refusal.code)
            return refuse([refusal])

    async def _receive(request: Request) -> Response:
        if request.method != "POST":
            raise FhirMethod
        _check_media_type(request.headers.get("content-type", ""))
        body = await read_body(
            request,
            bytes_max=FHIR_BYTES_MAX,
            too_large=FhirTooLarge,
            seconds_max=FHIR_BODY_SECONDS_MAX,
        )
        signer = await get_signer(ground, request, body, origin=origin)
        today = ground.clock.today()
        message, parcels = await asyncio.to_thread(_read, body, signer, today)
        refused = [parcel for parcel in parcels if isinstance(parcel, Refusal)]
        for one in refused:
            note_refused(request, one.code)
        if refused and message.bundle_type in (None, "transaction"):
            return refuse(refused)
        kept = await _keep(signer, [p for p in parcels if isinstance(p, Parcel)])
        return _answer(message, parcels, kept)

    async def _keep(signer: Signer, parcels: Sequence[Parcel]) -> dict[str, Kept]:
        kept = await keep_parcels(ground, signer.agency_id, parcels)
        for one in kept.values():
            if one.state == INBOX_RECEIVED:
                await hints.look("interpret", one.inbox_id)
        return kept

    async def metadata(_: Request) -> Response:
        return answer(CAPABILITY)

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]  # each is answered in FHIR's form
    return [
        Route(FHIR_INTAKE_PATH, receive, methods=methods),
        Route(FHIR_INTAKE_PATH + "/metadata", metadata),
    ]


def _check_media_type(value: str) -> None:
    """Raises: FhirContentType unless it is FHIR's JSON of R4 in UTF-8."""
    media_type, *parameters = [part.strip().lower().replace('"', "") for part in value.split(";")]
    if media_type not in _MEDIA_TYPES or not _PARAMETERS.issuperset(parameters):
        raise FhirContentType


def _read(body: bytes, signer: Signer, today: date) -> tuple[Message, list[Parcel | Refusal]]:
    """The message and its parcels: pure computation, in a thread, since 8 MiB take half a second.

    Raises: a refusal of the whole.
    """
    message = read_message(body)
    read = [entry for entry in message.entries if isinstance(entry, ReadEntry)]
    refuse_same_person(read)
    return message, [
        _judge(entry, make_parcel(entry, message), signer, today)
        if isinstance(entry, ReadEntry)
        else entry
        for entry in message.entries
    ]


def _judge(entry: ReadEntry, parcel: Parcel, signer: Signer, today: date) -> Parcel | Refusal:
    """The parcel, or why its sender may not say what it tells."""
    meant = open_parcel(parcel.body).patient
    patient = read_patient(meant.target) if meant.target is not None else None
    told = understand(
        entry.resource, patient=patient, earlier=(), asserted_on=today, received_on=today
    )
    identifiers = patient.identifier if patient is not None else (meant.identifier,)
    numbers = choose_numbers(
        [one for one in identifiers if one is not None], agency_id=signer.agency_id
    )
    beyond = find_beyond(signer.rights, told, numbers)
    return parcel if beyond is None else beyond(entry.path)


def _answer(
    message: Message, parcels: Sequence[Parcel | Refusal], kept: dict[str, Kept]
) -> Response:
    """One answer for each entry: 202 kept, 200 known before, 4xx refused."""
    answers = [
        (parcel.status, outcome_of_refusals([parcel]))
        if isinstance(parcel, Refusal)
        else _answer_kept(kept[parcel.version_id])
        for parcel in parcels
    ]
    if message.bundle_type is None:
        ((status, outcome),) = answers
        return answer(outcome, status=status)
    return answer(answer_of_bundle(message.bundle_type, answers))


def _answer_kept(kept: Kept) -> tuple[int, dict[str, object]]:
    outcome = outcome_of_kept(kept.reason, is_applied=kept.state == INBOX_APPLIED)
    return ACCEPTED if kept.is_new else KNOWN, dict(outcome)
