"""Who may report what, over HTTP: rights at the intake and again when an event is interpreted; keys
that overlap, end and are revoked while requests are under way.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.settings import read_settings
from domain.ids import AgencyId
from gov.agency import AgencyKey, add_agency, add_key, end_keys, revoke_key
from gov.agency_right import ANYTHING, NOTHING, Rights
from simulators.agency import AgencyClient, encode_event
from store.scope import ReferenceScope
from tests.gov.test_intake_http import (
    BIRTH,
    MARRIAGE,
    WIFE,
    books,
    cards,
    event,
    inbox_count,
)
from tests.support.house import TestHouse
from tests.support.intake import BASE_URL, Intake, open_intake

MOHAP = AgencyId("mohap")
DOSE = event(
    "vaccination.given",
    "v-1",
    {
        "person": {
            "identifier": {"system": "hospital_number", "value": "A-1", "assigner": "h1"},
        },
        "vaccine_code": "08",
    },
)
REFUSED = (401, "intake.signature_invalid")


@pytest.fixture
async def intake(house: TestHouse, tmp_path: Path) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        yield opened


async def give(house: TestHouse, rights: Rights) -> None:
    """The rights of the ministry of health from now on."""
    await add_agency(
        house.ground.database, MOHAP, name_ar="وزارة الصحة", name_en="MOHAP", rights=rights
    )


async def another_key(
    house: TestHouse,
    intake: Intake,
    key_id: str,
    *,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> AgencyClient:
    private = ec.generate_private_key(ec.SECP256R1())
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = AgencyKey(key_id, MOHAP, der, valid_from, valid_until)
    await add_key(house.ground.database, key, added_at=house.clock.now_utc())
    return AgencyClient(BASE_URL, key_id, private, transport=intake.http._transport)


async def answer_at(
    house: TestHouse, intake: Intake, client: AgencyClient, instant: datetime
) -> tuple[int, str | None]:
    """Status and code of one event that is signed and received at an instant."""
    house.clock.instant = instant
    body = encode_event(DOSE)
    answer = await intake.http.send(client.signed_request(body, created_at=instant))
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize(
    ("rights", "code", "detail"),
    [
        (NOTHING, "intake.kind_not_allowed", "/kind"),
        (Rights(kinds=("birth.notified",)), "intake.kind_not_allowed", "/kind"),
        (
            Rights(kinds=("vaccination.given",)),
            "intake.subject_not_allowed",
            "/data/person/identifier/assigner",
        ),
        (
            Rights(kinds=("*",), assigners=("h2",)),
            "intake.subject_not_allowed",
            "/data/person/identifier/assigner",
        ),
    ],
)
async def test_an_event_outside_the_rights_is_refused_and_nothing_is_kept(
    house: TestHouse, intake: Intake, rights: Rights, code: str, detail: str
) -> None:
    await give(house, rights)
    answer = await intake.report("mohap", DOSE)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert answer.json()["detail"] == detail
    assert set(answer.json()["messages"]) == {"ar", "en"}
    assert await inbox_count(house) == 0


async def test_a_change_of_rights_counts_from_the_next_request_on(
    house: TestHouse, intake: Intake
) -> None:
    await give(house, Rights(kinds=("vaccination.given",), assigners=("h1",)))
    assert (await intake.report("mohap", DOSE)).status_code == 202
    await give(house, NOTHING)
    assert (await intake.report("mohap", DOSE)).status_code == 403
    await give(house, ANYTHING)
    assert (await intake.report("mohap", DOSE)).status_code == 202


async def test_an_unknown_kind_is_kept_from_who_may_report_it_alone(
    house: TestHouse, intake: Intake
) -> None:
    landed = event("moon.landed", "x-1", {})
    await give(house, Rights(kinds=("moon.landed",)))
    answer = await intake.report("mohap", landed)
    assert (answer.status_code, answer.json()["notes"]) == (202, ["intake.kind_unknown"])
    await give(house, Rights(kinds=("birth.notified",)))
    assert (await intake.report("mohap", landed | {"id": "x-2"})).status_code == 403


async def test_who_reported_something_may_take_it_back_whatever_else_it_may(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("mohap", BIRTH)
    assert await cards(house, 502) != []
    await give(house, NOTHING)
    answer = await intake.tell("mohap", event("entered_in_error", "e-1", {"event_id": "b-1"}))
    assert answer["status"] == "applied"
    assert await cards(house, 502) == []


async def test_rights_that_were_narrowed_hold_what_was_not_applied_yet(
    house: TestHouse, intake: Intake
) -> None:
    assert (await intake.report("mohap", MARRIAGE)).status_code == 202
    await give(house, Rights(kinds=("birth.notified",)))
    await intake.work()
    await give(house, ANYTHING)  # so that the question itself is answered
    answer = (await intake.report("mohap", MARRIAGE)).json()
    assert answer["reason"]["code"] == "intake.kind_not_allowed"
    assert await cards(house, 501) == []


async def test_a_key_signs_from_its_first_instant_to_before_its_last(
    house: TestHouse, intake: Intake
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    end = start + timedelta(days=10)
    client = await another_key(house, intake, "k2", valid_from=start, valid_until=end)
    one = timedelta(seconds=1)
    answers = [
        await answer_at(house, intake, client, instant)
        for instant in (start - one, start, end - one, end)
    ]
    assert answers == [REFUSED, (202, None), (202, None), REFUSED]


async def test_while_keys_overlap_both_sign_and_after_it_the_new_one_alone(
    house: TestHouse, intake: Intake
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    end = start + timedelta(days=14)
    new = await another_key(house, intake, "k2", valid_from=start)
    async with house.ground.database.unit(ReferenceScope("intake")) as unit:
        ended = await end_keys(unit, MOHAP, but="k2", at=end)
    assert ended == ("mohap-1",)
    old, one = intake.clients["mohap"], timedelta(seconds=1)
    for instant, with_old, with_new in (
        (start - one, 202, 401),
        (start, 202, 202),
        (end - one, 202, 202),
        (end, 401, 202),
    ):
        assert (await answer_at(house, intake, old, instant))[0] == with_old
        assert (await answer_at(house, intake, new, instant))[0] == with_new


async def test_an_expired_a_revoked_and_an_unknown_key_look_alike(
    house: TestHouse, intake: Intake
) -> None:
    now = datetime.now(UTC)
    revoked = await another_key(house, intake, "revoked")
    await revoke_key(house.ground.database, "revoked", revoked_at=now)
    past = await another_key(house, intake, "past", valid_until=now - timedelta(days=1))
    future = await another_key(house, intake, "future", valid_from=now + timedelta(days=1))
    nobodys = AgencyClient(
        BASE_URL,
        "nobody",
        ec.generate_private_key(ec.SECP256R1()),
        transport=intake.http._transport,
    )
    answers = [(await client.report(DOSE)).json() for client in (revoked, past, future, nobodys)]
    assert [answer["code"] for answer in answers] == ["intake.signature_invalid"] * 4
    assert all(answer == answers[0] for answer in answers)
    assert await inbox_count(house) == 0


async def test_a_request_whose_body_ends_after_the_revocation_is_refused(
    house: TestHouse, intake: Intake
) -> None:
    client = await another_key(house, intake, "k2")
    body = encode_event(DOSE)
    request = client.signed_request(body)
    headers = {name: value for name, value in request.headers.items() if name != "content-length"}
    half_sent = asyncio.Event()
    revoked = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:10]
        half_sent.set()
        await revoked.wait()
        yield body[10:]

    sending = asyncio.create_task(
        intake.http.post("/v1/intake/events", content=slowly(), headers=headers)
    )
    await asyncio.wait([asyncio.create_task(half_sent.wait())], timeout=1)
    await revoke_key(house.ground.database, "k2", revoked_at=house.clock.now_utc())
    revoked.set()
    answer = await sending
    assert (answer.status_code, answer.json()["code"]) == REFUSED
    assert await inbox_count(house) == 0


async def test_a_revocation_among_many_requests_loses_none_that_was_answered(
    house: TestHouse, intake: Intake
) -> None:
    client = await another_key(house, intake, "k2")

    async def send(place: int) -> int:
        return (await client.report(DOSE | {"id": f"v-{place}"})).status_code

    first = [asyncio.create_task(send(place)) for place in range(20)]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    assert await revoke_key(house.ground.database, "k2", revoked_at=house.clock.now_utc())
    later = [await send(place) for place in range(20, 25)]
    early = [await task for task in first]
    assert set(early) <= {202, 401}
    assert 202 in early
    assert later == [401] * 5
    assert await inbox_count(house) == early.count(202)


async def test_a_request_that_is_replayed_within_its_time_changes_nothing(
    house: TestHouse, intake: Intake
) -> None:
    """No nonce is remembered: the event's id is what tells a repeat."""
    request = intake.clients["moj"].signed_request(encode_event(MARRIAGE))
    body, headers = request.content, dict(request.headers)
    for place in range(3):
        answer = await intake.http.post("/v1/intake/events", content=body, headers=headers)
        assert (answer.status_code, answer.json()["repeated"]) == (202, place > 0)
        await intake.work()
    assert await inbox_count(house) == 1
    assert await books(house, 501) == ["family_book:due"]


async def test_a_correction_of_another_agencys_event_never_finds_it(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("moj", MARRIAGE)
    answer = await intake.tell("mohap", event("entered_in_error", "e-1", {"event_id": "m-1"}))
    assert answer["reason"]["code"] == "intake.event_awaited"
    assert await books(house, 501) == ["family_book:due"]


async def test_a_death_is_no_matter_of_rights(house: TestHouse, intake: Intake) -> None:
    """A held event is held for its own reason, with rights in order."""
    await intake.tell("mohap", event("person.died", "d-1", {"person": WIFE}, on="2026-11-01"))
    answer = await intake.tell("moj", MARRIAGE)
    assert answer["reason"]["code"] == "intake.subject_deceased"
