"""Every kind, said in every way: what the schemas accept is read, what they do not is refused."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from api.settings import Settings, read_settings
from domain.error import Refusal
from domain.fact import Fact, decode_fact, encode_fact
from domain.ids import PersonId
from gov.event.data import Event, UnknownEvent
from gov.event.error import DateContradiction, DateOutOfRange, EventTooLarge, MobileRefused, NotJson
from gov.event.json_object import EVENT_BYTES_MAX
from gov.event.kind import EVENT_KINDS
from gov.event.read import parse_event
from gov.event.schema import EventSchemas
from store.scope import ReferenceScope
from tests.support.events import Json, event, examples
from tests.support.house import TestHouse
from tests.support.intake import Intake, open_intake
from tests.support.schema_values import ContractSchemas, spoilt

CONTRACT = Path(__file__).parents[2] / "mobile-contract" / "intake"
SCHEMAS, VALUES = EventSchemas.load(CONTRACT), ContractSchemas(CONTRACT)
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
KINDS = sorted(EVENT_KINDS)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
# Days that contradict one another, and numbers that are no mobile, are beyond a schema's words.
BEYOND_SCHEMAS = {
    "intake.date_contradiction",
    "intake.date_out_of_range",
    "intake.date_impossible",
    "intake.mobile",
    "intake.name_characters",
    "intake.same_person",
}


def documents(kind: str) -> st.SearchStrategy[Json]:
    return VALUES.data_of(kind).map(lambda data: event(kind, data, on=TODAY, id="e-1"))


def body_of(document: object) -> bytes:
    return json.dumps(document).encode()


def read_or_refuse(document: object) -> Event | UnknownEvent | Refusal:
    """What an event is read as, or why it is not."""
    try:
        return parse_event(body_of(document), schemas=SCHEMAS, now_utc=NOW)
    except Refusal as refusal:
        return refusal


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_schema_accepts_becomes_a_fact_or_is_refused_for_its_sense(kind: str) -> None:
    @FEW
    @given(documents(kind))
    def read(document: Json) -> None:
        parsed = read_or_refuse(document)
        if isinstance(parsed, Refusal):
            assert parsed.code in BEYOND_SCHEMAS
            return
        assert isinstance(parsed, Event)
        if parsed.corrects is not None:
            return
        people = {role: PersonId(UUID(int=at)) for at, (role, _) in enumerate(parsed.people)}
        payload = parsed.payload(EVENT_KINDS[kind].payload, people)
        envelope = parsed.envelope
        fact = Fact("moj", envelope.id, "", envelope.occurred_on, envelope.asserted_at, payload)
        assert decode_fact(encode_fact(fact)) == fact

    read()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_spoilt_is_read_or_refused_in_both_languages(kind: str) -> None:
    example = event(kind, examples(TODAY)[kind], on=TODAY, id="e-1")

    @FEW
    @given(spoilt(st.one_of(st.just(example), documents(kind))))
    def read(document: Json) -> None:
        parsed = read_or_refuse(document)
        if isinstance(parsed, Refusal):
            assert parsed.code.startswith("intake.")
            assert parsed.ar
            assert parsed.en

    read()


@pytest.fixture
def service_settings(tmp_path: Path) -> Settings:
    return read_settings({}, data_dir=tmp_path)


@pytest.fixture
async def intake(house: TestHouse, service_settings: Settings) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    async with open_intake(house, service_settings) as opened:
        yield opened


async def inbox_count(house: TestHouse) -> int:
    async with house.ground.database.read(ReferenceScope("intake")) as session:
        return int((await session.execute(text("SELECT count(*) FROM inbox"))).scalar_one())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_the_intake_answers_everything_and_keeps_nothing_by_half(
    house: TestHouse, intake: Intake, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    sound = documents(kind)
    document = data.draw(st.one_of(sound, spoilt(sound)))
    if document.get("id") == "e-1":
        document["id"] = f"e-{uuid4()}"
    before = await inbox_count(house)
    answer = await intake.report("moj", document)
    told = answer.json()
    assert answer.status_code < 500, told
    if answer.status_code == 202:
        assert await inbox_count(house) == before + (not told["repeated"])
        await intake.work()
        again = (await intake.report("moj", document)).json()
        assert again["status"] in ("applied", "held"), again
        assert again.get("reason", {}).get("code") != "intake.not_understood"
        await intake.work()
    else:
        assert told["code"].startswith("intake.")
        assert all(told["messages"][language] for language in ("ar", "en"))
        assert await inbox_count(house) == before


async def test_five_thousand_events_in_one_call_are_refused_whole(
    house: TestHouse, intake: Intake
) -> None:
    one = event("person.died", examples(TODAY)["person.died"], on=TODAY, id="e-1")
    client = intake.clients["moj"]
    for count, refusal in ((2, NotJson), (5_000, EventTooLarge)):
        answer = await client.report([{**one, "id": f"e-{n}"} for n in range(count)])  # type: ignore[arg-type]  # what an agency must not send
        assert (answer.status_code, answer.json()["code"]) == (refusal.status, refusal.code)
    assert await inbox_count(house) == 0


async def test_fifty_megabytes_are_refused_unread(house: TestHouse, intake: Intake) -> None:
    one = event("person.died", examples(TODAY)["person.died"], on=TODAY, id="e-1")
    answer = await intake.report("moj", {**one, "note": "x" * 50_000_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "intake.too_large")
    assert EVENT_BYTES_MAX < 50_000_000
    assert await inbox_count(house) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_day_in_the_year_9999_is_refused_wherever_it_stands(kind: str) -> None:
    data = examples(TODAY)[kind]
    assert_refused(event(kind, data, on=TODAY, id="e-1") | {"occurred_on": "9999-12-31"})
    far = (TODAY + timedelta(days=400)).isoformat()
    for name, value in data.items():
        if isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-":
            later = value.replace(value[:10], "9999-12-31")
            assert_refused(event(kind, {**data, name: later}, on=TODAY, id="e-1"))
        elif value == far:
            raise AssertionError("every day of an example is tried")


def assert_refused(document: Json) -> None:
    with pytest.raises((DateOutOfRange, DateContradiction, MobileRefused)):
        parse_event(body_of(document), schemas=SCHEMAS, now_utc=NOW)
