"""As whom somebody is read is remembered while their facts stand, and looked up when one came."""

from datetime import date

import pytest

from domain.facts.person import IdentifierReplaced
from tests.support.builders import described, fact, in_error
from tests.support.house import TestHouse, person
from timeline.known import find_survivor
from timeline.survivor import PEOPLE_MAX, Alone

ONE, OTHER = person(1), person(2)
TODAY = date(2026, 11, 21)


async def test_a_join_and_its_end_count_at_once(house: TestHouse) -> None:
    await house.apply(described(ONE, TODAY), described(OTHER, TODAY))
    for _ in range(2):
        assert await find_survivor(house.ground, ONE) == ONE
    joined = fact(IdentifierReplaced(ONE, OTHER, "newborn_numbered"), TODAY)
    await house.apply(joined)
    assert await find_survivor(house.ground, ONE) == await find_survivor(house.ground, OTHER)
    await house.apply(in_error(joined, TODAY), concerns=(ONE, OTHER))
    assert [await find_survivor(house.ground, who) for who in (ONE, OTHER)] == [ONE, OTHER]


@pytest.mark.parametrize(("version", "holds"), [(3, True), (2, False), (4, False)])
def test_only_the_very_version_counts(version: int, holds: bool) -> None:
    alone = Alone()
    alone.put(ONE, 3)
    assert alone.holds(ONE, version) is holds


def test_the_longest_unseen_is_forgotten_past_the_bound() -> None:
    alone = Alone()
    for number in range(PEOPLE_MAX):
        alone.put(person(number), 1)
    assert alone.holds(person(0), 1)
    alone.put(person(PEOPLE_MAX), 1)
    assert not alone.holds(person(1), 1)
    assert alone.holds(person(0), 1)
