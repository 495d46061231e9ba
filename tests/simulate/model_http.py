"""The model server behind HTTP, and a network that has bad days."""

import cbor2
import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from phone.transport import ACT_AS, CBOR
from phone.wire import (
    BlobAnswer,
    CatalogueAnswer,
    EnrolRequest,
    OutdatedAnswer,
    SyncRequest,
    decode,
    encode,
)
from tests.simulate.model_server import Cut, DeviceUnknown, ModelServer

REQUEST_BYTES_MAX = 262_144


class ModelHttp:
    """The routes of the contract over a model, and what they were asked."""

    def __init__(self, server: ModelServer, *, request_bytes_max: int = REQUEST_BYTES_MAX) -> None:
        self.server = server
        self.request_bytes_max = request_bytes_max
        self.chunks: dict[str, dict[int, bytes]] = {}
        self.app = Starlette(
            routes=[
                Route("/v1/device/enrol", self.enrol, methods=["POST"]),
                Route("/v1/sync", self.sync, methods=["POST"]),
                Route("/v1/sync/head", self.head),
                Route("/v1/catalogue", self.catalogue),
                Route("/v1/blob/{blob}/{n:int}", self.put, methods=["PUT"]),
            ]
        )

    async def enrol(self, request: Request) -> Response:
        person = bytes.fromhex(request.headers[ACT_AS].replace("-", ""))
        asked = decode(await request.body(), EnrolRequest)
        return Response(encode(self.server.enrol(person, asked)), media_type=CBOR)

    async def sync(self, request: Request) -> Response:
        body = await request.body()
        if len(body) > self.request_bytes_max:
            return problem(413, "sync.too_large")
        try:
            answer = self.server.sync(decode(body, SyncRequest))
        except DeviceUnknown:
            return problem(404, "device.unknown")
        except Cut:
            raise httpx2.ReadError("cut") from None
        status = 426 if isinstance(answer, OutdatedAnswer) else 200
        return Response(encode(answer), status_code=status, media_type=CBOR)

    async def head(self, request: Request) -> Response:
        del request
        return Response(status_code=304)

    async def catalogue(self, request: Request) -> Response:
        said = {"version": 1, "since": 0, "locale": request.query_params["locale"]}
        body = cbor2.dumps(said)
        signature = self.server.registry.sign(b"osrati/1/catalogue" + body)
        answer = CatalogueAnswer(body, bytes(8), signature)
        return Response(encode(answer), media_type=CBOR)

    async def put(self, request: Request) -> Response:
        held = self.chunks.setdefault(request.path_params["blob"], {})
        held[request.path_params["n"]] = await request.body()
        size = int(request.query_params["size"])
        complete = sum(map(len, held.values())) == size
        return Response(encode(BlobAnswer(tuple(sorted(held)), complete)), media_type=CBOR)


def problem(status: int, code: str, *, retry_after: int | None = None) -> Response:
    """An error of the contract."""
    body = {"code": code, "messages": {"ar": "كلمات", "en": "words"}}
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


class BadDays(httpx2.AsyncBaseTransport):
    """Carries requests to an application, each through the next of its days; then all is well."""

    def __init__(self, app: Starlette, days: list[str]) -> None:
        self._inner = httpx2.ASGITransport(app=app)
        self._days = iter(days)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        day = next(self._days, "good")
        if day == "no connection":
            raise httpx2.ConnectError("no network", request=request)
        if day.isdigit():
            return httpx2.Response(int(day), json={"code": f"code_{day}"}, request=request)
        if day == "busy":
            headers = {"retry-after": "7"}
            return httpx2.Response(
                503, json={"code": "try_later"}, headers=headers, request=request
            )
        if day == "portal":
            return httpx2.Response(200, html="<p>Sign in to this hotel's network</p>")
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        if day == "answer lost":
            raise httpx2.ReadError("cut", request=request)
        if day == "answer cut":
            body = body[: len(body) // 2]
        return httpx2.Response(
            answer.status_code, content=body, headers=answer.headers, request=request
        )
