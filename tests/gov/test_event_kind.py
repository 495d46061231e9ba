"""Every kind of event: its schema, its payload and its example say the same."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints
from uuid import UUID

import msgspec
import pytest

from domain.fact import Payload
from domain.facts.act import CardAct, EnteredInError
from domain.facts.dispute import FactDisputed, ReviewOpened
from domain.facts.health import VaccinationRefused
from domain.facts.person import (
    ContactReported,
    PersonDescribed,
    PersonFirstSeen,
    ResidenceChanged,
)
from domain.facts.place import Place
from domain.ids import PersonId
from gov.event.data import Event
from gov.event.error import DateContradiction, DateImpossible, DateOutOfRange, MobileRefused
from gov.event.kind import EVENT_KINDS
from gov.event.read import parse_event
from gov.event.schema import EventSchemas
from tests.support.events import Json, event, examples, numbered

CONTRACT = Path(__file__).parents[2] / "mobile-contract" / "intake"
SCHEMAS = EventSchemas.load(CONTRACT)
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
STATED = sorted(EVENT_KINDS.keys() - {"entered_in_error"})
UNREPORTED = {
    CardAct,
    FactDisputed,
    PersonDescribed,
    PersonFirstSeen,
    ReviewOpened,
}  # not what an agency tells by itself


def parse(document: Json) -> Event:
    parsed = parse_event(json.dumps(document).encode(), schemas=SCHEMAS, now_utc=NOW)
    assert isinstance(parsed, Event)
    return parsed


def stated(kind: str, data: Json) -> Any:  # Any: a payload of the kind
    """The payload of an event of that kind, its persons numbered from 1 in its order."""
    parsed = parse(event(kind, data, on=TODAY, id="e-1"))
    people = {
        role: PersonId(UUID(int=number)) for number, (role, _) in enumerate(parsed.people, start=1)
    }
    return parsed.payload(EVENT_KINDS[kind].payload, people)


def data_schema(kind: str) -> Json:
    schema = json.loads((CONTRACT / f"{kind}.schema.json").read_text(encoding="utf-8"))
    found: Json = schema["properties"]["data"]
    return found


def test_every_fact_but_five_is_reported_by_an_event_of_its_name() -> None:
    told = {kind.payload for kind in EVENT_KINDS.values()}
    assert set(get_args(Payload)) - told == UNREPORTED
    assert told <= set(get_args(Payload))


@pytest.mark.parametrize("kind", STATED)
def test_schema_and_payload_have_the_same_members(kind: str) -> None:
    payload, schema = EVENT_KINDS[kind].payload, data_schema(kind)
    fields = {field.name: field for field in msgspec.structs.fields(payload)}
    assert set(schema["properties"]) == fields.keys()
    optional = {
        name for name, hint in get_type_hints(payload).items() if type(None) in get_args(hint)
    }
    needed = {name for name, field in fields.items() if field.required and name not in optional}
    assert set(schema["required"]) == needed


@pytest.mark.parametrize("kind", STATED)
def test_schema_and_payload_have_the_same_choices(kind: str) -> None:
    hints = get_type_hints(EVENT_KINDS[kind].payload)
    for name, said in data_schema(kind)["properties"].items():
        if "enum" in said:
            choices = get_args(hints[name])
            inner = [part for part in choices if get_args(part)]
            assert said["enum"] == list(get_args(inner[0]) if inner else choices)


@pytest.mark.parametrize("kind", STATED)
def test_the_example_of_a_kind_says_all_there_is_and_becomes_its_fact(kind: str) -> None:
    data = examples(TODAY)[kind]
    choice = {"country"} if kind == "residence.changed" else set()
    assert data.keys() == data_schema(kind)["properties"].keys() - choice
    payload = stated(kind, data)
    assert type(payload) is EVENT_KINDS[kind].payload
    roles = EVENT_KINDS[kind].roles
    assert payload.subjects() == tuple(PersonId(UUID(int=at)) for at in range(1, len(roles) + 1))
    for field in msgspec.structs.fields(payload):
        if field.name not in choice:
            assert getattr(payload, field.name) is not None


@pytest.mark.parametrize("kind", STATED)
def test_a_kind_without_what_may_be_left_out_is_a_fact_too(kind: str) -> None:
    schema, data = data_schema(kind), examples(TODAY)[kind]
    needed = set(schema["required"])
    for either in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))[:1]:
        needed |= set(either["required"])
    needed |= set(schema.get("then", {}).get("required", ()))
    payload = stated(kind, {name: data[name] for name in needed})
    assert type(payload) is EVENT_KINDS[kind].payload


def test_a_correction_has_no_persons_of_its_own() -> None:
    assert EVENT_KINDS["entered_in_error"].payload is EnteredInError
    assert EVENT_KINDS["entered_in_error"].roles == ()


@pytest.mark.parametrize(
    "written",
    [
        "0501234567",
        "٠٥٠١٢٣٤٥٦٧",
        "۰۵۰ ۱۲۳ ۴۵۶۷",
        "+971 50 123 4567",
        "00971-50-1234567",
        "+٩٧١٥٠١٢٣٤٥٦٧",
    ],
)
def test_a_mobile_is_one_however_it_is_written(written: str) -> None:
    said = stated("contact.reported", {"person": numbered(902), "mobile": written})
    assert isinstance(said, ContactReported)
    assert said.mobile == "+971501234567"


@pytest.mark.parametrize(
    "written", ["0511234567", "12345", "+97142345678", "050123456", "+999501234567", "()()()"]
)
def test_a_number_that_is_no_mobile_is_refused(written: str) -> None:
    with pytest.raises(MobileRefused) as refused:
        stated("contact.reported", {"person": numbered(902), "mobile": written})
    assert refused.value.detail == "/data/mobile"


def test_the_mobile_of_somebody_abroad_needs_its_country() -> None:
    said = stated("contact.reported", {"person": numbered(902), "mobile": "+44 7911 123456"})
    assert said.mobile == "+447911123456"


def test_an_address_keeps_its_local_part() -> None:
    said = stated("contact.reported", {"person": numbered(902), "email": "Noura.A@EXAMPLE.Com"})
    assert said.email == "Noura.A@example.com"


@pytest.mark.parametrize(
    ("said", "born_on", "born_in"),
    [
        ("1961", None, "1961"),
        ("1961-07", None, "1961-07"),
        ("1961-07-09", date(1961, 7, 9), None),
        ("2026", None, "2026"),  # the year of the event itself
        ("2026-11", None, "2026-11"),
    ],
)
def test_no_day_of_birth_is_made_up(said: str, born_on: date | None, born_in: str | None) -> None:
    parsed = parse(
        event("person.reported", {"person": numbered(901, born_on=said)}, on=TODAY, id="e-1")
    )
    ((_, person),) = parsed.people
    assert (person.born_on, person.born_in) == (born_on, born_in)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("1899", DateOutOfRange),
        ("9999", DateOutOfRange),
        ("1961-13", DateImpossible),
        ("1961-00", DateImpossible),
        ("1961-02-30", DateImpossible),
        ("2027", DateContradiction),
        ("2026-12", DateContradiction),
        ("2026-11-21", DateContradiction),
    ],
)
def test_a_birth_that_cannot_be_is_refused(said: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        parse(event("person.reported", {"person": numbered(901, born_on=said)}, on=TODAY, id="e-1"))


@pytest.mark.parametrize("day", ["2026-11-20", "2026-11-21"])
def test_what_expires_does_so_no_earlier_than_it_begins(day: str) -> None:
    data = {"person": numbered(902), "document": "passport", "number": "1", "expires_on": day}
    assert stated("document.issued", data).expires_on == date.fromisoformat(day)
    with pytest.raises(DateContradiction):
        stated("document.issued", {**data, "expires_on": "2026-11-19"})


def test_a_birth_abroad_and_one_at_home_say_so() -> None:
    birth = examples(TODAY)["birth.notified"]
    abroad = stated("birth.notified", {**birth, "place": {"country": "IND"}})
    assert abroad.place == Place(country="IND")
    home = stated("birth.notified", {**birth, "place": {"emirate": "AE-AJ", "at_home": True}})
    assert home.place == Place(emirate="AE-AJ", at_home=True)


def test_a_protected_address_stays_with_the_person() -> None:
    assert ResidenceChanged(PersonId(UUID(int=1)), "AE-DU").policy() == "person"
    assert ResidenceChanged(PersonId(UUID(int=1)), "AE-DU", is_protected=True).policy() == "own"


def test_a_refusal_without_a_vaccine_is_of_all() -> None:
    said = stated("vaccination.refused", {"person": numbered(903)})
    assert said == VaccinationRefused(PersonId(UUID(int=1)))
