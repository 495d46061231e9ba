"""Which circles are looked at, and that one which fails keeps no other waiting."""

from datetime import date

from sqlalchemy import update
from sqlmodel import col

from store.circle_tables import CircleRow
from store.scope import CircleScope
from tests.support.builders import born, married
from tests.support.house import TestHouse, person
from timeline.apply import apply_facts
from timeline.record import couple_circle
from timeline.wake import find_waking, list_waking_circles

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
TODAY = date(2026, 11, 21)


async def test_a_dirty_circle_is_found_until_it_is_refreshed(house: TestHouse) -> None:
    touched = await apply_facts(house.ground, [married(HUSBAND, WIFE, TODAY)])
    assert set(await list_waking_circles(house.ground)) == set(touched)
    await house.apply(married(HUSBAND, WIFE, TODAY))
    for circle_id in touched:
        await house.refresh(circle_id)
    assert await list_waking_circles(house.ground) == ()


async def test_a_circle_wakes_on_the_day_a_card_comes_within_ninety_days(house: TestHouse) -> None:
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    couple = couple_circle(house.ground.keys, HUSBAND, WIFE).id
    # The visit at 4 months is 2027-03-21 and shows 14 days before, on 2027-03-07; it exists 90 days
    # before that: from 2026-12-07.
    house.clock.move_to(date(2026, 12, 6))
    await house.card_names(WIFE)  # what came in between, a card of nurseries, is refreshed
    assert couple not in await list_waking_circles(house.ground)
    house.clock.move_to(date(2026, 12, 7))
    assert couple in await list_waking_circles(house.ground)
    before = await house.card_names(WIFE)  # the read refreshes it first
    assert "vaccination/dtp_2:scheduled" in before
    assert couple not in await list_waking_circles(house.ground)


async def test_a_circle_of_an_older_catalogue_is_found(house: TestHouse) -> None:
    await house.apply(married(HUSBAND, WIFE, TODAY))
    couple = couple_circle(house.ground.keys, HUSBAND, WIFE).id
    async with house.ground.database.unit(CircleScope(couple)) as unit:
        await unit.execute(
            update(CircleRow)
            .where(col(CircleRow.circle_id) == couple)
            .values(refreshed_catalogue=0)
        )
    assert await list_waking_circles(house.ground) == (couple,)


async def test_a_circle_passed_over_keeps_no_other_waiting(house: TestHouse) -> None:
    touched = await apply_facts(house.ground, [married(HUSBAND, WIFE, TODAY)])
    first = await list_waking_circles(house.ground, limit=1)
    second = await list_waking_circles(house.ground, limit=1, passing_over=first)
    assert len(second) == 1
    assert second != first
    assert await list_waking_circles(house.ground, passing_over=touched) == ()
    assert set(await list_waking_circles(house.ground)) == set(touched)  # nothing was written


async def test_a_circle_of_an_older_catalogue_is_passed_over_too(house: TestHouse) -> None:
    touched = await house.apply(married(HUSBAND, WIFE, TODAY))
    couple = couple_circle(house.ground.keys, HUSBAND, WIFE).id
    for circle_id in touched:
        async with house.ground.database.unit(CircleScope(circle_id)) as unit:
            await unit.execute(
                update(CircleRow)
                .where(col(CircleRow.circle_id) == circle_id)
                .values(refreshed_catalogue=0)
            )
    left = await list_waking_circles(house.ground, passing_over=(couple,))
    assert set(left) == touched - {couple}


async def test_a_full_batch_says_that_there_may_be_more(house: TestHouse) -> None:
    touched = await apply_facts(house.ground, [married(HUSBAND, WIFE, TODAY)])
    assert (await find_waking(house.ground, limit=len(touched))).is_full
    assert not (await find_waking(house.ground, limit=len(touched) + 1)).is_full
