"""Every address of the application is walked as everybody, or open to the world for a reason."""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from api.app import ACT_AS_HEADER, build_app
from api.settings import read_settings
from api.wire import House
from identity.door import open_door
from identity.limit import Counters
from identity.staff_provider import StaffProvider, StaffProviderSettings
from identity.staff_route import StaffDoor
from identity.uae_pass import UaePass, UaePassSettings
from tests.access.world import MOTHER
from tests.support.house import TestHouse
from tests.support.intake import HeldHints

# By test_walk.py and test_sync_walk.py.
WALKED = frozenset(
    {
        ("POST", "/graphql"),
        ("POST", "/v1/device/enrol"),
        ("GET", "/v1/sync/head"),
        ("POST", "/v1/sync"),
        ("POST", "/v1/push/register"),
        ("GET", "/v1/blob/{id}"),
        ("GET", "/v1/blob/{id}/{n}"),
        ("PUT", "/v1/blob/{id}/{n}"),
    }
)
# Agencies sign what they send (tests/gov); a person's sign-in is worth nothing there.
SIGNED = frozenset(
    {
        ("POST", "/v1/intake/events"),
        ("POST", "/v1/intake/fhir"),
        ("POST", "/v1/fhir/$immds-forecast"),
    }
)
OPEN: Mapping[str, str] = MappingProxyType(
    {
        "/health/live": "says that the process answers",
        "/health/ready": "says that the database answers",
        "/.well-known/jwks.json": "public keys of documents",
        "/.well-known/oauth-authorization-server": "what apps must know before sign-in",
        "/staff/sign-in": "the way in: tests/identity",
        "/staff/callback": "the way in: tests/identity",
        "/staff/me": "says that nobody is signed in: tests/identity",
        "/staff/sign-out": "ends what a cookie names: tests/identity",
        "/oauth/authorize": "the way in: tests/identity",
        "/oauth/callback": "the way in: tests/identity",
        "/oauth/token": "asks for a code or a refresh token: tests/identity",
        "/oauth/revoke": "asks for a refresh token: tests/identity",
        "/oauth/jwks": "public keys of tokens",
        "/n/{opaque}": "leads to the start page, whatever it names",
        "/v1/catalogue": "what is authored and published; it names nobody",
        "/services": "the catalogue for everybody",
        "/services.json": "the catalogue for everybody",
        "/services/articles/{article_id}": "an article of the catalogue",
        "/services/look/{name}": "style and letters of those pages",
        "/v1/intake/fhir/metadata": "what agencies must know before they send",
        "/v1/fhir/metadata": "what agencies must know before they send",
        "/v1/fhir/OperationDefinition/immds-forecast": "what agencies must know before they send",
    }
)


@pytest.fixture
async def app(house: TestHouse, tmp_path: Path) -> AsyncIterator[Starlette]:
    """Every route that production has."""
    settings = read_settings({}, data_dir=tmp_path)
    provider = UaePass(UaePassSettings("http://127.0.0.1:1/idshub", "id", "secret", "http://x"))
    door = open_door(
        house.ground, origin="http://osrati.test", apps=(), provider=provider, redis_url=None
    )
    named = StaffProviderSettings("http://127.0.0.1:1", "id", "secret", "http://x")
    counters = Counters(None)
    staff = StaffDoor(house.ground, "http://x", StaffProvider(named, house.clock), counters)
    opened = House(settings, house.ground, house.registry, house.schemas, door=door, staff=staff)
    yield build_app(opened, HeldHints())
    await door.aclose()
    await staff.provider.aclose()


def routes(app: Starlette) -> Iterator[tuple[str, str]]:
    """Method and address of everything that answers."""
    each: BaseRoute
    for each in app.routes:
        assert isinstance(each, Route), f"teach this test what {each} is"
        for method in (each.methods or {"POST"}) - {"HEAD"}:
            yield method, each.path


async def test_every_route_is_walked_signed_or_open(app: Starlette) -> None:
    found = set(routes(app))
    known = {(method, path) for method, path in found if path in OPEN} | WALKED | SIGNED
    assert {one for one in found - known if (one[1] not in {p for _, p in SIGNED})} == set()
    assert found >= WALKED | SIGNED
    assert OPEN.keys() <= {path for _, path in found}


async def test_nobody_gets_anything_where_a_person_is_wanted(app: Starlette) -> None:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://osrati.test") as http:
        for method, path in WALKED - {("POST", "/graphql")}:
            address = path.format(id=MOTHER, n=0)
            answer = await http.request(method, address)
            assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required"), path
            forged = await http.request(
                method, address, headers={"authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}
            )
            assert (forged.status_code, forged.json()["code"]) == (401, "session.ended"), path
        for method, path in SIGNED:
            answer = await http.request(method, path, headers={ACT_AS_HEADER: str(MOTHER)})
            assert answer.status_code in (401, 415), path
