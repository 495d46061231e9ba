"""Sign-in over HTTP in one process: the real application, and UAE PASS's simulator in its own."""

import base64
import hashlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any  # JSON
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from api.app import build_app
from api.settings import DEVELOPMENT_APPS, Settings
from api.wire import House
from identity.door import Door, open_door
from identity.sign_in import CALLBACK_PATH
from identity.uae_pass import UaePass, UaePassSettings
from tests.support.house import TestHouse
from tests.support.intake import HeldHints

ORIGIN = "http://osrati.test"
CLIENT_ID, CLIENT_SECRET = "osrati-test", "a secret of the tests"
APP = DEVELOPMENT_APPS[0]
APP_ADDRESS = APP.redirect_uris[0]
START_SECONDS = 60.0


@contextmanager
def uae_pass_process(origin: str = ORIGIN) -> Iterator[str]:
    """The simulator on a free port, for a server of this origin; its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "simulators.uae_pass", "--port", str(port)]
    command += ["--client-id", CLIENT_ID]
    command += ["--redirect-uri", f"{origin}{CALLBACK_PATH}"]
    environ = {**os.environ, "OSRATI_UAEPASS_CLIENT_SECRET": CLIENT_SECRET}
    process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE)
    try:
        until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(START_SECONDS)
        assert process.stdin is not None
        process.stdin.close()


def until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "the simulator ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the simulator did not start")


@dataclass
class Phone:
    """An app on a device: its key, its PKCE verifier, its tokens, its browser."""

    house: TestHouse
    door: Door
    provider_url: str
    http: httpx2.AsyncClient  # the app's own calls
    browser: httpx2.AsyncClient  # the person's browser, with its cookies
    provider: httpx2.AsyncClient
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    tokens: dict[str, Any] = field(default_factory=dict)

    async def open_sign_in(self, **changed: str) -> httpx2.Response:
        """What the app opens in the browser."""
        asked = {
            "response_type": "code",
            "client_id": APP.client_id,
            "redirect_uri": APP_ADDRESS,
            "state": "the app's own",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return await self.browser.get("/oauth/authorize", params={**asked, **changed})

    async def decide(
        self, started: httpx2.Response, account: str, *, decision: str = "approve"
    ) -> str:
        """The person's choice on UAE PASS's page; the address it sends the browser to."""
        page = await self.provider.get(started.headers["location"])
        found = re.search(r'name="request" value="([^"]+)"', page.text)
        assert found is not None, page.text
        form = {"request": found[1], "account": account, "decision": decision}
        answer = await self.provider.post(f"{self.provider_url}/idshub/authorize", data=form)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def come_back(self, address: str) -> httpx2.Response:
        """The browser at our callback."""
        parts = urlsplit(address)
        return await self.browser.get(f"{parts.path}?{parts.query}")

    async def code(self, account: str, **changed: str) -> str:
        """Everything up to the code in the app's hands."""
        started = await self.open_sign_in(**changed)
        answer = await self.come_back(await self.decide(started, account))
        assert answer.status_code == 302, answer.text
        return answered(answer)["code"]

    async def exchange(
        self, code: str, *, proof: str | None = None, **changed: str
    ) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": self.verifier,
            "client_id": APP.client_id,
            "redirect_uri": APP_ADDRESS,
            "device_label": "a test's phone",
        }
        headers = {} if proof is None else {"dpop": proof}
        return await self.http.post("/oauth/token", data={**form, **changed}, headers=headers)

    async def sign_in(self, account: str, *, bound: bool = True) -> httpx2.Response:
        """Signs in for good; with `bound`, to this device's key."""
        code = await self.code(account)
        proof = self.proof("POST", "/oauth/token") if bound else None
        answer = await self.exchange(code, proof=proof)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return answer

    async def refresh(self, token: str | None = None, *, bound: bool = True) -> httpx2.Response:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token or self.tokens["refresh_token"],
            "client_id": APP.client_id,
        }
        headers = {"dpop": self.proof("POST", "/oauth/token")} if bound else {}
        answer = await self.http.post("/oauth/token", data=form, headers=headers)
        if answer.status_code == 200 and token is None:
            self.tokens = answer.json()
        return answer

    def proof(self, method: str, path: str, **changed: object) -> str:
        """A DPoP proof, with claims changed as a test wants."""
        claims: dict[str, Any] = {
            "jti": str(uuid4()),
            "htm": method,
            "htu": f"{ORIGIN}{path}",
            "iat": int(self.house.clock.now_utc().timestamp()),
            **changed,
        }
        jwk = self.key.as_dict(private=False)
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
        return jwt.encode(header, claims, self.key, algorithms=["ES256"])

    async def ask(
        self, query: str, *, proof: str | None = None, token: str | None = None
    ) -> httpx2.Response:
        """One GraphQL operation as the signed-in person."""
        token = token or self.tokens["access_token"]
        scheme = self.tokens.get("token_type", "Bearer")
        headers = {"authorization": f"{scheme} {token}", "content-type": "application/json"}
        if scheme == "DPoP":
            headers["dpop"] = proof or self.proof("POST", "/graphql", ath=hash_of(token))
        return await self.http.post(
            "/graphql", content=json.dumps({"query": query}), headers=headers
        )

    async def weather(self, **weather: str) -> None:
        """Sets the provider's bad day; none is a fine day."""
        answer = await self.provider.post(f"{self.provider_url}/_weather", json=weather)
        assert answer.status_code == 204


@asynccontextmanager
async def open_phone(
    house: TestHouse, settings: Settings, provider_url: str, *, redis_url: str | None = None
) -> AsyncIterator[Phone]:
    """A phone before the application, which asks the simulator at `provider_url`."""
    named = UaePassSettings(
        f"{provider_url}/idshub", CLIENT_ID, CLIENT_SECRET, f"{ORIGIN}{CALLBACK_PATH}"
    )
    provider = UaePass(named)
    door = open_door(
        house.ground, origin=ORIGIN, apps=(APP,), provider=provider, redis_url=redis_url
    )
    app = build_app(
        House(settings, house.ground, house.registry, house.schemas, door=door), HeldHints()
    )
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as http,
        httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as browser,
        httpx2.AsyncClient(timeout=START_SECONDS) as outside,
    ):
        try:
            yield Phone(house, door, provider_url, http, browser, outside)
        finally:
            await door.aclose()


def challenge_of(verifier: str) -> str:
    """The S256 challenge."""
    return hash_of(verifier)


def hash_of(text: str) -> str:
    """Base64url of SHA-256, as PKCE's challenge and DPoP's `ath` have it."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def answered(answer: httpx2.Response) -> dict[str, str]:
    """The parameters with which the browser is sent to the app."""
    assert answer.headers["location"].startswith(APP_ADDRESS), answer.headers["location"]
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}
