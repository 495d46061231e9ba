"""Requests that a proxy and the server could read in two ways, and what a caller says of itself.

To the server as `osrati api` serves it. The parser (llhttp) refuses most by itself; that it does is
as much ours to keep as what `api/guarded_protocol.py` adds.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.app import build_app, middleware
from api.settings import HOST, read_settings
from api.wire import House
from identity.limit import address_of
from tests.api.test_http import asking, said, serving, until_closed
from tests.support.house import TestHouse
from timeline.hint import NoHints

POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

READ_BYTES = 256 * 1_024  # what the server takes of a connection at once: asyncio's constant

TWO_READINGS = {
    "a length and chunks": CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "chunks and a length": POST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "one length twice": POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "a list of lengths": POST + b"Content-Length: 1, 1\r\n\r\na",
    "a signed length": POST + b"Content-Length: +1\r\n\r\na",
    "a negative length": POST + b"Content-Length: -1\r\n\r\na",
    "a length in sixteens": POST + b"Content-Length: 0x1\r\n\r\na",
    "a length past 64 bits": POST + b"Content-Length: 99999999999999999999999\r\n\r\na",
    "a space before the colon": POST + b"Content-Length : 1\r\n\r\na",
    "a coding with a space": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a coding that is none": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks that are not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a coding before chunks": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two codings": CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunks twice": CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks of HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded line": GET + b"X-A: b\r\n c\r\n\r\n",
    "a folded coding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "lines that end in LF": b"GET / HTTP/1.1\nHost: x\n\n",
    "one line that ends in LF": b"GET / HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n",
    "a head that ends in LF": GET + b"\n",
    "a CR inside a line": b"GET / HTTP/1.1\r\nHost: x\rX-A: b\r\n\r\n",
    "a zero byte": GET + b"X-A: a\0b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "an empty host": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "two hosts": GET + b"Host: y\r\n\r\n",
    "one host twice": GET + b"Host: x\r\n\r\n",
    "two hosts in one": b"GET / HTTP/1.1\r\nHost: x, y\r\n\r\n",
    "a host with a path": b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
    "a host with somebody in it": b"GET / HTTP/1.1\r\nHost: me@x\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "a space in the address": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
}
# Here the head was sound, so that the request had begun: the connection ends.
BROKEN_BODIES = {
    "a chunk's line that ends in LF": CHUNKED + b"\r\n1\nx\n0\n\n",
    "an extension that ends in LF": CHUNKED + b"\r\n1;\nx\r\n0\r\n\r\n",
    "a size with a prefix": CHUNKED + b"\r\n0x1\r\nx\r\n0\r\n\r\n",
    "a size past 64 bits": CHUNKED + b"\r\nfffffffffffffffff\r\nx\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"\r\n1\r\nxX0\r\n\r\n",
}
ONE_READING = {
    "a body in chunks": CHUNKED + b"\r\n1;a=b\r\nx\r\n0\r\n\r\n",
    "a body of a length": POST + b"Content-Length: 1\r\n\r\nx",
    "a body of one that needs none": GET + b"Content-Length: 35\r\n\r\n" + SMUGGLED,
    "HTTP/1.0 without a host": b"GET / HTTP/1.0\r\n\r\n",
    "a host with a port": b"GET / HTTP/1.1\r\nHost: osrati.example:8443\r\n\r\n",
    "a host by its IPv6": b"GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n",
}


async def seen(request: Request) -> Response:
    """What the application is told."""
    body = await request.body()
    return JSONResponse(
        {
            "path": request.url.path,
            "size": len(body),
            "names": [name for name, _ in request.headers.items()],
            "address": address_of(request),
        }
    )


def mirror() -> Starlette:
    route = Route("/{path:path}", seen, methods=["GET", "POST"])
    return Starlette(routes=[route], middleware=middleware(Counter()))


async def test_what_has_two_readings_is_refused_and_ends_the_connection() -> None:
    async with serving(mirror()) as (_, port):
        for what, sent in TWO_READINGS.items():
            answer = await until_closed(port, sent + SMUGGLED)
            assert answer.count(b"HTTP/1.1 ") == 1, what
            assert said(answer) == (400, "request.malformed"), what


async def test_a_body_that_breaks_off_its_form_ends_the_connection() -> None:
    async with serving(mirror()) as (_, port):
        for what, sent in BROKEN_BODIES.items():
            assert b" 200 " not in await until_closed(port, sent + SMUGGLED), what


async def test_what_has_one_reading_is_answered_and_nothing_of_it_twice() -> None:
    async with serving(mirror()) as (_, port):
        for what, sent in ONE_READING.items():
            answer = await until_closed(port, sent + LAST)
            assert b"smuggled" not in answer, what
            asked = 1 if b"HTTP/1.0" in sent else 2
            assert answer.count(b"HTTP/1.1 200") == asked, what


async def test_what_follows_a_body_is_no_header_and_has_an_end() -> None:
    async with serving(mirror()) as (_, port):
        begun = CHUNKED + b"\r\n1\r\nx\r\n0\r\n"
        trailer = b"Authorization: Bearer stolen\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n"
        answer = await until_closed(port, begun + trailer + LAST)
        assert answer.count(b"HTTP/1.1 200") == 2
        assert b"authorization" not in answer
        line = b"X: y\r\n" * (READ_BYTES // 6)
        for parts in ([b"X-Long: ", *[b"x" * READ_BYTES] * 3], [line] * 3):
            assert b" 200 " not in await until_closed(port, begun, *parts)


async def test_a_great_body_in_small_chunks_is_no_long_head() -> None:
    async with serving(mirror()) as (_, port):
        chunks = [b"1\r\nx\r\n" * 2_000] * 4  # 48 KB for 8,000 bytes
        answer = await until_closed(port, CHUNKED + b"\r\n", *chunks, b"0\r\n\r\n" + LAST)
        assert b'"size":8000' in answer


# --- what a caller says of itself ---


@pytest.mark.parametrize(
    ("forwarded", "counted"),
    [
        ((), HOST),
        (("203.0.113.9",), "203.0.113.9"),
        (("198.51.100.7, 203.0.113.9",), "203.0.113.9"),  # what the caller wrote stands first
        (("198.51.100.7", "203.0.113.9"), "203.0.113.9"),  # the proxy's own is the last line
        ((f"{HOST}, 203.0.113.9",), "203.0.113.9"),
        (("nonsense",), "unknown"),
        (("2001:db8::1",), "2001:db8::/64"),
    ],
)
async def test_who_is_counted_is_whom_our_proxy_saw(
    monkeypatch: pytest.MonkeyPatch, forwarded: tuple[str, ...], counted: str
) -> None:
    """Not whom a caller names: it could lock others out, or never be counted."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")  # uvicorn's own switch is none of ours
    async with asking(mirror()) as http:
        lines = [("x-forwarded-for", each) for each in forwarded]
        assert (await http.get("/", headers=lines)).json()["address"] == counted


async def test_nothing_is_made_from_the_host_that_a_caller_names(
    house: TestHouse, tmp_path: Path
) -> None:
    named = replace(read_settings({}, data_dir=tmp_path), public_origin="https://osrati.example")
    app = build_app(House(named, house.ground, house.registry, house.schemas), NoHints())
    evil = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "forwarded": "host=evil.example",
    }
    addresses = ("/services", "/services.json", "/n/abc", "/health/live", "/v1/fhir/metadata")
    async with asking(app) as http:
        for path in addresses:
            one, other = await http.get(path), await http.get(path, headers=evil)
            assert one.status_code < 400, path
            assert "evil.example" not in f"{other.headers} {other.text}", path
            assert (one.status_code, one.text) == (other.status_code, other.text), path


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "DEBUG", "PROPFIND"])
async def test_a_method_that_would_echo_the_request_is_refused(
    house: TestHouse, tmp_path: Path, method: str
) -> None:
    app = build_app(
        House(read_settings({}, data_dir=tmp_path), house.ground, house.registry, house.schemas),
        NoHints(),
    )
    async with asking(app) as http:
        for path in ("/graphql", "/health/live", "/services"):
            answer = await http.request(method, path, headers={"cookie": "osrati_staff=secret"})
            assert answer.status_code in (400, 405), path
            assert "secret" not in answer.text
