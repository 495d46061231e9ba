"""Phones over the true application and PostgreSQL: every law holds whatever happens."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from tests.simulate.real_world import REGISTRY, WEIGHTED, RealWorld
from tests.support.house import TestHouse
from tests.support.phone import open_app

STEPS = 40


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(replace(house, registry=REGISTRY), tmp_path) as client:
        yield client


@pytest.mark.parametrize("seed", range(1, 13))
async def test_a_seeded_life_breaks_no_law(
    house: TestHouse, http: httpx2.AsyncClient, seed: int
) -> None:
    chance = random.Random(seed)
    world = RealWorld(house, http)
    await world.begin()
    for step in range(STEPS):
        name = chance.choice(WEIGHTED)
        a, b = chance.randrange(64), chance.randrange(64)
        print(f"{seed:>10} {step:>4}  {name:<20} {await world.happen(name, a, b)}")
    await world.settle()
