"""`graphql-request`: a signed-in person's timeline of 50 cards x 8 fields, the whole request from
the database, over HTTP; and `sign-in`: from the app's first call to its tokens.

Beside bare Starlette that sends the same bytes, and npm mercurius over the same objects in memory:
one process each, as many connections, by turns. What the checks of a sign-in cost is the same
request by whoever only acts as the person (development): no token, no session, everything else.
"""

import asyncio
import json
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from api.child import ended
from api.settings import DEVELOPMENT_APPS, HOST, Settings, UaePassAccess
from api.wire import open_house
from bench.processes import child, environ_of, wait_until_answers
from bench.raw_http import Connection, http_request, rate
from bench.result import Result, compare
from bench.servers import bench_servers
from bench.sync_world import Reader, make_reader, sample_records
from identity.access_token import ACCESS_SECONDS
from identity.session import SessionDetail, open_session
from identity.sign_in import CALLBACK_PATH
from identity.uae_pass import s256
from schema.card import CardState
from simulators.uae_pass import SECRET_NAME
from store.embedded import free_port

SECONDS = 9.0
ROUNDS = 3
CLIENTS = 8
SIGN_IN_CLIENTS = 4
CARDS = 50
CLIENT_ID, CLIENT_SECRET = "osrati-bench", "a secret of the bench"
MERCURIUS = Path(__file__).with_name("mercurius.mjs")
NODE = Path(sys.prefix) / "bin" / "node"
STATES = " ".join(state.name for state in CardState)
OPERATION = f"""query Timeline {{ me {{
  timeline(first: {CARDS}, filter: {{states: [{STATES}]}}) {{ edges {{ node {{
  id service serviceName agencyName state title body number
}} }} }} }} }}"""

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Work: TypeAlias = Callable[[Connection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _SignedIn:
    """One person with 50 cards, and what proves them."""

    reader: Reader
    token: str


def measure_requests(*, seconds: float = SECONDS) -> list[Result]:
    """Four figures. Below ACCESS_SECONDS in all: a token counts no longer."""
    assert seconds * 5 < ACCESS_SECONDS
    with bench_servers() as started, ExitStack() as stack:
        provider_port, bare_port, other_port = free_port(), free_port(), free_port()
        access = UaePassAccess(f"http://{HOST}:{provider_port}/idshub", CLIENT_ID, CLIENT_SECRET)
        settings = replace(started, uae_pass=access)
        who = asyncio.run(_prepare(settings))
        _start_provider(settings, provider_port, stack)
        named = {
            "OSRATI_UAEPASS_URL": access.base_url,
            "OSRATI_UAEPASS_CLIENT_ID": CLIENT_ID,
            "OSRATI_UAEPASS_CLIENT_SECRET": CLIENT_SECRET,
        }
        stack.enter_context(child("api.cli", "api", environ=environ_of(settings) | named))
        wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
        answer = asyncio.run(_one_answer(settings.port, who))
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "answer.json"
        path.write_bytes(answer)
        stack.enter_context(child("bench.bare_graphql", str(bare_port), str(path), environ={}))
        _start(stack, [str(NODE), str(MERCURIUS), str(other_port), str(path)])
        for port in (bare_port, other_port):
            wait_until_answers(f"http://{HOST}:{port}/ready")
        asyncio.run(_check_same(other_port, answer))
        ports = (settings.port, bare_port, other_port)
        return asyncio.run(_measure(ports, who, settings, seconds))


async def _measure(
    ports: tuple[int, int, int], who: _SignedIn, settings: Settings, seconds: float
) -> list[Result]:
    signed_in = _asking({"Authorization": f"Bearer {who.token}"})
    acting = _asking(who.reader.headers)
    ours, bare, other = ports
    sides = ((ours, signed_in), (bare, signed_in), (other, signed_in), (ours, acting))
    totals = [0.0] * len(sides)
    for _ in range(ROUNDS):
        for place, (port, work) in enumerate(sides):
            part = seconds / ROUNDS
            totals[place] += await rate(port, work, connections=CLIENTS, seconds=part) / ROUNDS
    whole, bare_rate, other_rate, acting_rate = totals
    attempt = _signing_in(settings)
    sign_ins = await rate(ours, attempt, connections=SIGN_IN_CLIENTS, seconds=seconds)
    return [
        compare(
            "graphql-request",
            whole,
            "signed-in requests/s",
            baseline="bare Starlette, the same bytes",
            baseline_value=bare_rate,
        ),
        compare(
            "graphql-request-mercurius",
            whole,
            "signed-in requests/s",
            baseline="npm mercurius, the same objects in memory",
            baseline_value=other_rate,
        ),
        compare(
            "graphql-sign-in-cost",
            (1 / whole - 1 / acting_rate) * 1_000,
            "ms of a request: token, session",
            baseline="ms of the same request without them",
            baseline_value=1_000 / acting_rate,
        ),
        compare(
            "sign-in",
            sign_ins,
            "sign-ins/s, the provider's part with them",
            baseline="signed-in requests/s",
            baseline_value=whole,
        ),
    ]


def _asking(headers: Mapping[str, str]) -> Work:
    body = json.dumps({"query": OPERATION}).encode()
    request = http_request(
        "POST", "/graphql", {"Content-Type": "application/json", **headers}, body
    )

    async def ask(connection: Connection) -> None:
        await connection.ask(request, status=200)

    return ask


async def _one_answer(port: int, who: _SignedIn) -> bytes:
    """What everybody is to answer: 50 cards."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {who.token}"}
    body = json.dumps({"query": OPERATION}).encode()
    async with Connection(port) as one:
        answer, _ = await one.ask(http_request("POST", "/graphql", headers, body), status=200)
    edges = json.loads(answer)["data"]["me"]["timeline"]["edges"]
    assert len(edges) == CARDS, len(edges)
    return answer


async def _check_same(port: int, answer: bytes) -> None:
    """Mercurius answers the same, or nothing is compared."""
    body = json.dumps({"query": OPERATION}).encode()
    request = http_request("POST", "/graphql", {"Content-Type": "application/json"}, body)
    async with Connection(port) as one:
        for _ in range(3):  # the second is compiled
            said, _ = await one.ask(request, status=200)
            assert json.loads(said) == json.loads(answer)


def _signing_in(settings: Settings) -> Work:
    """A whole sign-in: authorize, the provider's page and answer, callback, tokens. Every attempt
    comes from an address of its own, since attempts are counted by address.
    """
    app, provider = DEVELOPMENT_APPS[0], settings.uae_pass
    assert provider is not None
    provider_port = urlsplit(provider.base_url).port
    assert provider_port is not None
    numbers = count(1)

    async def sign_in(connection: Connection) -> None:
        number = next(numbers)
        address = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        verifier = secrets.token_urlsafe(32)
        asked = {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": app.redirect_uris[0],
            "state": "s",
            "code_challenge": s256(verifier),
            "code_challenge_method": "S256",
        }
        started = await connection.head(
            http_request("GET", f"/oauth/authorize?{urlencode(asked)}", address)
        )
        cookie = started["set-cookie"].partition(";")[0]
        async with Connection(provider_port) as page:
            where = urlsplit(started["location"])
            request = http_request("GET", f"{where.path}?{where.query}", {})
            shown, _ = await page.ask(request, status=200)
            found = re.search(rb'name="request" value="([^"]+)"', shown)
            account = re.search(rb'name="account" value="([^"]+)"', shown)
            assert found is not None
            assert account is not None
            form = {
                "request": found[1].decode(),
                "account": account[1].decode(),
                "decision": "approve",
            }
            decided = await page.head(
                http_request("POST", "/idshub/authorize", _FORM, urlencode(form).encode())
            )
        where = urlsplit(decided["location"])
        back = await connection.head(
            http_request("GET", f"{where.path}?{where.query}", {"Cookie": cookie, **address})
        )
        code = parse_qs(urlsplit(back["location"]).query)["code"][0]
        exchange = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "client_id": app.client_id,
            "redirect_uri": app.redirect_uris[0],
        }
        form_type = {**_FORM, **address}
        body = urlencode(exchange).encode()
        await connection.ask(http_request("POST", "/oauth/token", form_type, body), status=200)

    return sign_in


async def _prepare(settings: Settings) -> _SignedIn:
    async with open_house(settings) as house:
        ground = house.ground
        today = ground.clock.today()
        records = [one for one in sample_records(4 * CARDS, today) if one.is_card]
        reader = await make_reader(ground, 1, records[:CARDS])
        detail = SessionDetail("osrati-app", "bench", "SOP3", ground.clock.now_utc())
        session = await open_session(ground, reader.person_id, uuid4(), detail)
        assert session is not None
        assert house.door is not None
        token = await house.door.access_tokens.make(session.access(reader.person_id))
        return _SignedIn(reader, token)


def _start_provider(settings: Settings, port: int, stack: ExitStack) -> None:
    command = [sys.executable, "-m", "simulators.uae_pass", "--port", str(port)]
    command += ["--client-id", CLIENT_ID, "--redirect-uri", f"{settings.origin}{CALLBACK_PATH}"]
    _start(stack, command, **{SECRET_NAME: CLIENT_SECRET})


def _start(stack: ExitStack, command: list[str], **environ: str) -> None:
    """Ended by its id when the measurement ends."""
    process = Popen(command, env={**os.environ, **environ}, stdin=PIPE)
    stack.enter_context(ended(process))
