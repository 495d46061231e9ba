"""The published contract is the one that runs: schemas, the guide to integration, the stories."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from domain.error import Refusal
from gov import agency_right, receive
from gov.event import error as event_error
from gov.event.data import Event
from gov.event.json_object import EVENT_BYTES_MAX, NESTING_DEPTH_MAX
from gov.event.kind import EVENT_KINDS
from gov.event.read import ASSERTED_AHEAD_SECONDS_MAX, check_content_type, parse_event
from gov.event.schema import EventSchemas
from gov.event.value import DUE_AHEAD_DAYS_MAX
from gov.reason import REASONS
from gov.signature import error as signature_error
from gov.signature.claim import COMPONENT_COUNT_MAX, KEY_ID_LENGTH_MAX, SIGNATURE_FIELD_BYTES_MAX
from gov.signature.verify import (
    SIGNATURE_AGE_MAX_SECONDS,
    SIGNATURE_SKEW_MAX_SECONDS,
    RequestView,
    read_key_id,
    request_view,
    verify,
)
from simulators.agency import INTAKE_PATH, AgencyClient, encode_event
from simulators.family_story import stories
from simulators.telling import AGENCY_OF_KIND, Story, sample_emirates_id

CONTRACT = Path(__file__).parents[2] / "mobile-contract" / "intake"
GUIDE = (CONTRACT / "README.md").read_text(encoding="utf-8")
SCHEMAS = EventSchemas.load(CONTRACT)
KEY = ec.derive_private_key(0x05AA_71, ec.SECP256R1())
REFUSALS = [
    error
    for module in (agency_right, event_error, signature_error, receive)
    for error in vars(module).values()
    if isinstance(error, type)
    and issubclass(error, Refusal)
    and error.__module__ == module.__name__
]
# A leap day, the day after one, both ends of a year, an ordinary day.
DAYS_PLAYED = [
    date(2028, 2, 29),
    date(2028, 3, 1),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2026, 11, 21),
]
STORIES = [
    pytest.param(day, story, id=f"{day}-{story.id}")
    for day in DAYS_PLAYED
    for story in stories(day)
]


def example(language: str) -> str:
    """The one block of the guide in that language."""
    (block,) = re.findall(rf"```{language}\n(.*?)\n```", GUIDE, re.DOTALL)
    return str(block)


def read(story: Story, played_on: date) -> list[Event]:
    """The events of a story, as the server reads them at the first minute of the day."""
    now = datetime.combine(played_on, time(), UTC) - timedelta(hours=4)
    parsed = [
        parse_event(encode_event(event), schemas=SCHEMAS, now_utc=now) for event in story.events
    ]
    assert all(isinstance(event, Event) for event in parsed)
    return [event for event in parsed if isinstance(event, Event)]


def test_every_schema_has_a_reader_and_every_reader_a_schema() -> None:
    assert SCHEMAS.kinds == EVENT_KINDS.keys()


def test_every_schema_is_named_after_its_kind_and_closed() -> None:
    for kind in EVENT_KINDS:
        schema = json.loads((CONTRACT / f"{kind}.schema.json").read_text(encoding="utf-8"))
        assert schema["$id"].endswith(f"/{kind}.schema.json")
        assert schema["description"]
        for node in _objects(schema):
            assert node.get("additionalProperties") is False
    for shared in ("envelope", "person"):
        schema = json.loads((CONTRACT / f"{shared}.schema.json").read_text(encoding="utf-8"))
        for node in _objects(schema):
            assert node.get("additionalProperties") is False


def _objects(node: Any) -> list[dict[str, Any]]:  # Any: a JSON Schema
    if isinstance(node, list):
        return [found for part in node for found in _objects(part)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") == "object" and node != _OPEN_DATA else []
    return own + [found for part in node.values() for found in _objects(part)]


_OPEN_DATA = {"description": "What the kind's own schema says.", "type": "object"}


def test_a_directory_without_an_envelope_is_a_broken_install(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="envelope"):
        EventSchemas.load(tmp_path)


def test_a_schema_that_points_outside_is_not_fetched(tmp_path: Path) -> None:
    outside = {"$id": "https://osrati.example/intake/e", "$ref": "https://nowhere.example/x"}
    (tmp_path / "envelope.schema.json").write_text(json.dumps(outside))
    with pytest.raises(ValueError, match="does not fetch"):
        EventSchemas.load(tmp_path)


def test_the_worked_example_of_the_guide_verifies() -> None:
    head, body = example("http").split("\n\n")
    request_line, *lines = head.split("\n")
    headers = tuple((name, value) for name, value in (line.split(": ", 1) for line in lines))
    assert request_line == f"POST {INTAKE_PATH} HTTP/1.1"
    assert dict(headers)["Content-Length"] == str(len(body.encode()))

    key = load_pem_public_key(example("pem").encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    now = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
    view = RequestView("POST", "https://osrati.example" + INTAKE_PATH, headers)
    assert read_key_id(headers) == "test-key-ecc-p256"
    assert verify(view, body.encode(), key, now_utc=now).created_at == now
    assert isinstance(parse_event(body.encode(), schemas=SCHEMAS, now_utc=now), Event)


def test_the_signature_base_of_the_guide_is_that_of_its_example() -> None:
    values = dict(line.split(": ", 1) for line in example("text").split("\n"))
    headers = dict(line.split(": ", 1) for line in example("http").split("\n\n")[0].split("\n")[1:])
    assert "intake=" + values['"@signature-params"'] == headers["Signature-Input"]
    assert values['"content-digest"'] == headers["Content-Digest"]
    assert values['"content-type"'] == headers["Content-Type"]
    assert values['"@authority"'] == headers["Host"]


def test_every_code_stands_in_the_guide_with_its_status() -> None:
    listed = set(re.findall(r"^\| (\d{3}) \| `(intake\.[a-z_]+)` \|", GUIDE, re.MULTILINE))
    notes = {
        ("202", event_error.KIND_UNKNOWN_NOTE),
        ("202", event_error.CHECK_DIGIT_WARNING),
    }
    assert listed == {(str(refusal.status), refusal.code) for refusal in REFUSALS} | notes


def test_every_reason_for_holding_an_event_stands_in_the_guide() -> None:
    listed = set(re.findall(r"^\| `(intake\.[a-z_]+)` \|", GUIDE, re.MULTILINE))
    of_events = {code for code in REASONS if not code.startswith("intake.fhir_")}
    assert listed == of_events  # those of FHIR stand in its own guide


def test_no_code_has_two_meanings_and_each_is_said_in_both_languages() -> None:
    assert len({refusal.code for refusal in REFUSALS}) == len(REFUSALS)
    for refusal in REFUSALS:
        assert re.search("[\u0600-\u06ff]", refusal.ar)
        assert re.search("[a-z]", refusal.en)
        assert not re.search("[\u0600-\u06ff]", refusal.en)


@pytest.mark.parametrize(
    "limit",
    [
        f"| body | {EVENT_BYTES_MAX} bytes |",
        f"| nesting | {NESTING_DEPTH_MAX} |",
        f"| covered components | {COMPONENT_COUNT_MAX} |",
        f"| Signature-Input, Signature | {SIGNATURE_FIELD_BYTES_MAX} bytes each |",
        f"| key id | {KEY_ID_LENGTH_MAX} characters",
        f"at most {SIGNATURE_AGE_MAX_SECONDS} seconds old",
        f"at most {SIGNATURE_SKEW_MAX_SECONDS} seconds ahead",
        f"at most {ASSERTED_AHEAD_SECONDS_MAX} seconds ahead",
        f"to {DUE_AHEAD_DAYS_MAX} days after it",
    ],
)
def test_the_limits_of_the_guide_are_those_that_run(limit: str) -> None:
    assert limit in GUIDE


@pytest.mark.parametrize(("played_on", "story"), STORIES)
def test_every_event_of_a_story_is_accepted_without_a_warning(
    played_on: date, story: Story
) -> None:
    for event in read(story, played_on):
        assert event.warnings == ()
        assert event.envelope.occurred_on < played_on
        assert event.envelope.kind in AGENCY_OF_KIND


@pytest.mark.parametrize(("played_on", "story"), STORIES)
def test_a_story_is_told_in_the_order_in_which_it_happened(played_on: date, story: Story) -> None:
    told = [
        (event.envelope.occurred_on, event.envelope.asserted_at) for event in read(story, played_on)
    ]
    assert told == sorted(told)


def test_stories_are_the_same_each_time_and_share_no_id_and_no_person() -> None:
    day = DAYS_PLAYED[0]
    assert stories(day) == stories(day)
    ids = [event["id"] for story in stories(day) for event in story.events]
    assert len(ids) == len(set(ids))
    parents = [parent.emirates_id for story in stories(day) for parent in story.parents]
    assert len(parents) == len(set(parents))
    assert ids == [event["id"] for story in stories(DAYS_PLAYED[1]) for event in story.events]


def test_every_parent_of_a_story_is_named_in_both_languages_and_in_its_events() -> None:
    for story in stories(DAYS_PLAYED[0]):
        told = json.dumps(story.events, ensure_ascii=False)
        assert story.title_ar
        assert story.title_en
        for parent in story.parents:
            assert parent.emirates_id in told
            assert parent.name_ar in told
            assert parent.name_en in told
            assert "التجريبي" in parent.name_ar


def test_the_six_stories_are_those_they_say() -> None:
    day = date(2026, 11, 21)
    told = {story.id: read(story, day) for story in stories(day)}
    kinds = {name: [event.envelope.kind for event in events] for name, events in told.items()}

    assert kinds["whole-life"] == [
        "marriage.registered",
        "family_book.issued",
        "pregnancy.confirmed",
        "birth.notified",
        "vaccination.given",
        "vaccination.given",
    ]
    assert kinds["newly-married"] == ["contact.reported", "marriage.registered"]

    due_on = told["pregnancy"][-1].said["due_on"]
    assert isinstance(due_on, date)
    # The due day is 280 days after the last period: in week 24 between 168 and 174 days are over.
    assert 168 <= 280 - (due_on - day).days <= 174

    births = [event for event in told["twins"] if event.envelope.kind == "birth.notified"]
    assert [event.envelope.occurred_on for event in births] == [day - timedelta(weeks=7)] * 2
    children = {dict(event.people)["child"].identifier for event in births}
    assert len(children) == 2
    vaccinated = {
        dict(event.people)["person"].identifier
        for event in told["twins"]
        if event.envelope.kind == "vaccination.given"
    }
    assert len(vaccinated & children) == len(vaccinated) == 1

    assert told["loss"][-1].said["outcome"] == "loss"

    for event in told["mother-alone"]:
        assert event.envelope.kind in ("pregnancy.confirmed", "birth.notified")
        assert "father" not in dict(event.people)


def test_the_sample_range_has_two_ends() -> None:
    assert sample_emirates_id(1) == "784-0000-0000001-0"
    assert sample_emirates_id(999).startswith("784-0000-0000999-")
    for outside in (0, 1000):
        with pytest.raises(ValueError, match="range"):
            sample_emirates_id(outside)


async def test_an_agency_reports_over_http() -> None:
    async def receive(request: Request) -> JSONResponse:
        body = await request.body()
        view = request_view(
            method=request.method,
            raw_path=request.scope["raw_path"],
            query=request.scope["query_string"],
            headers=request.scope["headers"],
            origin=None,
        )
        check_content_type(request.headers.get("content-type"))
        proven = verify(view, body, KEY.public_key(), now_utc=datetime.now(UTC))
        event = parse_event(body, schemas=SCHEMAS, now_utc=datetime.now(UTC))
        return JSONResponse({"key": proven.key_id, "id": event.envelope.id}, status_code=202)

    app = Starlette(routes=[Route(INTAKE_PATH, receive, methods=["POST"])])
    transport = httpx2.ASGITransport(app=app)
    story = stories(datetime.now(UTC).date() - timedelta(days=1))[0]
    async with AgencyClient("http://127.0.0.1:8000", "moj-1", KEY, transport=transport) as agency:
        for event in story.events:
            answer = await agency.report(event)
            assert answer.status_code == 202
            assert answer.json() == {"key": "moj-1", "id": event["id"]}
