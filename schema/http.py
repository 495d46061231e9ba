"""GraphQL over HTTP: POST of one JSON operation, and nothing else.

`api/app.py` mounts it and hands in who asks. No GET (an operation would lie in logs and histories),
no batch, no subscription, no upload, no explorer page; that one is served by `api/page.py`.
Production answers trusted documents alone, asked for by their id; development takes any text too.
What an answer's status says is decided in `docs/decisions/0021-graphql-over-http.md`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult

from domain.error import Busy, Refusal
from domain.people.actor import Actor
from schema.build import OsratiSchema, build_schema
from schema.context import RequestContext
from schema.documents import TrustedDocuments, read_documents
from schema.error import show_error
from schema.http_request import (
    RESPONSE_JSON,
    Operation,
    RequestMalformed,
    check_content_type,
    choose_answer_type,
    read_operation,
)
from timeline.command import CommandRegistry
from timeline.ground import Ground
from timeline.refused import note_refused
from timeline.request_body import read_body

BODY_BYTES_MAX = 64 * 1024  # the longest operation of the contract with its variables has 4 KB
ANSWER_SECONDS_MAX = 20.0  # a page of a hundred cards takes 50 ms; a lock is waited for 5 s
REFUSED_STATUS = 400  # of a document or variables that cannot be: the owner may choose 422 instead

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


class DocumentsOnly(Refusal):
    code = "graphql.documents_only"
    ar = "لا تُقبل هنا إلا عمليات التطبيق المنشورة. أرسل documentId بدل نص العملية."
    en = "Only the app's published operations are taken here. Send `documentId`, not a text."


class DocumentUnknown(Refusal):
    code = "graphql.document_unknown"
    ar = "لا نعرف هذه العملية. حدِّث التطبيق ثم حاول مرة أخرى."
    en = "We do not know this operation. Update the app and try again."


def graphql_route(
    ground: Ground,
    registry: CommandRegistry,
    *,
    authenticate: Authenticate,
    production: bool,
    origin: str | None = None,
    planned: bool = True,
) -> Route:
    """`/graphql`: the endpoint on a schema with its limits. `origin` as in `gov/receive.py`,
    `planned` as in `schema/build.py`.
    """
    documents = read_documents()
    schema = build_schema(production=production, documents=documents, planned=planned)
    endpoint = GraphQLEndpoint(
        schema,
        ground=ground,
        registry=registry,
        authenticate=authenticate,
        documents=documents,
        documents_only=production,
        origin=origin,
    )
    return Route("/graphql", endpoint)


class GraphQLEndpoint:
    """The ASGI application. Raises refusals of the request itself; `api/problem.py` shows them."""

    def __init__(
        self,
        schema: OsratiSchema,
        *,
        ground: Ground,
        registry: CommandRegistry,
        authenticate: Authenticate,
        documents: TrustedDocuments,
        documents_only: bool,
        origin: str | None = None,
        seconds_max: float = ANSWER_SECONDS_MAX,
    ) -> None:
        self._schema = schema
        self._ground = ground
        self._registry = registry
        self._authenticate = authenticate
        self._documents = documents
        self._documents_only = documents_only
        self._origin = origin
        self._seconds_max = seconds_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await WebSocket(scope, receive, send).close()
            return
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method != "POST":
            refused = MethodRefused()
            refused.headers["Allow"] = "POST"
            raise refused
        check_content_type(request.headers.get("content-type", ""))
        media_type = choose_answer_type(", ".join(request.headers.getlist("accept")))
        body = await read_body(request, bytes_max=BODY_BYTES_MAX, too_large=BodyTooLarge)
        operation = read_operation(body)
        actor = await self._authenticate(request)
        context = RequestContext(self._ground, self._registry, actor, request, self._origin)
        result = await self._execute(operation, context)
        for error in result.errors or ():
            note_refused(request, str((error.extensions or {}).get("code")))
        return _response(result, media_type)

    async def _execute(self, operation: Operation, context: RequestContext) -> ExecutionResult:
        """Raises: Busy when it takes too long, RequestMalformed where no operation is chosen."""
        try:
            text = self._text_of(operation)
        except Refusal as refusal:
            error = GraphQLError(refusal.en, original_error=refusal)
            return ExecutionResult(None, [show_error(error, context.language)])
        timeout = asyncio.timeout(self._seconds_max)
        try:
            async with timeout:
                return await self._schema.execute(
                    text,
                    variable_values=operation.variables,
                    operation_name=operation.name,
                    context_value=context,
                )
        except TimeoutError:
            if timeout.expired():
                raise Busy from None
            raise
        except (CannotGetOperationTypeError, InvalidOperationTypeError) as error:
            raise RequestMalformed("operationName") from error

    def _text_of(self, operation: Operation) -> str:
        """The text of an operation. Raises: DocumentsOnly, DocumentUnknown."""
        if operation.document_id is None:
            if self._documents_only:
                raise DocumentsOnly
            assert operation.query is not None
            return operation.query
        text = self._documents.get(operation.document_id)
        if text is None:
            raise DocumentUnknown
        return text


def _response(result: ExecutionResult, media_type: str) -> Response:
    """Without `data` when nothing was executed; Arabic as it is: 18 KB instead of 32 KB."""
    answer: dict[str, object] = {}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    executed = result.data is not None or any(error.path for error in result.errors or ())
    if executed:
        answer["data"] = result.data
    status = 200 if executed or media_type != RESPONSE_JSON else REFUSED_STATUS
    headers = {"cache-control": "no-store"}
    return Response(orjson.dumps(answer), status, headers, media_type=media_type)
