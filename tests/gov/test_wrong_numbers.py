"""Events under a number that is not theirs, through the real intake: who then sees whom."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest

from api.settings import read_settings
from tests.support.events import Json, by_number, event, numbered
from tests.support.family_events import (
    CHILD,
    HUSBAND,
    NEXT_HUSBAND,
    OTHER_CHILD,
    SECOND_WIFE,
    STRANGER,
    THIRD_WIFE,
    TWIN,
    WIFE,
    birth,
    day,
    in_error,
    marriage,
    replaced,
    sees,
    services,
    status,
    tell,
    temporary,
    who_is,
)
from tests.support.house import TestHouse
from tests.support.intake import Intake, open_intake
from timeline.duplicate import list_suspected


@pytest.fixture
async def intake(house: TestHouse, tmp_path: Path) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        yield opened


def reported(id: str, **said: object) -> Json:
    return event("person.reported", {"person": numbered(916, **said)}, on=day(-200), id=id)


# A newborn under a grown-up's number

DOSE = {"person": by_number(STRANGER), "vaccine_code": "08"}
MOVE = {"person": by_number(STRANGER), "emirate": "AE-DU"}
STRANGERS_LIFE = (
    reported("s-1", name={"en": "Stranger"}, born_on="1990-02-03"),
    event("residence.changed", MOVE, on=day(-200), id="s-2"),
    event("vaccination.given", DOSE, on=day(-1), id="s-3"),
)
WRONG_BIRTH = birth(STRANGER, WIFE, HUSBAND, id="b-1")


async def test_a_birth_under_a_grown_ups_number_shows_nothing_of_the_grown_up(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, *STRANGERS_LIFE)
    assert await status(house, intake, WRONG_BIRTH) == "intake.newborn_number_taken"
    # Whoever recorded that other life may have been wrong: then it is a birth after all.
    await tell(house, intake, in_error("s-1"))
    assert await status(house, intake, WRONG_BIRTH) == "applied"
    assert await sees(house, HUSBAND, STRANGER)


async def test_nor_where_the_grown_up_is_known_only_later(house: TestHouse, intake: Intake) -> None:
    await tell(house, intake, WRONG_BIRTH)
    assert await sees(house, HUSBAND, STRANGER)
    await tell(house, intake, *STRANGERS_LIFE)
    for parent in (HUSBAND, WIFE):
        assert not await sees(house, parent, STRANGER)


@pytest.mark.parametrize(
    "life",
    [
        marriage(STRANGER, SECOND_WIFE, id="l"),
        birth(OTHER_CHILD, SECOND_WIFE, STRANGER, -300, id="l"),
        birth(OTHER_CHILD, STRANGER, None, -300, id="l"),
        event(
            "pregnancy.confirmed",
            {"mother": STRANGER, "due_on": day(-30).isoformat()},
            on=day(-200),
            id="l",
        ),
        reported("l", born_on="2024"),
    ],
)
async def test_who_married_bore_or_was_born_before_is_no_newborn(
    house: TestHouse, intake: Intake, life: Json
) -> None:
    await tell(house, intake, life)
    assert await status(house, intake, WRONG_BIRTH) == "intake.newborn_number_taken"


async def test_a_register_that_knows_the_birth_a_little_otherwise_holds_nothing(
    house: TestHouse, intake: Intake
) -> None:
    for number, born_on in enumerate(("2025-11-07", "2025-12", "2025")):
        await tell(house, intake, reported(f"p-{number}", born_on=born_on), by="mohap")
    await tell(house, intake, WRONG_BIRTH)
    assert await sees(house, WIFE, STRANGER)


async def test_a_newborn_numbered_as_a_grown_up_is_listed_and_not_joined(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, marriage(STRANGER, SECOND_WIFE, id="m"), *STRANGERS_LIFE[1:])
    await tell(house, intake, birth(CHILD, WIFE, HUSBAND, id="b"))
    numbered_as = replaced(CHILD, STRANGER, "newborn_numbered", id="r")
    assert await status(house, intake, numbered_as) == "intake.identity_contradicted"
    assert await sees(house, WIFE, CHILD)
    assert not await sees(house, WIFE, STRANGER)
    assert len(await list_suspected(house.ground)) == 1


# A number that two newborns were given


def of_several(told: Json, order: int) -> Json:
    told["data"] |= {"children_count": 2, "birth_order": order}
    return told


async def test_of_twins_under_one_number_the_second_is_held_and_not_lost(
    house: TestHouse, intake: Intake
) -> None:
    first = of_several(birth(CHILD, WIFE, HUSBAND, id="b-1"), 1)
    second = of_several(birth(CHILD, WIFE, HUSBAND, id="b-2"), 2)
    await tell(house, intake, first)
    assert await status(house, intake, second) == "intake.newborn_number_taken"
    assert await status(house, intake, first) == "applied"  # told again it is itself
    await tell(house, intake, in_error("b-2"))
    await tell(house, intake, of_several(birth(TWIN, WIFE, HUSBAND, id="b-3"), 2))
    assert await sees(house, WIFE, CHILD)
    assert await sees(house, WIFE, TWIN)


async def test_a_number_of_some_days_given_again_takes_nobody_their_child(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, birth(CHILD, WIFE, HUSBAND, -400, id="b-1"))
    again = birth(CHILD, SECOND_WIFE, None, -20, id="b-2")
    assert await status(house, intake, again) == "intake.newborn_number_taken"
    assert await sees(house, WIFE, CHILD)


async def test_a_birth_dated_anew_is_held_for_nothing(house: TestHouse, intake: Intake) -> None:
    await tell(house, intake, birth(CHILD, WIFE, HUSBAND, -20, id="b-1"))
    await tell(house, intake, birth(CHILD, WIFE, HUSBAND, -385, id="b-2"))
    assert await sees(house, WIFE, CHILD)


# A father, a child or a mother under a number that is mended


async def test_a_number_corrected_to_one_that_has_a_family_leaves_each_their_own(
    house: TestHouse, intake: Intake
) -> None:
    """The hospital took the stranger's number for the husband's; both have families."""
    await tell(house, intake, marriage(STRANGER, THIRD_WIFE, id="m-1"))
    await tell(house, intake, birth(OTHER_CHILD, THIRD_WIFE, STRANGER, -100, id="b-1"))
    await tell(house, intake, marriage(HUSBAND, SECOND_WIFE, id="m-2"))
    await tell(house, intake, birth(CHILD, WIFE, STRANGER, id="b-2"), by="mohap")
    assert await sees(house, STRANGER, CHILD)
    await tell(house, intake, replaced(STRANGER, HUSBAND, "corrected", id="r"), by="mohap")
    assert not await sees(house, STRANGER, CHILD)
    assert await sees(house, STRANGER, OTHER_CHILD)
    assert await sees(house, HUSBAND, CHILD)
    assert not await sees(house, HUSBAND, OTHER_CHILD)
    assert not await sees(house, SECOND_WIFE, CHILD)


async def test_numbers_that_are_said_of_one_another_in_a_ring_are_one_child(
    house: TestHouse, intake: Intake
) -> None:
    anew = "newborn_numbered"
    await tell(house, intake, birth(CHILD, WIFE, HUSBAND, id="b"))
    await tell(house, intake, replaced(CHILD, STRANGER, anew, -5, id="r-1"))
    await tell(house, intake, replaced(STRANGER, CHILD, anew, -4, id="r-2"))
    dose = event("vaccination.given", DOSE, on=day(-1), id="v")
    await tell(house, intake, dose)
    assert await sees(house, WIFE, CHILD) or await sees(house, WIFE, STRANGER)
    assert not (await sees(house, WIFE, CHILD) and await sees(house, WIFE, STRANGER))


async def test_parents_who_turn_out_to_be_one_person_break_nothing(
    house: TestHouse, intake: Intake
) -> None:
    """A clerk's slip: one person by two numbers is said to be mother and father, and a couple."""
    other = temporary("Z-1")
    await tell(house, intake, replaced(other, NEXT_HUSBAND, "reissued", -30, id="r"))
    await tell(house, intake, birth(CHILD, NEXT_HUSBAND, other, id="b"))
    await tell(house, intake, marriage(NEXT_HUSBAND, other, id="m"))
    assert "family_book" not in await services(house, NEXT_HUSBAND)


async def test_a_guardian_who_turns_out_to_be_the_ward_has_no_stream_of_it(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, birth(CHILD, WIFE, HUSBAND, id="b"))
    appointed = {"ward": CHILD, "guardian": by_number(STRANGER)}
    await tell(house, intake, event("guardian.appointed", appointed, on=day(-10), id="g"))
    await tell(house, intake, replaced(CHILD, STRANGER, "newborn_numbered", id="r"))
    assert await sees(house, WIFE, CHILD)
    assert await services(house, STRANGER) == set()


# Twins


@pytest.mark.parametrize("order", list(permutations(range(3)))[::2])
async def test_a_dose_on_the_day_of_a_twins_birth_is_that_twins(
    house: TestHouse, intake: Intake, order: tuple[int, ...]
) -> None:
    told = [birth(CHILD, WIFE, HUSBAND, -2, id="b-1"), birth(TWIN, WIFE, HUSBAND, -2, id="b-2")]
    for number, one in enumerate(told, start=1):
        one["data"] |= {"children_count": 2, "birth_order": number}
    dose = {"person": by_number(TWIN), "vaccine_code": "19"}
    told.append(event("vaccination.given", dose, on=day(-2), id="v"))
    await tell(house, intake, *(told[place] for place in order))
    for parent in (HUSBAND, WIFE):
        assert await states_of_bcg(house, parent, CHILD) == {"due"}
        assert await states_of_bcg(house, parent, TWIN) == {"done"}
    assert await list_suspected(house.ground) == ()


async def states_of_bcg(house: TestHouse, reader: Json, child: Json) -> set[str]:
    subject = await who_is(house, child)
    cards = await house.timeline(await who_is(house, reader))
    return {
        str(card.state)
        for card in cards
        if card.record.subject == subject and card.record.occurrence.endswith("bcg_1")
    }
