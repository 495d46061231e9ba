"""GraphQL over HTTP: one JSON operation by POST of a signed-in person, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import httpx2
import orjson
import pytest
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from api.problem import render_osrati_error
from domain.error import Busy, OsratiError
from domain.people.actor import Actor
from schema.build import OsratiSchema
from schema.documents import NO_DOCUMENTS
from schema.http import BODY_BYTES_MAX, REFUSED_STATUS, GraphQLEndpoint, graphql_route
from tests.support.builders import described
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
    """A client of development's endpoint: production takes no text of an operation."""
    route = graphql_route(house.ground, house.registry, authenticate=by_header, production=False)
    async with client_of(route) as opened:
        yield opened


@asynccontextmanager
async def client_of(route: Route) -> AsyncIterator[httpx2.AsyncClient]:
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
    assert answer.headers["allow"] == "POST"


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
        orjson.dumps({"query": ""}),
        orjson.dumps({"documentId": 1}),
        orjson.dumps({"query": QUERY, "documentId": "sha256:0"}),
        b'{"query": "{ me { today } } #\\ud83d"}',
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
        "application/json; charset=windows-1256",
        "",
    ],
)
async def test_a_form_of_another_site_is_refused(
    client: httpx2.AsyncClient, content_type: str
) -> None:
    answer = await post(client, {"query": QUERY}, **{"content-type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (415, "graphql.media_type")


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "application/json ;x=y", "application/json;"],
)
async def test_json_is_taken_whatever_its_parameters(
    client: httpx2.AsyncClient, content_type: str
) -> None:
    answer = await post(client, {"query": QUERY}, **{"content-type": content_type})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/*;q=0.1", "application/json"),
        ("", "application/json"),
        ("application/json, multipart/mixed", "application/json"),
        (
            "application/graphql-response+json; charset=utf-8, application/json;q=0.9",
            "application/graphql-response+json",
        ),
        ("application/graphql-response+json;q=0.1, application/json", "application/json"),
        ("text/html;q=1, */*;q=0.1", "application/json"),
    ],
)
async def test_the_answer_is_of_the_type_that_was_asked_for(
    client: httpx2.AsyncClient, accept: str, answered: str
) -> None:
    answer = await post(client, {"query": QUERY}, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, answered)


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml, image/*", "application/json;q=0", "*/*;q=x", ";;,"]
)
async def test_no_other_type_is_answered(client: httpx2.AsyncClient, accept: str) -> None:
    answer = await post(client, {"query": QUERY}, accept=accept)
    assert (answer.status_code, answer.json()["code"]) == (406, "graphql.not_acceptable")


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{", {}),
        ("{ nothing }", {}),
        ("query Q($id: ID!) { node(id: $id) { id } }", {"id": None}),
        ("query Q($id: ID!) { node(id: $id) { id } }", {"id": {"a": [1]}}),
        ("query Q($id: ID!) { node(id: $id) { id } }", {"id": 1.5}),
        ("query Q($n: Int) { me { timeline(first: $n) { totalCount } } }", {"n": "20"}),
        ("query Q($n: Int) { me { timeline(first: $n) { totalCount } } }", {"n": 2**31}),
        (
            "query Q($f: TimelineFilter) { me { timeline(filter: $f) { totalCount } } }",
            {"f": {"natures": ["NEWS"], "born": "2026-11-09"}},
        ),
    ],
)
async def test_what_cannot_be_executed_has_a_code_and_no_data(
    client: httpx2.AsyncClient, query: str, variables: dict[str, object]
) -> None:
    body = {"query": query, "variables": variables}
    modern = await post(client, body, accept="application/graphql-response+json")
    older = await post(client, body, accept="application/json")
    assert (modern.status_code, older.status_code) == (REFUSED_STATUS, 200)
    assert modern.json() == older.json()
    assert "data" not in modern.json()
    assert {error["extensions"]["code"] for error in modern.json()["errors"]} == {"graphql.invalid"}


async def test_an_error_of_a_field_is_an_answer_with_data(client: httpx2.AsyncClient) -> None:
    asked = {"query": "{ me { timeline(first: -1) { totalCount } } }"}
    answer = await post(client, asked, accept="application/graphql-response+json")
    assert answer.status_code == 200
    assert answer.json()["data"] == {"me": None}
    assert answer.json()["errors"][0]["extensions"]["code"] == "page.out_of_range"


async def test_a_name_of_eleven_code_points_is_one_letter_to_its_bearer(
    house: TestHouse, client: httpx2.AsyncClient
) -> None:
    family = "👨🏻‍👩🏻‍👧🏻‍👦🏻"
    assert len(family) == 11
    birth = date(1990, 1, 1)
    await house.apply(described(person(1), birth, name_ar=f"هند {family}", name_en=family))
    answer = await post(client, {"query": "{ me { nameAr nameEn } }"})
    assert answer.json()["data"]["me"] == {"nameAr": f"هند {family}", "nameEn": family}
    query = "query Q($f: TimelineFilter) { me { timeline(filter: $f) { totalCount } } }"
    named = {"services": [family], "subjects": [family]}
    asked = {"query": f"{query} # {family}", "variables": {"f": named}}
    assert (await post(client, asked)).json() == {"data": {"me": {"timeline": {"totalCount": 0}}}}


async def test_an_answer_has_its_time(house: TestHouse) -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        async def day(self, seconds: float) -> str:
            await asyncio.sleep(seconds)
            return "today"

    endpoint = GraphQLEndpoint(
        OsratiSchema(query=Query),
        ground=house.ground,
        registry=house.registry,
        authenticate=by_header,
        documents=NO_DOCUMENTS,
        documents_only=False,
        seconds_max=0.5,
    )
    async with client_of(Route("/graphql", endpoint)) as client:
        assert (await post(client, {"query": "{ day(seconds: 0) }"})).status_code == 200
        answer = await post(client, {"query": "{ day(seconds: 60) }"})
        assert (answer.status_code, answer.json()["code"]) == (503, "try_later")
        assert answer.headers["retry-after"] == "5"


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
