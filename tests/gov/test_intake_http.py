"""One event in: what an agency sends over HTTP, how it is answered, and what becomes of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text

from api.settings import Settings, read_settings
from api.worker import sweep
from domain.ids import InboxId
from gov.inbox.row import list_open
from gov.interpret import give_up_if_hopeless
from simulators.agency import AgencyClient, encode_event
from simulators.telling import sample_emirates_id
from store.scope import ReferenceScope
from tests.support.house import TestHouse, actor_of
from tests.support.intake import BASE_URL, Intake, open_intake
from timeline.people import find_person
from timeline.read import read_timeline


def emirates_id(number: int) -> dict[str, object]:
    return {"identifier": {"system": "emirates_id", "value": sample_emirates_id(number)}}


HUSBAND = emirates_id(501) | {"nationality": "ARE", "name": {"ar": "سالم", "en": "Salem"}}
WIFE = emirates_id(502)
CHILD = {"identifier": {"system": "temporary_number", "value": "N-1", "assigner": "h1"}}
NEWBORN = CHILD | {"sex": "female"}


def event(kind: str, event_id: str, data: object, *, on: str = "2026-11-20") -> dict[str, object]:
    return {
        "id": event_id,
        "kind": kind,
        "occurred_on": on,
        "asserted_at": f"{on}T12:00:00+04:00",
        "data": data,
    }


MARRIAGE = event("marriage.registered", "m-1", {"husband": HUSBAND, "wife": WIFE})
BIRTH = event("birth.notified", "b-1", {"child": NEWBORN, "mother": WIFE, "father": HUSBAND})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({}, data_dir=tmp_path)


@pytest.fixture
async def intake(house: TestHouse, settings: Settings) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    async with open_intake(house, settings) as opened:
        yield opened


async def books(house: TestHouse, number: int) -> list[str]:
    """Cards of the family book alone, among what else the newly married are shown."""
    return [card for card in await cards(house, number) if card.startswith("family_book:")]


async def cards(house: TestHouse, number: int) -> list[str]:
    value = "/" + sample_emirates_id(number).replace("-", "")
    person_id = await find_person(house.ground, system="emirates_id", value=value)
    if person_id is None:
        return []
    timeline = await read_timeline(house.ground, actor_of(person_id))
    return [f"{card.record.entry}:{card.state}" for card in timeline]


async def inbox_count(house: TestHouse) -> int:
    async with house.ground.database.read(ReferenceScope("intake")) as session:
        return int((await session.execute(text("SELECT count(*) FROM inbox"))).scalar_one())


async def test_an_event_is_answered_at_once_and_becomes_a_card(
    house: TestHouse, intake: Intake
) -> None:
    answer = await intake.report("moj", MARRIAGE)
    assert (answer.status_code, answer.json()["status"]) == (202, "received")
    assert await cards(house, 501) == []
    await intake.work()
    assert await books(house, 501) == ["family_book:due"]
    assert await books(house, 502) == []  # the husband alone is offered it


async def test_the_same_event_again_changes_nothing_and_tells_how_it_stands(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("moj", MARRIAGE)
    again = await intake.report("moj", MARRIAGE)
    assert (again.json()["status"], again.json()["repeated"]) == ("applied", True)
    await intake.work()
    assert await books(house, 501) == ["family_book:due"]
    assert await inbox_count(house) == 1


async def test_another_body_under_a_used_id_is_refused_and_the_first_stands(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("moj", MARRIAGE)
    other = MARRIAGE | {"occurred_on": "2026-11-19"}
    answer = await intake.report("moj", other)
    assert (answer.status_code, answer.json()["code"]) == (409, "intake.id_conflict")
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()["messages"]) == {"ar", "en"}
    assert await inbox_count(house) == 1


async def test_two_agencies_may_use_one_event_id(house: TestHouse, intake: Intake) -> None:
    await intake.tell("moj", MARRIAGE)
    answer = await intake.tell("mohap", MARRIAGE)
    assert answer["status"] == "applied"
    assert await books(house, 501) == ["family_book:due"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"kind": None}, 422, "intake.schema"),
        ({"occurred_on": "2026-02-30"}, 422, "intake.date_impossible"),
        ({"occurred_on": "٢٠٢٦-١١-٢٠"}, 422, "intake.digits"),
        ({"occurred_on": "9999-01-01"}, 422, "intake.date_out_of_range"),
        ({"asserted_at": "2099-01-01T00:00:00Z"}, 422, "intake.asserted_in_future"),
        ({"data": {}}, 422, "intake.schema"),
    ],
)
async def test_what_is_wrong_is_refused_by_code_and_nothing_is_kept(
    house: TestHouse, intake: Intake, change: dict[str, object], status: int, code: str
) -> None:
    answer = await intake.report("moj", MARRIAGE | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await inbox_count(house) == 0


async def test_ten_megabytes_are_refused_before_they_are_read(intake: Intake) -> None:
    answer = await intake.http.post(
        "/v1/intake/events",
        content=b"x" * 10_000_000,
        headers={"content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "intake.too_large")


async def test_a_stream_without_a_length_is_cut_at_the_limit(intake: Intake) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 1024

    answer = await intake.http.post(
        "/v1/intake/events", content=endless(), headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "intake.too_large")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
async def test_another_content_type_is_refused(intake: Intake, content_type: str) -> None:
    answer = await intake.http.post(
        "/v1/intake/events", content=b"{}", headers={"content-type": content_type}
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "intake.content_type")


async def test_a_missing_signature_is_refused(intake: Intake) -> None:
    answer = await intake.http.post("/v1/intake/events", json=MARRIAGE)
    assert (answer.status_code, answer.json()["code"]) == (401, "intake.signature_missing")


async def test_an_unknown_agency_and_a_wrong_key_look_alike(
    house: TestHouse, intake: Intake
) -> None:
    transport = intake.http._transport
    answers = []
    for key_id in ("nobody-1", "moj-1"):
        wrong = ec.generate_private_key(ec.SECP256R1())
        client = AgencyClient(BASE_URL, key_id, wrong, transport=transport)
        answers.append(await client.report(MARRIAGE))
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()
    assert await inbox_count(house) == 0


async def test_a_stale_signature_is_refused(house: TestHouse, intake: Intake) -> None:
    client = intake.clients["moj"]
    old = datetime.now(UTC) - timedelta(seconds=600)
    request = client.signed_request(encode_event(MARRIAGE), created_at=old)
    answer = await intake.http.send(request)
    assert (answer.status_code, answer.json()["code"]) == (401, "intake.signature_stale")


async def test_a_changed_body_is_refused(house: TestHouse, intake: Intake) -> None:
    request = intake.clients["moj"].signed_request(encode_event(MARRIAGE))
    changed = encode_event(MARRIAGE | {"id": "m-2"})
    headers = {k: v for k, v in request.headers.items() if k != "content-length"}
    answer = await intake.http.post("/v1/intake/events", content=changed, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "intake.digest_mismatch")


async def test_an_unknown_kind_is_kept_and_held(house: TestHouse, intake: Intake) -> None:
    answer = await intake.tell("moj", event("moon.landed", "x-1", {}))
    assert answer["status"] == "held"
    assert answer["reason"]["code"] == "intake.kind_unknown"
    assert await inbox_count(house) == 1


async def test_a_fact_about_a_dead_person_is_held_with_its_reason(
    house: TestHouse, intake: Intake
) -> None:
    died = event("person.died", "d-1", {"person": WIFE}, on="2026-11-01")
    await intake.tell("mohap", died)
    answer = await intake.tell("moj", MARRIAGE)
    assert answer["reason"]["code"] == "intake.subject_deceased"
    assert await cards(house, 501) == []


async def test_a_correction_that_comes_first_waits_for_what_it_corrects(
    house: TestHouse, intake: Intake
) -> None:
    correction = event("entered_in_error", "e-1", {"event_id": "b-1"})
    answer = await intake.tell("mohap", correction)
    assert answer["reason"]["code"] == "intake.event_awaited"
    await intake.tell("mohap", BIRTH)
    assert await cards(house, 501) == []
    assert await cards(house, 502) == []
    again = await intake.report("mohap", correction)
    assert again.json()["status"] == "applied"


async def test_a_birth_entered_in_error_is_taken_back_from_both_parents(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("moj", MARRIAGE)
    before = [await cards(house, parent) for parent in (501, 502)]
    await intake.tell("mohap", BIRTH)
    assert "newborn_bundle:due" in await cards(house, 501)
    assert await cards(house, 502) != before[1]
    await intake.tell("mohap", event("entered_in_error", "e-1", {"event_id": "b-1"}))
    assert [await cards(house, parent) for parent in (501, 502)] == before


async def test_an_agency_cannot_take_back_what_another_said(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("mohap", BIRTH)
    await intake.tell("moj", event("entered_in_error", "e-1", {"event_id": "b-1"}))
    assert "newborn_bundle:due" in await cards(house, 501)


async def test_events_in_the_wrong_order_end_the_same(house: TestHouse, intake: Intake) -> None:
    dose = event("vaccination.given", "v-1", {"person": CHILD, "vaccine_code": "19"})
    second = event("vaccination.given", "v-2", {"person": CHILD, "vaccine_code": "08"})
    marriage = MARRIAGE | {"occurred_on": "2025-11-20", "asserted_at": "2025-11-20T12:00:00+04:00"}
    unnamed = event("birth.notified", "b-1", {"child": NEWBORN, "mother": WIFE})
    for agency_id, told in (
        ("mohap", dose),
        ("mohap", unnamed),
        ("moj", marriage),
        ("mohap", second),
    ):
        assert (await intake.tell(agency_id, told))["status"] == "applied"
    assert "vaccination:done" in await cards(house, 501)
    assert (await cards(house, 502)).count("vaccination:done") == 1


async def test_a_lost_hint_is_made_good_by_the_sweep(house: TestHouse, intake: Intake) -> None:
    await intake.report("moj", MARRIAGE)
    intake.hints.said.clear()
    assert (await sweep(intake.house)).count == 0  # its hint may still be under way
    house.clock.instant += timedelta(seconds=6)
    assert (await sweep(intake.house)).count > 0
    assert await books(house, 501) == ["family_book:due"]


async def test_a_wrong_address_or_method_is_a_coded_problem(intake: Intake) -> None:
    missing = await intake.http.get("/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    wrong = await intake.http.get("/v1/intake/events")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")


async def test_a_message_that_keeps_failing_is_tried_ever_later_and_then_held(
    house: TestHouse, intake: Intake
) -> None:
    await intake.report("moj", MARRIAGE)
    ((_, inbox_id),) = intake.hints.said
    for seconds_after in (5, 20, 80, 320):
        house.clock.instant += timedelta(seconds=seconds_after - 1)
        # The earlier failures were counted: it is too early for the next attempt.
        assert inbox_id not in await list_open(house.ground)
        house.clock.instant += timedelta(seconds=2)
        assert inbox_id in await list_open(house.ground)
        assert not await give_up_if_hopeless(house.ground, InboxId(inbox_id))
        house.clock.instant -= timedelta(seconds=seconds_after + 1)
    assert await give_up_if_hopeless(house.ground, InboxId(inbox_id))
    answer = (await intake.report("moj", MARRIAGE)).json()
    assert (answer["status"], answer["reason"]["code"]) == ("held", "intake.not_understood")


async def test_a_correction_is_freed_when_what_it_corrects_is_held(
    house: TestHouse, intake: Intake
) -> None:
    correction = event("entered_in_error", "e-1", {"event_id": "m-1"})
    await intake.tell("moj", correction)
    await intake.tell("mohap", event("person.died", "d-1", {"person": WIFE}, on="2026-11-01"))
    assert (await intake.tell("moj", MARRIAGE))["status"] == "held"
    assert (await intake.report("moj", correction)).json()["status"] == "applied"


async def test_a_birth_is_never_held_because_someone_is_dead(
    house: TestHouse, intake: Intake
) -> None:
    for number, dead in enumerate((WIFE, CHILD)):
        died = event("person.died", f"d-{number}", {"person": dead}, on="2026-11-01")
        await intake.tell("mohap", died)
    assert (await intake.tell("mohap", BIRTH))["status"] == "applied"


async def test_a_mother_who_died_has_her_child_and_its_father_the_quiet_card(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("mohap", event("person.died", "d-1", {"person": WIFE}, on="2026-11-01"))
    assert (await intake.tell("mohap", BIRTH))["status"] == "applied"
    assert "newborn_documents:due" in await cards(house, 501)
    assert await cards(house, 502) == []


async def test_what_a_death_held_is_applied_when_that_death_is_corrected(
    house: TestHouse, intake: Intake
) -> None:
    for number, agency_id in enumerate(("mohap", "moj")):  # two report the same death
        died = event("person.died", f"d-{number}", {"person": WIFE}, on="2026-11-01")
        await intake.tell(agency_id, died)
    assert (await intake.tell("moj", MARRIAGE))["status"] == "held"
    for number, agency_id in enumerate(("mohap", "moj")):
        assert await cards(house, 501) == []
        mistaken = event("entered_in_error", f"e-{number}", {"event_id": f"d-{number}"})
        assert (await intake.tell(agency_id, mistaken))["status"] == "applied"
    assert (await intake.report("moj", MARRIAGE)).json()["status"] == "applied"
    assert await books(house, 501) == ["family_book:due"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_correction_taken_back_ends_alike_in_every_order(
    house: TestHouse, intake: Intake, order: tuple[int, ...]
) -> None:
    told = (
        MARRIAGE,
        event("entered_in_error", "e-1", {"event_id": "m-1"}),
        event("entered_in_error", "e-2", {"event_id": "e-1"}),
    )
    for place in order:
        answer = await intake.tell("moj", told[place])
        assert answer["status"] == "applied" or (answer["reason"]["code"] == "intake.event_awaited")
    assert await books(house, 501) == ["family_book:due"]
    for one in told:
        assert (await intake.report("moj", one)).json()["status"] == "applied"


async def test_corrections_that_take_back_each_other_are_held_not_lost(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("moj", event("entered_in_error", "e-1", {"event_id": "e-2"}))
    answer = await intake.tell("moj", event("entered_in_error", "e-2", {"event_id": "e-1"}))
    assert answer["reason"]["code"] == "intake.not_understood"


async def test_a_correction_of_an_unknown_kind_is_held_as_that(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("moj", event("moon.landed", "x-1", {}))
    answer = await intake.tell("moj", event("entered_in_error", "e-1", {"event_id": "x-1"}))
    assert answer["reason"]["code"] == "intake.kind_unknown"
