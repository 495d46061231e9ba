"""What a FHIR resource tells, and the messy ones that tell nothing: each with its reason."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.error import Refusal
from domain.fact import Payload
from domain.facts.appointment import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentKept,
    AppointmentMissed,
    AppointmentMoved,
    VisitKept,
)
from domain.facts.health import (
    MeasurementTaken,
    VaccinationGiven,
    VaccinationNotDone,
    VaccinationRefused,
)
from domain.facts.person import PersonDescribed, PersonDied
from domain.facts.pregnancy import PregnancyConfirmed, PregnancyEnded
from domain.ids import PersonId
from gov.fhir.message import ReadEntry, read_message
from gov.fhir.reason import (
    CodeUnknown,
    CodeUnused,
    DayContradicted,
    DayUnknown,
    DueDayNeeded,
    LinkUnused,
    NotFinal,
    TypeUnused,
    ValueUnusable,
)
from gov.fhir.resource import Patient
from gov.fhir.understand import understand
from tests.gov.fhir.resources import (
    ACT_REASON,
    CVX,
    SNOMED,
    Json,
    appointment,
    concept,
    condition,
    encode,
    encounter,
    immunization,
    observation,
    patient,
    quantity,
)

WHO = PersonId(UUID(int=1))
TODAY = date(2026, 11, 21)


def read(resource: Json) -> Any:
    (entry,) = read_message(encode(resource)).entries
    assert isinstance(entry, ReadEntry), entry
    return entry.resource


def told(
    resource: Json, *, of: Json | None = None, earlier: tuple[Json, ...] = ()
) -> tuple[tuple[date, Payload], ...] | type[Refusal]:
    """Day and payload of each fact, or the reason."""
    who = read(of if of is not None else patient())
    assert isinstance(who, Patient)
    said = understand(
        read(resource),
        patient=who,
        earlier=[read(other) for other in earlier],
        asserted_on=TODAY,
        received_on=TODAY,
    )
    if isinstance(said, type):
        return said
    return tuple((telling.occurred_on, telling.about(WHO)) for telling in said)


def the_fact(resource: Json, **keywords: Any) -> Payload:
    facts = told(resource, **keywords)
    assert isinstance(facts, tuple)
    ((_, payload),) = facts
    return payload


def test_a_dose_is_told_with_its_lot_and_by_whom_it_was_seen() -> None:
    dose = immunization(lotNumber=" L-7 ", primarySource=False, isSubpotent=True)
    assert told(dose) == (
        (
            date(2026, 5, 10),
            VaccinationGiven(WHO, "08", lot_number="L-7", is_partial=True, given_elsewhere=True),
        ),
    )


@pytest.mark.parametrize("written", ["2026", "2026-05", None], ids=["a year", "a month", "words"])
def test_a_dose_without_a_day_is_listed_and_no_day_made_up(written: str | None) -> None:
    dose = {**immunization(), "occurrenceDateTime": written}
    if written is None:
        dose = {**dose, "occurrenceString": "as a baby"}
    assert told(dose) is DayUnknown


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (concept(CVX, "8"), "08"),
        (concept(CVX, "008"), "08"),
        ({"coding": [{"system": SNOMED, "code": "1"}, {"system": CVX, "code": "140"}]}, "140"),
        ({"coding": [{"system": "urn:oid:2.16.840.1.113883.12.292", "code": "19"}]}, "19"),
    ],
)
def test_a_vaccine_is_its_cvx_code(code: Json, expected: str) -> None:
    assert the_fact(immunization(vaccineCode=code)) == VaccinationGiven(WHO, expected)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (concept(None, "08"), CodeUnknown),  # whose 08? nobody guesses
        ({"text": "BCG"}, CodeUnknown),
        (concept(CVX, "BCG"), CodeUnknown),
        (concept(CVX, "٠٨"), CodeUnknown),
        (concept(CVX, "998"), CodeUnused),  # "no vaccine administered"
    ],
)
def test_a_vaccine_without_a_code_we_read_is_listed(code: Json, reason: type[Refusal]) -> None:
    assert told(immunization(vaccineCode=code)) is reason


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("PATOBJ", VaccinationRefused(WHO, "08", "other")),
        ("RELIG", VaccinationRefused(WHO, "08", "religious")),
        ("MEDPREC", VaccinationNotDone(WHO, "08", "contraindicated")),
        ("IMMUNE", VaccinationNotDone(WHO, "08", "immune")),
        ("OSTOCK", VaccinationNotDone(WHO, "08", "out_of_stock")),
        (None, VaccinationNotDone(WHO, "08", "other")),
    ],
)
def test_refused_and_not_possible_are_told_apart(reason: str | None, expected: Payload) -> None:
    said = concept(ACT_REASON, reason) if reason else None
    assert the_fact(immunization(status="not-done", statusReason=said)) == expected


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-10",
        "2026-03-09T20:30:00Z",
        "2026-03-09T20:30:00+00:00",
        "2026-03-10T00:30:00+04:00",
    ],
)
def test_a_dose_in_the_night_of_the_birth_is_not_before_it(written: str) -> None:
    """Half past midnight in Dubai is the evening before in UTC."""
    facts = told(immunization(occurrenceDateTime=written))
    assert isinstance(facts, tuple)
    assert facts[0][0] == date(2026, 3, 10)


@pytest.mark.parametrize("written", ["2026-03-09", "2026-11-23"])
def test_a_dose_before_the_birth_or_in_the_future_is_listed(written: str) -> None:
    assert told(immunization(occurrenceDateTime=written)) is DayContradicted


def test_a_hospital_a_day_ahead_is_believed() -> None:
    assert isinstance(told(immunization(occurrenceDateTime="2026-11-22")), tuple)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (quantity(6.2, "kg"), 6.2),
        (quantity(6200, "g"), 6.2),
        (quantity(13.67, "[lb_av]"), 6.201),  # 13.67 x 0.45359237
        (quantity(218.7, "[oz_av]"), 6.2),
        (quantity(13.67, None, unit="lbs"), 6.201),
        (quantity(6.2, None, unit="KG"), 6.2),
    ],
)
def test_a_weight_in_any_unit_is_kilograms(value: Json, expected: float) -> None:
    fact = the_fact(observation("29463-7", valueQuantity=value))
    assert fact == MeasurementTaken(WHO, weight_kg=expected)


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("8302-2", quantity(61.5, "cm"), MeasurementTaken(WHO, length_cm=61.5)),
        ("8302-2", quantity(0.615, "m"), MeasurementTaken(WHO, length_cm=61.5)),
        (
            "8306-3",
            quantity(24.2, "[in_i]"),
            MeasurementTaken(WHO, length_cm=61.47, position="lying"),
        ),
        ("8308-9", quantity(615, "mm"), MeasurementTaken(WHO, length_cm=61.5, position="standing")),
        ("9843-4", quantity(40, "cm"), MeasurementTaken(WHO, head_cm=40.0)),
        ("56072-2", quantity(14, "cm"), MeasurementTaken(WHO, arm_cm=14.0)),
    ],
)
def test_lengths_are_centimetres_and_say_how_they_were_taken(
    code: str, value: Json, expected: Payload
) -> None:
    assert the_fact(observation(code, valueQuantity=value)) == expected


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"valueQuantity": quantity(6.2, "[stone_av]")},
        {"valueQuantity": {"value": 6.2}},
        {"valueQuantity": quantity(0, "kg")},
        {"valueQuantity": quantity(-3, "kg")},
        {"valueQuantity": quantity(701, "kg")},
        {"valueQuantity": quantity(6.2, "kg", comparator="<")},
        {"valueQuantity": quantity(6.2, "cm")},
        {"valueQuantity": {"value": 6.2, "system": "urn:other", "code": "x"}},
    ],
)
def test_a_weight_that_cannot_be_read_is_listed(members: Json) -> None:
    assert told({**observation("29463-7"), **members}) is ValueUnusable


def test_the_heaviest_weight_that_is_believed() -> None:
    fact = the_fact(observation("29463-7", valueQuantity=quantity(700, "kg")))
    assert fact == MeasurementTaken(WHO, weight_kg=700.0)


@pytest.mark.parametrize("status", ["registered", "preliminary", "cancelled", "unknown"])
def test_an_observation_that_is_not_final_is_listed(status: str) -> None:
    weight = observation("29463-7", status=status, valueQuantity=quantity(6, "kg"))
    assert told(weight) is NotFinal


def test_an_observation_of_something_else_is_listed() -> None:
    assert told(observation("2339-0", valueQuantity=quantity(90, "mg/dL"))) is CodeUnused


MOTHER = patient(birthDate="1998-01-01")


def test_a_due_day_confirms_a_pregnancy() -> None:
    fact = the_fact(observation("11778-8", valueDateTime="2026-12-30"), of=MOTHER)
    assert fact == PregnancyConfirmed(WHO, None, date(2026, 12, 30))


@pytest.mark.parametrize(
    ("due", "reason"),
    [
        ("2027-03-07", DayContradicted),  # 301 days after 10 May 2026
        ("2026-05-09", DayContradicted),
        ("2026-12", ValueUnusable),
    ],
)
def test_a_due_day_that_cannot_be_is_listed(due: str, reason: type[Refusal]) -> None:
    assert told(observation("11778-8", valueDateTime=due), of=MOTHER) is reason


def test_the_latest_due_day_that_is_believed() -> None:
    fact = the_fact(observation("11778-8", valueDateTime="2027-03-06"), of=MOTHER)
    assert fact == PregnancyConfirmed(WHO, None, date(2027, 3, 6))


@pytest.mark.parametrize("code", ["72892002", "77386006"])
def test_a_pregnancy_without_its_due_day_waits_for_one(code: str) -> None:
    assert told(condition(code), of=MOTHER) is DueDayNeeded


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("19169002", "loss"), ("35999006", "loss"), ("237364002", "stillbirth")],
)
def test_the_end_of_a_pregnancy_is_told(code: str, outcome: str) -> None:
    fact = the_fact(condition(code), of=MOTHER)
    assert isinstance(fact, PregnancyEnded)
    assert fact.outcome == outcome


def _verified(code: str) -> Json:
    return concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", code)


@pytest.mark.parametrize("code", ["unconfirmed", "provisional", "differential"])
def test_a_suspected_loss_is_no_loss(code: str) -> None:
    suspected = condition("19169002", verificationStatus=_verified(code))
    assert told(suspected, of=MOTHER) is NotFinal


def test_another_diagnosis_is_not_kept_as_a_fact() -> None:
    assert told(condition("38341003"), of=MOTHER) is CodeUnused


def test_an_appointment_is_booked_then_moved_then_kept() -> None:
    first = appointment()
    later = appointment(start="2026-12-03T09:00:00+04:00", end="2026-12-03T09:20:00+04:00")
    booked = the_fact(first)
    assert isinstance(booked, AppointmentBooked)
    assert (booked.number, booked.starts_at.isoformat()) == ("a1", "2026-12-01T05:00:00+00:00")
    moved = the_fact(later, earlier=(first,))
    assert isinstance(moved, AppointmentMoved)
    assert moved.starts_at.isoformat() == "2026-12-03T05:00:00+00:00"
    assert isinstance(the_fact(first, earlier=(first,)), AppointmentBooked)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("cancelled", AppointmentCancelled),
        ("noshow", AppointmentMissed),
        ("fulfilled", AppointmentKept),
        ("arrived", AppointmentKept),
    ],
)
def test_what_became_of_an_appointment(status: str, kind: type[Payload]) -> None:
    past = {"start": "2026-11-20T09:00:00+04:00", "end": "2026-11-20T09:20:00+04:00"}
    named = appointment(status, identifier=[{"value": "N-1"}], **past)
    fact = the_fact(named)
    assert isinstance(fact, kind)
    assert getattr(fact, "number", None) == "N-1"


@pytest.mark.parametrize("status", ["proposed", "pending", "waitlist"])
def test_an_appointment_nobody_agreed_to_is_listed(status: str) -> None:
    assert told(appointment(status)) is NotFinal


def test_an_appointment_missed_in_the_future_is_listed() -> None:
    assert told(appointment("noshow")) is DayContradicted


@pytest.mark.parametrize(
    ("code", "purpose"),
    [("424619006", "antenatal"), ("169762003", "postnatal"), ("185349003", "child_health")],
)
def test_a_finished_encounter_is_a_visit(code: str, purpose: str) -> None:
    fact = the_fact(encounter(code))
    assert isinstance(fact, VisitKept)
    assert fact.purpose == purpose


def test_the_check_up_of_a_grown_up_is_nothing_here() -> None:
    assert told(encounter("185349003"), of=patient(birthDate="2008-05-10")) is CodeUnused
    assert isinstance(told(encounter("185349003"), of=patient(birthDate="2008-05-11")), tuple)


def test_a_planned_encounter_is_no_visit() -> None:
    assert told(encounter("424619006", status="planned")) is NotFinal


def test_parenthood_is_not_taken_from_a_related_person() -> None:
    mother = {
        "resourceType": "RelatedPerson",
        "id": "r1",
        "patient": {"reference": "Patient/p1"},
        "relationship": [concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH")],
    }
    assert told(mother) is LinkUnused


def test_a_type_that_is_not_used_is_listed() -> None:
    assert told({"resourceType": "Claim", "id": "x"}) is TypeUnused


TRANSLATED = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/translation",
            "extension": [
                {"url": "lang", "valueCode": "ar"},
                {"url": "content", "valueString": "سالم المزروعي"},
            ],
        }
    ]
}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([{"family": "Al Mazrouei", "given": ["Salem", "Ali"]}], (None, "Salem Ali Al Mazrouei")),
        (
            [{"text": "AL MAZROUEI, Salem", "family": "Al Mazrouei", "given": ["Salem"]}],
            (None, "Salem Al Mazrouei"),
        ),
        ([{"text": "سالم المزروعي"}], ("سالم المزروعي", None)),
        ([{"text": "Salem", "_text": TRANSLATED}], ("سالم المزروعي", "Salem")),
        (
            [
                {"use": "nickname", "text": "Sallooma"},
                {"use": "usual", "text": "Salem"},
                {"use": "official", "text": "Salem Ali"},
                {"use": "official", "family": "المزروعي", "given": ["سالم"]},
            ],
            ("سالم المزروعي", "Salem Ali"),
        ),
        ([{"use": "maiden", "text": "Old"}], (None, None)),
        ([{"text": "Gone", "period": {"end": "2020-01-01"}}], (None, None)),
        ([{"text": "Sa\u202elem"}], (None, None)),  # would show as another name
        ([{"given": [None, "Salem"], "family": "A"}], (None, "Salem A")),
        ([{"text": "123"}], (None, None)),
        ([{"text": "S" * 201}], (None, None)),
        ([{"text": "S" * 200}], (None, "S" * 200)),
        ([], (None, None)),
    ],
)
def test_names_by_script_given_before_family(
    names: list[Json], expected: tuple[str | None, str | None]
) -> None:
    facts = told(patient(name=names))
    assert isinstance(facts, tuple)
    described = facts[1][1]
    assert isinstance(described, PersonDescribed)
    assert (described.name_ar, described.name_en) == expected


def test_a_birth_known_by_its_year_keeps_its_year() -> None:
    facts = told(patient(birthDate="1961", gender="other"))
    assert isinstance(facts, tuple)
    described = facts[1][1]
    assert isinstance(described, PersonDescribed)
    assert (described.born_on, described.born_in, described.sex) == (None, "1961", "unknown")


def test_a_death_is_told_by_its_day_only() -> None:
    died = told(patient(deceasedDateTime="2026-06-01T10:00:00+04:00"))
    assert isinstance(died, tuple)
    assert died[-1] == (date(2026, 6, 1), PersonDied(WHO))
    for members in ({"deceasedBoolean": True}, {"deceasedDateTime": "2026"}):
        facts = told(patient(**members))
        assert isinstance(facts, tuple)
        assert not [payload for _, payload in facts if isinstance(payload, PersonDied)]
