"""Tokens and sessions: what proves a person, what ends, and what a thief gets."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
import redis.asyncio
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from starlette.requests import Request
from structlog.testing import capture_logs

from api.settings import read_settings
from domain.ids import PersonId
from domain.people.actor import Actor
from identity.access_token import ACCESS_SECONDS, AUDIENCE
from identity.dpop import NONCE_AGE_MAX_SECONDS, PROOF_AGE_MAX_SECONDS
from identity.form import FIELDS_MAX, FORM_BYTES_MAX, read_form
from identity.grant import CODE_SECONDS
from identity.limit import REFRESHES_PER_SESSION, REVOCATIONS_PER_ADDRESS, TOKENS_PER_ADDRESS
from identity.session import (
    SAME_AGAIN_SECONDS,
    SESSION_DAYS,
    SESSIONS_MAX,
    end_every_session,
    list_sessions,
)
from identity.signing_key import PERIOD_DAYS
from schema.node import encode_id
from simulators.telling import sample_emirates_id
from store.embedded_valkey import EmbeddedValkey
from tests.schema.asking import operation
from tests.support.door import ORIGIN, Phone, hash_of, open_phone
from timeline.request_body import RequestTooSlow
from timeline.step_up import STEP_UP_SECONDS, StepUpRequired, require_fresh

NOURA, SALEM = sample_emirates_id(12), sample_emirates_id(11)
PING = "{ __typename }"
SIGN_OUT = """mutation { signOut(session: "%s") {
  ... on SignedOut { endedCount } ... on SignOutRefused { code message nextStep }
} }"""


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified."""
    body = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return read


async def later(phone: Phone, **time: float) -> None:
    phone.house.clock.instant += timedelta(**time)


async def ended(phone: Phone) -> bool:
    """Whether neither the access token nor the refresh token is worth anything."""
    access = await phone.ask(PING)
    refreshed = await phone.refresh()
    return access.status_code == 401 and refreshed.status_code == 400


# --- codes ---


async def test_a_code_used_twice_ends_what_it_opened(phone: Phone) -> None:
    code = await phone.code(NOURA)
    first = await phone.exchange(code)
    assert first.status_code == 200
    phone.tokens = first.json()
    second = await phone.exchange(code)
    assert second.status_code == 400
    assert second.json()["error"] == "invalid_grant"
    assert await ended(phone)


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "another-verifier-of-the-proper-length-0000000"},
        {"code_verifier": ""},
        {"code_verifier": "ب" * 43},
        {"client_id": "another-app"},
        {"redirect_uri": "http://127.0.0.1/signed-in"},
        {"code": "not-a-code"},
        {"code": "A" * 3_000},
    ],
)
async def test_a_code_is_worth_nothing_without_all_that_belongs_to_it(
    phone: Phone, changed: dict[str, str]
) -> None:
    code = changed.pop("code", None) or await phone.code(NOURA)
    answer = await phone.exchange(code, **changed)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert set(answer.json()["messages"]) == {"ar", "en"}


async def test_a_code_counts_for_a_minute(phone: Phone) -> None:
    code = await phone.code(NOURA)
    await later(phone, seconds=CODE_SECONDS)
    assert (await phone.exchange(code)).status_code == 200
    code = await phone.code(NOURA)
    await later(phone, seconds=CODE_SECONDS + 1)
    assert (await phone.exchange(code)).status_code == 400


async def test_a_code_asked_for_with_a_key_needs_that_key(phone: Phone) -> None:
    code = await phone.code(NOURA, dpop_jkt=phone.key.thumbprint())
    assert (await phone.exchange(code)).status_code == 400
    phone.key, own = ECKey.generate_key("P-256"), phone.key
    stolen = await phone.exchange(code, proof=phone.proof("POST", "/oauth/token"))
    assert stolen.status_code == 400
    phone.key = own
    good = await phone.exchange(code, proof=phone.proof("POST", "/oauth/token"))
    assert good.status_code == 200


# --- refreshing ---


async def test_a_refresh_gives_the_next_pair(phone: Phone) -> None:
    before = (await phone.sign_in(NOURA)).json()
    assert (await phone.refresh()).status_code == 200
    assert phone.tokens["refresh_token"] != before["refresh_token"]
    assert (await phone.ask(PING)).status_code == 200


async def test_an_old_refresh_token_ends_the_whole_family(phone: Phone) -> None:
    old = (await phone.sign_in(NOURA)).json()["refresh_token"]
    await phone.refresh()
    await later(phone, seconds=SAME_AGAIN_SECONDS + 1)
    stolen = await phone.refresh(old)
    assert stolen.status_code == 400
    assert stolen.json()["error"] == "invalid_grant"
    assert await ended(phone)


async def test_the_token_before_comes_once_more_when_an_answer_was_lost(phone: Phone) -> None:
    old = (await phone.sign_in(NOURA)).json()["refresh_token"]
    await phone.refresh()
    await later(phone, seconds=SAME_AGAIN_SECONDS)
    assert (await phone.refresh(old)).status_code == 200
    assert (await phone.refresh()).status_code == 200


async def test_a_token_two_generations_old_is_never_a_lost_answer(phone: Phone) -> None:
    old = (await phone.sign_in(NOURA)).json()["refresh_token"]
    await phone.refresh()
    await phone.refresh()
    assert (await phone.refresh(old)).status_code == 400
    assert await ended(phone)


async def test_two_tabs_that_refresh_at_once_both_go_on(phone: Phone) -> None:
    token = (await phone.sign_in(NOURA)).json()["refresh_token"]
    both = await asyncio.gather(phone.refresh(token), phone.refresh(token))
    assert [answer.status_code for answer in both] == [200, 200]
    for answer in both:
        assert (await phone.refresh(answer.json()["refresh_token"])).status_code == 200


async def test_a_refresh_token_without_its_device_key_is_worth_nothing(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    assert (await phone.refresh(bound=False)).status_code == 400
    own, phone.key = phone.key, ECKey.generate_key("P-256")
    assert (await phone.refresh()).status_code == 400
    phone.key = own
    assert (await phone.refresh()).status_code == 200  # the thief's attempt cost nobody anything


async def test_a_session_ends_after_its_days_however_often_it_is_refreshed(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    for _ in range(SESSION_DAYS // 2 - 1):
        await later(phone, days=2)
        assert (await phone.refresh()).status_code == 200
    await later(phone, days=2)
    assert (await phone.refresh()).status_code == 400


# --- ending ---


async def test_signing_out_ends_this_session_at_once(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    form = {"token": phone.tokens["refresh_token"]}
    assert (await phone.http.post("/oauth/revoke", data=form)).status_code == 200
    assert await ended(phone)
    again = await phone.http.post("/oauth/revoke", data=form)
    never = await phone.http.post("/oauth/revoke", data={"token": "never ours"})
    assert (again.status_code, never.status_code) == (200, 200)


async def test_signing_out_everywhere_ends_every_session_and_nobody_elses(phone: Phone) -> None:
    await phone.sign_in(SALEM)
    others = dict(phone.tokens)
    first = (await phone.sign_in(NOURA)).json()
    await phone.sign_in(NOURA)
    ground = phone.house.ground
    person = (await phone.door.access_tokens.read(first["access_token"])).person_id
    assert len(await list_sessions(ground, person)) == 2
    assert await end_every_session(ground, person) == 2
    assert await ended(phone)
    phone.tokens = others
    assert (await phone.ask(PING)).status_code == 200


async def test_a_person_sees_their_sessions_and_ends_another_or_all(phone: Phone) -> None:
    await phone.sign_in(SALEM)
    others = dict(phone.tokens)
    lost = (await phone.sign_in(NOURA)).json()
    await later(phone, minutes=1)
    await phone.sign_in(NOURA)
    shown = (await phone.ask(operation("Sessions"))).json()["data"]["sessions"]
    assert [session["current"] for session in shown] == [True, False]
    assert {session["deviceLabel"] for session in shown} == {"a test's phone"}
    await phone.ask(SIGN_OUT % shown[1]["id"])
    assert (await phone.refresh(lost["refresh_token"])).status_code == 400
    again = (await phone.ask(SIGN_OUT % shown[1]["id"])).json()["data"]["signOut"]
    assert again["code"] == "not_found"
    mine = dict(phone.tokens)
    phone.tokens = others
    foreign = (await phone.ask(SIGN_OUT % shown[0]["id"])).json()["data"]["signOut"]
    assert foreign == again, "missing and forbidden look alike"
    phone.tokens = mine
    everywhere = (await phone.ask(operation("SignOutEverywhere"))).json()["data"]
    assert everywhere["signOutEverywhere"] == {"endedCount": 1}
    assert await ended(phone)
    phone.tokens = others
    assert (await phone.ask(operation("SignOut"))).json()["data"]["signOut"] == {"endedCount": 1}
    assert await ended(phone)


async def test_nobody_has_no_sessions_to_see_or_end(phone: Phone) -> None:
    for query in (operation("Sessions"), operation("SignOut"), operation("SignOutEverywhere")):
        body = json.dumps({"query": query})
        headers = {"content-type": "application/json"}
        answer = (await phone.http.post("/graphql", content=body, headers=headers)).json()
        assert "sign_in_required" in json.dumps(answer)


async def test_past_the_maximum_the_session_longest_unused_ends(phone: Phone) -> None:
    first = (await phone.sign_in(NOURA)).json()
    person = (await phone.door.access_tokens.read(first["access_token"])).person_id
    for _ in range(SESSIONS_MAX - 1):
        await later(phone, minutes=1)
        await phone.sign_in(NOURA)
    assert len(await list_sessions(phone.house.ground, person)) == SESSIONS_MAX
    await later(phone, minutes=1)
    await phone.sign_in(NOURA)
    assert len(await list_sessions(phone.house.ground, person)) == SESSIONS_MAX
    assert (await phone.refresh(first["refresh_token"])).status_code == 400


# --- access tokens ---


async def test_an_access_token_counts_for_five_minutes(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    await later(phone, seconds=ACCESS_SECONDS - 1)
    assert (await phone.ask(PING)).status_code == 200
    await later(phone, seconds=1)
    answer = await phone.ask(PING)
    assert answer.status_code == 401
    assert answer.json()["code"] == "session.ended"


async def test_a_token_says_no_more_than_ids(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    claims = claims_of(phone.tokens["access_token"])
    assert set(claims) == {
        *("iss", "aud", "sub", "sid", "client_id"),
        *("acr", "auth_time", "iat", "exp", "jti", "cnf"),
    }
    assert NOURA.replace("-", "") not in json.dumps(claims)


async def test_tokens_made_by_other_means_are_refused(phone: Phone) -> None:
    await phone.sign_in(NOURA, bound=False)
    claims = claims_of(phone.tokens["access_token"])
    key = await phone.door.signing_keys.current()
    public = key.as_dict(private=False)
    stranger = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}

    def signed(by: ECKey = key, said: dict[str, Any] = claims, **changed: object) -> str:
        return jwt.encode({**header, **changed}, said, by, algorithms=["ES256"])

    none = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({**header, "alg": "none"}, claims)
    )
    hmac_key = OctKey.import_key(json.dumps(public).encode())
    confused = jwt.encode({**header, "alg": "HS256"}, claims, hmac_key, algorithms=["HS256"])
    forged = {
        "alg none": f"{none}.",
        "a public key taken for a secret": confused,
        "another key under our id": signed(stranger),
        "a key of its own in the header": signed(stranger, jwk=stranger.as_dict(private=False)),
        "an id of no key": signed(kid="another"),
        "another environment": signed(said={**claims, "iss": "https://staging.example"}),
        "another audience": signed(said={**claims, "aud": "somebody else"}),
        "another type": signed(typ="JWT"),
        "no type": jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key, default_type=None),
        "made in the future": signed(said={**claims, "iat": claims["iat"] + 300}),
        "no session": signed(said={k: v for k, v in claims.items() if k != "sid"}),
        "no JWT": "abc",
        "Arabic": "رمز",
        "endless": "a." * 5_000,
    }
    phone.tokens["token_type"] = "Bearer"
    assert (await phone.ask(PING, token=signed())).status_code == 200, "the test's own maker works"
    for means, token in forged.items():
        headers = {
            b"authorization": f"Bearer {token}".encode(),
            b"content-type": b"application/json",
        }
        answer = await phone.http.post(
            "/graphql", content=b'{"query": "{ __typename }"}', headers=headers
        )
        assert answer.status_code == 401, means
        assert answer.json()["code"] == "session.ended", means
        assert "www-authenticate" in answer.headers


async def test_keys_change_each_period_and_both_are_published(phone: Phone) -> None:
    await phone.sign_in(NOURA, bound=False)
    before = await phone.door.signing_keys.current()
    ahead = {key["kid"] for key in (await phone.http.get("/oauth/jwks")).json()["keys"]}
    await later(phone, days=PERIOD_DAYS)
    after = await phone.door.signing_keys.current()
    published = (await phone.http.get("/oauth/jwks")).json()["keys"]
    assert after.kid != before.kid
    assert after.kid in ahead, "the next key was published before it was used"
    assert before.kid in {key["kid"] for key in published}
    assert all("d" not in key for key in published)
    assert claims_of(phone.tokens["access_token"])["aud"] == AUDIENCE


# --- proofs of the device's key ---


async def test_a_token_bound_to_a_key_is_worth_nothing_without_it(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    token = phone.tokens["access_token"]
    bearer = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    body = b'{"query": "{ __typename }"}'
    assert (await phone.http.post("/graphql", content=body, headers=bearer)).status_code == 401
    bare = {**bearer, "authorization": f"DPoP {token}"}
    assert (await phone.http.post("/graphql", content=body, headers=bare)).status_code == 401
    phone.key = ECKey.generate_key("P-256")
    assert (await phone.ask(PING)).json()["code"] == "session.proof_refused"


async def test_a_proof_counts_for_one_request_only(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    token = phone.tokens["access_token"]
    ath = hash_of(token)
    once = phone.proof("POST", "/graphql", ath=ath)
    assert (await phone.ask(PING, proof=once)).status_code == 200
    assert (await phone.ask(PING, proof=once)).json()["code"] == "session.proof_refused"
    wrong = {
        "another method": phone.proof("GET", "/graphql", ath=ath),
        "another address": phone.proof("POST", "/oauth/token", ath=ath),
        "another host": phone.proof(
            "POST", "/graphql", ath=ath, htu="https://evil.example/graphql"
        ),
        "another token": phone.proof("POST", "/graphql", ath=hash_of("another")),
        "no token": phone.proof("POST", "/graphql"),
        "an endless id": phone.proof("POST", "/graphql", ath=ath, jti="j" * 129),
        "no address": phone.proof("POST", "/graphql", ath=ath, htu="https://["),
        "an endless instant": phone.proof("POST", "/graphql", ath=ath, iat=10**400),
        "an instant before time": phone.proof("POST", "/graphql", ath=ath, iat=-1),
        "no proof": "abc",
    }
    for what, proof in wrong.items():
        answer = await phone.ask(PING, proof=proof)
        assert answer.json().get("code") == "session.proof_refused", what
    private = phone.key.as_dict(private=True)
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": private}
    claims = {"jti": "1", "htm": "POST", "htu": f"{ORIGIN}/graphql", "iat": 0, "ath": ath}
    leaking = jwt.encode(header, claims, phone.key, algorithms=["ES256"])
    assert (await phone.ask(PING, proof=leaking)).json()["code"] == "session.proof_refused"


async def test_a_phone_whose_clock_is_off_gets_a_nonce_and_goes_on(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    ath = hash_of(phone.tokens["access_token"])
    now = int(phone.house.clock.now_utc().timestamp())
    for off in (-300, 300, -PROOF_AGE_MAX_SECONDS - 1):
        proof = phone.proof("POST", "/graphql", ath=ath, iat=now + off)
        answer = await phone.ask(PING, proof=proof)
        assert answer.status_code == 401
        assert answer.json()["code"] == "session.proof_nonce"
        assert 'error="use_dpop_nonce"' in answer.headers["www-authenticate"]
        nonce = answer.headers["dpop-nonce"]
        proof = phone.proof("POST", "/graphql", ath=ath, iat=now + off, nonce=nonce)
        assert (await phone.ask(PING, proof=proof)).status_code == 200
    nonce = phone.door.proofs.nonce()
    await later(phone, seconds=NONCE_AGE_MAX_SECONDS - 1)
    await phone.refresh()
    ath = hash_of(phone.tokens["access_token"])
    good = phone.proof("POST", "/graphql", ath=ath, nonce=nonce)
    assert (await phone.ask(PING, proof=good)).status_code == 200
    await later(phone, seconds=2)
    stale = phone.proof("POST", "/graphql", ath=ath, nonce=nonce)
    assert (await phone.ask(PING, proof=stale)).json()["code"] == "session.proof_nonce"


# --- what the route takes ---


@pytest.mark.parametrize(
    ("body", "media_type", "error"),
    [
        (b"grant_type=password", "application/x-www-form-urlencoded", "unsupported_grant_type"),
        (b"", "application/x-www-form-urlencoded", "unsupported_grant_type"),
        (b"{}", "application/json", "invalid_request"),
        (b"a=1&a=2", "application/x-www-form-urlencoded", "invalid_request"),
        (b"\xff=1", "application/x-www-form-urlencoded", "invalid_request"),
        (b"a=" + b"b" * FORM_BYTES_MAX, "application/x-www-form-urlencoded", "invalid_request"),
        (
            urlencode({f"f{n}": "1" for n in range(FIELDS_MAX + 1)}).encode(),
            "application/x-www-form-urlencoded",
            "invalid_request",
        ),
    ],
)
async def test_a_request_that_is_no_grant_is_answered_in_oauths_form(
    phone: Phone, body: bytes, media_type: str, error: str
) -> None:
    answer = await phone.http.post(
        "/oauth/token", content=body, headers={"content-type": media_type}
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.headers["cache-control"] == "no-store"


async def test_what_becomes_of_a_session_is_in_the_log_by_its_id_alone(phone: Phone) -> None:
    with capture_logs() as logged:
        await phone.sign_in(NOURA)
        access = claims_of(phone.tokens["access_token"])
        first = dict(phone.tokens)
        await phone.refresh()
        second = dict(phone.tokens)
        await later(phone, seconds=SAME_AGAIN_SECONDS + 1)
        phone.tokens = first
        assert (await phone.refresh()).status_code == 400
        refused = await phone.ask(PING)
    assert refused.status_code == 401
    told = [(line["event"], line.get("code"), line.get("session_id")) for line in logged]
    session_id = access["sid"]
    assert told == [
        ("session_opened", None, session_id),
        ("session_refreshed", None, session_id),
        ("refresh_token_used_again", None, session_id),
        ("refused", "session.grant_refused", None),
        ("refused", "session.ended", None),
    ]
    for secret in (*first.values(), *second.values(), NOURA, access["sub"]):
        assert str(secret) not in str(logged)


async def test_a_form_that_never_ends_is_not_waited_for() -> None:
    begun = [{"type": "http.request", "body": b"grant_type=", "more_body": True}]

    async def receive() -> dict[str, object]:
        if begun:
            return begun.pop()
        await asyncio.Event().wait()
        raise AssertionError

    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    request = Request({"type": "http", "headers": headers}, receive)
    with pytest.raises(RequestTooSlow):
        await read_form(request, seconds_max=0.05)


async def test_the_metadata_names_what_is_there(phone: Phone) -> None:
    said = (await phone.http.get("/.well-known/oauth-authorization-server")).json()
    assert said["issuer"] == ORIGIN
    for name in ("token_endpoint", "revocation_endpoint", "authorization_endpoint", "jwks_uri"):
        path = said[name].removeprefix(ORIGIN)
        assert (await phone.http.get(path)).status_code != 404, path


# --- how often ---


async def test_one_address_may_try_so_often_a_minute(phone: Phone) -> None:
    for _ in range(TOKENS_PER_ADDRESS.times):
        assert (await phone.exchange("not-a-code")).status_code == 400
    answer = await phone.exchange("not-a-code")
    assert answer.status_code == 429
    assert answer.json()["code"] == "sign_in.too_many"
    assert int(answer.headers["retry-after"]) == answer.json()["retry_after_seconds"]


async def test_one_address_may_revoke_so_often_a_minute(phone: Phone) -> None:
    form = {"token": "not-a-token"}
    for _ in range(REVOCATIONS_PER_ADDRESS.times):
        assert (await phone.http.post("/oauth/revoke", data=form)).status_code == 200
    answer = await phone.http.post("/oauth/revoke", data=form)
    assert (answer.status_code, answer.json()["code"]) == (429, "sign_in.too_many")


async def test_a_session_refreshes_so_often_a_minute_and_stays(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    for _ in range(REFRESHES_PER_SESSION.times):
        assert (await phone.refresh()).status_code == 200
    assert (await phone.refresh()).status_code == 429
    assert (await phone.ask(PING)).status_code == 200


async def test_limits_are_shared_by_processes_and_held_by_each_without_valkey(
    phone: Phone, valkey: EmbeddedValkey, uae_pass: str, tmp_path: Any
) -> None:
    settings = read_settings({}, data_dir=tmp_path)
    for url, shared in ((valkey.url, True), ("redis://127.0.0.1:1", False)):
        async with (
            open_phone(phone.house, settings, uae_pass, redis_url=url) as one,
            open_phone(phone.house, settings, uae_pass, redis_url=url) as other,
        ):
            for _ in range(TOKENS_PER_ADDRESS.times):
                assert (await one.exchange("not-a-code")).status_code == 400
            assert (await one.exchange("not-a-code")).status_code == 429
            assert (await other.exchange("not-a-code")).status_code == (429 if shared else 400)


async def test_a_proof_counts_once_whichever_process_it_comes_to(
    phone: Phone, valkey: EmbeddedValkey, uae_pass: str, tmp_path: Any
) -> None:
    settings = read_settings({}, data_dir=tmp_path)
    async with redis.asyncio.Redis.from_url(valkey.url) as kept:
        await kept.flushall()  # the sign-ins that others counted there
    async with (
        open_phone(phone.house, settings, uae_pass, redis_url=valkey.url) as one,
        open_phone(phone.house, settings, uae_pass, redis_url=valkey.url) as other,
    ):
        await one.sign_in(NOURA)
        other.tokens, other.key = one.tokens, one.key
        ath = hash_of(one.tokens["access_token"])
        proof = one.proof("POST", "/graphql", ath=ath)
        assert (await one.ask(PING, proof=proof)).status_code == 200
        replayed = await other.ask(PING, proof=proof)
        assert (replayed.status_code, replayed.json()["code"]) == (401, "session.proof_refused")
        at_once = one.proof("POST", "/graphql", ath=ath)
        tried = (one, other) * 3
        answers = await asyncio.gather(*(each.ask(PING, proof=at_once) for each in tried))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401, 401]


async def test_signing_out_everywhere_ends_what_comes_after_it_and_breaks_nothing_before(
    phone: Phone,
) -> None:
    await phone.sign_in(NOURA)
    other = (await phone.sign_in(NOURA)).json()
    timeline = operation("Timeline")
    running = [asyncio.create_task(phone.ask(timeline)) for _ in range(6)]
    out = await phone.ask(operation("SignOutEverywhere"))
    assert out.json()["data"]["signOutEverywhere"] == {"endedCount": 2}
    for answer in await asyncio.gather(*running):
        assert answer.status_code in (200, 401), answer.text
        if answer.status_code == 401:
            assert answer.json()["code"] == "session.ended"
    assert (await phone.ask(timeline)).status_code == 401
    assert (await phone.refresh(other["refresh_token"])).status_code == 400


# --- step-up ---


async def test_ending_other_sessions_wants_a_sign_in_of_the_last_minutes(phone: Phone) -> None:
    """Of its own device anybody signs out at any time; of others only who has just signed in."""
    other = (await phone.sign_in(NOURA)).json()
    await phone.sign_in(NOURA)
    shown = (await phone.ask(operation("Sessions"))).json()["data"]["sessions"]
    (theirs,) = [one["id"] for one in shown if not one["current"]]

    async def end(query: str, field: str) -> dict[str, Any]:
        await phone.refresh()  # a refresh is no sign-in
        said: dict[str, Any] = (await phone.ask(query)).json()["data"][field]
        return said

    await later(phone, seconds=STEP_UP_SECONDS + 1)
    none = SIGN_OUT % encode_id("Session", bytes(16))
    for query, field in (
        (operation("SignOutEverywhere"), "signOutEverywhere"),
        (SIGN_OUT % theirs, "signOut"),
        (none, "signOut"),  # it does not tell which sessions there are
    ):
        said = await end(query, field)
        assert (said["code"], said["nextStep"]) == ("session.step_up", "SIGN_IN")
    assert (await phone.refresh(other["refresh_token"])).status_code == 200, "nothing has ended"
    await phone.sign_in(NOURA)
    await later(phone, seconds=STEP_UP_SECONDS)
    assert (await end(none, "signOut"))["code"] == "not_found"
    assert await end(SIGN_OUT % theirs, "signOut") == {"endedCount": 1}
    await later(phone, seconds=1)
    assert (await end(SIGN_OUT % theirs, "signOut"))["code"] == "session.step_up"
    assert await end(operation("SignOut"), "signOut") == {"endedCount": 1}, "its own, at any time"
    assert await ended(phone)


async def test_who_only_acts_as_somebody_has_confirmed_nothing(phone: Phone) -> None:
    with pytest.raises(StepUpRequired):
        require_fresh(phone.house.clock, Actor(PersonId(uuid4()), "ar", "demonstration"))


# --- locking out ---


async def test_nobody_can_lock_another_out(phone: Phone) -> None:
    """Who has a token and not its key uses up attempts of their own, not its owner's."""
    await phone.sign_in(NOURA)
    stolen, own = dict(phone.tokens), phone.key
    phone.key = ECKey.generate_key("P-256")
    for _ in range(REFRESHES_PER_SESSION.times):
        assert (await phone.refresh(stolen["refresh_token"])).status_code == 400
    assert (await phone.refresh(stolen["refresh_token"])).status_code == 429
    phone.key = own
    assert (await phone.ask(PING)).status_code == 200
    assert (await phone.refresh()).status_code == 200
