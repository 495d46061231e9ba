"""Phones over the model server: every law holds, and each known bug, planted, is found.

`make simulate` runs thousands more.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.simulate.__main__ import run
from tests.simulate.planted import BUGS
from tests.simulate.world import EVENTS, WEIGHTED, World

SEEDS_MAX = 400  # the rarest bug shows in about one run of forty

CHOICE = st.integers(0, 63)


class Phones(RuleBasedStateMachine):
    """The world, driven by hypothesis, which makes what it finds small."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @rule(name=st.sampled_from(WEIGHTED), a=CHOICE, b=CHOICE)
    def happens(self, name: str, a: int, b: int) -> None:
        self.world.happen(name, a, b)

    def teardown(self) -> None:
        self.world.settle()


def test_phones_equal_their_server_whatever_happens() -> None:
    run_state_machine_as_test(
        Phones,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("seed", range(1, 41))
def test_a_seeded_life_breaks_no_law(seed: int) -> None:
    assert run(seed, World) is None


@pytest.mark.parametrize("bug", sorted(BUGS))
def test_a_planted_bug_is_found(bug: str) -> None:
    found = next((seed for seed in range(1, SEEDS_MAX) if run(seed, BUGS[bug])), None)
    assert found is not None, f"{SEEDS_MAX} lives did not meet {bug}"


def test_an_epoch_that_a_restored_server_gives_anew_opens_without_starting_over() -> None:
    world = World()
    world.happen("server backs up", 0, 0)
    for event in ("key rotates", "agency writes"):
        world.happen(event, 0, 4)
    world.settle()
    world.happen("server restores", 0, 0)
    for phone in world.phones:
        phone.sync()
    for event in ("key rotates", "agency writes"):
        world.happen(event, 0, 4)
    world.settle()


def test_every_event_happens_in_a_seeded_life() -> None:
    said: list[str] = []
    for seed in range(1, 11):
        run(seed, World, said.append)
    assert all(any(name in line for line in said) for name in EVENTS)
