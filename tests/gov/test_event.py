"""What agencies may say, and how each way of saying it wrongly is answered."""

import json
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.error import Refusal
from domain.facts.birth import BirthNotified
from domain.facts.place import Place
from domain.ids import PersonId
from gov.event.data import Event, EventWarning, Identifier, Person, UnknownEvent
from gov.event.error import (
    AssertedInFuture,
    ContentTypeRefused,
    DateContradiction,
    DateImpossible,
    DateOutOfRange,
    DigitsRefused,
    EventTooLarge,
    NameCharacters,
    NotJson,
    ReversesItself,
    SamePerson,
    SchemaMismatch,
)
from gov.event.json_object import EVENT_BYTES_MAX, NESTING_DEPTH_MAX
from gov.event.read import check_content_type, parse_event
from gov.event.schema import EventSchemas

SCHEMAS = EventSchemas.load(Path(__file__).parents[2] / "mobile-contract" / "intake")
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
MOTHER_ID, FATHER_ID = "784-1979-1234567-1", "784-1990-0000001-0"

Json = dict[str, Any]  # Any: documents as agencies write them, right and wrong
Change = Callable[[Json], object]


def person(value: str, **said: object) -> Json:
    return {"identifier": {"system": "emirates_id", "value": value}, **said}


def event(kind: str, data: Json, **envelope: object) -> Json:
    return {
        "id": "a-1",
        "kind": kind,
        "occurred_on": "2026-11-20",
        "asserted_at": "2026-11-20T22:30:00+04:00",
        "data": data,
        **envelope,
    }


def birth() -> Json:
    newborn: Json = {"system": "hospital_number", "value": "N-7", "assigner": "hospital-1"}
    return event(
        "birth.notified",
        {
            "child": {"identifier": newborn, "sex": "female"},
            "mother": person(MOTHER_ID, name={"ar": "مريم ٢", "en": "Maryam 2"}, nationality="ARE"),
            "father": person(FATHER_ID, born_on="1990-02-28"),
            "place": {"facility": "hospital-1", "emirate": "AE-AJ"},
        },
    )


def pregnancy(due_on: str) -> Json:
    return event("pregnancy.confirmed", {"mother": person(MOTHER_ID), "due_on": due_on})


def parse(document: object) -> Event | UnknownEvent:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse_event(body, schemas=SCHEMAS, now_utc=NOW)


def known(document: object) -> Event:
    parsed = parse(document)
    assert isinstance(parsed, Event)
    return parsed


def refused(document: object, error: type[Refusal]) -> str:
    with pytest.raises(error) as caught:
        parse(document)
    assert type(caught.value) is error
    return caught.value.detail


def changed(change: Change) -> Json:
    document = birth()
    change(document)
    return document


def test_a_birth_is_read_into_types() -> None:
    parsed = known(birth())
    assert parsed.envelope.occurred_on == date(2026, 11, 20)
    assert parsed.envelope.asserted_at == datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
    assert dict(parsed.people) == {
        "child": Person(
            identifier=Identifier("hospital_number", "N-7", "hospital-1"),
            sex="female",
            born_on=date(2026, 11, 20),
        ),
        "mother": Person(
            identifier=Identifier("emirates_id", "784197912345671"),
            name_ar="مريم ٢",
            name_en="Maryam 2",
            nationality="ARE",
        ),
        "father": Person(
            identifier=Identifier("emirates_id", "784199000000010"), born_on=date(1990, 2, 28)
        ),
    }
    people = {role: PersonId(UUID(int=at)) for at, (role, _) in enumerate(parsed.people)}
    assert parsed.payload(BirthNotified, people) == BirthNotified(
        people["child"],
        people["mother"],
        people["father"],
        place=Place(facility="hospital-1", emirate="AE-AJ"),
    )
    assert [role for role, _ in parsed.people] == ["child", "mother", "father"]
    assert parsed.warnings == ()


def test_a_correction_names_an_event_and_nobody() -> None:
    mistake = event("entered_in_error", {"event_id": "a-0"})
    assert known(mistake).corrects == "a-0"
    assert known(mistake).people == ()


def test_an_unknown_kind_is_kept_whole_and_not_refused() -> None:
    body = json.dumps(event("stork.landed", {"anything": [1.5, None]})).encode()
    parsed = parse(body)
    assert isinstance(parsed, UnknownEvent)
    assert parsed.raw == body
    assert parsed.envelope.kind == "stork.landed"


def test_an_unknown_kind_still_needs_a_sound_envelope() -> None:
    assert refused(event("stork.landed", {}, id=""), SchemaMismatch).startswith("/id ")
    assert refused(event("stork.landed", {}, occurred_on="2026-02-30"), DateImpossible)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "at character 0"),
        (b"{", "at character 1"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b'\xef\xbb\xbf{"id":"a"}', "byte order mark"),
        (b'{"id":"\xff"}', "not UTF-8"),
        (b'{"id":"a","id":"b"}', "repeated key"),
        (b'{"data":{"x":1,"x":1}}', "repeated key"),
        (b'{"data":NaN}', "number"),
        (b'{"data":-Infinity}', "number"),
        (b'{"data":1e999}', "number"),
        (b'{"data":' + b"9" * 5000 + b"}", "number"),
        (b'{"id":"\\ud800"}', "lone surrogate"),
        (b'{"\\udfff":1}', "lone surrogate"),
        (b'{"id":"a"} {}', "at character 11"),
    ],
)
def test_what_is_not_one_json_object_is_refused(body: bytes, detail: str) -> None:
    assert refused(body, NotJson) == detail


def test_nesting_is_bounded_and_brackets_in_texts_do_not_count() -> None:
    def nested(depth: int) -> bytes:
        return b'{"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert refused(nested(NESTING_DEPTH_MAX + 1), NotJson) == "nested too deeply"
    assert refused(nested(NESTING_DEPTH_MAX), SchemaMismatch)
    assert refused(b"[" * EVENT_BYTES_MAX, NotJson) == "nested too deeply"
    assert refused(b'{"' + b'\\"' * 30_000 + b"[" * 100, NotJson) == "at character 1"
    brackets = event("stork.landed", {"note": '\\"' + "[" * 100})
    assert isinstance(parse(brackets), UnknownEvent)


def test_the_size_of_a_body_is_bounded() -> None:
    empty = len(json.dumps(event("stork.landed", {"note": ""})))
    filler = "x" * (EVENT_BYTES_MAX - empty)
    assert isinstance(parse(event("stork.landed", {"note": filler})), UnknownEvent)
    assert refused(event("stork.landed", {"note": filler + "x"}), EventTooLarge) == ""


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda e: e.pop("id"), "/id required"),
        (lambda e: e.update(id="a" * 129), "/id maxLength"),
        (lambda e: e.update(id="a b"), "/id pattern"),
        (lambda e: e.update(id="a\n"), "/id pattern"),
        (lambda e: e.update(id=7), "/id type"),
        (lambda e: e.update(extra=1), "additionalProperties"),
        (lambda e: e.update(kind="Birth"), "/kind pattern"),
        (lambda e: e.update(asserted_at="2026-11-20T22:30:00"), "/asserted_at pattern"),
        (lambda e: e.update(data=[]), "/data type"),
        (lambda e: e["data"].pop("mother"), "/data/mother required"),
        (lambda e: e["data"].update(note="x"), "/data additionalProperties"),
        (lambda e: e["data"].update(father=None), "/data/father type"),
        (lambda e: e["data"]["child"].pop("sex"), "/data/child/sex required"),
        (
            lambda e: e["data"]["child"].update(born_on="2026-11-20"),
            "/data/child additionalProperties",
        ),
        (
            lambda e: e["data"]["child"]["identifier"].pop("assigner"),
            "/data/child/identifier/assigner required",
        ),
        (
            lambda e: e["data"]["mother"]["identifier"].update(assigner="hospital-1"),
            "/data/mother/identifier/assigner falseSchema",
        ),
        (
            lambda e: e["data"]["mother"]["identifier"].update(value="784-1979-123456-1"),
            "/data/mother/identifier/value pattern",
        ),
        (
            lambda e: e["data"]["mother"]["identifier"].update(system="passport"),
            "/data/mother/identifier/system enum",
        ),
        (lambda e: e["data"]["mother"].update(name={}), "/data/mother/name minProperties"),
        (lambda e: e["data"]["mother"].update(name={"ar": " "}), "/data/mother/name/ar pattern"),
        (
            lambda e: e["data"]["mother"].update(name={"en": "a" * 201}),
            "/data/mother/name/en maxLength",
        ),
        (
            lambda e: e["data"]["mother"].update(nationality="AE"),
            "/data/mother/nationality pattern",
        ),
        (lambda e: e["data"]["place"].update(emirate="AJ"), "/data/place/emirate enum"),
    ],
)
def test_what_a_schema_forbids_is_named_by_pointer_and_keyword(change: Change, detail: str) -> None:
    found = refused(changed(change), SchemaMismatch)
    if "identifier/system" in detail:  # an unknown system also lacks an assigner
        assert found in (detail, "/data/mother/identifier/assigner required")
    else:
        assert found == detail


def test_what_a_schema_allows_at_its_limits_is_read() -> None:
    known(changed(lambda e: e.update(id="a" * 128)))
    known(changed(lambda e: e["data"]["mother"].update(name={"en": "a" * 200})))
    known(changed(lambda e: e["data"]["mother"]["identifier"].update(value="784197912345671")))
    known(changed(lambda e: e.update(asserted_at="2026-11-20T18:30:00.123456Z")))


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "2025-02-29", "0000-01-01"])
def test_a_day_that_does_not_exist_is_refused(day: str) -> None:
    assert refused(changed(lambda e: e.update(occurred_on=day)), DateImpossible) == "/occurred_on"
    assert refused(pregnancy(day), DateImpossible) == "/data/due_on"
    born = changed(lambda e: e["data"]["mother"].update(born_on=day))
    assert refused(born, DateImpossible) == "/data/mother/born_on"


@pytest.mark.parametrize(
    "instant", ["2026-11-20T24:00:00Z", "2026-11-20T10:00:60Z", "2026-11-20T10:00:00+24:00"]
)
def test_a_time_that_does_not_exist_is_refused(instant: str) -> None:
    refusal = refused(changed(lambda e: e.update(asserted_at=instant)), DateImpossible)
    assert refusal == "/asserted_at"


def test_years_are_bounded_on_both_sides() -> None:
    def born(day: str) -> Json:
        return changed(lambda e: e["data"]["mother"].update(born_on=day))

    known(born("1900-01-01"))
    assert refused(born("1899-12-31"), DateOutOfRange) == "/data/mother/born_on"
    assert refused(born("2101-01-01"), DateOutOfRange) == "/data/mother/born_on"
    assert refused(born("2100-12-31"), DateContradiction) == "/data/mother/born_on"
    early = changed(lambda e: e.update(asserted_at="0001-01-01T00:00:00+23:59"))
    assert refused(early, DateOutOfRange) == "/asserted_at"


def test_an_event_lies_at_most_one_local_day_after_its_assertion() -> None:
    # 20:30 UTC on the 20th is 00:30 on the 21st in Dubai: the 22nd is one day ahead, the 23rd two.
    def said(occurred_on: str) -> Json:
        return changed(
            lambda e: e.update(asserted_at="2026-11-20T20:30:00Z", occurred_on=occurred_on)
        )

    known(said("2026-11-22"))
    assert refused(said("2026-11-23"), DateContradiction) == "/occurred_on"


def test_a_due_day_lies_within_300_days_from_its_visit() -> None:
    # From 20 November 2026: 10 days of November, then 31 + 31 + 28 + 31 + 30 + 31 + 30 + 31 + 31
    # make 284 to the end of August 2027; 16 days more make 300.
    known(pregnancy("2027-09-16"))
    assert refused(pregnancy("2027-09-17"), DateContradiction) == "/data/due_on"
    known(pregnancy("2026-11-20"))
    assert refused(pregnancy("2026-11-19"), DateContradiction) == "/data/due_on"


def test_nobody_is_born_after_the_event_that_names_them() -> None:
    known(changed(lambda e: e["data"]["mother"].update(born_on="2026-11-20")))
    later = changed(lambda e: e["data"]["mother"].update(born_on="2026-11-21"))
    assert refused(later, DateContradiction) == "/data/mother/born_on"


def test_an_assertion_may_be_ten_minutes_ahead_of_our_clock_and_no_more() -> None:
    def asserted(ahead: timedelta) -> Json:
        return changed(lambda e: e.update(asserted_at=(NOW + ahead).isoformat()))

    known(asserted(timedelta(minutes=10)))
    late = asserted(timedelta(minutes=10, seconds=1))
    assert refused(late, AssertedInFuture) == "/asserted_at"


@pytest.mark.parametrize("digit", ["٢", "۲", "２"])
def test_digits_of_another_script_are_refused_by_field(digit: str) -> None:
    day = f"{digit}026-11-20"
    assert refused(changed(lambda e: e.update(occurred_on=day)), DigitsRefused) == "/occurred_on"
    assert refused(pregnancy(day), DigitsRefused) == "/data/due_on"
    number = changed(lambda e: e["data"]["mother"]["identifier"].update(value=MOTHER_ID + digit))
    assert refused(number, DigitsRefused) == "/data/mother/identifier/value"
    assert refused(changed(lambda e: e.update(id=f"a-{digit}")), DigitsRefused) == "/id"
    contract = event(
        "marriage.registered",
        {
            "husband": person(FATHER_ID),
            "wife": person(MOTHER_ID),
            "contract_number": f"{digit}/1",
        },
    )
    assert refused(contract, DigitsRefused) == "/data/contract_number"


def test_digits_are_told_before_other_faults_of_the_document() -> None:
    def wrong(document: Json) -> None:
        document.pop("asserted_at")
        document["occurred_on"] = "٢٠٢٦-١١-٢٠"

    assert refused(changed(wrong), DigitsRefused) == "/occurred_on"


@pytest.mark.parametrize(
    "char", ["\u202e", "\u202a", "\u2066", "\u2069", "\x00", "\n", "\x7f", "\u2028", "\ufeff"]
)
def test_characters_that_disguise_a_name_are_refused(char: str) -> None:
    named = changed(lambda e: e["data"]["mother"].update(name={"en": f"Mar{char}yam"}))
    assert refused(named, NameCharacters) == "/data/mother/name/en"


def test_names_keep_joiners_and_marks_and_are_composed() -> None:
    # U+0627 U+0653 composes to U+0622; the zero-width non-joiner is part of Persian spelling.
    said = {"ar": " ا\u0653مال\u200cي\u200f ", "en": "Zoe\u0308"}
    mother = dict(known(changed(lambda e: e["data"]["mother"].update(name=said))).people)["mother"]
    assert mother.name_ar == "\u0622مال\u200cي\u200f"
    assert mother.name_en == "Zo\u00eb"


def test_two_persons_of_an_event_cannot_have_one_number() -> None:
    same = person(MOTHER_ID.replace("-", ""))
    couple = event("marriage.registered", {"husband": person(MOTHER_ID), "wife": same})
    assert refused(couple, SamePerson) == "/data/wife/identifier"
    reused = changed(
        lambda e: e["data"].update(mother={"identifier": e["data"]["child"]["identifier"]})
    )
    assert refused(reused, SamePerson) == "/data/mother/identifier"


def test_one_number_of_two_facilities_is_two_persons() -> None:
    def other_hospital(document: Json) -> None:
        number = {**document["data"]["child"]["identifier"], "assigner": "hospital-2"}
        document["data"]["mother"] = {"identifier": number}

    known(changed(other_hospital))


def test_an_event_cannot_take_itself_back() -> None:
    document = event("entered_in_error", {"event_id": "a-1"})
    assert refused(document, ReversesItself) == "/data/event_id"


def test_an_unusual_last_digit_is_a_warning_only() -> None:
    value = "784-1979-1234567-2"
    document = changed(lambda e: e["data"]["mother"]["identifier"].update(value=value))
    assert known(document).warnings == (
        EventWarning("intake.check_digit", "/data/mother/identifier/value"),
    )


@pytest.mark.parametrize(
    "accepted",
    ["application/json", "Application/JSON ; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_in_utf_8_is_accepted(accepted: str) -> None:
    check_content_type(accepted)


@pytest.mark.parametrize(
    "other",
    [None, "", "text/plain", "application/json; charset=utf-16", "application/fhir+json", "json"],
)
def test_another_content_type_is_refused(other: str | None) -> None:
    with pytest.raises(ContentTypeRefused):
        check_content_type(other)


def test_a_refusal_never_holds_a_value_of_the_event() -> None:
    document = changed(lambda e: e["data"]["mother"].update(secret_condition="SECRET"))
    assert "secret" not in refused(document, SchemaMismatch).lower()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_refused_and_never_raise_otherwise(body: bytes) -> None:
    with pytest.raises(Refusal):
        parse(body)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2000), st.binary(max_size=4), st.integers(0, 4))
def test_damaged_bytes_of_an_event_never_raise_anything_but_a_refusal(
    position: int, inserted: bytes, dropped: int
) -> None:
    body = json.dumps(birth(), ensure_ascii=False).encode()
    start = position % len(body)
    only_refuses(body[:start] + inserted + body[start + dropped :])


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["9999-12-31", "0001-01-01", "2026-02-30", "٢٠٢٦-٠١-٠١", "\ud800", "emirates_id"]
    )
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8}[+-][0-9]{2}:[0-9]{2})?", fullmatch=True)
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_an_event_with_any_member_replaced_never_raises_anything_but_a_refusal(
    data: st.DataObject,
) -> None:
    documents = [birth(), pregnancy("2027-06-01"), event("entered_in_error", {"event_id": "a-0"})]
    document = deepcopy(data.draw(st.sampled_from(documents)))
    holder, key = data.draw(st.sampled_from(_places(document)))
    holder[key] = data.draw(_VALUES)
    only_refuses(json.dumps(document).encode())


def _places(document: Json) -> list[tuple[Json, str]]:
    found: list[tuple[Json, str]] = []
    for key, value in document.items():
        found.append((document, key))
        if isinstance(value, dict):
            found += _places(value)
    return found


def only_refuses(body: bytes) -> None:
    """Read it; damage may leave it sound, but no other error comes out."""
    with suppress(Refusal):
        parse(body)
