"""`$immds-forecast`: Parameters in, evaluations and a recommendation out, never a crash."""

import json
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.schedule.packed import read_supporting_data
from content.schedule.read_programme import read_programme
from domain.immunization.schedule import make_schedule
from gov.immds.forecast import forecast_operation
from gov.immds.request import BODY_BYTES_MAX

TODAY = date(2026, 11, 21)
UAE = read_programme()
CVX = "http://hl7.org/fhir/sid/cvx"

Json = dict[str, Any]  # Any: FHIR resources as JSON


def immunization(number: int, cvx: str, on: str, **rows: Any) -> Json:
    return {
        "resourceType": "Immunization",
        "id": f"i{number}",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": CVX, "code": cvx}]},
        "patient": {"reference": "Patient/p"},
        "occurrenceDateTime": on,
        **rows,
    }


def parameters(*doses: Json, born: str = "2026-01-10", on: str = "2026-05-20", **rows: Any) -> Json:
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": born, **rows}
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "assessmentDate", "valueDate": on},
            {"name": "patient", "resource": patient},
            *({"name": "immunization", "resource": dose} for dose in doses),
        ],
    }


def ask(request: object) -> tuple[int, Json]:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    status, answer = forecast_operation(body, UAE, today=TODAY)
    json.dumps(answer, allow_nan=False)
    return status, answer


def evaluations(answer: Json) -> list[Json]:
    return [p["resource"] for p in answer["parameter"] if p["name"] == "evaluation"]


def recommendation(answer: Json) -> Json:
    (found,) = (p["resource"] for p in answer["parameter"] if p["name"] == "recommendation")
    assert isinstance(found, dict)
    return found


def reasons(evaluation: Json) -> list[str]:
    return [item["coding"][0]["code"] for item in evaluation.get("doseStatusReason", ())]


def test_a_dose_is_evaluated_for_each_disease_and_the_next_is_recommended() -> None:
    # Born 10 January 2026: hexavalent on 10 March, two months. The second is wanted at four months,
    # 10 May, earliest 28 days after the first, 7 April, and late from 10 June on.
    request = parameters(immunization(1, "146", "2026-03-10"), on="2026-05-20")
    status, answer = ask(request)
    assert status == 200
    found = evaluations(answer)
    assert {item["targetDisease"]["text"] for item in found} == {
        "Diphtheria",
        "Tetanus",
        "Pertussis",
        "Polio",
        "Hib",
        "HepB",
    }
    for item in found:
        assert item["resourceType"] == "ImmunizationEvaluation"
        assert item["status"] == "completed"
        assert item["doseStatus"]["coding"][0]["code"] == "valid"
        assert item["immunizationEvent"] == {"reference": "Immunization/i1"}
        assert item["patient"] == {"reference": "Patient/p"}
    made = recommendation(answer)
    assert (made["resourceType"], made["date"]) == ("ImmunizationRecommendation", "2026-11-21")
    (hib,) = (r for r in made["recommendation"] if r["series"].startswith("Hib"))
    assert hib["forecastStatus"]["coding"][0]["code"] == "due"
    assert hib["doseNumberPositiveInt"] == 2
    assert {c["code"]["coding"][0]["code"]: c["value"] for c in hib["dateCriterion"]} == {
        "30981-5": "2026-04-07",
        "30980-7": "2026-05-10",
        "59778-1": "2026-06-09",
        "59777-3": "2031-01-09",
    }
    (pcv,) = (r for r in made["recommendation"] if r["series"].startswith("Pneumo"))
    assert pcv["forecastStatus"]["coding"][0]["code"] == "overdue"


def test_what_cannot_be_counted_is_answered_with_its_reason() -> None:
    day = "2026-03-10"
    request = parameters(
        immunization(1, "999", day),
        immunization(2, "146", "2026-03"),
        immunization(3, "146", day, status="entered-in-error"),
        immunization(4, "133", "2025-12-01"),
        immunization(5, "133", "2026-06-01"),
        immunization(6, "133", day, vaccineCode={"text": "a jab"}),
        immunization(7, "133", day, status="not-done"),
        immunization(8, "88", day),
        immunization(9, "133", day, isSubpotent=True),
        {**immunization(10, "133", day), "occurrenceDateTime": None, "occurrenceString": "spring"},
    )
    status, answer = ask(request)
    assert status == 200
    told = {
        (item["immunizationEvent"]["reference"][-2:].strip("i/"), *reasons(item))
        for item in evaluations(answer)
    }
    assert told == {
        ("1", "unknown_vaccine"),
        ("2", "incomplete_date"),
        ("3", "entered_in_error"),
        ("4", "before_birth"),
        ("5", "after_assessment"),
        ("6", "unknown_vaccine"),
        ("8", "not_asked_for"),
        ("9", "dose_condition"),
        ("10", "incomplete_date"),
    }
    assert all(
        item["doseStatus"]["coding"][0]["code"] == "notvalid" for item in evaluations(answer)
    )


def test_one_dose_told_by_two_exchanges_is_counted_once_and_shown_twice() -> None:
    request = parameters(
        immunization(1, "133", "2026-03-10", meta={"source": "urn:riayati"}),
        immunization(2, "133", "2026-03-13", meta={"source": "urn:malaffi"}),
    )
    found = {e["immunizationEvent"]["reference"]: reasons(e) for e in evaluations(ask(request)[1])}
    assert found == {"Immunization/i1": ["repeated_report"], "Immunization/i2": []}


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-03-10T21:00:00Z", "2026-03-11"),  # one o'clock of the next day in Dubai
        ("2026-03-10T19:59:59Z", "2026-03-10"),
        ("2026-03-10T23:00:00-08:00", "2026-03-10"),  # as its writer saw it
        ("2026-03-10T23:00:00.123+04:00", "2026-03-10"),
    ],
)
def test_an_instant_is_a_day(written: str, day: str) -> None:
    answer = ask(parameters(immunization(1, "133", written)))[1]
    (pcv,) = (
        r for r in recommendation(answer)["recommendation"] if r["series"].startswith("Pneumo")
    )
    # four weeks later
    later = date.fromisoformat(day).toordinal() + 28
    assert pcv["dateCriterion"][0]["value"] == date.fromordinal(later).isoformat()


def drop(path: str) -> Json:
    request: Json = parameters(immunization(1, "133", "2026-03-10"))
    *places, last = path.split(".")
    found: Any = request["parameter"]
    for place in places:
        found = found[int(place) if place.isdecimal() else place]
    del found[int(last) if last.isdecimal() else last]
    return request


DOSE = immunization(1, "133", "2026-03-10")


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"", 400, "structure"),
        (b"\xff", 400, "structure"),
        (b"[]", 400, "structure"),
        (b'{"resourceType": "Parameters", "parameter": [NaN]}', 400, "structure"),
        (b"[" * 100_000, 400, "structure"),
        (b'"\\ud800"', 400, "structure"),
        (b" " * (BODY_BYTES_MAX + 1), 413, "too-long"),
        ({"resourceType": "Bundle"}, 400, "structure"),
        ({"resourceType": "Parameters"}, 400, "required"),
        (drop("0"), 400, "required"),
        (drop("1"), 400, "required"),
        (drop("0.valueDate"), 400, "required"),
        (drop("1.resource"), 400, "structure"),
        (drop("1.resource.birthDate"), 400, "required"),
        (drop("2.resource.status"), 400, "required"),
        (drop("2.resource.vaccineCode"), 400, "required"),
        (drop("2.resource.patient"), 400, "required"),
        (drop("2.resource.occurrenceDateTime"), 400, "required"),
        (parameters(on="2026-05"), 400, "value"),
        (parameters(on="2026-02-30"), 400, "value"),
        (parameters(born="2026"), 400, "value"),
        (parameters(gender="f"), 400, "code-invalid"),
        (parameters({**DOSE, "status": "bogus"}), 400, "code-invalid"),
        (parameters({**DOSE, "patient": {"reference": "Patient/twin"}}), 400, "invariant"),
        (parameters(DOSE, DOSE), 400, "duplicate"),
        (parameters({**DOSE, "occurrenceDateTime": "2026-13"}), 400, "value"),
        (parameters({**DOSE, "occurrenceDateTime": "2026-02-30T00:00:00Z"}), 400, "value"),
        (parameters({**DOSE, "vaccineCode": {"coding": "133"}}), 400, "structure"),
        (parameters({**DOSE, "isSubpotent": "no"}), 400, "value"),
        (parameters({**DOSE, "lotNumber": "x" * 257}), 400, "value"),
        (parameters(born="2026-05-21"), 422, "business-rule"),
        (parameters(*[immunization(n, "133", "2026-03-10") for n in range(501)]), 413, "too-long"),
    ],
)
def test_bad_input_is_refused_in_the_form_of_fhir(request_: object, status: int, code: str) -> None:
    got, outcome = ask(request_)
    assert (got, outcome["resourceType"]) == (status, "OperationOutcome")
    (issue,) = outcome["issue"]
    assert (issue["severity"], issue["code"]) == ("error", code)
    assert issue["expression"][0].startswith("Parameters")
    assert issue["diagnostics"]


def test_an_unknown_parameter_is_refused() -> None:
    request = parameters()
    request["parameter"].append({"name": "condition"})
    assert ask(request)[1]["issue"][0]["code"] == "not-supported"


def test_five_hundred_doses_are_answered() -> None:
    doses = [immunization(n, "133", "2026-03-10") for n in range(500)]
    status, answer = ask(parameters(*doses))
    assert status == 200
    assert len(evaluations(answer)) == 500


def test_a_plain_schedule_serves_too() -> None:
    cdsi = make_schedule(read_supporting_data())
    body = json.dumps(parameters(immunization(1, "03", "2027-02-01"), on="2027-03-01")).encode()
    status, answer = forecast_operation(body, cdsi, today=TODAY)
    assert status == 200
    assert len(evaluations(answer)) == 3


SOUND = parameters(
    immunization(1, "146", "2026-03-10", lotNumber="L", meta={"source": "a"}, primarySource=True),
    immunization(2, "133", "2026-03-12", identifier=[{"system": "b", "value": "1"}]),
    immunization(3, "19", "2026-01-11T08:00:00Z", expirationDate="2026-12-01"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "0000-00-00",
            "9999-12-31",
            "0001-01-01",
            "2026-03",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00Z",
            "Patient",
            "completed",
            "2026-02-29",
        ]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


def list_places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        found += list_places(inner, (*path, key))
    return found


PLACES = list_places(SOUND)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["set", "drop", "repeat"]), VALUES),
        min_size=1,
        max_size=3,
    )
)
def test_no_change_of_a_sound_request_brings_it_down(
    changes: list[tuple[tuple[object, ...], str, object]],
) -> None:
    request: Any = deepcopy(SOUND)
    for path, change, value in changes:
        holder: Any = request
        try:
            for key in path[:-1]:
                holder = holder[key]
            if change == "set":
                holder[path[-1]] = value
            elif change == "drop":
                del holder[path[-1]]
            elif isinstance(holder, list):
                holder.append(deepcopy(holder[path[-1]]))  # type: ignore[call-overload]  # Any path
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    status, answer = ask(request)
    assert status in (200, 400, 413, 422)
    kind = "Parameters" if status == 200 else "OperationOutcome"
    assert answer["resourceType"] == kind


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_bring_it_down(body: bytes) -> None:
    assert forecast_operation(body, UAE, today=TODAY)[0] == 400
