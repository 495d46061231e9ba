"""FHIR over HTTP: what a hospital sends, how it is answered, and what becomes of it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from api.settings import Settings, read_settings
from domain.fact import Fact
from domain.facts.appointment import AppointmentBooked, AppointmentMoved
from domain.facts.health import MeasurementTaken, VaccinationGiven
from domain.facts.person import IdentifierReplaced, PersonDescribed
from domain.facts.pregnancy import PregnancyConfirmed
from domain.ids import AgencyId, PersonId
from domain.standing import standing_facts
from gov.agency import add_agency
from gov.agency_right import ANYTHING, NOTHING, Rights
from gov.fhir.message import FHIR_BYTES_MAX
from store.scope import ReferenceScope
from tests.gov.fhir.resources import (
    EMIRATES_ID,
    HOSPITAL,
    Json,
    appointment,
    bundle,
    condition,
    encode,
    immunization,
    observation,
    patient,
    quantity,
)
from tests.gov.fhir.test_message import CASES, TYPES, mutated
from tests.support.builders import born
from tests.support.house import TestHouse
from tests.support.intake import FHIR_PATH, Intake, open_intake, outcome_codes
from timeline.apply import read_own_facts
from timeline.duplicate import list_suspected
from timeline.known import find_survivor
from timeline.people import find_person, identify

pytestmark = pytest.mark.slow
ASSIGNER = "demo-hospital-ajman"
APPLIED, RECEIVED = "intake.fhir_applied", "intake.fhir_received"


@pytest.fixture
def app_settings(tmp_path: Path) -> Settings:
    return read_settings({}, data_dir=tmp_path)


@pytest.fixture
async def intake(house: TestHouse, app_settings: Settings) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    async with open_intake(house, app_settings) as opened:
        yield opened


def instant(house: TestHouse, minutes: int) -> str:
    """A `meta.lastUpdated` some minutes ago."""
    return (house.clock.instant - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def pass_time(house: TestHouse) -> None:
    """A version without a date of its own is later by its arrival. Signatures allow ten seconds."""
    house.clock.instant += timedelta(seconds=10)


async def person(house: TestHouse, id_: str = "p1") -> PersonId | None:
    value = f"demo-hospital-ajman/A-{id_}"
    return await find_person(house.ground, system="hospital_number", value=value)


async def standing(house: TestHouse, id_: str = "p1") -> list[Fact]:
    """The facts of a patient that hold, without what is said of the person's own name."""
    who = await person(house, id_)
    if who is None:
        return []
    facts = standing_facts(await read_own_facts(house.ground, who))
    return [fact for fact in facts if fact.kind not in ("person.described", "person.reported")]


async def doses(house: TestHouse, id_: str = "p1") -> list[tuple[str, date]]:
    return [
        (fact.payload.vaccine_code, fact.occurred_on)
        for fact in await standing(house, id_)
        if isinstance(fact.payload, VaccinationGiven)
    ]


async def inbox_count(house: TestHouse) -> int:
    async with house.ground.database.read(ReferenceScope("intake")) as session:
        return int((await session.execute(text("SELECT count(*) FROM inbox"))).scalar_one())


async def test_a_dose_is_answered_at_once_and_becomes_a_fact(
    house: TestHouse, intake: Intake
) -> None:
    answer = await intake.send_fhir("mohap", bundle(patient(), immunization()))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.json()["type"] == "transaction-response"
    assert [one["response"]["status"] for one in answer.json()["entry"]] == ["202 Accepted"] * 2
    assert outcome_codes(answer) == [RECEIVED, RECEIVED]
    assert await doses(house) == []
    await intake.work()
    assert await doses(house) == [("08", date(2026, 5, 10))]


async def test_a_second_feeding_changes_nothing(house: TestHouse, intake: Intake) -> None:
    told = bundle(patient(), immunization())
    await intake.tell_fhir("mohap", told)
    facts = await standing(house)
    again = await intake.send_fhir("mohap", {key: told[key] for key in reversed(list(told))})
    assert outcome_codes(again) == [APPLIED, APPLIED]
    assert [one["response"]["status"] for one in again.json()["entry"]] == ["200 OK"] * 2
    assert intake.hints.said == []
    await intake.work()
    assert await standing(house) == facts
    assert await inbox_count(house) == 2


async def test_a_single_resource_is_answered_by_its_outcome(
    house: TestHouse, intake: Intake
) -> None:
    answer = await intake.send_fhir("mohap", patient())
    assert (answer.status_code, outcome_codes(answer)) == (202, [RECEIVED])
    said = answer.json()["issue"][0]
    assert (said["severity"], said["code"]) == ("information", "informational")
    arabic = said["details"]["_text"]["extension"][0]["extension"]
    assert [part.get("valueCode") for part in arabic] == ["ar", None]
    assert arabic[1]["valueString"]


async def test_a_transaction_is_whole_or_refused_and_a_batch_is_not(
    house: TestHouse, intake: Intake
) -> None:
    resources = (patient(), immunization(status="bogus"), immunization("i2"))
    refused = await intake.send_fhir("mohap", bundle(*resources))
    assert refused.status_code == 422
    (issue,) = refused.json()["issue"]
    assert issue["expression"] == ["Bundle.entry[1].resource.status"]
    assert (issue["severity"], issue["code"]) == ("error", "code-invalid")
    assert await inbox_count(house) == 0
    batch = await intake.send_fhir("mohap", bundle(*resources, kind="batch"))
    assert [one["response"]["status"][:3] for one in batch.json()["entry"]] == ["202", "422", "202"]
    assert await inbox_count(house) == 2


async def test_a_dose_waits_for_a_patient_sent_later(house: TestHouse, intake: Intake) -> None:
    assert await intake.tell_fhir("mohap", immunization()) == ["intake.fhir_patient_awaited"]
    assert await intake.tell_fhir("moj", patient()) == [APPLIED]  # another agency's p1 is another
    assert await doses(house) == []
    await intake.tell_fhir("mohap", patient())
    assert await doses(house) == [("08", date(2026, 5, 10))]


async def test_a_dose_of_nobody_is_held(intake: Intake) -> None:
    nobody = immunization(patient={"display": "the boy"})
    assert await intake.tell_fhir("mohap", nobody) == ["intake.fhir_patient_missing"]
    passport = [{"system": "urn:x", "type": {"coding": [{"code": "PPN"}]}, "value": "1"}]
    told = bundle(patient(identifier=passport), immunization("i2"))
    assert await intake.tell_fhir("mohap", told) == ["intake.fhir_patient_missing"] * 2


async def test_a_patient_by_number_alone_is_enough(house: TestHouse, intake: Intake) -> None:
    by_number = {"identifier": {"system": HOSPITAL, "value": "A-p1"}}
    assert await intake.tell_fhir("mohap", immunization(patient=by_number)) == [APPLIED]
    assert await doses(house) == [("08", date(2026, 5, 10))]


async def test_the_emirates_id_counts_above_the_hospitals_number(
    house: TestHouse, intake: Intake
) -> None:
    numbers = [
        {"system": HOSPITAL, "value": "A-p1"},
        {"system": EMIRATES_ID, "value": "784-1990-1234567-1"},
    ]
    await intake.tell_fhir("mohap", bundle(patient(identifier=numbers), immunization()))
    who = await find_person(house.ground, system="emirates_id", value="/784199012345671")
    assert who is not None
    facts = await read_own_facts(house.ground, who)
    assert len([fact for fact in facts if isinstance(fact.payload, VaccinationGiven)]) == 1
    # and the hospital's number is said to be theirs, until a later version says no more so
    assert await joined(house) == {(who, await person(house))}
    pass_time(house)
    await intake.tell_fhir("mohap", patient(identifier=numbers[1:]))
    assert await joined(house) == set()


async def joined(house: TestHouse) -> set[tuple[PersonId, PersonId]]:
    return {
        (fact.payload.person, fact.payload.former)
        for fact in await standing(house)
        if isinstance(fact.payload, IdentifierReplaced)
    }


async def test_a_newborns_dose_under_the_mothers_number_is_held(
    house: TestHouse, intake: Intake
) -> None:
    mother = patient("m", birthDate="2005-03-10")
    await intake.tell_fhir("mohap", mother)
    newborn = patient("b", identifier=mother["identifier"])
    told = bundle(newborn, immunization(of="Patient/b"))
    assert await intake.tell_fhir("mohap", told) == ["intake.fhir_patient_contradicted"] * 2
    assert await doses(house, "m") == []
    pass_time(house)
    assert await intake.tell_fhir("mohap", patient("b")) == [APPLIED]


@pytest.mark.parametrize("known", ["described", "child", "later pair"])
async def test_a_newborn_whose_patient_has_the_mothers_number_too_is_not_the_mother(
    house: TestHouse, intake: Intake, known: str
) -> None:
    newborns = {"system": EMIRATES_ID, "value": "784-1990-1234567-1"}
    mothers = {"system": HOSPITAL, "value": "A-m"}
    numbers = [newborns, mothers]
    baby = await identify(house.ground, system="emirates_id", value="/784199012345671")
    mother = await identify(house.ground, system="hospital_number", value=f"{ASSIGNER}/A-m")
    if known == "described":
        await intake.tell_fhir("mohap", patient("m", birthDate="1990-03-10"))
    else:
        await house.apply(born(baby, mother, date(2026, 3, 10)))
    if known == "later pair":  # the first number is nobody's yet
        numbers = [{"system": HOSPITAL, "value": "A-0"}, mothers, newborns]
    held = patient("b", identifier=numbers)
    assert await intake.tell_fhir("mohap", held) == ["intake.identity_contradicted"]
    assert await find_survivor(house.ground, baby) == baby
    assert await find_survivor(house.ground, mother) == mother
    assert {frozenset((one.person_id, one.other_id)) for one in await list_suspected(house.ground)}
    pass_time(house)
    assert await intake.tell_fhir("mohap", patient("b", identifier=[newborns])) == [APPLIED]


@pytest.mark.parametrize(("born", "code"), [("2016-03-12", APPLIED), ("2016-03-11", "held")])
async def test_births_ten_years_apart_are_two_people(intake: Intake, born: str, code: str) -> None:
    """From 12 March 2016 to 10 March 2026 are 3,650 days."""
    await intake.tell_fhir("mohap", patient("a", birthDate=born))
    other = patient("b", identifier=patient("a")["identifier"])
    (told,) = await intake.tell_fhir("mohap", other)
    assert told == (APPLIED if code == APPLIED else "intake.fhir_patient_contradicted")


async def test_a_birth_of_another_century_can_be_corrected(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell_fhir("mohap", patient(birthDate="1926-03-10"))
    pass_time(house)
    assert await intake.tell_fhir("mohap", patient()) == [APPLIED]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_versions_end_alike_in_every_order(
    house: TestHouse, intake: Intake, order: tuple[int, ...]
) -> None:
    versions = [
        immunization(
            occurrenceDateTime=f"2026-05-1{number}",
            meta={"lastUpdated": instant(house, 9 - number)},
        )
        for number in range(3)
    ]
    await intake.tell_fhir("mohap", patient())
    for place in order:
        await intake.tell_fhir("mohap", versions[place])
    assert await doses(house) == [("08", date(2026, 5, 12))]


@pytest.mark.parametrize("order", list(permutations(range(2))))
async def test_a_dose_entered_in_error_is_taken_back_whichever_came_first(
    house: TestHouse, intake: Intake, order: tuple[int, ...]
) -> None:
    versions = (immunization(), immunization(status="entered-in-error"))
    await intake.tell_fhir("mohap", patient())
    for place in order:
        await intake.tell_fhir("mohap", versions[place])
    assert await doses(house) == []


async def test_what_was_taken_back_and_proven_again_counts(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell_fhir("mohap", patient())
    for minutes, status in ((9, "completed"), (8, "entered-in-error"), (7, "completed")):
        dose = immunization(status=status, meta={"lastUpdated": instant(house, minutes)})
        await intake.tell_fhir("mohap", dose)
    assert await doses(house) == [("08", date(2026, 5, 10))]


async def test_a_dose_moved_to_the_other_twin_leaves_the_first(
    house: TestHouse, intake: Intake
) -> None:
    twins = bundle(patient("a", multipleBirthInteger=1), patient("b", multipleBirthInteger=2))
    await intake.tell_fhir("mohap", twins)
    wrong = immunization(of="Patient/a", occurrenceDateTime="2026-03-10T03:00:00+04:00")
    await intake.tell_fhir("mohap", wrong)
    assert await doses(house, "a") == [("08", date(2026, 3, 10))]  # on the day of the birth
    pass_time(house)
    await intake.tell_fhir("mohap", {**wrong, "patient": {"reference": "Patient/b"}})
    assert await doses(house, "a") == []
    assert await doses(house, "b") == [("08", date(2026, 3, 10))]


async def test_two_exchanges_that_report_one_dose_are_both_kept(
    house: TestHouse, intake: Intake
) -> None:
    for agency_id in ("mohap", "moj"):
        await intake.tell_fhir(agency_id, bundle(patient(), immunization()))
    assert await doses(house) == [("08", date(2026, 5, 10))] * 2


async def test_the_same_version_sent_at_once_is_one(house: TestHouse, intake: Intake) -> None:
    told = bundle(patient(), immunization())
    answers = await asyncio.gather(*(intake.send_fhir("mohap", told) for _ in range(4)))
    assert sorted(answer.json()["entry"][0]["response"]["status"] for answer in answers) == [
        "200 OK",
        "200 OK",
        "200 OK",
        "202 Accepted",
    ]
    assert await inbox_count(house) == 2


async def test_a_pregnancy_a_weight_and_an_appointment_become_facts(
    house: TestHouse, intake: Intake
) -> None:
    mother = patient(birthDate="1998-01-01")
    later = {"start": "2026-12-03T09:00:00+04:00", "end": "2026-12-03T09:20:00+04:00"}
    told = bundle(
        mother,
        observation("11778-8", valueDateTime="2026-12-30"),
        {**observation("29463-7", valueQuantity=quantity(132, "[lb_av]")), "id": "o2"},
        condition("72892002"),
        appointment(),
    )
    codes = await intake.tell_fhir("mohap", told)
    assert codes == [APPLIED, APPLIED, APPLIED, "intake.fhir_due_day_needed", APPLIED]
    pass_time(house)
    await intake.tell_fhir("mohap", appointment(**later))
    kinds = {type(fact.payload) for fact in await standing(house)}
    assert kinds == {PregnancyConfirmed, MeasurementTaken, AppointmentBooked, AppointmentMoved}


async def test_a_dose_of_the_dead_is_held_until_the_death_is_taken_back(
    house: TestHouse, intake: Intake
) -> None:
    dead = patient(deceasedDateTime="2026-04-01", meta={"lastUpdated": instant(house, 9)})
    await intake.tell_fhir("mohap", dead)
    assert await intake.tell_fhir("mohap", immunization()) == ["intake.subject_deceased"]
    await intake.tell_fhir("mohap", patient(meta={"lastUpdated": instant(house, 8)}))
    assert outcome_codes(await intake.send_fhir("mohap", immunization())) == [APPLIED]
    assert await doses(house) == [("08", date(2026, 5, 10))]


async def test_a_patient_is_described_by_the_latest_version(
    house: TestHouse, intake: Intake
) -> None:
    for minutes, name in ((9, "Salim"), (8, "Salem")):
        told = patient(name=[{"text": name}], meta={"lastUpdated": instant(house, minutes)})
        await intake.tell_fhir("mohap", told)
    who = await person(house)
    assert who is not None
    said = [
        fact.payload.name_en
        for fact in standing_facts(await read_own_facts(house.ground, who))
        if isinstance(fact.payload, PersonDescribed)
    ]
    assert said == ["Salem"]


@pytest.mark.parametrize("name", ["synthea-child.json", "synthea-mother.json"])
async def test_every_resource_of_the_sample_is_a_fact_or_listed(
    house: TestHouse, intake: Intake, name: str
) -> None:
    body = (CASES / name).read_bytes()
    first = await intake.send_fhir("mohap", body)
    assert first.status_code == 200
    await intake.work()
    again = await intake.send_fhir("mohap", body)
    assert intake.hints.said == []
    kinds = [entry["resource"]["resourceType"] for entry in read_json(body)["entry"]]
    told = Counter(zip(kinds, outcome_codes(again), strict=True))
    assert not [code for _, code in told if code in (RECEIVED, "intake.not_understood")]
    finished = {code: count for (kind, code), count in told.items() if kind == "Immunization"}
    assert finished.get(APPLIED, 0) >= 0.95 * sum(finished.values())


HOSPITAL_RIGHTS = Rights(
    kinds=("person.reported", "vaccination.given"), assigners=("demo-hospital-ajman",)
)


async def give(house: TestHouse, rights: Rights) -> None:
    """Changes what `mohap` may report."""
    database = house.ground.database
    await add_agency(database, AgencyId("mohap"), name_ar="جهة", name_en="A", rights=rights)


OTHERS = [{"system": "https://osrati.example/fhir/sid/hospital-number/other", "value": "1"}]


@pytest.mark.parametrize(
    ("rights", "told", "code"),
    [
        (NOTHING, {"resourceType": "Claim", "id": "c"}, "intake.kind_not_allowed"),
        (HOSPITAL_RIGHTS, appointment(), "intake.kind_not_allowed"),
        (HOSPITAL_RIGHTS, immunization(status="not-done"), "intake.kind_not_allowed"),
        (HOSPITAL_RIGHTS, patient(identifier=OTHERS), "intake.subject_not_allowed"),
        (HOSPITAL_RIGHTS, patient(deceasedDateTime="2026-06-01"), "intake.kind_not_allowed"),
    ],
)
async def test_what_an_agency_may_not_say_is_refused_and_not_kept(
    house: TestHouse, intake: Intake, rights: Rights, told: Json, code: str
) -> None:
    await give(house, rights)
    answer = await intake.send_fhir("mohap", told)
    assert (answer.status_code, outcome_codes(answer)) == (403, [code])
    assert answer.json()["issue"][0]["code"] == "forbidden"
    assert await inbox_count(house) == 0


async def test_what_an_agency_may_say_is_taken(house: TestHouse, intake: Intake) -> None:
    await give(house, HOSPITAL_RIGHTS)
    claim = {"resourceType": "Claim", "id": "c"}
    codes = await intake.tell_fhir("mohap", bundle(patient(), immunization(), claim))
    assert codes == [APPLIED, APPLIED, "intake.fhir_type_unused"]


async def test_rights_that_were_narrowed_hold_what_waits(house: TestHouse, intake: Intake) -> None:
    await intake.send_fhir("mohap", bundle(patient(), immunization()))
    await give(house, Rights(kinds=("person.reported",), assigners=("*",)))
    await intake.work()
    assert await doses(house) == []
    await give(house, ANYTHING)
    codes = outcome_codes(await intake.send_fhir("mohap", bundle(patient(), immunization())))
    assert codes == [APPLIED, "intake.kind_not_allowed"]


async def test_numbers_are_joined_only_by_who_may(house: TestHouse, intake: Intake) -> None:
    await give(house, HOSPITAL_RIGHTS)
    numbers = [*patient()["identifier"], {"system": EMIRATES_ID, "value": "784-1990-1234567-1"}]
    assert await intake.tell_fhir("mohap", patient(identifier=numbers)) == [APPLIED]
    assert await joined(house) == set()


def read_json(body: bytes) -> Json:
    read: Json = json.loads(body)
    return read


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/fhir+json", 202),
        ("application/fhir+json; charset=utf-8; fhirVersion=4.0", 202),
        ("application/json", 202),
        ("application/fhir+json; fhirVersion=5.0", 415),
        ("application/fhir+xml", 415),
        ("", 415),
    ],
)
async def test_content_types(intake: Intake, content_type: str, status: int) -> None:
    client = intake.clients["mohap"]
    answer = await client.send(encode(patient()), path=FHIR_PATH, content_type=content_type)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_fifty_megabytes_are_refused_before_they_are_read(intake: Intake) -> None:
    answer = await intake.http.post(
        FHIR_PATH, content=b"x" * 50_000_000, headers={"content-type": "application/fhir+json"}
    )
    assert (answer.status_code, outcome_codes(answer)) == (413, ["intake.fhir_too_large"])


async def test_a_body_without_a_length_is_cut_at_the_limit(intake: Intake) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(FHIR_BYTES_MAX // 65_536 + 2):
            yield b"x" * 65_536

    answer = await intake.http.post(
        FHIR_PATH, content=endless(), headers={"content-type": "application/fhir+json"}
    )
    assert (answer.status_code, outcome_codes(answer)) == (413, ["intake.fhir_too_large"])


async def test_five_thousand_entries_are_refused_and_nothing_kept(
    house: TestHouse, intake: Intake
) -> None:
    told = bundle(*(immunization(f"i{number}") for number in range(5_000)))
    answer = await intake.send_fhir("mohap", told)
    assert (answer.status_code, outcome_codes(answer)) == (413, ["intake.fhir_entries"])
    assert await inbox_count(house) == 0


async def test_an_unsigned_request_is_refused_in_fhirs_form(intake: Intake) -> None:
    answer = await intake.http.post(
        FHIR_PATH, content=encode(patient()), headers={"content-type": "application/fhir+json"}
    )
    assert (answer.status_code, outcome_codes(answer)) == (401, ["intake.signature_missing"])
    assert answer.json()["issue"][0]["code"] == "login"


async def test_another_method_and_what_the_address_says_of_itself(intake: Intake) -> None:
    answer = await intake.http.get(FHIR_PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    metadata = (await intake.http.get(FHIR_PATH + "/metadata")).json()
    assert metadata["resourceType"] == "CapabilityStatement"
    types = {one["type"] for one in metadata["rest"][0]["resource"]}
    assert {"Patient", "Immunization", "Appointment", "Observation"} <= types


@pytest.mark.parametrize("kind", TYPES)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_no_mutation_breaks_the_server_and_each_is_answered_by_code(
    intake: Intake, kind: str, data: st.DataObject
) -> None:
    body = data.draw(mutated(kind))
    answer = await intake.send_fhir("mohap", body)
    assert answer.status_code < 500, answer.text
    assert all(code.startswith("intake.") for code in outcome_codes(answer))
    await intake.work()
    again = await intake.send_fhir("mohap", body)
    assert "intake.not_understood" not in outcome_codes(again)
