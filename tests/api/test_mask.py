"""A bug's text reaches neither whoever asked nor the log; its answer is a problem as any other."""

import logging
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.app import middleware
from api.headers import HEADERS
from api.log import WithoutValues
from api.problem import render_osrati_error
from domain.error import OsratiError
from gov.event.error import EventTooLarge
from timeline.request_body import read_body

CHECKOUT = Path(__file__).parents[2]
READY_SECONDS_MAX = 30.0
SERVED = """
import asyncio, sys
import uvicorn
from api.log import configure_logs
from api.serve import server_config
from tests.api.test_mask import raising_app

async def main():
    configure_logs()
    asyncio.get_running_loop().call_soon(int, "MARK in the loop")
    task = asyncio.create_task(asyncio.sleep("MARK in a task"))
    await asyncio.sleep(0.1)
    del task
    await uvicorn.Server(server_config(raising_app(), int(sys.argv[1]))).serve()

asyncio.run(main())
"""


async def bug(_: Request) -> Response:
    raise ValueError("MARK")


async def bug_midway(_: Request) -> Response:
    async def lines() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ValueError("MARK")

    return StreamingResponse(lines())


async def slow(request: Request) -> Response:
    body = await read_body(request, bytes_max=9, too_large=EventTooLarge, seconds_max=0.2)
    return Response(body)


def raising_app() -> Starlette:
    """The house's middleware around routes that go wrong."""
    routes = [
        Route("/bug", bug),
        Route("/midway", bug_midway),
        Route("/slow", slow, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        middleware=middleware(Counter()),
        exception_handlers={OsratiError: render_osrati_error},
    )


@contextmanager
def served() -> Iterator[tuple[int, list[str]]]:
    """The application in a process of its own: its port, and at the end what it said."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-c", SERVED, str(port)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    try:
        end = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < end and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, said
    finally:
        process.terminate()
        said += process.communicate()[0].splitlines()


async def test_a_bug_is_a_problem_with_every_header_and_without_its_text() -> None:
    transport = httpx2.ASGITransport(app=raising_app())  # it would raise what is raised on
    async with httpx2.AsyncClient(transport=transport, base_url="http://house.test") as client:
        answer = await client.get("/bug")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()["messages"]) == {"ar", "en"}
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "MARK" not in answer.text


def test_a_real_server_never_logs_what_an_exception_says() -> None:
    with served() as (port, said):
        answer = httpx2.get(f"http://127.0.0.1:{port}/bug")
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.get(f"http://127.0.0.1:{port}/midway")
    assert answer.status_code == 500
    assert all(answer.headers[name] == value for name, value in HEADERS.items())
    log = "\n".join(said)
    assert log.count('"event": "request_failed"') == 2
    assert log.count('"error": "ValueError"') == 2
    assert "ERROR asyncio\nValueError\n  " in log  # a fault outside every request is seen as well
    assert "ERROR asyncio\nTypeError\n  " in log
    assert "MARK" not in log


def test_a_slow_body_is_refused_and_its_line_closed() -> None:
    with served() as (port, _), socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(READY_SECONDS_MAX)
        line.sendall(b"POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nbegun")
        said = b""
        while got := line.recv(65_536):
            said += got
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request.too_slow"' in said
    assert b'"ar":' in said


@pytest.mark.parametrize(
    ("declared", "status"), [(b"\xb2", 200), (b"9" * 5_000, 413), (b"10", 413), (b"9", 200)]
)
async def test_a_declared_length_is_read_as_a_number_or_not_at_all(
    declared: bytes, status: int
) -> None:
    sent: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"body", "more_body": False}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/slow",
        "query_string": b"",
        "headers": [(b"content-length", declared)],
    }
    await raising_app()(scope, receive, send)
    assert sent == [status]


def test_a_chain_of_exceptions_is_told_by_types_and_places() -> None:
    formatter = WithoutValues()
    try:
        try:
            raise KeyError("MARK")
        except KeyError as error:
            raise ExceptionGroup("MARK", [ValueError("MARK")]) from error
    except ExceptionGroup as raised:
        info = (type(raised), raised, raised.__traceback__)
    record = logging.LogRecord("lib", logging.ERROR, __file__, 1, "%s", ("MARK",), info)
    assert "MARK" in logging.Formatter().format(record)  # which leaves its text in the record
    line = formatter.format(record)
    assert "MARK" not in line
    assert [one for one in line.splitlines() if not one.startswith("  ")] == [
        "ERROR lib",
        "ExceptionGroup",
        "ValueError",
        "KeyError",
    ]
