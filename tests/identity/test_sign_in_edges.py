"""Sign-in at its edges: errors of OAuth, replays, mix-ups, other environments, races, names."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt

from api.settings import read_settings
from identity.access_token import SKEW_SECONDS
from identity.sign_in import CALLBACK_PATH
from simulators.telling import sample_emirates_id
from store.embedded_postgres import EmbeddedPostgres
from tests.identity.test_session import PING, claims_of, ended, later
from tests.support.databases import fresh_databases
from tests.support.door import ORIGIN, Phone, answered, open_phone
from tests.support.house import FixedClock, open_test_house

NOURA, SALEM = sample_emirates_id(12), sample_emirates_id(11)
FAMILY = "👨🏻‍👩🏻‍👧🏻‍👦🏻"  # one letter to whoever reads it, eleven code points
ME = "{ me { nameAr nameEn } }"


# --- errors of the authorization endpoint (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6) ---


PROVIDER_ERRORS = {
    "access_denied": "access_denied",
    "cancelledOnApp": "access_denied",  # UAE PASS's own
    **dict.fromkeys(
        (
            *("invalid_request", "unauthorized_client", "unsupported_response_type"),
            *("invalid_scope", "server_error", "temporarily_unavailable", "login_required"),
            *("interaction_required", "consent_required", "", "نص", "x" * 5_000),
        ),
        "temporarily_unavailable",
    ),
}


async def test_every_error_of_the_provider_leads_back_to_the_app(phone: Phone) -> None:
    for error, told in PROVIDER_ERRORS.items():
        started = await phone.open_sign_in()
        state = dict(parse_qsl(urlsplit(started.headers["location"]).query))["state"]
        words = {"error_description": "Noura", "error_uri": "https://evil.example"}
        for more in ({}, {"code": "a code beside the error"}):
            query = urlencode({"error": error, **words, **more, "state": state})
            answer = await phone.browser.get(f"{CALLBACK_PATH}?{query}")
            said = {"error": told, "state": "the app's own", "iss": ORIGIN}
            assert answered(answer) == said, error


async def test_nothing_at_all_and_an_empty_code_lead_back_too(phone: Phone) -> None:
    for more in ({}, {"code": ""}):
        started = await phone.open_sign_in()
        state = dict(parse_qsl(urlsplit(started.headers["location"]).query))["state"]
        answer = await phone.browser.get(f"{CALLBACK_PATH}?{urlencode({'state': state, **more})}")
        assert answer.status_code in (302, 400)
        assert "code" not in dict(parse_qsl(urlsplit(answer.headers.get("location", "")).query))


# --- errors of its token and userinfo endpoints (RFC 6749, 5.2; RFC 6750, 3.1) ---


EXCHANGE_ERRORS = {
    **dict.fromkeys(
        (
            *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
            *("unsupported_grant_type", "invalid_scope", "invalid_token", "insufficient_scope"),
            *("400", "401", "403", "404", "302"),
        ),
        "sign_in.code_refused",
    ),
    **dict.fromkeys(("429", "500", "502", "503", "504"), "sign_in.provider_away"),
}


@pytest.mark.parametrize("path", ["token", "userinfo"])
async def test_every_error_of_the_exchange_ends_on_a_page(phone: Phone, path: str) -> None:
    for weather, code in EXCHANGE_ERRORS.items():
        address = await phone.decide(await phone.open_sign_in(), NOURA)
        await phone.weather(**{path: weather})
        answer = await phone.come_back(address)
        assert (answer.status_code >= 400, code in answer.text) == (True, True), weather
        assert "error=server_error" in answer.text, "and a way back to the app"
        await phone.weather()


async def test_a_code_that_expired_at_uae_pass_is_told_as_such(phone: Phone) -> None:
    await phone.weather(code="expired")
    address = await phone.decide(await phone.open_sign_in(), NOURA)
    answer = await phone.come_back(address)
    assert (answer.status_code, "sign_in.code_refused" in answer.text) == (400, True)
    assert "انتهت صلاحية محاولة تسجيل الدخول" in answer.text


# --- replays and mix-ups ---


async def test_a_code_of_one_attempt_is_worth_nothing_in_another(phone: Phone) -> None:
    """The state of the second with the code of the first: its verifier is another."""
    first = dict(parse_qsl(urlsplit(await phone.decide(await phone.open_sign_in(), SALEM)).query))
    second = dict(parse_qsl(urlsplit(await phone.decide(await phone.open_sign_in(), NOURA)).query))
    mixed = urlencode({"code": first["code"], "state": second["state"]})
    answer = await phone.browser.get(f"{CALLBACK_PATH}?{mixed}")
    assert (answer.status_code, "sign_in.code_refused" in answer.text) == (400, True)


async def test_a_success_names_its_issuer_too(phone: Phone) -> None:
    answer = await phone.come_back(await phone.decide(await phone.open_sign_in(), NOURA))
    said = answered(answer)
    assert (said["iss"], said["state"], "code" in said) == (ORIGIN, "the app's own", True)


async def test_what_is_sealed_for_one_purpose_is_nothing_for_another(phone: Phone) -> None:
    """State, code, refresh token and nonce are all opaque text: none passes for another."""
    started = await phone.open_sign_in()
    state = dict(parse_qsl(urlsplit(started.headers["location"]).query))["state"]
    code = await phone.code(NOURA)
    await phone.sign_in(NOURA)
    refresh, nonce = phone.tokens["refresh_token"], phone.door.proofs.nonce()
    for other in (state, refresh, nonce, phone.tokens["access_token"]):
        assert (await phone.exchange(other)).status_code == 400
    for other in (state, code, nonce, phone.tokens["access_token"]):
        assert (await phone.refresh(other)).status_code == 400
    for other in (code, refresh, nonce):
        answer = await phone.browser.get(f"{CALLBACK_PATH}?{urlencode({'state': other})}")
        assert (answer.status_code, "sign_in.stale" in answer.text) == (400, True)
    for other in (state, code, refresh, nonce):
        phone.tokens["token_type"] = "Bearer"
        assert (await phone.ask(PING, token=other)).status_code == 401


# --- another environment ---


@pytest.fixture
async def staging(
    postgres: EmbeddedPostgres, uae_pass: str, clock: FixedClock, tmp_path: Path
) -> AsyncIterator[Phone]:
    """Another environment of the same service: keys of its own, the same addresses."""
    directory = tmp_path / "staging"
    directory.mkdir()
    async with (
        fresh_databases(postgres) as urls,
        open_test_house(*urls, clock=clock, directory=directory) as house,
        open_phone(house, read_settings({}, data_dir=directory), uae_pass) as opened,
    ):
        yield opened


async def test_what_another_environment_gave_out_is_worth_nothing_here(
    phone: Phone, staging: Phone
) -> None:
    code = await staging.code(NOURA)
    phone.verifier = staging.verifier
    assert (await phone.exchange(code)).status_code == 400
    await staging.sign_in(NOURA, bound=False)
    assert (await staging.ask(PING)).status_code == 200
    phone.tokens = dict(staging.tokens)
    answer = await phone.ask(PING)
    assert (answer.status_code, answer.json()["code"]) == (401, "session.ended")
    assert (await phone.refresh(bound=False)).status_code == 400
    revoked = await phone.http.post(
        "/oauth/revoke", data={"token": staging.tokens["refresh_token"]}
    )
    assert revoked.status_code == 200
    assert (await staging.refresh(bound=False)).status_code == 200, "and ends nothing there"
    started = await staging.open_sign_in()
    phone.browser.cookies.update(staging.browser.cookies)
    answer = await phone.come_back(await staging.decide(started, NOURA))
    assert (answer.status_code, "sign_in.stale" in answer.text) == (400, True)


# --- clocks ---


@pytest.mark.parametrize(
    ("off_seconds", "status"),
    [(300, 401), (SKEW_SECONDS + 1, 401), (SKEW_SECONDS, 200), (0, 200), (-290, 200), (-300, 401)],
)
async def test_a_machine_of_ours_whose_clock_is_off(
    phone: Phone, off_seconds: int, status: int
) -> None:
    """It made a token five minutes ahead of, or behind, the machine that reads it."""
    await phone.sign_in(NOURA, bound=False)
    key = await phone.door.signing_keys.current()
    claims = claims_of(phone.tokens["access_token"])
    claims |= {name: claims[name] + off_seconds for name in ("iat", "exp")}
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    token = jwt.encode(header, claims, key, algorithms=["ES256"])
    assert (await phone.ask(PING, token=token)).status_code == status


# --- races ---


async def test_five_tabs_that_refresh_at_once_all_go_on_and_the_next_one_too(phone: Phone) -> None:
    token = (await phone.sign_in(NOURA)).json()["refresh_token"]
    answers = await asyncio.gather(*(phone.refresh(token) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    for answer in answers[:2]:
        phone.tokens = answer.json()
        assert (await phone.ask(PING)).status_code == 200
    assert (await phone.refresh()).status_code == 200


async def test_a_refresh_beside_a_sign_out_leaves_nothing_open(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    form = {"token": phone.tokens["refresh_token"]}
    refreshed, revoked = await asyncio.gather(
        phone.refresh(phone.tokens["refresh_token"]), phone.http.post("/oauth/revoke", data=form)
    )
    assert revoked.status_code == 200
    if refreshed.status_code == 200:
        phone.tokens = refreshed.json()
    assert await ended(phone)


async def test_one_code_from_two_tabs_opens_one_session_at_most(phone: Phone) -> None:
    code = await phone.code(NOURA)
    both = await asyncio.gather(phone.exchange(code), phone.exchange(code))
    statuses = sorted(answer.status_code for answer in both)
    assert statuses == [200, 400]
    phone.tokens = next(answer.json() for answer in both if answer.status_code == 200)
    assert (await phone.ask(PING)).status_code == 401, "the code was in two hands: it ends"


async def test_the_refresh_token_before_comes_beside_the_new_one(phone: Phone) -> None:
    old = (await phone.sign_in(NOURA)).json()["refresh_token"]
    await phone.refresh()
    both = await asyncio.gather(phone.refresh(old), phone.refresh(phone.tokens["refresh_token"]))
    assert {answer.status_code for answer in both} <= {200, 400}
    if all(answer.status_code == 200 for answer in both):
        phone.tokens = both[1].json()
        assert (await phone.ask(PING)).status_code == 200
    else:
        assert await ended(phone), "two generations old: the family of tokens has ended"


# --- names ---


NAMES: tuple[tuple[str, str | None], ...] = (
    (f"هند {FAMILY}", f"هند {FAMILY}"),
    (FAMILY, FAMILY),
    ("سالم,,محمد,,,التجريبي", "سالم محمد التجريبي"),
    (" سالم , ,\tالتجريبي ,", "سالم التجريبي"),
    ("ا\u0654حمد", "أحمد"),  # its hamza apart
    ("Zoe\u0308 Mu\u0308ller", "Zoë Müller"),
    ("Salem\u202e,drol\u2066", "Salem drol"),
    ("Salem\x00\x1b[31m\r\nAdmin: yes", "Salem [31m Admin: yes"),
    ("می\u200cخواهم", "می\u200cخواهم"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),  # text: pages escape it
    ("ه" * 200, "ه" * 200),
    ("ه" * 201, None),
    (",,,,", None),
)


async def test_a_name_comes_through_as_its_bearer_writes_it(phone: Phone) -> None:
    url = f"{phone.provider_url}/_account"
    before = {"account": NOURA, "name_ar": "نورة التجريبي", "name_en": "Noura Al-Tajribi"}
    try:
        known = None
        for said, told in NAMES:
            shown = known = told or known  # what is no name is as if it had not been said
            changed = {"account": NOURA, "name_ar": said, "name_en": said}
            assert (await phone.provider.post(url, json=changed)).status_code == 204
            await later(phone, seconds=10)  # of two names of one instant either may count
            await phone.sign_in(NOURA)
            answer = await phone.ask(ME)
            assert answer.json()["data"]["me"] == {"nameAr": shown, "nameEn": shown}, said
            if told is not None and FAMILY in told:
                assert FAMILY.encode() in answer.content, "not as escapes"
    finally:
        await phone.provider.post(url, json=before)
