"""GraphQL over HTTP: POST of one JSON operation, and nothing else.

`api/app.py` mounts it and hands in who asks. No GET (an operation would lie in logs and histories),
no batch, no subscription, no upload, no explorer page; that one is served by `api/page.py`.
A cookie may sign somebody in, so only `application/json` is taken: a form of another site cannot
send it without asking first.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias  # Any: JSON as it came, before GraphQL has typed it

import orjson
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from domain.actor import Actor
from domain.error import Refusal
from schema.build import OsratiSchema, build_schema
from schema.context import RequestContext
from timeline.command import CommandRegistry
from timeline.ground import Ground
from timeline.request_body import read_body

BODY_BYTES_MAX = 64 * 1024  # the longest operation of the contract with its variables has 4 KB

Authenticate: TypeAlias = Callable[[Request], Awaitable[Actor | None]]


class MethodRefused(Refusal):
    code = "graphql.method"
    status = 405
    ar = "أرسل العملية بطريقة POST."
    en = "Send the operation by POST."


class BodyTooLarge(Refusal):
    code = "graphql.body_too_large"
    status = 413
    ar = "الطلب أكبر من المسموح. قسِّمه إلى طلبات أصغر."
    en = "The request is larger than allowed. Split it into smaller ones."


class RequestMalformed(Refusal):
    code = "graphql.malformed"
    ar = "تعذّر فهم الطلب. أرسل عملية GraphQL واحدة بصيغة JSON."
    en = "The request could not be understood. Send one GraphQL operation as JSON."


def graphql_route(
    ground: Ground,
    registry: CommandRegistry,
    *,
    authenticate: Authenticate,
    production: bool,
    origin: str | None = None,
) -> Route:
    """`/graphql`: the endpoint on a schema with its limits. `origin` as in `gov/receive.py`."""
    schema = build_schema(production=production)
    endpoint = GraphQLEndpoint(
        schema, ground=ground, registry=registry, authenticate=authenticate, origin=origin
    )
    return Route("/graphql", endpoint)


class GraphQLEndpoint(GraphQL[RequestContext, None]):
    """The ASGI application. Raises refusals of the request itself; `api/problem.py` shows them."""

    def __init__(
        self,
        schema: OsratiSchema,
        *,
        ground: Ground,
        registry: CommandRegistry,
        authenticate: Authenticate,
        origin: str | None = None,
    ) -> None:
        super().__init__(
            schema, graphql_ide=None, allow_queries_via_get=False, subscription_protocols=()
        )
        self._ground = ground
        self._registry = registry
        self._authenticate = authenticate
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await WebSocket(scope, receive, send).close()
            return
        request = Request(scope, receive)
        if request.method != "POST":
            raise MethodRefused
        if not _says_json(request.headers.get("content-type", "")):
            raise RequestMalformed("content-type")
        body = await read_body(request, bytes_max=BODY_BYTES_MAX, too_large=BodyTooLarge)
        try:
            response = await self.run(Request(scope, _replay(body)))
        except HTTPException as error:
            raise RequestMalformed(error.reason) from error
        response.headers["cache-control"] = "no-store"
        await response(scope, receive, send)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> RequestContext:
        assert isinstance(request, Request)
        actor = await self._authenticate(request)
        return RequestContext(self._ground, self._registry, actor, request, self._origin)

    def parse_json(self, data: str | bytes) -> Any:
        """One operation. A list (a batch), a bare value or deep nesting is refused here."""
        try:
            asked = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise RequestMalformed("json") from error
        if not isinstance(asked, dict):
            raise RequestMalformed("object")
        if not isinstance(asked.get("operationName"), str | None):
            raise RequestMalformed("operationName")
        return asked

    def encode_json(self, data: object) -> bytes:
        """Arabic as it is, not escaped: 18 KB instead of 32 KB for 50 cards."""
        return orjson.dumps(data)


def _says_json(content_type: str) -> bool:
    """Whether it is `application/json`, whatever its parameters; nothing that only mentions it."""
    return content_type.partition(";")[0].strip() == "application/json"


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
