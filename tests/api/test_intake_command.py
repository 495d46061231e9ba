"""`osrati intake`: files become signed requests, answers become a tally."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.operate.intake import (
    LINES_OF_BUNDLE_MAX,
    TRIES_MAX,
    IntakeError,
    intake,
    list_sendings,
    send_all,
)
from api.settings import read_settings
from simulators.agency import AgencyClient
from tests.gov.fhir.resources import bundle, immunization, patient
from tests.gov.test_intake_http import MARRIAGE
from tests.support.house import TestHouse
from tests.support.intake import open_intake

KEY = ec.derive_private_key(7, ec.SECP256R1())


def write(path: Path, *documents: Mapping[str, object]) -> Path:
    path.write_text("\n".join(json.dumps(document) for document in documents), "utf-8")
    return path


def client_of(answer: Callable[[Request], Response]) -> AgencyClient:
    async def endpoint(request: Request) -> Response:
        await request.body()
        return answer(request)

    app = Starlette(routes=[Route("/v1/intake/{kind}", endpoint, methods=["POST"])])
    return AgencyClient("http://osrati.test", "k", KEY, transport=httpx2.ASGITransport(app=app))


@pytest.mark.slow
async def test_what_is_sent_is_counted_and_known_the_second_time(
    house: TestHouse, tmp_path: Path
) -> None:
    house.clock.instant = datetime.now(UTC)
    files = [
        write(tmp_path / "one.json", bundle(patient(), immunization())),
        write(tmp_path / "bulk.ndjson", immunization("i2"), immunization("i3", status="bogus")),
        write(tmp_path / "event.json", MARRIAGE),
    ]
    sendings = [sending for path in files for sending in list_sendings(path)]
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        tally = await send_all(opened.clients["moj"], [*sendings, sendings[0]], at_once=1)
    assert dict(tally.counts) == {
        ("accepted", "Patient", "intake.fhir_received"): 1,
        ("accepted", "Immunization", "intake.fhir_received"): 2,
        ("refused", "Immunization", "intake.fhir_code"): 1,
        ("accepted", "marriage.registered", "received"): 1,
        ("known", "Patient", "intake.fhir_received"): 1,
        ("known", "Immunization", "intake.fhir_received"): 1,
    }
    assert tally.render().endswith("7 in 4 requests: 4 accepted, 2 known, 1 refused")


@pytest.mark.parametrize("asked", ["0", None])
async def test_a_busy_service_is_asked_again_when_it_says(
    tmp_path: Path, asked: str | None
) -> None:
    answers = [
        Response(status_code=503, headers={"retry-after": asked} if asked else {}),
        Response(status_code=429, headers={"retry-after": "0"}),
        JSONResponse({"status": "received", "repeated": False}, status_code=202),
    ]
    sendings = list(list_sendings(write(tmp_path / "event.json", MARRIAGE)))
    tally = await send_all(client_of(lambda _: answers.pop(0)), sendings, retry_seconds=0.01)
    assert dict(tally.counts) == {("accepted", "marriage.registered", "received"): 1}
    assert answers == []


async def test_a_service_that_never_answers_is_given_up(tmp_path: Path) -> None:
    tries: list[int] = []

    def answer(_: Request) -> Response:
        tries.append(1)
        return Response(status_code=503)

    sendings = list(list_sendings(write(tmp_path / "event.json", MARRIAGE)))
    with pytest.raises(IntakeError, match=r"event\.json"):
        await send_all(client_of(answer), sendings, retry_seconds=0.001)
    assert len(tries) == TRIES_MAX


def test_a_bulk_file_is_sent_in_batches(tmp_path: Path) -> None:
    lines = [immunization(f"i{number}") for number in range(LINES_OF_BUNDLE_MAX + 1)]
    sendings = list(list_sendings(write(tmp_path / "bulk.ndjson", *lines)))
    assert [len(sending.kinds) for sending in sendings] == [LINES_OF_BUNDLE_MAX, 1]


def test_a_file_or_a_key_that_cannot_be_used_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    pem = tmp_path / "other.pem"
    pem.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    event = write(tmp_path / "event.json", MARRIAGE)
    good = tmp_path / "good.pem"
    good.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    nothing = tmp_path / "nothing.json"
    nothing.write_text("no json")
    for file, key, words in (
        (event, pem, "no key on the curve P-256"),
        (event, event, "no private key"),
        (nothing, good, "neither FHIR nor an event"),
        (tmp_path / "absent.json", good, "absent.json"),
    ):
        assert intake([str(file), "--key-id", "k", "--key", str(key)]) == 2
        assert words in capsys.readouterr().err
