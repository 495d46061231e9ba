"""Which circles are looked at, and that one which fails keeps no other waiting."""

from datetime import date

from sqlalchemy import update
from sqlmodel import col

from store.circle_tables import CircleRow
from store.scope import CircleScope
from tests.support.builders import CITIZEN, born, described, married
from tests.support.house import TestHouse, person
from timeline.apply import apply_facts
from timeline.record import couple_circle
from timeline.wake import list_waking_circles, postpone_circle

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
    assert couple not in await list_waking_circles(house.ground)
    house.clock.move_to(date(2026, 12, 7))
    assert couple in await list_waking_circles(house.ground)
    before = await house.card_names(WIFE)  # the read refreshes it first
    assert "vaccination/month_4:scheduled" in before
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


async def test_a_circle_whose_refresh_fails_waits_a_day_and_readers_still_see_it_fresh(
    house: TestHouse,
) -> None:
    wedding = married(HUSBAND, WIFE, TODAY)
    citizen = described(HUSBAND, TODAY, nationality=CITIZEN, source_id=wedding.source_id)
    touched = await apply_facts(house.ground, [wedding, citizen])
    for circle_id in touched:
        await postpone_circle(house.ground, circle_id)
    assert await list_waking_circles(house.ground) == ()
    assert await house.card_names(HUSBAND) == ["family_book/offer:due"]
    house.clock.move_days(1)
    assert set(await list_waking_circles(house.ground)) <= set(touched)
