"""GraphQL over HTTP: one JSON operation by POST of a signed-in person, and nothing else."""

from collections.abc import AsyncIterator

import httpx2
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from api.problem import render_osrati_error
from domain.actor import Actor
from domain.error import Busy, OsratiError
from schema.http import BODY_BYTES_MAX, graphql_route
from tests.support.house import TestHouse, actor_of, person

QUERY = "{ me { today } }"


async def by_header(request: Request) -> Actor | None:
    """Somebody, nobody, or a passing fault, as the test's header says."""
    match request.headers.get("x-test"):
        case "busy":
            raise Busy
        case "nobody":
            return None
        case _:
            return actor_of(person(1))


@pytest.fixture
async def client(house: TestHouse) -> AsyncIterator[httpx2.AsyncClient]:
    route = graphql_route(house.ground, house.registry, authenticate=by_header, production=True)
    app = Starlette(routes=[route], exception_handlers={OsratiError: render_osrati_error})
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://house.test") as opened:
        yield opened


async def post(client: httpx2.AsyncClient, body: object, **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    given = {"content-type": "application/json", **headers}
    return await client.post("/graphql", content=content, headers=given)


async def test_an_operation_is_answered_and_kept_by_nobody(client: httpx2.AsyncClient) -> None:
    answer = await post(client, {"query": QUERY})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"data": {"me": {"today": "2026-11-21"}}}


async def test_arabic_goes_out_as_it_is(client: httpx2.AsyncClient) -> None:
    answer = await post(client, {"query": QUERY}, **{"x-test": "nobody"})
    assert answer.json()["errors"][0]["extensions"] == {"code": "sign_in_required"}
    assert "سجِّل الدخول" in answer.content.decode()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])
async def test_nothing_but_post(client: httpx2.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/graphql", params={"query": QUERY})
    assert answer.status_code == 405
    if method != "HEAD":
        assert answer.json()["code"] == "graphql.method"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'"text"',
        b"[" * 5_000,
        orjson.dumps([{"query": QUERY}]),
        orjson.dumps({}),
        orjson.dumps({"query": 1}),
        orjson.dumps({"query": QUERY, "variables": []}),
        orjson.dumps({"query": QUERY, "operationName": ["me"]}),
        orjson.dumps({"query": QUERY, "operationName": "Other"}),
        orjson.dumps({"query": QUERY, "extensions": 1}),
        b"\xff\xfe",
    ],
)
async def test_what_is_no_operation_is_refused(client: httpx2.AsyncClient, body: bytes) -> None:
    answer = await post(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "graphql.malformed")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; charset=application/json",
        "text/application/json",
        "application/json-patch",
        "",
    ],
)
async def test_a_form_of_another_site_is_refused(
    client: httpx2.AsyncClient, content_type: str
) -> None:
    answer = await post(client, {"query": QUERY}, **{"content-type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (400, "graphql.malformed")


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "application/json ;x=y", "application/json;"],
)
async def test_json_is_taken_whatever_its_parameters(
    client: httpx2.AsyncClient, content_type: str
) -> None:
    answer = await post(client, {"query": QUERY}, **{"content-type": content_type})
    assert answer.status_code == 200


async def test_a_body_has_its_limit(client: httpx2.AsyncClient) -> None:
    body = orjson.dumps({"query": QUERY})
    assert (await post(client, body.ljust(BODY_BYTES_MAX))).status_code == 200
    refused = await post(client, body.ljust(BODY_BYTES_MAX + 1))
    assert (refused.status_code, refused.json()["code"]) == (413, "graphql.body_too_large")


async def test_a_body_that_hides_its_length_has_the_same_limit(client: httpx2.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 1024 + 1):
            yield b" " * 1024

    headers = {"content-type": "application/json"}
    refused = await client.post("/graphql", content=chunks(), headers=headers)
    assert refused.status_code == 413


async def test_a_fault_of_signing_in_is_no_bug(client: httpx2.AsyncClient) -> None:
    answer = await post(client, {"query": QUERY}, **{"x-test": "busy"})
    assert (answer.status_code, answer.json()["code"]) == (503, "try_later")
