"""Who was refused what: one line of the log each and a count by code, and nothing of anybody."""

import json
import subprocess
import sys
from pathlib import Path

import httpx2
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from api.log import ALLOWED_KEYS, only_allowed_keys
from api.settings import CHECKOUT
from tests.api.test_metrics import TOKEN, asking, figures
from tests.support.house import TestHouse, person

NOBODYS = "Q2FyZDqqqqqqqqqqqqqqqqqqqqqq"  # the id of a card that there is not
MARK = "784-1990-1234567-1"


async def refuse(http: httpx2.AsyncClient) -> list[str]:
    """Requests that are refused, each with a mark in it; the codes that they are to be told by."""
    acting = {"x-osrati-act-as": str(person(1))}
    await http.get(f"/no/such/{MARK}")
    await http.delete("/v1/sync")
    await http.get(f"/v1/blob/{MARK}", headers={"user-agent": MARK})
    await http.post("/v1/intake/events", content=MARK)
    await http.post("/v1/intake/fhir", content=MARK)
    await http.post("/v1/fhir/$immds-forecast", content=MARK)
    await http.post("/graphql", json={"query": "{ me { today } }"})
    await http.post("/graphql", json={"query": f'{{ a(b: "{MARK}") }}'}, headers=acting)
    node = {"query": f'{{ node(id: "{NOBODYS}") {{ id }} }}'}
    assert (await http.post("/graphql", json=node, headers=acting)).json()["data"] == {"node": None}
    signing_out = {"query": "mutation { signOut { __typename } }"}
    await http.post("/graphql", json=signing_out)
    return [
        "not_found",
        "method_not_allowed",
        "sign_in_required",
        "intake.content_type",
        "intake.fhir_content_type",
        "fhir.content_type",
        "sign_in_required",
        "graphql.invalid",
        "not_found",
        "sign_in_required",
    ]


async def test_each_refusal_is_one_line_with_its_code_and_the_requests_id(
    house: TestHouse, tmp_path: Path
) -> None:
    with capture_logs(processors=[merge_contextvars, only_allowed_keys]) as logged:
        async with asking(house, tmp_path, TOKEN) as http:
            expected = await refuse(http)
            ids = {(await http.get("/health/live")).headers["x-request-id"]}
    told = [line for line in logged if line["event"] == "refused"]
    assert [line["code"] for line in told] == expected
    ids |= {line["request_id"] for line in told}
    assert len(ids) == len(expected) + 1
    assert all(set(line) <= ALLOWED_KEYS | {"log_level"} for line in told)
    assert MARK not in str(logged)
    assert str(person(1)) not in str(logged)


async def test_refusals_are_counted_by_code_and_by_nothing_else(
    house: TestHouse, tmp_path: Path
) -> None:
    async with asking(house, tmp_path, TOKEN) as http:
        expected = await refuse(http)
        answer = await http.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    counted = {
        name: count
        for name, count in figures(answer.content).items()
        if name.startswith("osrati_refusals_total")
    }
    assert counted == {
        f'osrati_refusals_total{{code="{code}"}}': expected.count(code) for code in set(expected)
    }
    assert MARK not in answer.text


def test_no_value_breaks_out_of_its_line() -> None:
    hostile = 'a\nb\r\n{"event": "forged"}\u2028\x1b[31m'
    program = (
        "import structlog, api.log; api.log.configure_logs();"
        f"structlog.get_logger('osrati').info('refused', code={hostile!r})"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, check=True
    )
    assert said.stdout.count(b"\n") == 1
    assert said.stdout.isascii()
    assert b"\x1b" not in said.stdout
    assert json.loads(said.stdout)["code"] == hostile
