"""Staff sign in by OpenID Connect: against a certified provider, and against crooked ones."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # claims
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.settings import read_settings
from identity.staff_provider import KEYS_AGAIN_SECONDS, SKEW_SECONDS_MAX
from identity.staff_route import SESSION_COOKIE, STAFF_SIGN_IN_SECONDS
from identity.staff_session import STAFF_IDLE_MINUTES, STAFF_SESSION_HOURS
from tests.support.browser import launch_browser
from tests.support.door import ORIGIN
from tests.support.house import TestHouse
from tests.support.served import served
from tests.support.staff import STAFF_CLIENT, Desk, open_desk, staff_provider_process


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    with staff_provider_process() as url:
        yield url


@pytest.fixture
async def desk(house: TestHouse, issuer: str, tmp_path: Path) -> AsyncIterator[Desk]:
    house.clock.instant = datetime.now(UTC)  # the provider has a clock of its own
    async with open_desk(house, read_settings({}, data_dir=tmp_path), issuer) as opened:
        yield opened


async def test_staff_see_their_roles_and_agency(desk: Desk) -> None:
    assert (await desk.me()).status_code == 401
    assert (await desk.sign_in("author")).headers["location"] == "/staff/me"
    said = (await desk.me()).json()
    assert (said["name"], said["roles"], said["agency"]) == ("سلمى التجريبي", ["author"], "mohap")
    await desk.sign_in("analyst")
    assert (await desk.me()).json()["roles"] == ["analyst"], "a role that is not ours is nobody's"


async def test_the_page_is_arabic_first_and_shows_what_it_is_told_as_text(desk: Desk) -> None:
    page = await desk.browser.get("/staff/me")
    assert page.status_code == 401
    assert '<html lang="ar" dir="rtl">' in page.text
    assert "تسجيل الدخول" in page.text
    await desk.sign_in("many")
    page = await desk.browser.get("/staff/me")
    assert "مُعِدّ محتوى، مراجع، مشغّل" in page.text
    assert "Sample &lt;b&gt;Many" in page.text
    english = (await desk.browser.get("/staff/me?language=en")).text
    assert '<html lang="en" dir="ltr">' in english
    assert "Author, Reviewer, Operator" in english


@pytest.mark.parametrize("account", ["visitor", "nothing"])
async def test_who_has_no_role_gets_nothing(desk: Desk, account: str) -> None:
    answer = await desk.sign_in(account)
    assert answer.status_code == 403
    assert "staff.no_role" in answer.text
    assert "لا يحمل حسابك دورًا" in answer.text
    assert SESSION_COOKIE not in desk.browser.cookies
    assert (await desk.me()).status_code == 401


async def test_who_cancels_or_lacks_a_code_begins_again(desk: Desk) -> None:
    await desk.start()
    for query in ({}, {"error": "access_denied"}, {"state": "x", "code": "y"}):
        answer = await desk.browser.get("/staff/callback", params=query)
        assert answer.status_code == 400
        assert "sign_in.stale" in answer.text


async def test_a_callback_counts_once_in_its_browser_and_for_minutes(desk: Desk) -> None:
    address = await desk.decide(await desk.start(), "author")
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    kept = dict(desk.browser.cookies)
    for changed in ({"iss": "http://127.0.0.1:1"}, {"state": query["state"][:-3] + "AAA"}):
        other = f"{ORIGIN}{parts.path}?{urlencode({**query, **changed})}"
        assert (await desk.come_back(other)).status_code == 400, changed
        desk.browser.cookies.update(kept)
    without = {name: value for name, value in query.items() if name != "iss"}
    mixed_up = f"{ORIGIN}{parts.path}?{urlencode(without)}"
    assert (await desk.come_back(mixed_up)).status_code == 400, "its metadata promises `iss`"
    desk.browser.cookies.clear()
    assert (await desk.come_back(address)).status_code == 400, "another browser"
    desk.browser.cookies.update(kept)
    desk.house.clock.instant += timedelta(seconds=STAFF_SIGN_IN_SECONDS + 1)
    assert (await desk.come_back(address)).status_code == 400, "too late"
    desk.browser.cookies.update(kept)
    desk.house.clock.instant -= timedelta(seconds=1)
    assert (await desk.come_back(address)).status_code == 303
    assert (await desk.come_back(address)).status_code == 400, "the same again"
    desk.browser.cookies.update(kept)
    again = await desk.come_back(address)
    assert (again.status_code, "staff.code_refused" in again.text) == (400, True)


async def test_a_session_ends_after_a_day_of_work_and_when_it_is_left_alone(desk: Desk) -> None:
    await desk.sign_in("author")
    for _ in range(STAFF_SESSION_HOURS * 60 // 20 - 1):
        desk.house.clock.instant += timedelta(minutes=20)
        assert (await desk.me()).status_code == 200
    desk.house.clock.instant += timedelta(minutes=20)
    assert (await desk.me()).status_code == 401
    desk.house.clock.instant = datetime.now(UTC)
    await desk.sign_in("author")
    desk.house.clock.instant += timedelta(minutes=STAFF_IDLE_MINUTES)
    assert (await desk.me()).status_code == 401


async def test_signing_out_ends_the_session_and_takes_no_other_sites_word(desk: Desk) -> None:
    await desk.sign_in("author")
    kept = dict(desk.browser.cookies)
    for origin in ({"origin": "https://evil.example"}, {"origin": "null"}, {}):
        answer = await desk.browser.post("/staff/sign-out", headers=origin)
        assert (answer.status_code, answer.json()["code"]) == (403, "staff.other_origin")
    assert (await desk.me()).status_code == 200
    assert (await desk.browser.get("/staff/sign-out")).status_code == 405
    out = await desk.browser.post("/staff/sign-out", headers={"origin": ORIGIN})
    assert out.status_code == 303
    assert out.headers["clear-site-data"] == '"cache", "storage"'
    assert SESSION_COOKIE not in desk.browser.cookies
    desk.browser.cookies.update(kept)
    assert (await desk.me()).status_code == 401, "the cookie that somebody kept is worth nothing"


async def test_a_new_sign_in_ends_the_session_before(desk: Desk) -> None:
    await desk.sign_in("author")
    before = dict(desk.browser.cookies)
    await desk.sign_in("analyst")
    assert (await desk.me()).json()["roles"] == ["analyst"]
    desk.browser.cookies.clear()
    desk.browser.cookies.update(before)
    assert (await desk.me()).status_code == 401


async def test_the_cookie_is_hardened(house: TestHouse, issuer: str, tmp_path: Path) -> None:
    house.clock.instant = datetime.now(UTC)
    settings = read_settings({}, data_dir=tmp_path)
    async with open_desk(house, settings, issuer) as desk:
        answer = await desk.sign_in("author")
        (cookie,) = [
            c for c in answer.headers.get_list("set-cookie") if c.startswith("osrati_staff=")
        ]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
    async with open_desk(house, settings, issuer, origin="https://osrati.test") as desk:
        assert desk.door.session_cookie.startswith("__Host-")
        answer = await desk.browser.get("/staff/sign-in")
        assert "Secure" in answer.headers["set-cookie"]


async def test_staff_are_nobody_to_citizens_routes(desk: Desk) -> None:
    await desk.sign_in("analyst")
    answer = await desk.browser.post(
        "/graphql", json={"query": "{ me { nameAr } sessions { id } }"}
    )
    assert "sign_in_required" in answer.text
    for path in ("/v1/sync/head", "/v1/blob/00000000-0000-0000-0000-000000000001"):
        assert (await desk.browser.get(path)).status_code == 401


async def test_a_citizen_is_nobody_to_staff(desk: Desk) -> None:
    for headers in (
        {"x-osrati-act-as": "00000000-0000-0000-0000-000000000001"},
        {"authorization": "Bearer abc"},
        {"cookie": f"{SESSION_COOKIE}={'A' * 43}"},
    ):
        answer = await desk.browser.get(
            "/staff/me", headers={"accept": "application/json", **headers}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "staff.sign_in_required")


# --- crooked providers ---


class Crooked:
    """A provider that answers what a test wants, signed by whichever key."""

    def __init__(self) -> None:
        self.url = ""
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
        self.token: Any = None  # the whole answer of the token endpoint, or what makes a token
        self.changed: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.keys: list[dict[str, Any]] = [self.key.as_dict(private=False)]
        self.nonce = ""
        self.named: str | None = None  # a key's id in tokens, other than its own

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _metadata(self, _: Request) -> Response:
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        return JSONResponse({**said, **self.metadata})

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": self.keys})

    async def _token(self, _: Request) -> Response:
        return self.token if self.token is not None else JSONResponse({"id_token": self.make()})

    def claims(self) -> dict[str, Any]:
        now = int(datetime.now(UTC).timestamp())
        sound = {
            "iss": self.url,
            "sub": "s",
            "aud": STAFF_CLIENT,
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 300,
            "name": "N",
            "osrati_roles": ["author"],
        }
        return {name: v for name, v in {**sound, **self.changed}.items() if v is not None}

    def make(self) -> str:
        return jwt.encode({"alg": "ES256", "kid": self.kid}, self.claims(), self.key)

    @property
    def kid(self) -> str:
        """The id that its tokens name."""
        return self.named or str(self.key.kid)


@pytest.fixture
async def crooked(house: TestHouse, tmp_path: Path) -> AsyncIterator[tuple[Crooked, Desk]]:
    house.clock.instant = datetime.now(UTC)
    provider = Crooked()
    async with served(provider.app()) as provider.url:
        settings = read_settings({}, data_dir=tmp_path)
        async with open_desk(house, settings, provider.url) as desk:
            yield provider, desk


async def signing_in(provider: Crooked, desk: Desk) -> httpx2.Response:
    query = dict(parse_qsl(urlsplit(await desk.start()).query))
    provider.nonce = query["nonce"]
    back = {"code": "c", "state": query["state"]}
    return await desk.browser.get("/staff/callback", params=back)


def now() -> int:
    return int(datetime.now(UTC).timestamp())


async def test_a_sound_answer_signs_in(crooked: tuple[Crooked, Desk]) -> None:
    provider, desk = crooked
    provider.changed = {"iat": now() + SKEW_SECONDS_MAX - 20, "aud": [STAFF_CLIENT]}
    assert (await signing_in(provider, desk)).status_code == 303
    provider.changed = {"iat": now() - 900, "exp": now() - SKEW_SECONDS_MAX + 20}
    assert (await signing_in(provider, desk)).status_code == 303


@pytest.mark.parametrize(
    ("said", "status"), [("urn:two", 303), ("urn:one", 403), ("", 403), (None, 403)]
)
async def test_the_factors_that_are_demanded_are_asked_for_and_looked_for(
    house: TestHouse, tmp_path: Path, said: str | None, status: int
) -> None:
    house.clock.instant = datetime.now(UTC)
    provider, settings = Crooked(), read_settings({}, data_dir=tmp_path)
    async with (
        served(provider.app()) as provider.url,
        open_desk(house, settings, provider.url, acr="urn:two") as desk,
    ):
        assert dict(parse_qsl(urlsplit(await desk.start()).query))["acr_values"] == "urn:two"
        provider.changed = {"acr": said}
        answer = await signing_in(provider, desk)
        assert answer.status_code == status
        assert ("staff.factors_missing" in answer.text) == (status == 403)
        assert (await desk.me()).status_code == (200 if status == 303 else 401)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "http://127.0.0.1:1"},
        {"aud": "another"},
        {"aud": [STAFF_CLIENT, "another"]},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": ""},
        {"sub": None},
        {"exp": 1},
        {"exp": None},
        {"iat": 9_999_999_999},
        {"osrati_roles": "author"},
    ],
    ids=str,
)
async def test_a_claim_that_is_wrong_is_refused(
    crooked: tuple[Crooked, Desk], changed: dict[str, Any]
) -> None:
    provider, desk = crooked
    provider.changed = changed
    answer = await signing_in(provider, desk)
    assert (answer.status_code, "staff.provider_unclear" in answer.text) == (502, True)
    assert (await desk.me()).status_code == 401


async def test_a_token_that_no_published_key_signed_is_refused(
    crooked: tuple[Crooked, Desk],
) -> None:
    provider, desk = crooked
    await desk.start()
    stranger = ECKey.generate_key("P-256")
    secret = OctKey.import_key(json.dumps(provider.keys[0]).encode())
    provider.keys.append({"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "o"})
    shared = OctKey.import_key(b"secret-secret-secret-secret")

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    def forged() -> dict[str, str]:
        claims = provider.claims()
        return {
            "none": f"{part({'alg': 'none'})}.{part(claims)}.",
            "stranger": jwt.encode({"alg": "ES256", "kid": "one"}, claims, stranger),
            "own key": jwt.encode(
                {"alg": "ES256", "jwk": stranger.as_dict(private=False)}, claims, stranger
            ),
            "public as secret": jwt.encode({"alg": "HS256", "kid": "one"}, claims, secret),
            "published secret": jwt.encode({"alg": "HS256", "kid": "o"}, claims, shared),
            "no token": "abc",
            "Arabic": "رمز",
        }

    for means in forged():
        query = dict(parse_qsl(urlsplit(await desk.start()).query))
        provider.nonce = query["nonce"]
        provider.token = JSONResponse({"id_token": forged()[means]})
        back = {"code": "c", "state": query["state"]}
        answer = await desk.browser.get("/staff/callback", params=back)
        assert (answer.status_code, "staff.provider_unclear" in answer.text) == (502, True), means


async def test_keys_are_read_again_after_the_provider_changed_them(
    crooked: tuple[Crooked, Desk],
) -> None:
    provider, desk = crooked
    assert (await signing_in(provider, desk)).status_code == 303
    old = provider.keys
    provider.key = ECKey.generate_key("P-256", {"kid": "two", "use": "sig", "alg": "ES256"})
    provider.keys = [*old, provider.key.as_dict(private=False)]
    at_once = await signing_in(provider, desk)  # a kid of no key asks for the keys once a minute
    assert (at_once.status_code, at_once.headers["retry-after"]) == (502, str(KEYS_AGAIN_SECONDS))
    desk.house.clock.instant += timedelta(seconds=KEYS_AGAIN_SECONDS)
    assert (await signing_in(provider, desk)).status_code == 303
    provider.named, provider.key = "two", ECKey.generate_key("P-256")
    desk.house.clock.instant += timedelta(seconds=KEYS_AGAIN_SECONDS)
    assert (await signing_in(provider, desk)).status_code == 502, "another key under its id"


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (Response(status_code=503), 503, "staff.provider_away"),
        (Response(status_code=429), 503, "staff.provider_away"),
        (JSONResponse({"error": "invalid_grant"}, status_code=400), 400, "staff.code_refused"),
        (Response(b"<html>"), 502, "staff.provider_unclear"),
        (Response(b"\xff"), 502, "staff.provider_unclear"),
        (JSONResponse({"access_token": "a"}), 502, "staff.provider_unclear"),
        (Response(b" " * 70_000), 502, "staff.provider_unclear"),
        (Response(status_code=302, headers={"location": "http://127.0.0.1:1/"}), 400, "staff.code"),
    ],
)
async def test_a_bad_day_ends_on_a_page_that_says_what_to_do(
    crooked: tuple[Crooked, Desk], answer: Response, status: int, code: str
) -> None:
    provider, desk = crooked
    provider.token = answer
    page = await signing_in(provider, desk)
    assert (page.status_code, code in page.text) == (status, True), page.text
    assert 'lang="ar"' in page.text


@pytest.mark.parametrize(
    "changed", [{"issuer": "https://other.example"}, {"token_endpoint": "ftp://x/token"}]
)
async def test_a_discovery_that_speaks_of_another_is_refused(
    crooked: tuple[Crooked, Desk], changed: dict[str, str]
) -> None:
    provider, desk = crooked
    provider.metadata = changed
    answer = await desk.browser.get("/staff/sign-in")
    assert (answer.status_code, "staff.provider_unclear" in answer.text) == (502, True)


async def test_a_provider_that_is_away_is_said_so(house: TestHouse, tmp_path: Path) -> None:
    settings = read_settings({}, data_dir=tmp_path)
    async with open_desk(house, settings, "http://127.0.0.1:1") as desk:
        answer = await desk.browser.get("/staff/sign-in")
        assert (answer.status_code, "staff.provider_away" in answer.text) == (503, True)
        assert answer.headers["retry-after"] == "30"


async def test_the_page_reads_from_the_right_in_a_browser(desk: Desk) -> None:
    await desk.sign_in("many")
    page_text = (await desk.browser.get("/staff/me")).text
    async with launch_browser() as browser:
        page = await browser.new_page(viewport={"width": 400, "height": 700})
        await page.set_content(page_text)
        terms = await page.locator("dt").all()
        box, value = await terms[0].bounding_box(), await page.locator("dd").first.bounding_box()
        assert box is not None
        assert value is not None
        assert box["x"] > value["x"], "the term stands to the right of its value"
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 400
