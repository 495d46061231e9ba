"""Many who ask for one circle are served by two refreshes, and the last fact is among them."""

import asyncio
from datetime import date

import pytest

from api.refreshing import Refreshing
from domain.ids import CircleId
from store.scope import CircleScope
from tests.support.builders import born, vaccinated
from tests.support.house import TestHouse, person
from timeline.apply import apply_facts
from timeline.record import CircleState, lock_circle, single_circle

CHILD, MOTHER = person(1), person(2)
TODAY = date(2026, 11, 21)


async def state_of(house: TestHouse, circle_id: CircleId) -> CircleState:
    keys = await house.ground.keys.circle(circle_id)
    async with house.ground.database.unit(CircleScope(circle_id)) as unit:
        return await lock_circle(unit, keys)


async def test_eight_at_once_are_two_refreshes(house: TestHouse) -> None:
    await house.apply(born(CHILD, MOTHER, TODAY))
    circle_id = single_circle(house.ground.keys, MOTHER).id
    before = await state_of(house, circle_id)
    refreshing = Refreshing()

    async def tell(number: int) -> None:
        await apply_facts(house.ground, [vaccinated(CHILD, f"{number:02}", TODAY)])
        await refreshing.refresh(house.ground, circle_id)

    for number in range(8):
        await apply_facts(house.ground, [vaccinated(CHILD, f"{number:02}", TODAY)])
    await asyncio.gather(*(refreshing.refresh(house.ground, circle_id) for _ in range(8)))
    after = await state_of(house, circle_id)
    assert after.refreshed_version == after.facts_version == before.facts_version + 8
    assert after.refresh_count == before.refresh_count + 2
    await asyncio.gather(*(tell(number) for number in range(10, 18)))
    last = await state_of(house, circle_id)
    assert last.refreshed_version == last.facts_version == before.facts_version + 16


async def test_a_circle_whose_refresh_failed_is_refreshed_when_next_asked_for(
    house: TestHouse,
) -> None:
    await apply_facts(house.ground, [born(CHILD, MOTHER, TODAY)])
    circle_id = single_circle(house.ground.keys, MOTHER).id
    refreshing = Refreshing()
    failed = asyncio.create_task(refreshing.refresh(house.ground, circle_id))
    await asyncio.sleep(0)
    failed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await failed
    await refreshing.refresh(house.ground, circle_id)
    state = await state_of(house, circle_id)
    assert state.refreshed_version == state.facts_version
