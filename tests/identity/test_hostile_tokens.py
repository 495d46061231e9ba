"""Tokens, proofs and sign-ins that an attacker would write: what is claimed, never what is held."""

import base64
import json
from collections.abc import Mapping
from typing import Any  # JOSE headers
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from identity.limit import SIGN_INS_PER_ADDRESS, TOKENS_PER_ADDRESS
from identity.sign_in import BROWSER_COOKIE, CALLBACK_PATH
from simulators.telling import sample_emirates_id
from tests.identity.test_session import PING, claims_of
from tests.support.door import APP_ADDRESS, ORIGIN, Phone, answered, hash_of

NOURA = sample_emirates_id(12)
DEEP = "[" * 1_100  # past what Python's parser follows, within what is read of a token


def encoded(part: object) -> str:
    text = part if isinstance(part, str) else json.dumps(part)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


HEADERS: Mapping[str, Mapping[str, Any]] = {
    "a key's file": {"kid": "../../../../dev/null"},
    "a query in the key's id": {"kid": "' OR 1=1 --"},
    "a key's id of a zero byte": {"kid": "a\0b"},
    "a key's id that is a list": {"kid": ["a"]},
    "a key's id that is an object": {"kid": {"a": 1}},
    "a key's id that is a number": {"kid": 1},
    "no key's id": {"kid": None},
    "an extension we must know": {"crit": ["exp"], "exp": 1},
    "an extension nobody knows": {"crit": ["x"], "x": 1},
    "a bare payload": {"crit": ["b64"], "b64": False},
    "an empty list of extensions": {"crit": []},
    "an algorithm in small letters": {"alg": "es256"},
    "an algorithm that is none": {"alg": "None"},
    "an algorithm that is a list": {"alg": ["ES256"]},
    "a type that is a list": {"typ": ["at+jwt"]},
    "compressed": {"zip": "DEF", "crit": ["zip"]},
}


async def test_a_header_that_leads_elsewhere_leads_nowhere(phone: Phone) -> None:
    """The key is ours and the signature sound wherever the maker lets it be."""
    await phone.sign_in(NOURA, bound=False)
    claims = claims_of(phone.tokens["access_token"])
    signature = phone.tokens["access_token"].rpartition(".")[2]
    key = await phone.door.signing_keys.current()
    sound = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    for what, changed in HEADERS.items():
        token = f"{encoded({**sound, **changed})}.{encoded(claims)}.{signature}"
        answer = await phone.ask(PING, token=token)
        assert (answer.status_code, answer.json()["code"]) == (401, "session.ended"), what
    for what, parts in {
        "a header of another kind": ("[]", claims),
        "a header without an end": (DEEP, claims),
        "claims of another kind": (sound, "[]"),
        "claims without an end": (sound, DEEP),
        "no claims": (sound, ""),
        "no text": (sound, "\ud83d".encode("utf-16", "surrogatepass").decode("latin-1")),
    }.items():
        header, said = parts
        answer = await phone.ask(PING, token=f"{encoded(header)}.{encoded(said)}.{signature}")
        assert (answer.status_code, answer.json()["code"]) == (401, "session.ended"), what


async def test_a_key_is_never_fetched_from_where_a_token_says(phone: Phone) -> None:
    await phone.sign_in(NOURA, bound=False)
    claims = claims_of(phone.tokens["access_token"])
    stranger = ECKey.generate_key("P-256")
    key = await phone.door.signing_keys.current()
    for where in ("jku", "x5u"):
        for kid in (key.kid, "another"):
            header = {"alg": "ES256", "typ": "at+jwt", "kid": kid, where: "http://127.0.0.1:1/keys"}
            token = jwt.encode(header, claims, stranger, algorithms=["ES256"])
            answer = await phone.ask(PING, token=token)
            assert (answer.status_code, answer.json()["code"]) == (401, "session.ended"), where


# --- proofs of the device's key ---


@pytest.mark.parametrize(
    ("htu", "status"),
    [
        (f"{ORIGIN}/graphql", 200),
        (f"{ORIGIN}/graphql?a=b", 200),  # query and fragment count for nothing (RFC 9449, 4.3)
        (f"{ORIGIN}/graphql#a", 200),
        ("HTTP://OSRATI.test/graphql", 200),
        ("http://osrati.test:80/graphql", 200),  # the scheme's own port (RFC 3986, 6.2.3)
        ("http://osrati.test:/graphql", 200),
        ("http://osrati.test:443/graphql", 401),
        ("http://osrati.test:8000/graphql", 401),
        ("http://osrati.test:x/graphql", 401),
        ("https://osrati.test/graphql", 401),
        ("http://osrati.test./graphql", 401),
        ("http://api.osrati.test/graphql", 401),
        ("http://osrati.test.evil.example/graphql", 401),
        ("http://osrati.test@evil.example/graphql", 401),
        ("http://me@osrati.test/graphql", 401),
        ("//osrati.test/graphql", 401),
        ("/graphql", 401),
        (f"{ORIGIN}/GraphQL", 401),
        (f"{ORIGIN}/graphql/", 401),
        (f"{ORIGIN}//graphql", 401),
        (f"{ORIGIN}/x/../graphql", 401),
        (f"{ORIGIN}/%67raphql", 401),
        (f"{ORIGIN}/v1/sync", 401),
        ("", 401),
    ],
)
async def test_a_proof_counts_at_its_address_alone(phone: Phone, htu: str, status: int) -> None:
    await phone.sign_in(NOURA)
    ath = hash_of(phone.tokens["access_token"])
    proof = phone.proof("POST", "/graphql", ath=ath, htu=htu)
    answer = await phone.ask(PING, proof=proof)
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["code"] == "session.proof_refused"


async def test_a_proof_counts_once_however_its_address_is_written(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    ath = hash_of(phone.tokens["access_token"])
    for htu in (f"{ORIGIN}/graphql", f"{ORIGIN}/graphql?again", "http://OSRATI.test/graphql"):
        proof = phone.proof("POST", "/graphql", ath=ath, htu=htu, jti="one and the same")
        answer = await phone.ask(PING, proof=proof)
        assert (answer.status_code == 200) == (htu == f"{ORIGIN}/graphql"), htu


async def test_a_proof_whose_key_is_none_is_refused(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    public = phone.key.as_dict(private=False)
    own = phone.proof("POST", "/graphql", ath=hash_of(phone.tokens["access_token"]))
    _, claims, signature = own.split(".")
    sound = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public}
    zero = encoded("\0" * 32)
    headers: Mapping[str, object] = {
        "no point": {**sound, "jwk": {"kty": "EC", "crv": "P-256"}},
        "half a point": {**sound, "jwk": {**public, "y": None}},
        "numbers": {**sound, "jwk": {**public, "x": 5, "y": 6}},
        "lists": {**sound, "jwk": {**public, "x": ["a"]}},
        "not on the curve": {**sound, "jwk": {**public, "x": zero, "y": zero}},
        "another curve": {**sound, "jwk": {**public, "crv": "P-384"}},
        "a curve that is a list": {**sound, "jwk": {**public, "crv": ["P-256"]}},
        "a secret": {**sound, "jwk": {"kty": "oct", "k": "c2VjcmV0"}},
        "a key by address": {**sound, "jwk": None, "jku": "http://127.0.0.1:1/keys"},
        "an extension": {**sound, "crit": ["x"], "x": 1},
        "no object": "[]",
        "no end": DEEP,
        "an empty one": {},
    }
    for what, header in headers.items():
        answer = await phone.ask(PING, proof=f"{encoded(header)}.{claims}.{signature}")
        assert (answer.status_code, answer.json()["code"]) == (401, "session.proof_refused"), what
    for what, said in {"no end": DEEP, "a list": "[]", "nothing": "", "no text": "\x80"}.items():
        payload = said.encode("latin-1")  # signed, with a key that anybody can make
        proof = jws.serialize_compact(sound, payload, phone.key, algorithms=["ES256"])
        answer = await phone.ask(PING, proof=proof)
        assert (answer.status_code, answer.json()["code"]) == (401, "session.proof_refused"), what


# --- the way in ---


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": ""},
        {"code_challenge_method": "s256"},
        {"code_challenge": ""},
        {"response_type": "token"},
        {"response_type": "code token"},
        {"response_mode": "fragment", "response_type": "id_token"},
    ],
)
async def test_no_sign_in_is_weaker_than_ours(phone: Phone, changed: dict[str, str]) -> None:
    """PKCE without S256, or tokens in an address, asked for by who changed the app's request."""
    said = answered(await phone.open_sign_in(**changed))
    assert said["error"] in ("invalid_request", "unsupported_response_type")
    assert said.keys() == {"error", "state", "iss"}


async def test_a_verifier_is_wanted_whatever_was_asked(phone: Phone) -> None:
    """Leaving it out, or sending the challenge as plain PKCE would, opens nothing."""
    for verifier in ("", hash_of(phone.verifier), phone.verifier.upper()):
        code = await phone.code(NOURA)
        answer = await phone.exchange(code, code_verifier=verifier)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "https://evil.example/signed-in",
        APP_ADDRESS.upper(),
        f"{APP_ADDRESS}@evil.example",
        f"{APP_ADDRESS}?next=https://evil.example",
        f"{APP_ADDRESS}#evil",
        f"{APP_ADDRESS}/../evil",
        f"{APP_ADDRESS}%0d%0aset-cookie:a=b",
        f" {APP_ADDRESS}",
        "http://127.0.0.1:8080@evil.example/signed-in",
        "http://127.0.0.1:8080.evil.example/signed-in",
        "http://127.0.0.1:0/signed-in",
        "http://127.0.0.1:8080/signed-in/../evil",
        "http://127.0.0.2:8080/signed-in",
        "http://localhost:8080/signed-in",
        "https://127.0.0.1:8080/signed-in",
        "http://[::1]:8080/signed-in",
        "javascript:alert(1)",
        "data:text/html,evil",
        "",
    ],
)
async def test_a_sign_in_leads_to_the_apps_own_address_alone(phone: Phone, address: str) -> None:
    answer = await phone.open_sign_in(redirect_uri=address)
    assert (answer.status_code, "sign_in.app_unknown" in answer.text) == (400, True)
    assert "location" not in answer.headers
    assert "evil" not in answer.text


async def test_a_browser_that_was_prepared_by_another_signs_nobody_in_for_them(
    phone: Phone,
) -> None:
    """Session fixation: the attacker's cookie and attempt in the victim's browser. Its code belongs
    to the attacker's verifier and key, and comes to the app of whoever holds the browser.
    """
    fixed = "A" * 43
    phone.browser.cookies.set(BROWSER_COOKIE, fixed, path="/oauth")
    started = await phone.open_sign_in()  # the attacker's request, in the victim's browser
    assert started.status_code == 302
    back = await phone.decide(started, NOURA)
    code = answered(await phone.come_back(back))["code"]
    own, phone.verifier = phone.verifier, "the victim's app has another verifier 00000000"
    assert (await phone.exchange(code)).status_code == 400
    phone.verifier = own
    opened = await phone.exchange(code)
    again = await phone.exchange(code)
    assert {opened.status_code, again.status_code} <= {200, 400}
    assert again.status_code == 400


async def test_an_answer_of_another_issuer_opens_nothing(phone: Phone) -> None:
    """UAE PASS names itself in no answer; whoever sends an issuer of its own gets no further than
    its state, which is ours and bound to the browser. What an app gets says who we are.
    """
    started = await phone.open_sign_in()
    state = dict(parse_qsl(urlsplit(started.headers["location"]).query))["state"]
    answer = await phone.browser.get(
        CALLBACK_PATH, params={"code": "theirs", "state": state, "iss": "https://evil.example"}
    )
    assert (answer.status_code, "sign_in.code_refused" in answer.text) == (400, True)
    assert "evil.example" not in answer.text
    said = answered(await phone.come_back(await phone.decide(await phone.open_sign_in(), NOURA)))
    assert said["iss"] == ORIGIN


# --- how often, by another spelling ---


async def test_a_limit_counts_however_the_same_is_written(phone: Phone) -> None:
    form = {"grant_type": "authorization_code", "code": "not a code"}
    spelled = [
        {"x-forwarded-for": "198.51.100.1"},
        {"X-FORWARDED-FOR": "198.51.100.2", "x-real-ip": "198.51.100.3"},
        {"forwarded": "for=198.51.100.4", "true-client-ip": "198.51.100.5"},
        {"user-agent": "another", "cookie": "a=b", "accept-language": "en"},
    ]
    for n in range(TOKENS_PER_ADDRESS.times):
        answer = await phone.http.post(
            f"/oauth/token?n={n}", data={**form, "client_id": f"app {n}"}, headers=spelled[n % 4]
        )
        assert answer.status_code == 400
    for headers in spelled:
        answer = await phone.http.post("/oauth/token", data=form, headers=headers)
        assert answer.status_code == 429
    for n in range(SIGN_INS_PER_ADDRESS.times):
        assert (await phone.open_sign_in(state=f"{n}")).status_code == 302
    many = await phone.open_sign_in(state="another", ui_locales="en")
    assert (many.status_code, "sign_in.too_many" in many.text) == (429, True)
