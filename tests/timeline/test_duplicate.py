"""Children who may be one are listed, once; a person joins them or says that they are two."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.ids import PersonId
from tests.support.builders import born, fact, in_error
from tests.support.house import TestHouse, person
from timeline.duplicate import (
    NotSuspected,
    confirm_suspicion,
    dismiss_suspicion,
    list_suspected,
)

MOTHER, CHILD, NUMBERED, LATER = person(1), person(2), person(3), person(4)
TODAY = date(2026, 11, 21)


def reported(child: PersonId, said: tuple[int | None, int | None] = (None, None)) -> Fact:
    """A birth of so many children, as the n-th of them."""
    return fact(BirthNotified(child, MOTHER, None, said[0], said[1]), TODAY)


async def suspected(house: TestHouse) -> list[tuple[PersonId, PersonId]]:
    return [(one.person_id, one.other_id) for one in await list_suspected(house.ground)]


async def test_a_birth_reported_under_two_numbers_is_suspected_and_nothing_is_merged(
    house: TestHouse,
) -> None:
    for _ in range(2):
        await house.apply(born(CHILD, MOTHER, TODAY, source_id="one"))
        await house.apply(born(NUMBERED, MOTHER, TODAY, source_id="two"))
    assert await suspected(house) == [(CHILD, NUMBERED)]
    assert {card.record.subject for card in await house.timeline(MOTHER)} == {CHILD, NUMBERED}


@pytest.mark.parametrize(
    ("days", "first", "second", "is_suspected"),
    [
        (1, (None, None), (None, None), True),
        (2, (None, None), (None, None), False),
        (0, (2, None), (2, None), False),
        (0, (2, 1), (2, 2), False),
        (0, (2, 1), (2, 1), True),
        (0, (2, None), (None, None), True),
    ],
)
async def test_twins_told_of_as_twins_are_not_suspected(
    house: TestHouse,
    days: int,
    first: tuple[int | None, int | None],
    second: tuple[int | None, int | None],
    is_suspected: bool,
) -> None:
    await house.apply(reported(CHILD, first))
    other = replace(reported(NUMBERED, second), occurred_on=TODAY - timedelta(days=days))
    await house.apply(other)
    assert bool(await suspected(house)) == is_suspected


async def test_a_person_joins_them_and_the_first_named_stays(house: TestHouse) -> None:
    await house.apply(reported(CHILD))
    await house.apply(reported(NUMBERED))
    saying = await confirm_suspicion(house.ground, stays=NUMBERED, joins=CHILD)
    await house.apply(saying)
    assert {card.record.subject for card in await house.timeline(MOTHER)} == {NUMBERED}
    assert await suspected(house) == []
    with pytest.raises(NotSuspected):
        await confirm_suspicion(house.ground, stays=NUMBERED, joins=CHILD)
    await house.apply(in_error(saying, TODAY), concerns=(CHILD, NUMBERED))
    assert {card.record.subject for card in await house.timeline(MOTHER)} == {CHILD, NUMBERED}


async def test_what_is_dismissed_is_not_suspected_again(house: TestHouse) -> None:
    await house.apply(reported(CHILD))
    await house.apply(reported(NUMBERED))
    await dismiss_suspicion(house.ground, NUMBERED, CHILD)
    await house.apply(reported(NUMBERED))
    assert await suspected(house) == []
    assert len(await list_suspected(house.ground, open_only=False)) == 1
    with pytest.raises(NotSuspected):
        await dismiss_suspicion(house.ground, CHILD, NUMBERED)
    with pytest.raises(NotSuspected):
        await dismiss_suspicion(house.ground, CHILD, LATER)
