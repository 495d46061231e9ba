"""HTTP over real sockets, served as `osrati api` serves it: limits, patience, headers, an end."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.app import build_app, middleware
from api.guarded_protocol import HEAD_BYTES_MAX, GuardedProtocol
from api.headers import HEADERS, STRICT_TRANSPORT
from api.problem import PROBLEM_TYPE
from api.serve import server_config
from api.settings import read_settings
from api.wire import House
from tests.support.house import TestHouse, person
from tests.support.served import app_of
from timeline.hint import NoHints

ANSWER_BYTES = 8_000_000  # more than a socket holds for a reader that does not read


class Hasty(GuardedProtocol):
    """The same with patience of a moment, so that a test need not wait for it."""

    head_seconds_max = 0.3
    write_seconds_max = 0.3


@asynccontextmanager
async def serving(
    app: Starlette,
    protocol: type[GuardedProtocol] = GuardedProtocol,
    *,
    connections_max: int = 1_000,
) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """The server and its port."""
    config = server_config(app, 0)
    config.http, config.lifespan, config.limit_concurrency = protocol, "off", connections_max
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listening]))
            await until(lambda: server.started)
            try:
                yield server, listening.getsockname()[1]
            finally:
                server.should_exit = True


async def until(holds: Callable[[], bool]) -> None:
    """Returns once it holds: uvicorn has no event for it."""
    while True:
        if holds():
            return
        await asyncio.sleep(0.01)


async def until_closed(port: int, *sent: bytes, slowly: bool = False) -> bytes:
    """What a connection is answered until the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        try:
            for part in sent:
                writer.write(part)
                await writer.drain()
                if slowly:
                    await asyncio.sleep(0.05)
        except ConnectionError:
            return  # it was closed before all was sent

    async with asyncio.timeout(30):
        sending = asyncio.create_task(send())
        try:
            answer = await reader.read()
        except ConnectionError:
            answer = b""
        await sending
    writer.close()
    return answer


def said(answer: bytes) -> tuple[int, str]:
    """Status and code of a problem."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"content-type: {PROBLEM_TYPE}".encode() in head.lower()
    problem = json.loads(body)
    assert problem["messages"]["ar"]
    assert problem["messages"]["en"]
    assert b"x-content-type-options: nosniff" in head.lower()
    return int(head.split(b" ", 2)[1]), problem["code"]


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def much(_: Request) -> Response:
    return PlainTextResponse("x" * ANSWER_BYTES)


def small_app(*routes: Route) -> Starlette:
    return Starlette(routes=[Route("/", hello), *routes], middleware=middleware(Counter()))


GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def test_a_head_that_comes_too_slowly_is_refused() -> None:
    async with serving(small_app(), Hasty) as (_, port):
        dripping = [GET, *(f"X-{n}: 1\r\n".encode() for n in range(200))]
        assert said(await until_closed(port, *dripping, slowly=True)) == (408, "request.too_slow")
        second = [GET + b"\r\n", *(b"G" if n == 0 else b"E" for n in range(200))]
        answer = await until_closed(port, *second, slowly=True)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"200 OK" not in answer[12:].partition(b"hello")[2]


@pytest.mark.parametrize("sent", [(), (b"\r\n",) * 200], ids=["nothing", "blank lines"])
async def test_a_connection_that_asks_nothing_is_closed(sent: tuple[bytes, ...]) -> None:
    async with serving(small_app(), Hasty) as (server, port):
        await until_closed(port, *sent, slowly=True)
        assert not server.server_state.connections


async def test_a_body_that_nobody_reads_does_not_keep_the_connection() -> None:
    async with serving(small_app(), Hasty) as (_, port):
        head = b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        answer = await until_closed(port, head, *[b"x"] * 200, slowly=True)
        assert answer.startswith(b"HTTP/1.1 200")


async def test_who_does_not_read_the_answer_is_let_go() -> None:
    async with serving(small_app(Route("/much", much)), Hasty) as (server, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
        writer.write(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(30):
            await until(lambda: bool(server.server_state.connections))
            await until(lambda: not server.server_state.connections)
        writer.close()


async def test_a_head_may_have_so_many_bytes_and_no_more() -> None:
    others = len("/") + len("host: x\r\n") + len("connection: close\r\n") + len("long: \r\n")
    room = HEAD_BYTES_MAX - others
    async with serving(small_app()) as (_, port):
        head = GET + b"Connection: close\r\nLong: "
        longest = await until_closed(port, head + b"x" * room + b"\r\n\r\n")
        assert longest.startswith(b"HTTP/1.1 200")
        longer = await until_closed(port, head + b"x" * (room + 1) + b"\r\n\r\n")
        assert said(longer) == (431, "request.head_too_large")
        endless = [GET, *[b"x" * 4_096] * 8]
        assert said(await until_closed(port, *endless)) == (431, "request.head_too_large")


@pytest.mark.parametrize("sent", [b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nA b: c\r\n\r\n"])
async def test_what_is_no_http_is_a_problem(sent: bytes) -> None:
    async with serving(small_app()) as (_, port):
        assert said(await until_closed(port, sent)) == (400, "request.malformed")


async def test_past_the_connections_there_may_be_one_is_told_to_come_later() -> None:
    async with serving(small_app(), connections_max=2) as (_, port):
        _, held = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.1)
        answer = await until_closed(port, GET + b"\r\n")
        assert said(answer) == (503, "try_later")
        assert b"retry-after" in answer.lower()
        held.close()


async def test_what_has_begun_is_finished_and_nothing_new_begins() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def waits(_: Request) -> Response:
        begun.set()
        await go_on.wait()
        return PlainTextResponse("done")

    async with (
        serving(small_app(Route("/waits", waits))) as (server, port),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        asked = asyncio.create_task(http.get("/waits"))
        await begun.wait()
        server.should_exit = True
        async with asyncio.timeout(30):
            await refused(port)
        assert not asked.done()
        go_on.set()
        assert (await asked).text == "done"


async def refused(port: int) -> None:
    """Returns once nobody listens any more."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return
        writer.close()
        await asyncio.sleep(0.05)


async def test_every_answer_has_the_headers_and_an_id_of_its_own(house: TestHouse) -> None:
    ids = set[str]()
    async with asking(app_of(house, "production")) as http:
        for path in ("/health/live", "/no/such/page", "/v1/sync/head", "/graphql"):
            answer = await http.get(path, headers={"X-Request-Id": "784-1990-1234567-1"})
            ids.add(answer.headers["x-request-id"])
            for name, value in HEADERS.items():
                assert answer.headers[name] == value or name == "Cache-Control", path
            assert "cache-control" in answer.headers
            assert "server" not in answer.headers
            if not answer.is_success:
                assert answer.headers["content-type"] == PROBLEM_TYPE, path
    assert len(ids) == 4
    assert not [one for one in ids if "784-" in one], "what a caller sends stands in no log"


async def test_an_answer_of_the_api_is_saved_under_a_fixed_name_and_a_page_is_shown(
    house: TestHouse,
) -> None:
    acting = {"x-osrati-act-as": str(person(1)), "accept": "application/json"}
    async with asking(app_of(house, "development")) as http:
        for path, name in (
            ("/health/live", "api.json"),
            ("/no/such/page.html", "api.json"),
            ("/v1/sync/head?file=/../x.exe", "api.cbor"),
            ("/v1/fhir/metadata", "api.json"),
        ):
            answer = await http.get(path, headers=acting)
            assert answer.headers["content-disposition"] == f'attachment; filename="{name}"', path
        page = await http.get("/services")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-disposition" not in page.headers


@pytest.mark.parametrize(
    ("origin", "strict"), [("https://osrati.example", True), ("http://osrati.example", False)]
)
async def test_a_service_of_https_says_that_it_is(
    house: TestHouse, tmp_path: Path, origin: str, strict: bool
) -> None:
    settings = replace(read_settings({}, data_dir=tmp_path), public_origin=origin)
    app = build_app(House(settings, house.ground, house.registry, house.schemas), NoHints())
    async with asking(app) as http:
        answer = await http.get("/health/live")
    (name,) = STRICT_TRANSPORT
    assert (answer.headers.get(name) == STRICT_TRANSPORT[name]) == strict


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_no_other_origin_is_let_in(house: TestHouse, origin: str) -> None:
    wanted = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, authorization",
    }
    async with asking(app_of(house, "development")) as http:
        for path in ("/graphql", "/v1/sync", "/v1/catalogue", "/health/live"):
            before = await http.options(path, headers=wanted)
            assert before.status_code >= 400, path
            plain = await http.post(path, headers={"origin": origin}, content=b"{}")
            for answer in (before, plain):
                assert not [n for n in answer.headers if n.startswith("access-control")], path


@asynccontextmanager
async def asking(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody who asks it over a socket."""
    async with (
        serving(app) as (_, port),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        yield http
