"""Trusted documents: the file holds every operation of the contract, production takes no other."""

import json
from pathlib import Path
from typing import Literal

import httpx2
import orjson
import pytest

from domain.text.message import Language
from schema.build import build_schema
from schema.documents import (
    DocumentsDamaged,
    document_id,
    operation_texts,
    read_documents,
    with_operations,
)
from tests.schema.asking import Json, operation
from tests.support.house import TestHouse, person
from tests.support.served import app_of, served

ACCEPT = {"accept": "application/graphql-response+json"}
TIMELINE = document_id(operation("Timeline"))
UNKNOWN = f"sha256:{'0' * 64}"


def test_the_file_holds_every_operation() -> None:
    known = read_documents()
    assert dict(known) == with_operations(known), (
        "mobile-contract/operations/trusted-documents.json lacks an operation. Run"
        " `.venv/bin/python -m schema.documents`: it adds what is there now, and keeps the rest."
    )


def test_every_document_is_an_operation_of_the_schema_that_runs() -> None:
    build_schema(production=True, documents=read_documents())


def test_what_an_app_was_built_with_is_kept_when_its_operation_changes() -> None:
    before = {document_id(text): text for text in ("query Timeline { me { today } }",)}
    after = with_operations(before)
    assert before.items() <= after.items()
    assert len(after) == len(before) + len(operation_texts())


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trusted-documents.json"
    path.write_text(json.dumps({UNKNOWN: "{ me { today } }"}))
    with pytest.raises(DocumentsDamaged, match="another id"):
        read_documents(path)


def test_a_document_that_is_no_operation_ends_the_start() -> None:
    text = "{ nothing }"
    with pytest.raises(DocumentsDamaged, match="nothing"):
        build_schema(production=True, documents={document_id(text): text})


async def ask(origin: str, body: Json, **headers: str) -> tuple[int, Json]:
    async with httpx2.AsyncClient(base_url=origin, headers={**ACCEPT, **headers}) as client:
        answer = await client.post("/graphql", json=body)
        return answer.status_code, orjson.loads(answer.content)


def code(answer: tuple[int, Json]) -> tuple[int, str]:
    """The status and the one error's code; nothing was executed."""
    status, said = answer
    assert said.keys() == {"errors"}
    (error,) = said["errors"]
    return status, error["extensions"]["code"]


async def test_production_answers_its_documents_and_nothing_else(house: TestHouse) -> None:
    async with served(app_of(house, "production")) as origin:
        status, said = await ask(origin, {"documentId": TIMELINE})
        assert (status, said["data"]) == (200, {"me": None})
        assert said["errors"][0]["extensions"] == {"code": "sign_in_required"}
        refused = (400, "graphql.documents_only")
        assert code(await ask(origin, {"query": operation("Timeline")})) == refused
        assert code(await ask(origin, {"query": "{ __schema { types { name } } }"})) == refused
        assert code(await ask(origin, {"query": "{ __typename }"})) == refused
        unknown = (400, "graphql.document_unknown")
        for name in (UNKNOWN, TIMELINE.upper(), TIMELINE[7:], "sha256:", "../../etc/passwd", "🏃"):
            assert code(await ask(origin, {"documentId": name})) == unknown
        async with httpx2.AsyncClient(base_url=origin) as client:
            asked = await client.get("/graphql", params={"documentId": TIMELINE})
            assert (asked.status_code, asked.headers["allow"]) == (405, "POST")
            batch = await client.post("/graphql", json=[{"documentId": TIMELINE}] * 2)
            assert (batch.status_code, batch.json()["code"]) == (400, "graphql.malformed")
            for path in ("/graphiql", "/static/graphiql/index.html", "/"):
                assert (await client.get(path)).status_code == 404


def automatic(text: str, name: str | None = None) -> Json:
    """What a client of automatic persisted queries sends with a text that it wants kept."""
    named = (name or document_id(text)).removeprefix("sha256:")
    return {"query": text, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": named}}}


@pytest.mark.parametrize("environment", ["production", "development"])
async def test_no_text_is_kept_because_somebody_sent_it_with_its_hash(
    house: TestHouse, environment: Literal["production", "development"]
) -> None:
    text = "{ me { today } }"
    asked = automatic(text)
    hash_alone = {"extensions": asked["extensions"]}
    malformed, unknown = (400, "graphql.malformed"), (400, "graphql.document_unknown")
    async with served(app_of(house, environment)) as origin:
        status, said = await ask(origin, hash_alone)  # as such a client asks first
        assert (status, said["code"]) == malformed
        answered = await ask(origin, asked)
        if environment == "production":
            assert code(answered) == (400, "graphql.documents_only")
        else:
            assert answered[0] == 200
        status, said = await ask(origin, {"documentId": document_id(text), "query": text})
        assert (status, said["code"]) == malformed
        assert code(await ask(origin, {"documentId": document_id(text)})) == unknown
        status, said = await ask(origin, hash_alone)
        assert (status, said["code"]) == malformed


async def test_a_known_hash_stands_for_its_own_text_alone(house: TestHouse) -> None:
    other = "{ __typename }"
    async with served(app_of(house, "production")) as origin:
        refused = (400, "graphql.documents_only")
        assert code(await ask(origin, automatic(other, TIMELINE))) == refused
        assert code(await ask(origin, automatic(operation("Timeline")))) == refused
        status, said = await ask(origin, {"documentId": TIMELINE, "query": other})
        assert (status, said["code"]) == (400, "graphql.malformed")
        beside = {"documentId": TIMELINE, "extensions": automatic(other)["extensions"]}
        for body in (beside, {"documentId": TIMELINE, "query": ""}):
            status, said = await ask(origin, body)
            assert (status, said["data"]) == (200, {"me": None})
        twice = f'{{"documentId": "{TIMELINE}", "documentId": "{UNKNOWN}"}}'
        async with httpx2.AsyncClient(base_url=origin) as client:
            headers = {"content-type": "application/json", **ACCEPT}
            answer = await client.post("/graphql", content=twice, headers=headers)
        assert code((answer.status_code, answer.json())) == (400, "graphql.document_unknown")


async def test_development_is_open(house: TestHouse) -> None:
    async with served(app_of(house, "development")) as origin:
        signed_in = {"x-osrati-act-as": str(person(1))}
        for body in ({"documentId": TIMELINE}, {"query": operation("Timeline")}):
            status, said = await ask(origin, body, **signed_in)
            assert (status, list(said)) == (200, ["data"])
        status, said = await ask(origin, {"query": "{ __schema { queryType { name } } }"})
        assert said == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
        assert code(await ask(origin, {"documentId": UNKNOWN})) == (400, "graphql.document_unknown")


@pytest.mark.parametrize(("language", "words"), [("ar", "حدِّث التطبيق"), ("en", "Update the app")])
async def test_an_unknown_document_is_told_in_the_readers_language(
    house: TestHouse, language: Language, words: str
) -> None:
    async with served(app_of(house, "development")) as origin:
        headers = {"x-osrati-act-as": str(person(1)), "accept-language": language}
        _, said = await ask(origin, {"documentId": UNKNOWN}, **headers)
        assert words in said["errors"][0]["message"]
