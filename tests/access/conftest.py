"""The families of the walk, and the real application before them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from api.app import build_app
from api.settings import read_settings
from api.wire import House
from identity.door import Door, open_door
from identity.limit import Counters
from identity.staff_provider import StaffProfile, StaffProvider, StaffProviderSettings, StaffRole
from identity.staff_route import StaffDoor
from identity.staff_session import open_staff_session
from identity.uae_pass import UaePass, UaePassSettings
from tests.access.walk import SignedIn
from tests.access.world import World, build_world
from tests.support.house import TestHouse
from tests.support.phone import BASE_URL
from timeline.hint import NoHints


@pytest.fixture
async def door(house: TestHouse) -> AsyncIterator[Door]:
    """What tokens are made and read by; nobody is asked to sign in through it."""
    provider = UaePass(UaePassSettings("http://127.0.0.1:1/idshub", "id", "secret", BASE_URL))
    opened = open_door(house.ground, origin=BASE_URL, apps=(), provider=provider, redis_url=None)
    yield opened
    await opened.aclose()


@pytest.fixture
async def http(house: TestHouse, door: Door, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    settings = read_settings({}, data_dir=tmp_path)
    named = StaffProviderSettings(
        "http://127.0.0.1:1", "id", "secret", f"{BASE_URL}/staff/callback"
    )
    provider = StaffProvider(named, house.clock)
    staff = StaffDoor(house.ground, BASE_URL, provider, Counters(None))
    app = build_app(
        House(settings, house.ground, house.registry, house.schemas, door=door, staff=staff),
        NoHints(),
    )
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client
    await provider.aclose()


@pytest.fixture
async def staff(house: TestHouse) -> dict[str, dict[str, str]]:
    """The headers of staff who are signed in: they see nothing of a family."""
    found = {}
    each: tuple[tuple[StaffRole, str], ...] = (("author", "mohap"), ("analyst", "moj"))
    for role, agency in each:
        profile = StaffProfile("https://staff.example", role, role, (role,), agency)
        token = await open_staff_session(house.ground, profile, "ar")
        found[f"{role} of {agency}"] = {"cookie": f"osrati_staff={token}"}
    return found


@pytest.fixture
async def world(house: TestHouse) -> World:
    return await build_world(house)


@pytest.fixture
async def signed_in(world: World, door: Door) -> SignedIn:
    return SignedIn(world, door.access_tokens)
