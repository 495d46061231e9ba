"""`$immds-forecast` over HTTP: signed, bounded, answered in FHIR's form whatever comes."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any  # JSON

import httpx2
import pytest

from api.settings import read_settings
from content.schedule.read_programme import read_programme
from domain.error import Busy
from gov.immds.http import FHIR_JSON, FORECAST_PATH
from gov.immds.pool import INLINE_BYTES_MAX, WAITING_MAX, ForecastPool
from gov.immds.request import BODY_BYTES_MAX
from simulators.agency import AgencyClient
from tests.gov.test_immds import Json, immunization, parameters, recommendation
from tests.support.house import TestHouse
from tests.support.intake import Intake, open_intake

SOUND = parameters(
    immunization(1, "146", "2026-03-10", lotNumber="L", meta={"source": "a"}, primarySource=True),
    immunization(2, "133", "2026-03-12", identifier=[{"system": "b", "value": "1"}]),
    immunization(3, "19", "2026-01-11T08:00:00Z", expirationDate="2026-12-01"),
    address=[{"state": "AE-DU"}],
)
TODAY = date(2026, 11, 21)


@pytest.fixture
async def intake(house: TestHouse, tmp_path: Path) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        yield opened


def hospital(intake: Intake) -> AgencyClient:
    return intake.clients["mohap"]


async def send(intake: Intake, body: bytes, **changes: Any) -> httpx2.Response:
    """Any: what `signed_request` takes."""
    asked = {"path": FORECAST_PATH, "content_type": FHIR_JSON, **changes}
    return await intake.http.send(hospital(intake).signed_request(body, **asked))


def the_issue(answer: httpx2.Response) -> Json:
    assert answer.headers["content-type"] == FHIR_JSON
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    assert isinstance(issue, dict)
    return issue


async def test_a_hospital_asks_and_is_answered(intake: Intake) -> None:
    answer = await hospital(intake).ask_forecast(SOUND)
    assert (answer.status_code, answer.headers["content-type"]) == (200, FHIR_JSON)
    assert answer.headers["cache-control"] == "no-store"
    made = recommendation(answer.json())
    statuses = {
        r["series"]: r["forecastStatus"]["coding"][0]["code"] for r in made["recommendation"]
    }
    assert any(series.startswith("Hib") for series in statuses)
    assert set(statuses.values()) <= {"due", "overdue", "complete", "not_recommended", "aged_out"}


async def test_the_same_request_again_gives_the_same_answer(intake: Intake) -> None:
    first = await hospital(intake).ask_forecast(SOUND)
    again = await hospital(intake).ask_forecast(SOUND)
    assert (again.status_code, again.content) == (first.status_code, first.content)


async def test_a_patient_of_dubai_has_dubais_booster(intake: Intake) -> None:
    # Born 10 May 2018, before the change of 2019: the fourth pneumococcal dose is for 15 months in
    # Dubai, for 18 elsewhere. Three doses; the day is one between the two.
    def ask(state: str) -> Json:
        doses = [
            immunization(n, "133", f"2018-{month:02}-10") for n, month in ((1, 7), (2, 9), (3, 11))
        ]
        return parameters(*doses, born="2018-05-10", on="2019-01-01", address=[{"state": state}])

    answers = [
        recommendation((await hospital(intake).ask_forecast(ask(state))).json())
        for state in ("AE-DU", "دبي", "AE-SH", "Atlantis")
    ]
    days = [
        {
            r["series"]: r.get("dateCriterion")
            for r in made["recommendation"]
            if r["series"].startswith("Pneumo")
        }
        for made in answers
    ]
    assert days[0] == days[1]
    assert days[2] == days[3]
    assert days[0] != days[2]


async def test_who_does_not_sign_learns_nothing(intake: Intake) -> None:
    body = json.dumps(SOUND).encode()
    unsigned = await intake.http.post(
        FORECAST_PATH, content=body, headers={"content-type": FHIR_JSON}
    )
    assert unsigned.status_code == 401
    issue = the_issue(unsigned)
    assert issue["code"] == "login"
    assert issue["details"]["coding"][0]["code"] == "intake.signature_missing"
    assert issue["details"]["_text"]["extension"][0]["extension"][1]["valueString"]

    signed = hospital(intake).signed_request(body, path=FORECAST_PATH, content_type=FHIR_JSON)
    other = intake.http.build_request(
        "POST", FORECAST_PATH, content=body.replace(b"146", b"133"), headers=signed.headers
    )
    del other.headers["content-length"]
    answer = await intake.http.send(other)
    assert (answer.status_code, the_issue(answer)["code"]) == (401, "login")


async def test_a_signature_for_the_intake_is_none_for_the_forecast(intake: Intake) -> None:
    body = json.dumps(SOUND).encode()
    signed = hospital(intake).signed_request(body, content_type=FHIR_JSON)
    moved = intake.http.build_request("POST", FORECAST_PATH, content=body, headers=signed.headers)
    answer = await intake.http.send(moved)
    assert (answer.status_code, the_issue(answer)["code"]) == (401, "login")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/fhir+json", 200),
        ("application/fhir+json; charset=utf-8", 200),
        ('application/fhir+json; fhirVersion="4.0"', 200),
        ("application/json", 200),
        ("application/fhir+json; fhirVersion=5.0", 415),
        ("application/fhir+xml", 415),
        ("text/plain", 415),
    ],
)
async def test_the_media_type_is_fhirs_json_of_r4(
    intake: Intake, content_type: str, status: int
) -> None:
    answer = await send(intake, json.dumps(SOUND).encode(), content_type=content_type)
    assert answer.status_code == status
    if status != 200:
        assert the_issue(answer)["details"]["coding"][0]["code"] == "fhir.content_type"


async def test_an_answer_in_xml_is_refused(intake: Intake) -> None:
    request = hospital(intake).signed_request(
        json.dumps(SOUND).encode(), path=FORECAST_PATH, content_type=FHIR_JSON
    )
    for accept, status in (
        ("application/fhir+xml", 406),
        ("application/fhir+xml, application/fhir+json;q=0.5", 200),
        ("*/*", 200),
    ):
        request.headers["accept"] = accept
        assert (await intake.http.send(request)).status_code == status


async def test_another_method_is_told_to_post(intake: Intake) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = await intake.http.request(method, FORECAST_PATH)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert the_issue(answer)["code"] == "not-supported"


async def test_the_body_is_bounded_on_both_sides(intake: Intake) -> None:
    body = json.dumps(SOUND).encode()
    at_limit = await send(intake, body + b" " * (BODY_BYTES_MAX - len(body)))
    assert at_limit.status_code == 200
    past = await send(intake, body + b" " * (BODY_BYTES_MAX - len(body) + 1))
    assert (past.status_code, the_issue(past)["code"]) == (413, "too-long")


async def test_bad_parameters_are_answered_with_their_place(intake: Intake) -> None:
    request = deepcopy(SOUND)
    del request["parameter"][2]["resource"]["vaccineCode"]
    answer = await hospital(intake).ask_forecast(request)
    issue = the_issue(answer)
    assert (answer.status_code, issue["code"]) == (400, "required")
    assert issue["expression"] == ["Parameters.parameter[2].resource.vaccineCode"]
    for body in (b"", b"{", b"[]", b"\xff\xfe", b"[" * 50_000, b'{"resourceType": "Bundle"}'):
        assert (await send(intake, body)).status_code == 400


async def test_mutated_parameters_never_bring_the_server_down(intake: Intake) -> None:
    chance = Random(20261121)
    sound = json.dumps(SOUND).encode()
    scraps = [b"null", b"[]", b"{}", b'""', b"-1", b"1e999", b'"9999-12-31"', b'"\\ud800"', b"true"]
    seen = set()
    for _ in range(150):
        body = bytearray(sound)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(body))
            kind = chance.randrange(4)
            if kind == 0:
                body[place] = chance.randrange(256)
            elif kind == 1:
                del body[place : place + chance.randint(1, 40)]
            elif kind == 2:
                body[place:place] = chance.choice(scraps)
            else:  # a value becomes another
                start = body.find(b": ", place)
                end = min(
                    (e for e in (body.find(c, start) for c in (b",", b"}")) if e > 0), default=0
                )
                if 0 < start < end:
                    body[start + 2 : end] = chance.choice(scraps)
        answer = await send(intake, bytes(body))
        seen.add(answer.status_code)
        assert answer.status_code in (200, 400, 413, 422), bytes(body)
        kind_of = "Parameters" if answer.status_code == 200 else "OperationOutcome"
        assert answer.json()["resourceType"] == kind_of
    assert {200, 400} <= seen


async def test_the_server_says_what_it_can_do(intake: Intake) -> None:
    answer = await intake.http.get("/v1/fhir/metadata")
    assert (answer.status_code, answer.headers["content-type"]) == (200, FHIR_JSON)
    (rest,) = answer.json()["rest"]
    (operation,) = rest["operation"]
    defined = (await intake.http.get("/v1/fhir/OperationDefinition/immds-forecast")).json()
    assert operation == {"name": defined["code"], "definition": defined["url"]}
    names = [p["name"] for p in defined["parameter"] if p["use"] == "in"]
    assert names == ["assessmentDate", "patient", "immunization"]


def many_doses(count: int) -> bytes:
    codes = ["146", "133", "19", "94", "116", "08"]
    doses = [
        immunization(n, codes[n % 6], f"202{1 + n % 4}-0{1 + n % 9}-1{n % 9}") for n in range(count)
    ]
    return json.dumps(parameters(*doses, born="2021-01-10")).encode()


async def test_many_doses_are_worked_out_in_a_process_apart_to_the_same_answer() -> None:
    body = many_doses(500)
    assert len(body) > INLINE_BYTES_MAX
    apart, here = ForecastPool(read_programme), ForecastPool(read_programme, inline_bytes_max=10**9)
    try:
        longest, done = 0.0, asyncio.Event()

        async def beat() -> None:
            """How long the loop was ever held up, by its own processor time."""
            nonlocal longest
            while not done.is_set():
                begun = time.thread_time()
                await asyncio.sleep(0.001)
                longest = max(longest, time.thread_time() - begun)

        async with asyncio.TaskGroup() as group:
            group.create_task(beat())
            first = await apart.answer(body, today=TODAY)
            done.set()
        assert first == await here.answer(body, today=TODAY)
        assert first[0] == 200
        assert longest < 0.05  # worked out here, it takes 60 ms at the least
    finally:
        apart.close()


async def ask_until_lost(pool: ForecastPool, body: bytes) -> None:
    """A loss is noticed a moment after it happened."""
    for _ in range(50):
        await pool.answer(body, today=TODAY)
        await asyncio.sleep(0.05)


async def test_a_lost_process_is_said_to_be_tried_later_and_another_is_started() -> None:
    pool = ForecastPool(read_programme, inline_bytes_max=0)
    body = json.dumps(SOUND).encode()
    try:
        first = await pool.answer(body, today=TODAY)
        assert pool._executor is not None
        for child in list(pool._executor._processes):
            os.kill(child, signal.SIGKILL)
        with pytest.raises(Busy):
            await ask_until_lost(pool, body)
        assert await pool.answer(body, today=TODAY) == first
    finally:
        pool.close()


async def test_more_long_requests_than_can_wait_are_told_to_come_later() -> None:
    pool = ForecastPool(read_programme, inline_bytes_max=0)
    body = json.dumps(SOUND).encode()
    try:
        answers = await asyncio.gather(
            *(pool.answer(body, today=TODAY) for _ in range(WAITING_MAX + 1)),
            return_exceptions=True,
        )
        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        assert [type(answer) for answer in refused] == [Busy]
        assert len(answers) - len(refused) == WAITING_MAX
    finally:
        pool.close()
