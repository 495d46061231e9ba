"""A phone's calls: enrol, the idle poll, and one round trip of commands up and rows down.

Plain routes, CBOR both ways. Refusals are raised and shown by `api/problem.py`; only 426 has a body
of its own, since it has outcomes to bring.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.card.record_body import day_number
from domain.error import SignInRequired
from domain.people.actor import Actor
from store.signing import SigningKey
from sync.counter import counter_beside, read_last_sequence, take_counter
from sync.device import enrol_device
from sync.error import AppOutdated, ContentTypeRefused, SyncTooLarge
from sync.pace import Pace
from sync.pull import Pulled, heads_tag, pull
from sync.settle import SentOutcome, Stopped, Uploaded, settle_commands
from sync.wire import EnrolRequest, SyncRequest, decode, encode
from sync.wrap import Wraps
from timeline.command import CommandRegistry
from timeline.ground import Ground
from timeline.known import resolve_actor
from timeline.member_stream import MemberStreams, list_actor_streams, list_member_streams
from timeline.refused import note_refused
from timeline.request_body import read_body

REQUEST_BYTES_MAX = 256 * 1024
SCHEMA_MIN = 1  # below it downloads stop; uploads are taken from every app that ever was
POLL_SECONDS = 300
POLL_SPREAD_SECONDS = 120  # so that phones woken by one event do not all come back at once
MEDIA_TYPE = "application/cbor"

Authenticate: TypeAlias = Callable[[Request], Awaitable[Actor | None]]


class EnrolAnswer(msgspec.Struct, frozen=True):
    device: UUID
    person: UUID
    last_sequence: int
    registry_key: bytes
    publisher_key: bytes
    minimum: int


class HeadAnswer(msgspec.Struct, frozen=True):
    streams: dict[UUID, int]
    catalogue: int
    today: int
    poll_after_seconds: int


class OutdatedAnswer(msgspec.Struct, frozen=True):
    """The one answer of an app below the minimum."""

    code: str
    ar: str
    en: str
    minimum: int
    last_sequence: int
    outcomes: list[SentOutcome]
    stopped: Stopped | None


class Sync:
    """What the calls stand on, made once a process.

    `authenticate` says who asks; as whom they are read is found here, with their streams.
    """

    def __init__(
        self,
        ground: Ground,
        registry: CommandRegistry,
        *,
        authenticate: Authenticate,
        pace: Pace | None = None,
        schema_min: int = SCHEMA_MIN,
    ) -> None:
        self._ground = ground
        self._registry = registry
        self._authenticate = authenticate
        self._pace = pace or Pace(ground.clock)
        self._schema_min = schema_min
        self._signer: SigningKey = ground.keys.signer("registry")
        self._publisher: SigningKey = ground.keys.signer("publisher")
        self._wraps = Wraps(self._signer)

    def routes(self) -> list[Route]:
        """Every call's route."""
        return [
            Route("/v1/device/enrol", self.enrol, methods=["POST"]),
            Route("/v1/sync/head", self.head, methods=["GET"]),
            Route("/v1/sync", self.sync, methods=["POST"]),
        ]

    async def enrol(self, request: Request) -> Response:
        """Enrols the phone of whoever is signed in."""
        named = await self._caller(request)
        asked = decode(await self._body(request), EnrolRequest)
        actor = await resolve_actor(self._ground, named)
        await enrol_device(self._ground, actor, asked)
        return _answer(
            EnrolAnswer(
                asked.device,
                actor.person_id,
                await read_last_sequence(self._ground, actor, asked.device),
                self._signer.point,
                self._publisher.point,
                self._schema_min,
            )
        )

    async def head(self, request: Request) -> Response:
        """The idle poll: 304 while nothing of the caller's has changed."""
        named = await self._authenticated(request)
        actor, mine = await list_actor_streams(self._ground, named)
        tag = f'"{heads_tag(mine)}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache, private"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        heads = {stream.stream_id: stream.head for stream in mine.streams}
        answer = HeadAnswer(heads, mine.catalogue, self._today(), _poll_after(actor, mine))
        return Response(encode(answer), media_type=MEDIA_TYPE, headers=headers)

    async def sync(self, request: Request) -> Response:
        """Commands up, then rows down, which show what the commands did."""
        named = await self._caller(request)
        asked = decode(await self._body(request), SyncRequest)
        beside = counter_beside(asked.device)
        actor, mine = await list_actor_streams(self._ground, named, beside)
        counter = await take_counter(
            self._ground, actor, asked.device, mine.beside, acked=asked.acked
        )
        uploaded = await settle_commands(
            self._ground, self._registry, actor, counter, asked.commands
        )
        for code in uploaded.refused_codes():
            note_refused(request, code)
        if asked.schema < self._schema_min:
            return _answer(self._outdated(uploaded), status=AppOutdated.status)
        if asked.commands:
            mine = await list_member_streams(self._ground, actor.person_id)
        device = counter.device
        pulled = await pull(self._ground, self._wraps, actor.person_id, device, asked, mine)
        return _answer(self._said(actor, uploaded, pulled, mine))

    async def _caller(self, request: Request) -> Actor:
        """Who calls, within their pace. Raises: SignInRequired, TooManyCalls."""
        named = await self._authenticated(request)
        self._pace.take(named.person_id)
        return named

    async def _authenticated(self, request: Request) -> Actor:
        named = await self._authenticate(request)
        if named is None:
            raise SignInRequired
        return named

    async def _body(self, request: Request) -> bytes:
        if request.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
            raise ContentTypeRefused
        return await read_body(request, bytes_max=REQUEST_BYTES_MAX, too_large=SyncTooLarge)

    def _said(
        self, actor: Actor, uploaded: Uploaded, pulled: Pulled, mine: MemberStreams
    ) -> dict[str, object]:
        """The answer of a round trip: both halves in one map."""
        said = {
            **msgspec.structs.asdict(uploaded),
            **msgspec.structs.asdict(pulled),
            "catalogue": mine.catalogue,
            "today": self._today(),
            "now": int(self._ground.clock.now_utc().timestamp()),
            "poll_after_seconds": 0 if pulled.more else _poll_after(actor, mine),
        }
        return {name: value for name, value in said.items() if value is not None}

    def _outdated(self, uploaded: Uploaded) -> OutdatedAnswer:
        return OutdatedAnswer(
            AppOutdated.code,
            AppOutdated.ar,
            AppOutdated.en,
            self._schema_min,
            uploaded.last_sequence,
            uploaded.outcomes,
            uploaded.stopped,
        )

    def _today(self) -> int:
        return day_number(self._ground.clock.today())


def _poll_after(actor: Actor, mine: MemberStreams) -> int:
    """Spread by person and heads, so that it differs from one time to the next."""
    lot = actor.person_id.int + sum(stream.head for stream in mine.streams)
    return POLL_SECONDS + lot % POLL_SPREAD_SECONDS


def _answer(body: object, *, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(encode(body), status_code=status, media_type=MEDIA_TYPE, headers=headers)
