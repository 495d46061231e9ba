"""Signing in through the person's browser: to UAE PASS and back, then to the app with a code.

`/oauth/authorize` is what an app opens; `/oauth/callback` where UAE PASS sends the person. Whatever
goes wrong ends on a page in both languages that says the next step, or back at the app with a code.
Source: RFC 6749, RFC 7636, RFC 8252, RFC 9207 (`iss` in the answer), RFC 9700.
"""

import hashlib
import re
import secrets
from datetime import timedelta
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.error import OsratiError, Refusal
from domain.text.message import Language
from identity.account import NotVerified, sign_in_person
from identity.door import Door
from identity.grant import SIGN_IN_SECONDS, Code, SignIn
from identity.limit import SIGN_INS_PER_ADDRESS, address_of
from identity.sign_in_page import show_stopped
from timeline.refused import note_refused

BROWSER_COOKIE = "osrati_sign_in"
CALLBACK_PATH = "/oauth/callback"
APP_STATE_CHARACTERS_MAX = 512
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # an S256 challenge, and a key's thumbprint
COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")
CANCELLED = frozenset({"access_denied", "cancelledOnApp", "cancelled"})


class SignInStale(Refusal):
    """The state is not ours, too old, of another browser, or came back before."""

    code = "sign_in.stale"
    ar = "انتهت صلاحية محاولة تسجيل الدخول. ابدأ من جديد من التطبيق."
    en = "This attempt to sign in is no longer valid. Begin again from the app."


class AppUnknown(Refusal):
    """The address to go back to is not the app's: nobody is sent there."""

    code = "sign_in.app_unknown"
    ar = "طلب الدخول هذا ليس من تطبيق معروف. افتح تطبيق أسرتي وسجِّل الدخول منه."
    en = "This sign-in was not asked for by a known app. Open the Osrati app and sign in there."


def sign_in_routes(door: Door) -> list[Route]:
    """The two addresses that a browser visits."""

    async def authorize(request: Request) -> Response:
        return await _authorize(door, request)

    async def callback(request: Request) -> Response:
        return await _callback(door, request)

    return [Route("/oauth/authorize", authorize), Route(CALLBACK_PATH, callback)]


async def _authorize(door: Door, request: Request) -> Response:
    query = request.query_params
    language: Language = "en" if query.get("ui_locales", "").startswith("en") else "ar"
    app = door.find_app(query.get("client_id", ""))
    redirect_uri = query.get("redirect_uri", "")
    if app is None or not app.allows(redirect_uri):
        return show_stopped(request, AppUnknown(), language)
    try:
        await door.counters.take(SIGN_INS_PER_ADDRESS, address_of(request))
    except OsratiError as many:
        return show_stopped(request, many, language)
    app_state = query.get("state", "")
    challenge, thumbprint = query.get("code_challenge", ""), query.get("dpop_jkt")
    wrong = (
        len(app_state) > APP_STATE_CHARACTERS_MAX
        or query.get("code_challenge_method") != "S256"
        or CHALLENGE.fullmatch(challenge) is None
        or (thumbprint is not None and CHALLENGE.fullmatch(thumbprint) is None)
    )
    if wrong or query.get("response_type") != "code":
        said = "invalid_request" if wrong else "unsupported_response_type"
        note_refused(request, f"sign_in.{said}")
        return _to_app(redirect_uri, app_state[:APP_STATE_CHARACTERS_MAX], door, error=said)
    cookie = _cookie(request) or secrets.token_urlsafe(32)
    verifier = secrets.token_urlsafe(32)
    state = door.states.seal(
        SignIn(
            client_id=app.client_id,
            redirect_uri=redirect_uri,
            app_state=app_state,
            challenge=challenge,
            verifier=verifier,
            browser=_hash(cookie),
            language=language,
            asked_at=door.ground.clock.now_utc(),
            key_thumbprint=thumbprint,
        )
    )
    url = door.provider.authorize_url(state=state, verifier=verifier, language=language)
    answer = RedirectResponse(url, status_code=302, headers={"cache-control": "no-store"})
    answer.set_cookie(
        BROWSER_COOKIE,
        cookie,
        max_age=SIGN_IN_SECONDS,
        path="/oauth",
        secure=urlsplit(door.origin).scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


async def _callback(door: Door, request: Request) -> Response:
    query = request.query_params
    sign_in = door.states.find(query.get("state", ""))
    age_max = timedelta(seconds=SIGN_IN_SECONDS)
    cookie = _cookie(request)
    if (
        sign_in is None
        or cookie is None
        or _hash(cookie) != sign_in.browser
        or door.ground.clock.now_utc() - sign_in.asked_at > age_max
    ):
        return show_stopped(request, SignInStale(), sign_in.language if sign_in else "ar")
    refused = query.get("error")
    if refused is not None or "code" not in query:
        said = "access_denied" if refused in CANCELLED else "temporarily_unavailable"
        note_refused(request, f"sign_in.{said}")
        return _to_app(sign_in.redirect_uri, sign_in.app_state, door, error=said)
    try:
        profile = await door.provider.read_profile(code=query["code"], verifier=sign_in.verifier)
        session_id = uuid4()
        person_id = await sign_in_person(door.ground, profile, sign_in_id=session_id)
    except OsratiError as error:
        denied = "access_denied" if isinstance(error, NotVerified) else "server_error"
        back = _back(sign_in.redirect_uri, sign_in.app_state, door, error=denied)
        return show_stopped(request, error, sign_in.language, back=back)
    code = Code(
        session_id=session_id,
        person_id=person_id,
        assurance=profile.assurance,
        client_id=sign_in.client_id,
        redirect_uri=sign_in.redirect_uri,
        challenge=sign_in.challenge,
        signed_in_at=door.ground.clock.now_utc(),
        key_thumbprint=sign_in.key_thumbprint,
    )
    return _to_app(sign_in.redirect_uri, sign_in.app_state, door, code=door.codes.seal(code))


def _to_app(redirect_uri: str, app_state: str, door: Door, **answer: str) -> Response:
    return RedirectResponse(
        _back(redirect_uri, app_state, door, **answer),
        status_code=302,
        headers={"cache-control": "no-store"},
    )


def _back(redirect_uri: str, app_state: str, door: Door, **answer: str) -> str:
    query = urlencode({**answer, "state": app_state, "iss": door.origin})
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"


def _cookie(request: Request) -> str | None:
    cookie = request.cookies.get(BROWSER_COOKIE, "")
    return cookie if COOKIE.fullmatch(cookie) else None


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("ascii")).digest()
