"""A stand-in for UAE PASS on loopback: OAuth 2.0 code flow with PKCE, and `/userinfo`.

A process of its own (`python -m simulators.uae_pass`), started by `osrati run` and by the tests.
It keeps to what docs.uaepass.ae states, errors included; no id_token, no discovery. Its weather is
set by `POST /_weather`, so that a test can have the bad days on purpose.
Source: docs.uaepass.ae (authentication, userinfo, logout); RFC 6749, RFC 7636.
"""

import argparse
import asyncio
import base64
import binascii
import hashlib
import os
import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import uvicorn
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from simulators.family_story import stories
from simulators.parent import end_with_parent
from simulators.uae_pass_account import Account, accounts

BASE_PATH = "/idshub"
CODE_SECONDS = 60
TOKEN_SECONDS = 3_599
SCOPE = "urn:uae:digitalid:profile:general"
ACR_VALUES = "urn:safelayer:tws:policies:authentication:level:low"
SECRET_NAME = "OSRATI_UAEPASS_CLIENT_SECRET"  # in the environment, where no process list shows it
CANCELLED = "cancelledOnApp"  # what UAE PASS says when the person declines on their phone

WORDS = {
    "ar": {
        "title": "الهوية الرقمية — محاكاة للتجربة",
        "note": "ليست الخدمة الحقيقية. كل من في القائمة شخصيات تجريبية.",
        "who": "تسجيل الدخول بحساب",
        "approve": "متابعة",
        "cancel": "إلغاء",
    },
    "en": {
        "title": "UAE PASS — a simulation",
        "note": "Not the real service. Everybody listed is a sample.",
        "who": "Sign in as",
        "approve": "Continue",
        "cancel": "Cancel",
    },
}

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)


@dataclass(frozen=True, slots=True)
class Client:
    """The one service provider that may ask."""

    client_id: str
    secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One authorization request that waits for the person's decision."""

    redirect_uri: str
    state: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Granted:
    """One code, good for one exchange within a minute."""

    account: Account
    asked: Asked
    expires_at: float


@dataclass
class UaePass:
    """The simulator's whole memory. `weather` maps a path to the answer it gives instead."""

    client: Client
    accounts: dict[str, Account]
    asked: dict[str, Asked] = field(default_factory=dict)
    codes: dict[str, Granted] = field(default_factory=dict)
    tokens: dict[str, tuple[Account, float]] = field(default_factory=dict)
    weather: dict[str, str] = field(default_factory=dict)

    # --- the person's browser ---

    async def authorize(self, request: Request) -> Response:
        """The login page, or the answer to it."""
        if request.method == "POST":
            return await self._decided(request)
        query = request.query_params
        if (
            query.get("client_id") != self.client.client_id
            or query.get("redirect_uri") != self.client.redirect_uri
        ):
            return JSONResponse({"error": "invalid_request"}, status_code=400)
        asked = Asked(
            query["redirect_uri"], query.get("state", ""), query.get("code_challenge", "")
        )
        if query.get("response_type") != "code" or query.get("acr_values") != ACR_VALUES:
            return _back(asked, error="invalid_request")
        if SCOPE not in query.get("scope", "").split(" "):
            return _back(asked, error="invalid_scope")
        if asked.challenge and query.get("code_challenge_method") != "S256":
            return _back(asked, error="invalid_request")
        request_id = secrets.token_urlsafe(16)
        self.asked[request_id] = asked
        language = "en" if query.get("ui_locales") == "en" else "ar"
        page = _pages.get_template("uae_pass.html").render(
            language=language,
            words=WORDS[language],
            accounts=list(self.accounts.values()),
            request_id=request_id,
        )
        return HTMLResponse(page)

    async def _decided(self, request: Request) -> Response:
        form = await _form(request)
        asked = self.asked.pop(form.get("request", ""), None)
        account = self.accounts.get(form.get("account", ""))
        if asked is None:
            return JSONResponse({"error": "invalid_request"}, status_code=400)
        if form.get("decision") != "approve":
            return _back(asked, error=CANCELLED)
        if account is None:
            return _back(asked, error="access_denied")
        code = secrets.token_urlsafe(24)
        lasts = -1 if self.weather.get("code") == "expired" else CODE_SECONDS
        self.codes[code] = Granted(account, asked, time.monotonic() + lasts)
        return _back(asked, code=code)

    async def logout(self, request: Request) -> Response:
        """Ends the person's session here and sends the browser where it is told."""
        return RedirectResponse(request.query_params.get("redirect_uri", "/"), status_code=302)

    # --- the service provider's server ---

    async def token(self, request: Request) -> Response:
        """Exchanges a code, once."""
        if (bad_day := await self._bad_day("token")) is not None:
            return bad_day
        if not self._knows(request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        form = await _form(request)
        granted = self.codes.pop(form.get("code", ""), None)
        if form.get("grant_type") != "authorization_code":
            return JSONResponse({"error": "unsupported_grant_type"}, status_code=400)
        if (
            granted is None
            or granted.expires_at < time.monotonic()
            or form.get("redirect_uri") != granted.asked.redirect_uri
            or not _proves(form.get("code_verifier", ""), granted.asked.challenge)
        ):
            return JSONResponse(
                {"error": "invalid_grant", "error_description": "Provided code is not valid"},
                status_code=400,
            )
        token = secrets.token_urlsafe(24)
        self.tokens[token] = (granted.account, time.monotonic() + TOKEN_SECONDS)
        return JSONResponse(
            {
                "access_token": token,
                "scope": SCOPE,
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
            }
        )

    async def userinfo(self, request: Request) -> Response:
        """What is known of the person whose token it is."""
        if (bad_day := await self._bad_day("userinfo")) is not None:
            return bad_day
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        account, expires_at = self.tokens.get(token, (None, 0.0))
        if scheme != "Bearer" or account is None or expires_at < time.monotonic():
            return JSONResponse({"error": "invalid_token"}, status_code=401)
        return JSONResponse(account.userinfo())

    # --- the test's hand ---

    async def set_weather(self, request: Request) -> Response:
        """`{"token": "503"}`: that status from now on; "slow" or "garbage"; `{}` is a fine day.
        `{"code": "expired"}`: codes that are given from now on are too old.
        """
        self.weather = {str(k): str(v) for k, v in (await request.json()).items()}
        return Response(status_code=204)

    async def change_account(self, request: Request) -> Response:
        """`{"account": key, "assurance": …, "idn": …, "mobile": …, "name_ar": …}`: what userinfo
        says of it from now on.
        """
        said = await request.json()
        account = self.accounts[said["account"]]
        self.accounts[account.key] = replace(
            account,
            assurance=said.get("assurance", account.assurance),
            emirates_id=said.get("idn", account.emirates_id),
            mobile=said.get("mobile", account.mobile),
            name_ar=said.get("name_ar", account.name_ar),
            name_en=said.get("name_en", account.name_en),
        )
        return Response(status_code=204)

    async def _bad_day(self, path: str) -> Response | None:
        weather = self.weather.get(path)
        if weather is None:
            return None
        if weather == "slow":
            await asyncio.sleep(CODE_SECONDS)
        if weather == "garbage":
            return Response(b"<html>maintenance</html>", media_type="text/html")
        if weather.isdigit():
            return JSONResponse({"error": "server_error"}, status_code=int(weather))
        return JSONResponse({"error": weather}, status_code=400)

    def _knows(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        try:
            named = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        expected = f"{self.client.client_id}:{self.client.secret}"
        return scheme == "Basic" and secrets.compare_digest(named.encode(), expected.encode())


def build_app(simulator: UaePass) -> Starlette:
    """The simulator as an ASGI application."""
    return Starlette(
        routes=[
            Route(f"{BASE_PATH}/authorize", simulator.authorize, methods=["GET", "POST"]),
            Route(f"{BASE_PATH}/token", simulator.token, methods=["POST"]),
            Route(f"{BASE_PATH}/userinfo", simulator.userinfo, methods=["GET"]),
            Route(f"{BASE_PATH}/logout", simulator.logout, methods=["GET"]),
            Route("/_account", simulator.change_account, methods=["POST"]),
            Route("/_weather", simulator.set_weather, methods=["POST"]),
        ]
    )


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


def _proves(verifier: str, challenge: str) -> bool:
    if not challenge:
        return True
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge


def _back(asked: Asked, **answer: str) -> Response:
    query = urlencode({**answer, "state": asked.state})
    return RedirectResponse(f"{asked.redirect_uri}?{query}", status_code=302)


def main() -> None:
    """Serves until told to end, or until whoever started it is gone: then its input closes."""
    parser = argparse.ArgumentParser(prog="simulators.uae_pass", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--redirect-uri", required=True)
    asked = parser.parse_args()
    end_with_parent()
    client = Client(asked.client_id, os.environ[SECRET_NAME], asked.redirect_uri)
    simulator = UaePass(client, accounts(stories(datetime.now(UTC).date())))
    uvicorn.run(
        build_app(simulator),
        host="127.0.0.1",
        port=asked.port,
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
