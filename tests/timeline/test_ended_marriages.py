"""Divorce, widowhood and marriage again, through every circle they touch, in any order."""

from datetime import date, timedelta
from itertools import permutations

import pytest

from domain.fact import Fact
from domain.facts.marriage import DivorceRevoked, MarriageAnnulled
from domain.family import family_of
from domain.ids import PersonId
from store.scope import CircleScope
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    died,
    divorced,
    fact,
    family_book,
    in_error,
    married,
    pregnancy_ended,
    pregnant,
    vaccinated,
)
from tests.support.house import TestHouse, person
from timeline.record import couple_circle, read_facts

HUSBAND, WIFE, CHILD, NEXT = person(1), person(2), person(3), person(4)
TODAY = date(2026, 11, 21)
WEDDING = TODAY - timedelta(days=20)


def citizen(who: PersonId) -> Fact:
    return described(who, date(2020, 1, 1), nationality=CITIZEN)


async def entries(house: TestHouse, who: PersonId) -> set[str]:
    return {name.partition("/")[0] for name in await house.card_names(who)}


async def subjects(house: TestHouse, who: PersonId) -> set[PersonId]:
    return {card.record.subject for card in await house.timeline(who)}


@pytest.mark.parametrize("end", ["divorce", "annulment"])
async def test_what_only_the_married_get_goes_when_the_marriage_ends(
    house: TestHouse, end: str
) -> None:
    await house.apply(citizen(HUSBAND))
    await house.apply(married(HUSBAND, WIFE, WEDDING))
    assert "family_book" in await entries(house, HUSBAND)
    over = (
        divorced(HUSBAND, WIFE, TODAY)
        if end == "divorce"
        else fact(MarriageAnnulled(HUSBAND, WIFE), TODAY, source="moj")
    )
    await house.apply(over)
    assert "family_book" not in await entries(house, HUSBAND)
    await house.apply(in_error(over, TODAY), concerns=(HUSBAND, WIFE))
    assert "family_book" in await entries(house, HUSBAND)


async def test_a_divorce_that_comes_before_its_marriage_still_ends_it(house: TestHouse) -> None:
    await house.apply(citizen(HUSBAND))
    await house.apply(divorced(HUSBAND, WIFE, TODAY))
    await house.apply(married(HUSBAND, WIFE, WEDDING))
    assert "family_book" not in await entries(house, HUSBAND)


async def test_a_divorce_taken_back_brings_back_what_the_married_get(house: TestHouse) -> None:
    await house.apply(citizen(HUSBAND))
    await house.apply(married(HUSBAND, WIFE, WEDDING))
    before = await house.card_names(HUSBAND)
    await house.apply(divorced(HUSBAND, WIFE, TODAY - timedelta(days=2)))
    await house.apply(fact(DivorceRevoked(HUSBAND, WIFE), TODAY, source="moj"))
    assert await house.card_names(HUSBAND) == before


async def test_the_second_marriage_of_a_couple_is_offered_a_book_of_its_own(
    house: TestHouse,
) -> None:
    await house.apply(citizen(HUSBAND))
    await house.apply(married(HUSBAND, WIFE, TODAY - timedelta(days=900)))
    await house.apply(family_book(HUSBAND, WIFE, TODAY - timedelta(days=880)))
    first = {card.record.key for card in await house.timeline(HUSBAND)}
    await house.apply(divorced(HUSBAND, WIFE, TODAY - timedelta(days=300)))
    await house.apply(married(HUSBAND, WIFE, WEDDING))
    second = [card for card in await house.timeline(HUSBAND) if card.record.entry == "family_book"]
    assert [card.state for card in second] == ["due"]
    assert not first & {card.record.key for card in second}


def widows_child() -> tuple[Fact, ...]:
    return (
        married(HUSBAND, WIFE, TODAY - timedelta(days=900)),
        died(HUSBAND, TODAY - timedelta(days=500)),
        born(CHILD, WIFE, TODAY - timedelta(days=5)),
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_widows_later_child_is_hers_in_whatever_order_it_was_told(
    house: TestHouse, order: tuple[int, ...]
) -> None:
    told = widows_child()
    for place in order:
        await house.apply(told[place])
    await house.apply(vaccinated(CHILD, "19", TODAY))
    assert CHILD in await subjects(house, WIFE)
    assert CHILD not in await subjects(house, HUSBAND)


async def test_a_husbands_death_taken_back_gives_him_the_child_again(house: TestHouse) -> None:
    wedding, death, birth = widows_child()
    for told in (wedding, death, birth):
        await house.apply(told)
    assert CHILD not in await subjects(house, HUSBAND)
    await house.apply(in_error(death, TODAY), concerns=(HUSBAND,))
    assert CHILD in await subjects(house, HUSBAND)
    assert CHILD in await subjects(house, WIFE)


async def test_a_widow_who_married_again_has_the_next_child_with_him(house: TestHouse) -> None:
    for told in (
        married(NEXT, WIFE, TODAY - timedelta(days=400)),
        born(CHILD, WIFE, TODAY - timedelta(days=5)),
        died(HUSBAND, TODAY - timedelta(days=800)),
        married(HUSBAND, WIFE, TODAY - timedelta(days=900)),
    ):
        await house.apply(told)
    assert CHILD in await subjects(house, NEXT)
    assert CHILD not in await subjects(house, HUSBAND)


async def test_a_child_born_late_after_a_divorce_is_with_the_mother_alone(house: TestHouse) -> None:
    divorce = divorced(HUSBAND, WIFE, TODAY - timedelta(days=500))
    await house.apply(married(HUSBAND, WIFE, TODAY - timedelta(days=900)))
    await house.apply(born(CHILD, WIFE, TODAY - timedelta(days=5)))
    await house.apply(vaccinated(CHILD, "19", TODAY - timedelta(days=5)))
    assert CHILD in await subjects(house, HUSBAND)
    await house.apply(divorce)
    assert CHILD not in await subjects(house, HUSBAND)
    assert CHILD in await subjects(house, WIFE)
    await house.apply(in_error(divorce, TODAY), concerns=(HUSBAND, WIFE))
    assert CHILD in await subjects(house, HUSBAND)


def expected_before(end: Fact) -> tuple[Fact, ...]:
    """She is known to be pregnant in her first marriage; it ends, she marries again, the child is
    born 235 days into the next one: more than the 180 from which the next husband is presumed.
    """
    born_on = TODAY - timedelta(days=5)
    return (
        married(HUSBAND, WIFE, TODAY - timedelta(days=900)),
        pregnant(WIFE, born_on - timedelta(days=250), due_on=born_on),
        end,
        married(NEXT, WIFE, born_on - timedelta(days=235)),
        born(CHILD, WIFE, born_on),
        vaccinated(CHILD, "19", TODAY),
    )


ENDED_ON = TODAY - timedelta(days=250)


@pytest.mark.parametrize("end", [divorced(HUSBAND, WIFE, ENDED_ON), died(HUSBAND, ENDED_ON)])
@pytest.mark.parametrize(
    "order",
    [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 4, 5, 0, 2, 1), (4, 1, 3, 0, 2, 5)],
)
async def test_a_child_expected_in_the_marriage_before_is_of_that_marriage(
    house: TestHouse, order: tuple[int, ...], end: Fact
) -> None:
    told = expected_before(end)
    for place in order:
        await house.apply(told[place])
    assert CHILD in await subjects(house, WIFE)
    assert CHILD not in await subjects(house, NEXT)
    # The dead are told nothing; who is divorced goes on seeing his child.
    is_dead = end.kind == "person.died"
    assert (CHILD in await subjects(house, HUSBAND)) != is_dead


async def test_a_pregnancy_goes_to_the_husband_of_then_though_she_has_married_again(
    house: TestHouse,
) -> None:
    *told, _, _ = expected_before(divorced(HUSBAND, WIFE, ENDED_ON))
    house.clock.move_to(TODAY - timedelta(days=200))
    for one in reversed(told):
        await house.apply(one)
    circle = couple_circle(house.ground.keys, HUSBAND, WIFE)
    keys = await house.ground.keys.circle(circle.id)
    async with house.ground.database.read(CircleScope(circle.id)) as session:
        held = await read_facts(session, keys)
    assert [p.father for p in family_of(circle, held).pregnancies] == [HUSBAND]
    assert "pregnancy_followup" in await entries(house, WIFE)
    assert "pregnancy_followup" not in await entries(house, NEXT)


async def test_a_child_of_a_later_pregnancy_is_the_next_husbands(house: TestHouse) -> None:
    """The first was lost before she married again, so it says nothing of this child."""
    told = expected_before(divorced(HUSBAND, WIFE, ENDED_ON))
    lost = pregnancy_ended(WIFE, TODAY - timedelta(days=251))
    for one in (*told, lost):
        await house.apply(one)
    assert CHILD in await subjects(house, NEXT)
    assert CHILD not in await subjects(house, HUSBAND)


async def test_a_child_expected_before_any_marriage_is_the_husbands_she_then_has(
    house: TestHouse,
) -> None:
    _, expected, _, wedding, birth, dose = expected_before(divorced(HUSBAND, WIFE, ENDED_ON))
    for one in (birth, expected, wedding, dose):
        await house.apply(one)
    assert CHILD in await subjects(house, NEXT)
