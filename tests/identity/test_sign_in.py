"""Signing in through UAE PASS: the good way, and every way in which it does not go on."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from domain.facts.person import IdentifierReplaced
from identity.account import ACCOUNT_SYSTEM
from identity.grant import SIGN_IN_SECONDS
from simulators.telling import sample_emirates_id
from tests.support.builders import fact, in_error, pregnant
from tests.support.door import APP_ADDRESS, ORIGIN, Phone, answered
from timeline.apply import read_own_facts
from timeline.people import find_person, identify

NOURA = sample_emirates_id(12)
VISITOR, VERIFIED, SHORT_NUMBER = "visitor", "verified", "short-number"


async def test_a_verified_person_gets_tokens_and_sees_their_own(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    answer = await phone.ask("{ __typename }")
    assert answer.status_code == 200, answer.text
    assert phone.tokens["token_type"] == "DPoP"


async def test_what_the_provider_says_becomes_a_fact_once(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    ground = phone.house.ground
    digits = NOURA.replace("-", "")
    person = await find_person(ground, system="emirates_id", value=f"/{digits}")
    assert person is not None
    facts = await read_own_facts(ground, person)
    kinds = ["person.first_seen", "person.described", "contact.reported"]
    assert [fact.kind for fact in facts] == kinds
    assert {fact.source for fact in facts[1:]} == {"uae_pass"}
    assert "نورة التجريبي" in repr(facts[1].payload)  # the empty parts between commas are gone
    assert "+971501234567" in repr(facts[2].payload)
    await phone.sign_in(NOURA)
    assert await read_own_facts(ground, person) == facts
    await _provider_says(phone, NOURA, mobile="971529876543")
    await phone.sign_in(NOURA)
    changed = (await read_own_facts(ground, person))[len(facts) :]
    assert "+971529876543" in repr(changed)
    await _provider_says(phone, NOURA, mobile="971501234567")


async def test_an_unverified_account_sees_nothing(phone: Phone) -> None:
    started = await phone.open_sign_in()
    answer = await phone.come_back(await phone.decide(started, VISITOR))
    assert answer.status_code == 403
    assert "sign_in.not_verified" in answer.text
    assert "غير موثّق" in answer.text
    assert "not verified" in answer.text
    assert f"{APP_ADDRESS}?error=access_denied" in answer.text.replace("&amp;", "&")


async def test_a_verified_account_that_may_not_sign_documents_is_enough(phone: Phone) -> None:
    """SOP2, between the visitor's SOP1 and the demonstration's SOP3."""
    await phone.sign_in(VERIFIED)
    assert (await phone.ask("{ __typename }")).status_code == 200
    number = sample_emirates_id(95).replace("-", "")
    person = await find_person(phone.house.ground, system="emirates_id", value=f"/{number}")
    assert person is not None
    assert "موثّقة التجريبي" in repr(await read_own_facts(phone.house.ground, person))


async def test_an_account_that_is_verified_no_more_is_signed_out_everywhere(phone: Phone) -> None:
    await phone.sign_in(VERIFIED)
    assert (await phone.ask("{ __typename }")).status_code == 200
    await _provider_says(phone, VERIFIED, assurance="SOP1")
    try:
        refused = await phone.come_back(await phone.decide(await phone.open_sign_in(), VERIFIED))
    finally:
        await _provider_says(phone, VERIFIED, assurance="SOP2")
    assert "sign_in.not_verified" in refused.text
    assert (await phone.ask("{ __typename }")).status_code == 401
    await phone.sign_in(VERIFIED)
    assert (await phone.ask("{ __typename }")).status_code == 200


async def test_a_number_of_fourteen_digits_is_no_emirates_id(phone: Phone) -> None:
    started = await phone.open_sign_in()
    answer = await phone.come_back(await phone.decide(started, SHORT_NUMBER))
    assert answer.status_code == 403
    assert "sign_in.not_verified" in answer.text


async def test_who_cancels_is_back_at_the_app(phone: Phone) -> None:
    started = await phone.open_sign_in()
    answer = await phone.come_back(await phone.decide(started, NOURA, decision="cancel"))
    said = answered(answer)
    assert said == {"error": "access_denied", "state": "the app's own", "iss": ORIGIN}


async def test_the_language_asked_for_is_the_providers_and_the_pages(phone: Phone) -> None:
    started = await phone.open_sign_in(ui_locales="en")
    assert "ui_locales=en" in started.headers["location"]
    answer = await phone.come_back(await phone.decide(started, VISITOR))
    assert '<html lang="en" dir="ltr">' in answer.text
    started = await phone.open_sign_in()
    assert "ui_locales=ar" in started.headers["location"]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"dpop_jkt": "not a thumbprint"}, "invalid_request"),
        ({"state": "s" * 513}, "invalid_request"),
    ],
)
async def test_a_request_the_app_got_wrong_goes_back_to_it(
    phone: Phone, changed: dict[str, str], error: str
) -> None:
    answer = await phone.open_sign_in(**changed)
    assert answer.status_code == 302
    assert answered(answer)["error"] == error


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "another-app"},
        {"redirect_uri": "https://evil.example/signed-in"},
        {"redirect_uri": APP_ADDRESS + "/"},
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_the_apps(
    phone: Phone, changed: dict[str, str]
) -> None:
    answer = await phone.open_sign_in(**changed)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "sign_in.app_unknown" in answer.text
    assert "evil" not in answer.text


async def test_a_state_of_another_browser_is_refused(phone: Phone) -> None:
    address = await phone.decide(await phone.open_sign_in(), NOURA)
    phone.browser.cookies.clear()
    answer = await phone.come_back(address)
    assert answer.status_code == 400
    assert "sign_in.stale" in answer.text


async def test_a_changed_state_is_refused(phone: Phone) -> None:
    address = await phone.decide(await phone.open_sign_in(), NOURA)
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    query["state"] = query["state"][:-2] + ("AA" if query["state"][-2:] != "AA" else "BB")
    answer = await phone.come_back(f"{ORIGIN}{parts.path}?{urlencode(query)}")
    assert answer.status_code == 400
    assert "sign_in.stale" in answer.text


async def test_a_state_counts_for_ten_minutes(phone: Phone) -> None:
    address = await phone.decide(await phone.open_sign_in(), NOURA)
    phone.house.clock.instant += timedelta(seconds=SIGN_IN_SECONDS)
    assert (await phone.come_back(address)).status_code == 302
    address = await phone.decide(await phone.open_sign_in(), NOURA)
    phone.house.clock.instant += timedelta(seconds=SIGN_IN_SECONDS + 1)
    assert (await phone.come_back(address)).status_code == 400


async def test_a_callback_that_comes_twice_signs_in_once(phone: Phone) -> None:
    address = await phone.decide(await phone.open_sign_in(), NOURA)
    assert (await phone.come_back(address)).status_code == 302
    again = await phone.come_back(address)
    assert again.status_code == 400
    assert "sign_in.code_refused" in again.text


async def test_two_tabs_may_sign_in_at_once(phone: Phone) -> None:
    first = await phone.open_sign_in()
    second = await phone.open_sign_in()
    for started in (first, second):
        answer = await phone.come_back(await phone.decide(started, NOURA))
        assert "code" in answered(answer)


@pytest.mark.parametrize(
    ("weather", "code", "status"),
    [
        ({"token": "503"}, "sign_in.provider_away", 503),
        ({"token": "429"}, "sign_in.provider_away", 503),
        ({"token": "garbage"}, "sign_in.provider_unclear", 502),
        ({"token": "invalid_grant"}, "sign_in.code_refused", 400),
        ({"userinfo": "500"}, "sign_in.provider_away", 503),
        ({"userinfo": "garbage"}, "sign_in.provider_unclear", 502),
        ({"userinfo": "invalid_token"}, "sign_in.code_refused", 400),
    ],
)
async def test_the_providers_bad_days_end_on_a_page_that_says_what_to_do(
    phone: Phone, weather: dict[str, str], code: str, status: int
) -> None:
    address = await phone.decide(await phone.open_sign_in(), NOURA)
    await phone.weather(**weather)
    answer = await phone.come_back(address)
    assert answer.status_code == status
    assert code in answer.text
    assert 'lang="ar"' in answer.text
    assert 'lang="en"' in answer.text
    if status > 500:
        assert int(answer.headers["retry-after"]) > 0
    assert await find_person(phone.house.ground, system=ACCOUNT_SYSTEM, value="x") is None


async def test_an_error_of_the_provider_is_passed_on_without_its_words(phone: Phone) -> None:
    started = await phone.open_sign_in()
    state = dict(parse_qsl(urlsplit(started.headers["location"]).query))["state"]
    query = urlencode({"error": "server_error", "error_description": "Noura", "state": state})
    answer = await phone.browser.get(f"/oauth/callback?{query}")
    assert answered(answer)["error"] == "temporarily_unavailable"
    assert "Noura" not in answer.headers["location"]


async def test_an_account_whose_number_is_anothers_is_refused(phone: Phone) -> None:
    await phone.sign_in(NOURA)
    await phone.sign_in(sample_emirates_id(11))
    conflict = await _account_now_has_number(phone, NOURA, sample_emirates_id(11))
    assert "sign_in.identity_conflict" in conflict.text
    assert conflict.status_code == 409


async def _account_now_has_number(phone: Phone, account: str, number: str) -> httpx2.Response:
    """The provider says of an account that it has another number from now on."""
    await _provider_says(phone, account, idn=number.replace("-", ""))
    try:
        return await phone.come_back(await phone.decide(await phone.open_sign_in(), account))
    finally:
        await _provider_says(phone, account, idn=account.replace("-", ""))


async def _provider_says(phone: Phone, account: str, **changed: str) -> None:
    answer = await phone.provider.post(
        f"{phone.provider_url}/_account", json={"account": account, **changed}
    )
    assert answer.status_code == 204


@pytest.mark.parametrize("joined", ["before", "between"])
async def test_who_was_joined_with_an_older_number_has_its_timeline_and_keeps_their_session(
    phone: Phone, joined: str
) -> None:
    house, today = phone.house, phone.house.clock.today()
    older = await identify(house.ground, system="hospital_number", value="demo-hospital-ajman/7")
    number = f"/{NOURA.replace('-', '')}"
    holder = await identify(house.ground, system="emirates_id", value=number)
    await house.apply(pregnant(older, today, due_on=today + timedelta(days=200)))
    if joined == "between":
        await phone.sign_in(NOURA)
    saying = fact(IdentifierReplaced(holder, older, "reissued"), today)
    await house.apply(saying)
    if joined == "before":
        await phone.sign_in(NOURA)
    cards = "{ me { timeline(first: 10) { edges { node { id } } } } }"
    seen = (await phone.ask(cards)).json()
    assert seen["data"]["me"]["timeline"]["edges"] != []
    sessions = (await phone.ask("{ sessions { current } }")).json()["data"]["sessions"]
    assert sessions == [{"current": True}]
    await phone.sign_in(NOURA)
    assert (await phone.ask(cards)).json() == seen
    await house.apply(in_error(saying, today), concerns=(holder, older))
    apart = (await phone.ask(cards)).json()  # in the same session
    assert apart["data"]["me"]["timeline"]["edges"] == []
