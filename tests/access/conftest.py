"""The families of the walk, and the real application before them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.access.world import World, build_world
from tests.support.house import TestHouse
from tests.support.phone import open_app


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(house, tmp_path) as client:
        yield client


@pytest.fixture
async def world(house: TestHouse) -> World:
    return await build_world(house)
