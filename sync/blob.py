"""`PUT` and `GET /v1/blob/{id}/{n}`: a file in chunks, as the line allows.

The stream that a phone names leads to the circle; a stream that is not theirs, and a blob that is
not there, look alike.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.error import NotFound, Refusal, SignInRequired
from domain.ids import CircleId
from domain.people.actor import Actor
from sync.pace import Pace
from sync.route import MEDIA_TYPE, Authenticate
from sync.wire import encode
from timeline.blob import (
    CHUNK_BYTES,
    HASH_BYTES,
    BlobPlan,
    BlobTooLarge,
    find_blob_circle,
    get_chunk,
    read_blob_state,
    record_chunk,
)
from timeline.ground import Ground
from timeline.member_stream import list_actor_streams
from timeline.request_body import read_body

NUMBER_DIGITS_MAX = 9
CHUNK_MEDIA_TYPE = "application/octet-stream"


class BlobMalformed(Refusal):
    code = "blob.malformed"
    ar = "عنوان الملف غير مقروء. حدِّث التطبيق ثم أرسل الملف من جديد."
    en = "The file's address cannot be read. Update the app and send the file again."


class Blobs:
    """The calls of blobs, within the pace of everything else that a person asks."""

    def __init__(self, ground: Ground, *, authenticate: Authenticate, pace: Pace) -> None:
        self._ground = ground
        self._authenticate = authenticate
        self._pace = pace

    def routes(self) -> list[Route]:
        """Every call's route."""
        return [
            Route("/v1/blob/{id}", self.state, methods=["GET"]),
            Route("/v1/blob/{id}/{n}", self.chunk, methods=["GET"]),
            Route("/v1/blob/{id}/{n}", self.put, methods=["PUT"]),
        ]

    async def put(self, request: Request) -> Response:
        """Takes one chunk; what is there then."""
        actor, circles = await self._where(request)
        plan = BlobPlan(
            circles[0],
            actor.person_id,
            _uuid(request.path_params["id"]),
            _number(request.query_params.get("size", "")),
            _sha256(request.query_params.get("sha256", "")),
        )
        number = _number(request.path_params["n"])
        chunk = await read_body(request, bytes_max=CHUNK_BYTES, too_large=BlobTooLarge)
        state = await record_chunk(self._ground, plan, number, chunk)
        return Response(encode(state), media_type=MEDIA_TYPE)

    async def state(self, request: Request) -> Response:
        """Which chunks are there, so that a phone goes on where the line was cut."""
        actor, circles = await self._where(request)
        blob_id = _uuid(request.path_params["id"])
        circle_id = await find_blob_circle(self._ground, circles, actor.person_id, blob_id)
        state = await read_blob_state(self._ground, circle_id, actor.person_id, blob_id)
        return Response(encode(state), media_type=MEDIA_TYPE)

    async def chunk(self, request: Request) -> Response:
        """One chunk, to whoever sent it."""
        actor, circles = await self._where(request)
        blob_id, number = _uuid(request.path_params["id"]), _number(request.path_params["n"])
        circle_id = await find_blob_circle(self._ground, circles, actor.person_id, blob_id)
        body = await get_chunk(self._ground, circle_id, actor.person_id, blob_id, number)
        headers = {"Cache-Control": "no-store"}
        return Response(body, media_type=CHUNK_MEDIA_TYPE, headers=headers)

    async def _where(self, request: Request) -> tuple[Actor, list[CircleId]]:
        """Who asks, and their circles, that of the stream they name first.

        Raises: SignInRequired, NotFound.
        """
        named = await self._authenticate(request)
        if named is None:
            raise SignInRequired
        self._pace.take(named.person_id)
        stream_id = _uuid(request.query_params.get("stream", ""))
        actor, mine = await list_actor_streams(self._ground, named)
        circles = {stream.stream_id: stream.circle_id for stream in mine.streams}
        if stream_id not in circles:
            raise NotFound
        named_circle = circles.pop(stream_id)
        return actor, [named_circle, *circles.values()]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BlobMalformed from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= NUMBER_DIGITS_MAX):
        raise BlobMalformed
    return int(text)


def _sha256(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        raise BlobMalformed from None
    if len(found) != HASH_BYTES:
        raise BlobMalformed
    return found
