"""The application as each environment builds it: what development may and production may not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from api.app import ACT_AS_HEADER, build_app
from api.demo import DemoParent
from api.settings import Settings, read_settings
from api.wire import House
from schema.documents import document_id
from tests.schema.asking import operation
from tests.support.house import TestHouse, person
from timeline.hint import NoHints

WHO = {"query": "{ me { language } }"}
TIMELINE = document_id(operation("Timeline"))


async def no_parents() -> list[DemoParent]:
    return []


@pytest.fixture(params=["development", "production"])
async def environment(
    request: pytest.FixtureRequest, house: TestHouse, tmp_path: Path
) -> AsyncIterator[tuple[str, httpx2.AsyncClient]]:
    settings: Settings = replace(read_settings({}, data_dir=tmp_path), environment=request.param)
    opened = House(settings, house.ground, house.registry, house.schemas)
    app = build_app(opened, NoHints(), demo_parents=no_parents)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://osrati.test") as client:
        yield request.param, client


async def test_only_development_lets_a_caller_act_as_a_parent(
    environment: tuple[str, httpx2.AsyncClient],
) -> None:
    name, client = environment
    # production takes the contract's own operations alone, whoever asks
    asked = {"documentId": TIMELINE} if name == "production" else WHO
    answer = await client.post("/graphql", json=asked, headers={ACT_AS_HEADER: str(person(1))})
    me = answer.json()["data"]["me"]
    assert (me is not None) == (name == "development")
    if name == "production":
        assert answer.json()["errors"][0]["extensions"]["code"] == "sign_in_required"


@pytest.mark.parametrize("path", ["/", "/graphiql", "/static/page.css"])
async def test_only_development_has_the_pages_of_development(
    environment: tuple[str, httpx2.AsyncClient], path: str
) -> None:
    name, client = environment
    answer = await client.get(path)
    assert (answer.status_code == 404) == (name == "production")


async def test_both_tell_whether_they_are_ready(
    environment: tuple[str, httpx2.AsyncClient],
) -> None:
    _, client = environment
    assert (await client.get("/health/live")).json() == {"status": "live"}
    assert (await client.get("/health/ready")).json()["today"] == "2026-11-21"
