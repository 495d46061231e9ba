"""Phones over the true application and PostgreSQL: every law holds whatever happens."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import ClassVar

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from store.embedded_postgres import EmbeddedPostgres
from tests.simulate.real_world import REGISTRY, WEIGHTED, RealWorld
from tests.support.databases import fresh_databases
from tests.support.house import FixedClock, TestHouse, open_test_house
from tests.support.phone import open_app

STEPS = 40
CHOICE = st.integers(0, 63)


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(replace(house, registry=REGISTRY), tmp_path) as client:
        yield client


@pytest.mark.parametrize("seed", range(1, 9))
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


class Phones(RuleBasedStateMachine):
    """The true world, driven by hypothesis: one house for each of its lives."""

    open_house: ClassVar[Callable[[], AbstractAsyncContextManager[RealWorld]]]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.world = self.runner.run(self.stack.enter_async_context(type(self).open_house()))

    @rule(name=st.sampled_from(WEIGHTED), a=CHOICE, b=CHOICE)
    def happens(self, name: str, a: int, b: int) -> None:
        self.runner.run(self.world.happen(name, a, b))

    def teardown(self) -> None:
        try:
            self.runner.run(self.world.settle())
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()


def test_phones_equal_their_server_whatever_happens(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    lives = count()

    @asynccontextmanager
    async def open_world() -> AsyncIterator[RealWorld]:
        directory = tmp_path / str(next(lives))
        directory.mkdir()
        async with (
            fresh_databases(postgres) as databases,
            open_test_house(*databases, clock=FixedClock(), directory=directory) as house,
            open_app(replace(house, registry=REGISTRY), directory) as http,
        ):
            world = RealWorld(house, http)
            await world.begin()
            yield world

    Phones.open_house = staticmethod(open_world)
    run_state_machine_as_test(
        Phones,
        settings=settings(
            max_examples=5,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would take hours
        ),
    )
