"""One FHIR message read: what is refused and where, references, versions, every limit."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.error import Refusal
from gov.event.error import NotJson
from gov.fhir.element import LIST_ITEMS_MAX, TEXT_CHARACTERS_MAX
from gov.fhir.error import (
    BundleInBundle,
    BundleTypeRefused,
    CodeInvalid,
    ElementMissing,
    EntryMethodRefused,
    EntryRepeated,
    FhirDateImpossible,
    FhirDateOutOfRange,
    FhirRefusal,
    FhirSamePerson,
    FhirTooLarge,
    InvariantBroken,
    NotFhir,
    TextTooLong,
    TooManyElements,
    TooManyEntries,
)
from gov.fhir.message import (
    FHIR_BRACKETS_MAX,
    FHIR_BYTES_MAX,
    FHIR_ENTRIES_MAX,
    FHIR_NESTING_MAX,
    Message,
    ReadEntry,
    read_message,
)
from gov.fhir.parcel import make_parcel, open_parcel, read_patient
from gov.fhir.same_person import refuse_same_person
from tests.gov.fhir.resources import (
    HOSPITAL,
    Json,
    appointment,
    bundle,
    concept,
    condition,
    encode,
    encounter,
    immunization,
    observation,
    patient,
    quantity,
)

CASES = Path(__file__).parent / "cases"
ALL = (
    patient(name=[{"family": "A", "given": ["B"]}]),
    immunization(),
    observation("29463-7", valueQuantity=quantity(6, "kg")),
    condition("72892002"),
    appointment(),
    encounter("424619006"),
    {"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": "Patient/p1"}},
    {
        "resourceType": "EpisodeOfCare",
        "id": "e",
        "status": "active",
        "patient": {"reference": "Patient/p1"},
    },
)


def refusal(resource: Json) -> FhirRefusal:
    """Why a resource sent alone is refused."""
    with pytest.raises(FhirRefusal) as raised:
        read_message(encode(resource))
    return raised.value


@pytest.mark.parametrize("resource", ALL, ids=lambda one: one["resourceType"])
def test_each_type_is_read(resource: Json) -> None:
    (entry,) = read_message(encode(resource)).entries
    assert isinstance(entry, ReadEntry)
    assert type(entry.resource).__name__ == resource["resourceType"]


@pytest.mark.parametrize(
    ("resource", "kind", "place"),
    [
        (immunization(status="bogus"), CodeInvalid, "Immunization.status"),
        (immunization(patient=None), ElementMissing, "Immunization.patient"),
        (immunization(vaccineCode=None), ElementMissing, "Immunization.vaccineCode"),
        (immunization(status=7), NotFhir, "Immunization.status"),
        (immunization(occurrenceDateTime=None), ElementMissing, "Immunization.occurrence"),
        (immunization(occurrenceString="x"), InvariantBroken, "Immunization.occurrence"),
        (
            immunization(occurrenceDateTime="2026-02-30"),
            FhirDateImpossible,
            "Immunization.occurrenceDateTime",
        ),
        (
            immunization(occurrenceDateTime="٢٠٢٦-٠٥-١٠"),
            FhirDateImpossible,
            "Immunization.occurrenceDateTime",
        ),
        (
            immunization(occurrenceDateTime="9999-12-31T23:59:59-12:00"),
            FhirDateOutOfRange,
            "Immunization.occurrenceDateTime",
        ),
        (
            immunization(vaccineCode={"coding": [{"code": 8}]}),
            NotFhir,
            "Immunization.vaccineCode.coding[0].code",
        ),
        (immunization("a/b"), NotFhir, "Immunization.id"),
        (observation("1", status=None), ElementMissing, "Observation.status"),
        (appointment(participant=[]), ElementMissing, "Appointment.participant"),
        (appointment(end=None), InvariantBroken, "Appointment.start"),
        (appointment(start=None, end=None), ElementMissing, "Appointment.start"),
        (
            condition("1", clinicalStatus=concept("urn:x", "active")),
            CodeInvalid,
            "Condition.clinicalStatus",
        ),
        (patient(gender="F"), CodeInvalid, "Patient.gender"),
        (patient(birthDate="1899"), FhirDateOutOfRange, "Patient.birthDate"),
        (
            patient(deceasedBoolean=True, deceasedDateTime="2026"),
            InvariantBroken,
            "Patient.deceased",
        ),
        ({"resourceType": "Bundle", "type": "collection", "entry": {}}, NotFhir, "Bundle.entry"),
        ({"resourceType": "Bundle", "type": "history"}, BundleTypeRefused, "Bundle.type"),
        ({"resourceType": "Bundle"}, ElementMissing, "Bundle.type"),
        ({"id": "x"}, ElementMissing, "resourceType"),
        ({"resourceType": 3}, NotFhir, "resourceType"),
        ({"resourceType": "patient"}, NotFhir, "patient.resourceType"),
        ({"resourceType": "<script>"}, NotFhir, "Resource.resourceType"),
    ],
)
def test_what_is_not_fhir_is_refused_by_its_place(
    resource: Json, kind: type[Refusal], place: str
) -> None:
    refused = refusal(resource)
    assert (type(refused), refused.detail) == (kind, place)


@pytest.mark.parametrize("year", [1900, 2100])
def test_the_first_and_the_last_year(year: int) -> None:
    read_message(encode(immunization(occurrenceDateTime=f"{year}-01-01")))


def test_a_leap_second_is_a_time() -> None:
    read_message(encode(immunization(occurrenceDateTime="2016-12-31T23:59:60Z")))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b'{"resourceType":"Patient","resourceType":"Claim"}',
        b'{"resourceType":"Patient","x":NaN}',
        b'{"resourceType":"Patient","x":"\\ud800"}',
    ],
)
def test_what_two_readers_could_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_message(body)


def test_nesting_at_the_limit_and_one_past_it() -> None:
    def nested(depth: int) -> bytes:
        inner = b"[" * (depth - 1) + b"]" * (depth - 1)
        return b'{"resourceType":"Claim","x":' + inner + b"}"

    read_message(nested(FHIR_NESTING_MAX))
    with pytest.raises(NotJson):
        read_message(nested(FHIR_NESTING_MAX + 1))
    with pytest.raises(NotJson):
        read_message(nested(200_000))


def test_bytes_at_the_limit_and_one_past_it() -> None:
    start, end = b'{"resourceType":"Claim","x":"', b'"}'
    full = start + b"x" * (FHIR_BYTES_MAX - len(start) - len(end)) + end
    read_message(full)
    with pytest.raises(FhirTooLarge):
        read_message(full[:-2] + b'x"}')


def test_entries_at_the_limit_and_one_past_it() -> None:
    claims = [{"resourceType": "Claim", "id": str(place)} for place in range(FHIR_ENTRIES_MAX)]
    assert len(read_message(encode(bundle(*claims))).entries) == FHIR_ENTRIES_MAX
    with pytest.raises(TooManyEntries):
        read_message(encode(bundle(*claims, {"resourceType": "Claim"})))


def test_objects_and_lists_at_the_limit_and_one_past_it() -> None:
    def objects(count: int) -> bytes:
        return b'{"resourceType":"Claim","x":[' + b",".join([b"{}"] * (count - 2)) + b"]}"

    read_message(objects(FHIR_BRACKETS_MAX))
    with pytest.raises(TooManyElements):
        read_message(objects(FHIR_BRACKETS_MAX + 1))


def test_texts_and_lists_at_the_limit_and_one_past_it() -> None:
    read_message(encode(immunization(lotNumber="x" * TEXT_CHARACTERS_MAX)))
    assert isinstance(refusal(immunization(lotNumber="x" * (TEXT_CHARACTERS_MAX + 1))), TextTooLong)
    read_message(encode(patient(name=[{"text": "A"}] * LIST_ITEMS_MAX)))
    assert isinstance(refusal(patient(name=[{"text": "A"}] * (LIST_ITEMS_MAX + 1))), TextTooLong)


def only(message: Message, place: int) -> ReadEntry:
    entry = message.entries[place]
    assert isinstance(entry, ReadEntry), entry
    return entry


def test_an_entry_that_is_wrong_is_refused_in_its_place() -> None:
    told = bundle(patient(), immunization(status="bogus"), immunization("i2"), kind="batch")
    message = read_message(encode(told))
    assert [type(entry).__name__ for entry in message.entries] == [
        "ReadEntry",
        "CodeInvalid",
        "ReadEntry",
    ]
    refused = message.entries[1]
    assert isinstance(refused, FhirRefusal)
    assert refused.detail == "Bundle.entry[1].resource.status"


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"resource": patient()}, ElementMissing),
        ({"resource": patient(), "request": {"method": "DELETE"}}, EntryMethodRefused),
        ({"request": {"method": "POST"}}, ElementMissing),
        ({"resource": [], "request": {"method": "POST"}}, NotFhir),
        ({"resource": bundle(), "request": {"method": "POST"}}, BundleInBundle),
    ],
)
def test_an_entry_that_cannot_be_taken(entry: Json, kind: type[Refusal]) -> None:
    (refused,) = read_message(
        encode({"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    ).entries
    assert type(refused) is kind


def test_two_entries_of_one_address_are_refused() -> None:
    told = bundle(patient("a"), patient("b"), urls=["urn:uuid:1", "urn:uuid:1"])
    with pytest.raises(EntryRepeated):
        read_message(encode(told))


TWINS = (patient("a", multipleBirthInteger=1), patient("b", multipleBirthInteger=2))


@pytest.mark.parametrize(
    ("kind", "urls", "reference"),
    [
        ("transaction", ["urn:uuid:1", "urn:uuid:2"], "urn:uuid:2"),
        (
            "collection",
            ["http://h.example/fhir/Patient/a", "http://h.example/fhir/Patient/b"],
            "http://h.example/fhir/Patient/b",
        ),
        ("collection", [], "Patient/b"),
        ("searchset", [], "Patient/b/_history/3"),
        ("batch", [], "http://elsewhere.example/Patient/b"),
    ],
)
def test_a_twins_dose_finds_its_own_twin(kind: str, urls: list[str], reference: str) -> None:
    message = read_message(encode(bundle(*TWINS, immunization(of=reference), kind=kind, urls=urls)))
    opened = open_parcel(make_parcel(only(message, 2), message).body)
    assert opened.patient.target is not None
    found = read_patient(opened.patient.target)
    assert found is not None
    assert (found.id, found.multiple_birth_integer) == ("b", 2)


def test_a_relative_reference_is_of_the_server_of_its_entry() -> None:
    urls = [
        "http://one.example/Patient/a",
        "http://two.example/Patient/a",
        "http://two.example/Immunization/i1",
    ]
    other = patient("a", birthDate="2020-01-01")
    told = bundle(patient("a"), other, immunization(of="Patient/a"), kind="collection", urls=urls)
    message = read_message(encode(told))
    opened = open_parcel(make_parcel(only(message, 2), message).body)
    assert opened.patient.target is not None
    found = read_patient(opened.patient.target)
    assert found is not None
    assert found.birth_date == "2020-01-01"


def test_a_contained_patient_is_found() -> None:
    dose = immunization(of="#me", contained=[{**patient("me"), "id": "me"}])
    message = read_message(encode(dose))
    opened = open_parcel(make_parcel(only(message, 0), message).body)
    assert opened.patient.target is not None
    assert opened.patient.target.head.id == "me"


@pytest.mark.parametrize(
    ("reference", "key", "value"),
    [
        ({"reference": "Patient/far"}, "Patient/far", None),
        ({"reference": "https://h.example/fhir/Patient/far"}, "Patient/far", None),
        ({"identifier": {"system": HOSPITAL, "value": "7"}}, None, "7"),
        ({"reference": f"Patient?identifier={HOSPITAL}|7"}, None, "7"),
        ({"reference": "urn:uuid:nobody"}, None, None),
        ({"reference": "#nobody"}, None, None),
        ({"reference": "Group/1"}, None, None),
        ({"display": "the boy"}, None, None),
    ],
)
def test_a_patient_elsewhere_is_an_address_or_a_number(
    reference: Json, key: str | None, value: str | None
) -> None:
    message = read_message(encode(immunization(patient=reference)))
    meant = open_parcel(make_parcel(only(message, 0), message).body).patient
    assert (meant.target, meant.resource_key) == (None, key)
    assert (meant.identifier.value if meant.identifier else None) == value


def test_a_bundle_that_refers_to_itself_ends() -> None:
    told = bundle(
        patient("a", link=[{"other": {"reference": "urn:uuid:1"}, "type": "seealso"}]),
        {
            "resourceType": "RelatedPerson",
            "id": "r",
            "patient": {"reference": "urn:uuid:2"},
        },
        immunization(of="urn:uuid:3"),
        urls=["urn:uuid:1", "urn:uuid:2", "urn:uuid:3"],
    )
    message = read_message(encode(told))
    parcels = [make_parcel(only(message, place), message) for place in range(3)]
    assert [open_parcel(one.body).patient.target is None for one in parcels] == [False, True, True]


def test_the_excerpt_of_a_patient_leaves_out_what_is_not_needed() -> None:
    someone = patient(address=[{"text": "secret"}], name=[{"text": "secret"}], telecom=[])
    message = read_message(encode(bundle(someone, immunization())))
    assert b"secret" not in make_parcel(only(message, 1), message).body
    assert b"secret" in make_parcel(only(message, 0), message).body


def version(resource: Json) -> str:
    message = read_message(encode(resource))
    return make_parcel(only(message, 0), message).version_id


def test_a_version_is_its_content_whatever_the_order_and_the_narrative() -> None:
    dose = dict(immunization())
    assert version({key: dose[key] for key in reversed(list(dose))}) == version(dose)
    assert version({**dose, "text": {"div": "…"}}) == version(dose)
    assert version({**dose, "lotNumber": "2"}) != version(dose)
    assert version({**dose, "meta": {"versionId": "2"}}) != version(dose)


def test_a_resource_without_an_id_is_known_by_its_number() -> None:
    dose = {k: v for k, v in immunization(identifier=[{"value": "N"}]).items() if k != "id"}
    message = read_message(encode(dose))
    assert make_parcel(only(message, 0), message).resource_key == "Immunization/|N"


def test_two_patients_under_one_number_are_refused() -> None:
    number = patient("a")["identifier"]
    message = read_message(encode(bundle(patient("a"), patient("b", identifier=number))))
    with pytest.raises(FhirSamePerson) as raised:
        refuse_same_person([only(message, 0), only(message, 1)])
    assert raised.value.detail == "Bundle.entry[1].resource.identifier"
    refuse_same_person([only(message, 0), only(message, 0)])


@pytest.mark.parametrize("name", ["synthea-child.json", "synthea-mother.json"])
def test_every_resource_of_the_sample_is_read_and_read_again(name: str) -> None:
    message = read_message((CASES / name).read_bytes())
    for entry in message.entries:
        assert isinstance(entry, ReadEntry)
        parcel = make_parcel(entry, message)
        assert open_parcel(parcel.body).version_id == parcel.version_id
        raw = json.loads(parcel.body)["entry"][0]["resource"]
        assert raw == json.loads(entry.target.raw)


TYPES = sorted({str(one["resourceType"]) for one in ALL})
ODD: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "9999-12-31", "0000-00-00", "#", "#x", "Patient/p1", "x" * 5000, "\0"])
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["reference", "coding", "value", "start", "x"]), inner)
    ),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, kind: str | None = None) -> bytes:
    """A sound resource, of that type, with one to four places dropped, replaced or repeated; it may
    be bundled.
    """
    sound = [one for one in ALL if kind in (None, one["resourceType"])]
    document: Any = deepcopy(draw(st.sampled_from(sound)))
    document = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 4))):
        at = document
        while isinstance(at, dict | list) and at:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            key = draw(st.sampled_from(keys))
            if draw(st.booleans()) or not isinstance(at[key], dict | list):
                action = draw(st.sampled_from(["drop", "replace", "twice"]))
                if action == "drop":
                    del at[key]
                elif action == "replace":
                    at[key] = draw(ODD)
                else:
                    at[key] = [at[key], at[key]]
                break
            at = at[key]
    if draw(st.booleans()):
        entry = {"resource": document, "fullUrl": draw(st.sampled_from(["urn:uuid:1", "x"]))}
        document = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    return json.dumps(document).encode()


def read_or_refuse(body: bytes) -> tuple[Message | None, Refusal | None]:
    try:
        return read_message(body), None
    except Refusal as refused:
        return None, refused


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_whatever_is_changed_is_read_or_refused_by_code_in_both_languages(body: bytes) -> None:
    message, refused = read_or_refuse(body)
    if message is None:
        assert refused is not None
        assert refused.code.startswith("intake.")
        assert refused.ar
        assert refused.en
        return
    for entry in message.entries:
        if isinstance(entry, ReadEntry):
            parcel = make_parcel(entry, message)
            assert open_parcel(parcel.body).version_id == parcel.version_id
