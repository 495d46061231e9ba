"""`access-share`: what part of a signed-in timeline's own processor time goes to who is asking and
to what they may see.

The same requests as `graphql-request`, in this process and through the whole application, by a
token that is bound to a device's key; each has a proof made before. The baseline is all of the
request. What PostgreSQL does, and the event loop until its answers are there, is in no part:
`graphql-sign-in-cost` has that of the token and the session.
"""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, replace
from types import CodeType, FunctionType
from typing import Any, TypeAlias  # Any: ASGI's messages
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette

from api.app import build_app
from api.settings import HOST, Settings, UaePassAccess
from api.wire import House, open_house, settle
from api.worker import close_hints, connect_hints
from bench.request import CARDS, OPERATION
from bench.result import Result, compare
from bench.servers import bench_servers
from bench.share import Seen, profiled_parts
from bench.sync_world import make_reader, sample_records
from identity.access_token import AccessTokens
from identity.authenticate import authenticate
from identity.dpop import ALGORITHM, TYPE, Proofs
from identity.session import SessionDetail, find_session, open_session
from timeline.known import resolve_actor
from timeline.member_stream import list_member_streams

REQUESTS = 1_000  # the kernel looks at each 4 ms: about one sample a request
AT_ONCE = 50  # proofs made before a turn: each counts for a minute, also on a busy machine
WARM_REQUESTS = 50
PATH = "/graphql"

_Headers: TypeAlias = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some checks, and the functions that do them."""

    name: str
    unit: str
    codes: frozenset[CodeType]


def _codes(*functions: object) -> frozenset[CodeType]:
    assert all(isinstance(one, FunctionType) for one in functions)
    return frozenset(one.__code__ for one in functions if isinstance(one, FunctionType))


PARTS = (
    _Part("access-share-token", "% to read the token", _codes(AccessTokens.read)),
    _Part("access-share-proof", "% to prove the device's key (DPoP)", _codes(Proofs.check)),
    _Part("access-share-session", "% to find the session", _codes(find_session)),
    _Part(
        "access-share-scope",
        "% to find as whom they are read, and their streams",
        _codes(resolve_actor, list_member_streams),
    ),
    _Part(
        "access-share-all",
        "% of the processor's time of a request for all of these",
        _codes(authenticate, resolve_actor, list_member_streams),
    ),
)


def measure_access_share(*, requests: int = REQUESTS) -> list[Result]:
    """Five figures of the same requests; the last is of all that the others are."""
    with bench_servers() as started:
        nobody = UaePassAccess(f"http://{HOST}:9/idshub", "osrati-bench", "never called")
        return asyncio.run(_measure(replace(started, uae_pass=nobody), requests))


async def _measure(settings: Settings, requests: int) -> list[Result]:
    assert settings.redis_url is not None
    async with open_house(settings) as house:
        hints = await connect_hints(settings.redis_url)
        try:
            app = build_app(house, hints)
            await settle(house)
            phone = await _sign_in(house)
            await _ask_all(app, phone.requests(WARM_REQUESTS))
            seen = [Seen() for _ in PARTS]
            parts = [(one, part.codes) for one, part in zip(seen, PARTS, strict=True)]
            for made in range(0, requests, AT_ONCE):
                turn = phone.requests(min(AT_ONCE, requests - made))
                with profiled_parts(parts):
                    await _ask_all(app, turn)
        finally:
            await close_hints(hints)
    return [
        compare(
            part.name,
            one.percent,
            part.unit,
            baseline=f"all of a request, {one.looks:,} samples of {requests:,}",
            baseline_value=100.0,
        )
        for part, one in zip(PARTS, seen, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Phone:
    """A signed-in person's, with its key."""

    key: ECKey
    token: str
    origin: str

    def requests(self, count: int) -> list[_Headers]:
        """The headers of so many requests: no two alike, since a proof counts once."""
        return [
            [
                (b"host", b"bench"),
                (b"content-type", b"application/json"),
                (b"authorization", f"DPoP {self.token}".encode()),
                (b"dpop", self._proof().encode()),
            ]
            for _ in range(count)
        ]

    def _proof(self) -> str:
        digest = hashlib.sha256(self.token.encode("ascii")).digest()
        claims = {
            "jti": str(uuid4()),
            "htm": "POST",
            "htu": f"{self.origin}{PATH}",
            "iat": int(time.time()),
            "ath": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
        }
        header = {"typ": TYPE, "alg": ALGORITHM, "jwk": self.key.as_dict(private=False)}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])


async def _sign_in(house: House) -> _Phone:
    ground, door, key = house.ground, house.door, ECKey.generate_key("P-256", private=True)
    assert door is not None
    records = [one for one in sample_records(4 * CARDS, ground.clock.today()) if one.is_card]
    reader = await make_reader(ground, 1, records[:CARDS])
    now = ground.clock.now_utc()
    detail = SessionDetail("osrati-app", "bench", "SOP3", now, key.thumbprint())
    session = await open_session(ground, reader.person_id, uuid4(), detail)
    assert session is not None
    token = await door.access_tokens.make(session.access(reader.person_id))
    return _Phone(key, token, door.origin)


async def _ask_all(app: Starlette, requests: Sequence[_Headers]) -> None:
    """One after another; each is answered with every card."""
    body = json.dumps({"query": OPERATION}).encode()
    for headers in requests:
        answer = await _ask(app, headers, body)
        assert answer.count(b'"serviceName"') == CARDS, answer[:200]


async def _ask(app: Starlette, headers: _Headers, body: bytes) -> bytes:
    """The body of an answer, by ASGI alone: no socket is in the time."""
    came, sent = [body], bytearray()

    async def receive() -> dict[str, Any]:
        if came:
            return {"type": "http.request", "body": came.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.extend(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": (HOST, 1),
        "server": (HOST, 80),
    }
    await app(scope, receive, send)
    return bytes(sent)
