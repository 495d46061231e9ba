"""Signing staff in by the browser, and what they are: `/staff/sign-in`, `/staff/callback`,
`/staff/me`, `/staff/sign-out`.

Who has none of our roles gets no session. A citizen's token is worth nothing here, and this cookie
nothing there. Source: OpenID Connect Core 1.0; RFC 9700; RFC 9207.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from domain.calendar_date import DUBAI
from domain.error import OsratiError, Refusal
from domain.text.message import Language
from identity.limit import SIGN_INS_PER_ADDRESS, Counters, address_of
from identity.opaque import Opaque
from identity.sign_in import COOKIE, SignInStale
from identity.sign_in_page import show_stopped
from identity.staff_provider import StaffProvider
from identity.staff_session import (
    STAFF_SESSION_HOURS,
    StaffSession,
    end_staff_session,
    find_staff_session,
    open_staff_session,
)
from timeline.ground import Ground

STAFF_CALLBACK_PATH = "/staff/callback"
STAFF_SIGN_IN_SECONDS = 600
BROWSER_COOKIE = "osrati_staff_sign_in"
SESSION_COOKIE = "osrati_staff"
CODE = re.compile(r"[\x21-\x7e]{1,2048}")

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)


class StaffWithoutRole(Refusal):
    code = "staff.no_role"
    status = 403
    ar = "لا يحمل حسابك دورًا في أسرتي. اطلب من مسؤول جهتك منحك الدور ثم سجِّل الدخول من جديد."
    en = (
        "Your account has no role in Osrati. Ask your agency's administrator for one, then sign in."
    )


class StaffSignInRequired(Refusal):
    code = "staff.sign_in_required"
    status = 401
    ar = "سجِّل الدخول بحساب الموظف."
    en = "Sign in with your staff account."


class OtherOrigin(Refusal):
    """A form of another site: the browser says where it came from."""

    code = "staff.other_origin"
    status = 403
    ar = "لم يأتِ هذا الطلب من صفحات أسرتي. افتح الصفحة من جديد وأعد المحاولة."
    en = "This request did not come from Osrati's own pages. Open the page again and retry."


class StaffSignIn(msgspec.Struct, frozen=True):
    """A sign-in on its way, in one browser."""

    nonce: str
    verifier: str
    browser: bytes  # SHA-256 of the browser's cookie
    language: Language
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class StaffDoor:
    """Everything that these routes need. `origin` is ours, without a slash."""

    ground: Ground
    origin: str
    provider: StaffProvider
    counters: Counters

    @property
    def is_https(self) -> bool:
        return urlsplit(self.origin).scheme == "https"

    @property
    def session_cookie(self) -> str:
        """`__Host-`: no other host and no plain HTTP can set it."""
        return f"__Host-{SESSION_COOKIE}" if self.is_https else SESSION_COOKIE

    def states(self) -> Opaque[StaffSignIn]:
        return Opaque(self.ground.keys, "staff_sign_in_state", StaffSignIn)


def staff_routes(door: StaffDoor) -> list[Route]:
    """The four addresses."""

    async def sign_in(request: Request) -> Response:
        return await _sign_in(door, request)

    async def callback(request: Request) -> Response:
        return await _callback(door, request)

    async def me(request: Request) -> Response:
        return await _me(door, request)

    async def sign_out(request: Request) -> Response:
        return await _sign_out(door, request)

    return [
        Route("/staff/sign-in", sign_in),
        Route(STAFF_CALLBACK_PATH, callback),
        Route("/staff/me", me),
        Route("/staff/sign-out", sign_out, methods=["POST"]),
    ]


async def authenticate_staff(door: StaffDoor, request: Request) -> StaffSession | None:
    """Who of the staff sends a request, else None."""
    return await find_staff_session(door.ground, request.cookies.get(door.session_cookie, ""))


async def _sign_in(door: StaffDoor, request: Request) -> Response:
    language = _language(request)
    try:
        await door.counters.take(SIGN_INS_PER_ADDRESS, address_of(request))
        cookie, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        state = door.states().seal(
            StaffSignIn(nonce, verifier, _hash(cookie), language, door.ground.clock.now_utc())
        )
        address = await door.provider.authorize_url(
            state=state, nonce=nonce, verifier=verifier, language=language
        )
    except OsratiError as error:
        return show_stopped(request, error, language)
    answer = _to(address)
    answer.set_cookie(
        BROWSER_COOKIE,
        cookie,
        max_age=STAFF_SIGN_IN_SECONDS,
        path=STAFF_CALLBACK_PATH,
        secure=door.is_https,
        httponly=True,
        samesite="lax",  # the provider's own page sends the browser back
    )
    return answer


async def _callback(door: StaffDoor, request: Request) -> Response:
    query = request.query_params
    begun = door.states().find(query.get("state", ""))
    language: Language = "ar" if begun is None else begun.language
    try:
        token = await _open_session(door, request, begun)
    except OsratiError as error:
        stopped = show_stopped(request, error, language)
        stopped.delete_cookie(BROWSER_COOKIE, path=STAFF_CALLBACK_PATH)
        return stopped
    answer = _to("/staff/me")
    answer.delete_cookie(BROWSER_COOKIE, path=STAFF_CALLBACK_PATH)
    answer.set_cookie(
        door.session_cookie,
        token,
        max_age=STAFF_SESSION_HOURS * 3_600,
        path="/",
        secure=door.is_https,
        httponly=True,
        samesite="lax",
    )
    return answer


async def _open_session(door: StaffDoor, request: Request, begun: StaffSignIn | None) -> str:
    """The cookie of the session that this callback opens. Raises: OsratiError."""
    query, cookie = request.query_params, request.cookies.get(BROWSER_COOKIE, "")
    age_max = timedelta(seconds=STAFF_SIGN_IN_SECONDS)
    if (
        begun is None
        or COOKIE.fullmatch(cookie) is None
        or _hash(cookie) != begun.browser
        or door.ground.clock.now_utc() - begun.asked_at > age_max
        or not await door.provider.is_from_it(query.get("iss"))
        or CODE.fullmatch(query.get("code", "")) is None
    ):
        raise SignInStale
    profile = await door.provider.read_profile(
        code=query["code"], verifier=begun.verifier, nonce=begun.nonce
    )
    if not profile.roles:
        raise StaffWithoutRole
    before = request.cookies.get(door.session_cookie, "")
    if before:
        await end_staff_session(door.ground, before)
    return await open_staff_session(door.ground, profile, begun.language)


async def _me(door: StaffDoor, request: Request) -> Response:
    session = await authenticate_staff(door, request)
    if "application/json" in request.headers.get("accept", ""):
        if session is None:
            raise StaffSignInRequired
        return JSONResponse(_shown(session))
    asked = request.query_params.get("language")
    language = session.language if session is not None and asked is None else _language(request)
    page = _pages.get_template("staff.html").render(
        language=language,
        words=WORDS[language],
        session=session,
        roles=[ROLE_WORDS[role][language] for role in session.profile.roles] if session else [],
        until=session.expires_at.astimezone(DUBAI).strftime("%H:%M") if session else "",
    )
    return HTMLResponse(page, status_code=200 if session else StaffSignInRequired.status)


async def _sign_out(door: StaffDoor, request: Request) -> Response:
    if request.headers.get("origin") != door.origin:
        raise OtherOrigin
    await end_staff_session(door.ground, request.cookies.get(door.session_cookie, ""))
    answer = _to("/staff/me")
    answer.headers["clear-site-data"] = '"cache", "storage"'
    answer.delete_cookie(
        door.session_cookie, path="/", secure=door.is_https, httponly=True, samesite="lax"
    )
    return answer


def _shown(session: StaffSession) -> dict[str, object]:
    return {
        "name": session.profile.name,
        "roles": list(session.profile.roles),
        "agency": session.profile.agency,
        "signedInAt": session.signed_in_at.isoformat(),
        "expiresAt": session.expires_at.isoformat(),
    }


def _to(address: str) -> Response:
    return RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})


def _language(request: Request) -> Language:
    return "en" if request.query_params.get("language") == "en" else "ar"


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("ascii")).digest()


ROLE_WORDS: dict[str, dict[Language, str]] = {
    "author": {"ar": "مُعِدّ محتوى", "en": "Author"},
    "reviewer": {"ar": "مراجع", "en": "Reviewer"},
    "analyst": {"ar": "محلل", "en": "Analyst"},
    "operator": {"ar": "مشغّل", "en": "Operator"},
}
WORDS: dict[Language, dict[str, str]] = {
    "ar": {
        "title": "أسرتي — حساب الموظف",
        "signed_out": "لم يسجَّل الدخول.",
        "sign_in": "تسجيل الدخول",
        "name": "الاسم",
        "roles": "الأدوار",
        "agency": "الجهة",
        "none": "لا توجد",
        "until": "تنتهي الجلسة الساعة",
        "sign_out": "تسجيل الخروج",
        "other": "English",
    },
    "en": {
        "title": "Osrati — staff account",
        "signed_out": "You are not signed in.",
        "sign_in": "Sign in",
        "name": "Name",
        "roles": "Roles",
        "agency": "Agency",
        "none": "none",
        "until": "The session ends at",
        "sign_out": "Sign out",
        "other": "العربية",
    },
}
