"""One person by two numbers, a number that was another's: joined, and apart again, in any order."""

from datetime import date, timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace

from domain.card.record import encode_record
from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.person import IdentifierReplaced, ReplacementReason
from domain.ids import PersonId
from domain.people.identity import renamed
from tests.support.builders import (
    born,
    described,
    fact,
    in_error,
    married,
    vaccinated,
)
from tests.support.house import TestHouse, person
from timeline.duplicate import confirm_suspicion, list_suspected
from timeline.read import list_closed

FATHER, MOTHER, CHILD, NUMBERED, FATHER_AGAIN, STRANGER, STRANGERS_MOTHER, AGAIN = (
    person(number) for number in range(1, 9)
)
TODAY = date(2026, 11, 21)


def same(
    person_: PersonId,
    former: PersonId,
    reason: ReplacementReason = "newborn_numbered",
    *,
    source: str = "icp",
) -> Fact:
    return fact(IdentifierReplaced(person_, former, reason), TODAY, source=source)


async def subjects(house: TestHouse, who: PersonId) -> set[PersonId]:
    return {card.record.subject for card in await house.timeline(who)}


async def bodies(house: TestHouse, who: PersonId) -> list[bytes]:
    return [encode_record(card.record) for card in await house.timeline(who)]


async def test_a_newborn_who_gets_a_number_keeps_the_cards_they_had(house: TestHouse) -> None:
    await house.apply(born(CHILD, MOTHER, TODAY, father=FATHER))
    before = {card.record.key for card in await house.timeline(MOTHER)}
    await house.apply(same(NUMBERED, CHILD))
    assert {card.record.key for card in await house.timeline(MOTHER)} == before
    await house.apply(vaccinated(NUMBERED, "19", TODAY))
    await house.apply(vaccinated(CHILD, "08", TODAY))
    assert "vaccination/bcg_1:done" in await house.card_names(MOTHER)
    assert await subjects(house, FATHER) == {CHILD}


async def test_one_birth_reported_under_two_numbers_is_one_child_once_they_are_joined(
    house: TestHouse,
) -> None:
    await house.apply(born(CHILD, MOTHER, TODAY, father=FATHER))
    await house.apply(
        fact(born(NUMBERED, MOTHER, TODAY, father=FATHER).payload, TODAY, source="icp")
    )
    assert await subjects(house, MOTHER) == {CHILD, NUMBERED}
    await house.apply(same(NUMBERED, CHILD))
    assert await subjects(house, MOTHER) == {CHILD}


async def test_a_chain_of_numbers_is_one_person(house: TestHouse) -> None:
    await house.apply(same(AGAIN, NUMBERED, "reissued"))
    await house.apply(vaccinated(AGAIN, "19", TODAY))
    await house.apply(born(CHILD, MOTHER, TODAY))
    await house.apply(vaccinated(CHILD, "08", TODAY))
    await house.apply(same(NUMBERED, CHILD))
    assert "vaccination/bcg_1:done" in await house.card_names(MOTHER)
    assert await subjects(house, MOTHER) == {CHILD}


async def test_a_fathers_new_number_moves_nothing_and_a_later_report_by_it_finds_the_family(
    house: TestHouse,
) -> None:
    await house.apply(married(FATHER, MOTHER, date(2024, 1, 1)))
    await house.apply(born(CHILD, MOTHER, TODAY))
    before = await house.card_names(FATHER)
    await house.apply(same(FATHER_AGAIN, FATHER, "reissued"))
    assert await house.card_names(FATHER) == before
    await house.apply(born(NUMBERED, MOTHER, TODAY, father=FATHER_AGAIN))
    assert await subjects(house, FATHER) == {
        MOTHER,
        CHILD,
        NUMBERED,
    }  # the marriage is hers as well
    assert await house.timeline(FATHER_AGAIN) == ()


async def test_two_fathers_known_apart_become_one_and_the_second_circle_closes(
    house: TestHouse,
) -> None:
    await house.apply(married(FATHER, MOTHER, date(2024, 1, 1)))
    await house.apply(born(CHILD, MOTHER, TODAY, father=FATHER_AGAIN))
    assert await subjects(house, FATHER_AGAIN) == {CHILD}
    await house.apply(same(FATHER_AGAIN, FATHER, "reissued"))
    assert CHILD in await subjects(house, FATHER)
    assert await house.timeline(FATHER_AGAIN) == ()
    assert len(await list_closed(house.ground, FATHER_AGAIN)) == 1
    assert CHILD in await subjects(house, MOTHER)


async def test_a_join_in_error_leaves_two_people_as_before(house: TestHouse) -> None:
    await house.apply(born(CHILD, MOTHER, TODAY, father=FATHER))
    await house.apply(born(STRANGER, STRANGERS_MOTHER, TODAY))
    await house.apply(vaccinated(STRANGER, "19", TODAY))
    before = await bodies(house, MOTHER), await bodies(house, STRANGERS_MOTHER)
    join = same(STRANGER, CHILD)
    await house.apply(join)
    await house.apply(in_error(join, TODAY), concerns=(STRANGER, CHILD))
    assert (await bodies(house, MOTHER), await bodies(house, STRANGERS_MOTHER)) == before


async def test_a_number_corrected_takes_that_sources_facts_to_the_right_child(
    house: TestHouse,
) -> None:
    await house.apply(born(CHILD, MOTHER, TODAY, father=FATHER))
    await house.apply(born(STRANGER, STRANGERS_MOTHER, TODAY))
    wrong = [vaccinated(STRANGER, code, TODAY, source="ehs") for code in ("19", "08")]
    await house.apply(*wrong)
    own = vaccinated(STRANGER, "08", TODAY, source="nabidh")
    await house.apply(own)
    assert "vaccination/bcg_1:done" in await house.card_names(STRANGERS_MOTHER)
    await house.apply(same(CHILD, STRANGER, "corrected", source="ehs"))
    assert "vaccination/bcg_1:done" in await house.card_names(MOTHER)
    assert "vaccination/bcg_1:done" not in await house.card_names(STRANGERS_MOTHER)
    assert await subjects(house, STRANGERS_MOTHER) == {STRANGER}


async def test_a_number_corrected_moves_no_birth_so_strangers_see_no_other_child(
    house: TestHouse,
) -> None:
    await house.apply(
        born(CHILD, MOTHER, TODAY, father=FATHER), described(CHILD, TODAY, name_en="Alia")
    )
    birth = born(STRANGER, STRANGERS_MOTHER, TODAY)
    await house.apply(birth, described(STRANGER, TODAY, name_en="Badr"))
    before = [await bodies(house, who) for who in (MOTHER, FATHER, STRANGERS_MOTHER)]
    await house.apply(same(CHILD, STRANGER, "corrected", source=birth.source))
    assert [await bodies(house, who) for who in (MOTHER, FATHER, STRANGERS_MOTHER)] == before


def birth_story() -> list[Fact]:
    join = same(NUMBERED, CHILD)
    wrong = same(STRANGER, NUMBERED, "reissued")
    return [
        born(CHILD, MOTHER, TODAY, father=FATHER),
        join,
        vaccinated(NUMBERED, "19", TODAY),
        described(NUMBERED, TODAY, name_en="Hind"),
        wrong,
        in_error(wrong, TODAY),
    ]


def father_story() -> list[Fact]:
    return [
        married(FATHER, MOTHER, date(2024, 1, 1)),
        same(FATHER_AGAIN, FATHER, "reissued"),
        born(CHILD, MOTHER, TODAY),
        born(NUMBERED, MOTHER, TODAY, father=FATHER_AGAIN),
        vaccinated(CHILD, "19", TODAY),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("story", [birth_story, father_story])
async def test_whatever_order_numbers_and_facts_arrive_in_everyone_sees_the_same(
    house: TestHouse, story: object
) -> None:
    assert callable(story)
    facts: list[Fact] = story()
    people = (MOTHER, FATHER, CHILD, NUMBERED, FATHER_AGAIN, STRANGER)
    orders = list(permutations(facts))
    expected = None
    for number, order in enumerate(orders[:: max(1, len(orders) // 12)]):
        away = {who: person(1000 * (number + 1) + who.int) for who in (*people, STRANGERS_MOTHER)}
        for one in order:
            moved = _moved(one, away, number)
            error = in_error_of(moved)
            concerns = (away[STRANGER], away[NUMBERED]) if error else ()
            await house.apply(moved, concerns=concerns)
        seen = []
        for who in people:
            cards = await house.timeline(away[who])
            seen.append(
                sorted(
                    (c.record.entry, c.record.occurrence, c.state, c.record.subject.int % 1000)
                    for c in cards
                )
            )
        assert expected is None or seen == expected, [one.kind for one in order]
        expected = seen


def _moved(one: Fact, away: dict[PersonId, PersonId], number: int) -> Fact:
    """The same fact about a family of its own, so that one database holds many tellings."""
    moved = replace(
        renamed(one, lambda who: away.get(who, who)), source_id=f"{one.source_id}-{number}"
    )
    if isinstance(moved.payload, EnteredInError):
        target = f"{moved.payload.target_source_id}-{number}"
        return replace(moved, payload=EnteredInError(moved.payload.target_source, target))
    return moved


def in_error_of(one: Fact) -> bool:
    return one.kind == "entered_in_error"


OTHER_MOTHER, OTHER_FATHER = person(9), person(10)


def of_two_mothers() -> tuple[Fact, Fact, Fact]:
    """A birth under a temporary number, one of another mother said a day later under the Emirates
    ID, and the authority for identity: it is one child.
    """
    later = born(
        NUMBERED, OTHER_MOTHER, TODAY, father=OTHER_FATHER, asserted_on=TODAY + timedelta(days=1)
    )
    return born(CHILD, MOTHER, TODAY, father=FATHER), later, same(NUMBERED, CHILD)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_child_of_two_mothers_is_the_one_said_last_and_the_mothers_are_listed(
    house: TestHouse, order: tuple[int, ...]
) -> None:
    """In no order do both families see the child; a person decides whether they are one mother."""
    told = of_two_mothers()
    house.clock.move_to(TODAY + timedelta(days=2))
    for place in order:
        await house.apply(told[place])
    assert await subjects(house, OTHER_MOTHER) == await subjects(house, OTHER_FATHER) == {CHILD}
    assert await subjects(house, MOTHER) == await subjects(house, FATHER) == set()
    listed = [(one.person_id, one.other_id) for one in await list_suspected(house.ground)]
    assert listed == [(MOTHER, OTHER_MOTHER)]

    await house.apply(in_error(told[1], TODAY), concerns=(NUMBERED, OTHER_MOTHER, OTHER_FATHER))
    assert await subjects(house, MOTHER) == await subjects(house, FATHER) == {CHILD}
    assert await subjects(house, OTHER_MOTHER) == await subjects(house, OTHER_FATHER) == set()


async def test_a_mother_by_two_numbers_has_the_child_once_she_is_joined(house: TestHouse) -> None:
    first, later, join = of_two_mothers()
    house.clock.move_to(TODAY + timedelta(days=2))
    for told in (first, later, join):
        await house.apply(told)
    await house.apply(await confirm_suspicion(house.ground, stays=MOTHER, joins=OTHER_MOTHER))
    assert await list_suspected(house.ground) == ()
    assert CHILD in await subjects(house, MOTHER)
    assert await house.timeline(OTHER_MOTHER) == ()


async def test_a_birth_told_again_of_another_mother_leaves_the_first(house: TestHouse) -> None:
    await house.apply(born(CHILD, MOTHER, TODAY))
    house.clock.move_to(TODAY + timedelta(days=2))
    again = born(CHILD, OTHER_MOTHER, TODAY, asserted_on=TODAY + timedelta(days=1))
    await house.apply(again)
    assert await subjects(house, MOTHER) == set()
    assert await subjects(house, OTHER_MOTHER) == {CHILD}
    await house.apply(in_error(again, TODAY), concerns=(CHILD, OTHER_MOTHER))
    assert await subjects(house, MOTHER) == {CHILD}
