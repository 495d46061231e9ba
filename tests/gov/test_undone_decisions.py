"""Decisions that are undone, doubled or cannot be, through the real intake: who then sees whom."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest

from api.settings import read_settings
from tests.support.events import Json, by_number, event
from tests.support.family_events import (
    CHILD,
    GRANDMOTHER,
    HUSBAND,
    NEXT_HUSBAND,
    OTHER_CHILD,
    OTHER_TAKER,
    SECOND_WIFE,
    TAKER,
    THIRD_WIFE,
    TWIN,
    WIFE,
    adoption,
    birth,
    day,
    death,
    divorce,
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


@pytest.fixture
async def intake(house: TestHouse, tmp_path: Path) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        yield opened


def custody(holder: Json, on: int, *, id: str) -> Json:
    data = {"child": CHILD, "holder": by_number(holder)}
    return event("custody.decided", data, on=day(on), id=id)


# Marriages


async def test_a_marriage_of_two_courts_is_one_and_ends_once(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, marriage(HUSBAND, WIFE, -60, id="m"))
    await tell(house, intake, marriage(HUSBAND, WIFE, -58, id="m"), by="mohap")
    await tell(house, intake, in_error("m"))
    assert "family_book" in await services(house, HUSBAND), "the other court's word stands"
    await tell(house, intake, divorce(HUSBAND, WIFE, -30, id="d"))
    # The first court's word comes back, asserted after the divorce and dated before it.
    again = marriage(HUSBAND, WIFE, -60, id="m-2") | {"asserted_at": f"{day(-1)}T10:00:00+04:00"}
    await tell(house, intake, again)
    assert await services(house, HUSBAND) == {"divorce_guidance"}


async def test_a_divorce_dated_before_the_marriage_ends_nothing(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, marriage(HUSBAND, WIFE, -60, id="m"))
    await tell(house, intake, divorce(HUSBAND, WIFE, -90, id="d"))
    assert "family_book" in await services(house, HUSBAND)
    assert "divorce_guidance" not in await services(house, HUSBAND)


async def test_a_child_of_two_marriages_within_the_waiting_time_is_the_first_husbands(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, marriage(HUSBAND, WIFE, -500, id="m-1"))
    await tell(house, intake, divorce(HUSBAND, WIFE, -40, id="d"))
    await tell(house, intake, marriage(NEXT_HUSBAND, WIFE, -25, id="m-2"))
    await tell(house, intake, birth(CHILD, WIFE, None, -2, id="b"))
    assert await sees(house, HUSBAND, CHILD)
    assert await sees(house, WIFE, CHILD, told=True)
    assert not await sees(house, NEXT_HUSBAND, CHILD)


async def test_a_man_with_three_families_sees_each_and_none_sees_another(
    house: TestHouse, intake: Intake
) -> None:
    families = {"a": (WIFE, CHILD), "b": (SECOND_WIFE, TWIN), "c": (THIRD_WIFE, OTHER_CHILD)}
    for name, (wife, child) in families.items():
        await tell(house, intake, marriage(HUSBAND, wife, id=f"m-{name}"))
        await tell(house, intake, birth(child, wife, HUSBAND, id=f"b-{name}"))
    await tell(house, intake, divorce(HUSBAND, SECOND_WIFE, -3, id="d"))
    await tell(house, intake, death(THIRD_WIFE, -2, id="x"))
    for child in (CHILD, TWIN, OTHER_CHILD):
        assert await sees(house, HUSBAND, child)
        assert await sees(house, WIFE, child) is (child is CHILD)
        assert await sees(house, SECOND_WIFE, child) is (child is TWIN)
    assert await services(house, THIRD_WIFE) == set()


async def test_a_birth_to_the_wrong_wife_reported_anew_leaves_her_nothing(
    house: TestHouse, intake: Intake
) -> None:
    for name, wife in (("a", WIFE), ("b", SECOND_WIFE)):
        await tell(house, intake, marriage(HUSBAND, wife, id=f"m-{name}"))
    before = await services(house, WIFE)
    await tell(house, intake, birth(CHILD, WIFE, HUSBAND, id="b-1"), in_error("b-1"))
    await tell(house, intake, birth(CHILD, SECOND_WIFE, HUSBAND, id="b-2"))
    assert await services(house, WIFE) == before
    assert not await sees(house, WIFE, CHILD)
    assert await sees(house, SECOND_WIFE, CHILD)
    assert await sees(house, HUSBAND, CHILD)


# Pregnancies


@pytest.mark.parametrize("order", list(permutations(range(3)))[::2])
async def test_a_birth_ends_a_pregnancy_told_of_before_or_after_it(
    house: TestHouse, intake: Intake, order: tuple[int, ...]
) -> None:
    def confirmed(on: int, id: str) -> Json:
        data = {"mother": by_number(WIFE), "due_on": day(10).isoformat()}
        return event("pregnancy.confirmed", data, on=day(on), id=id)

    told = (birth(CHILD, WIFE, HUSBAND, -5, id="b"), confirmed(-200, "p-1"), confirmed(-2, "p-2"))
    await tell(house, intake, *(told[place] for place in order))
    assert await sees(house, WIFE, CHILD)
    assert not {"pregnancy_followup", "content_pregnancy"} & await services(house, WIFE)


# Custody and guardians


async def test_custody_of_the_dead_is_held_and_a_holder_who_dies_holds_nothing(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, marriage(HUSBAND, WIFE, id="m"), birth(CHILD, WIFE, HUSBAND, id="b"))
    await tell(house, intake, death(TAKER, -15, id="x-1"))
    assert await status(house, intake, custody(TAKER, -10, id="c-1")) == "intake.subject_deceased"
    await tell(house, intake, custody(GRANDMOTHER, -9, id="c-2"))
    assert await sees(house, GRANDMOTHER, CHILD, told=True)
    assert not await sees(house, WIFE, CHILD, told=True)
    await tell(house, intake, death(GRANDMOTHER, -2, id="x-2"))
    assert await services(house, GRANDMOTHER) == set()
    assert await sees(house, WIFE, CHILD, told=True)


async def test_a_father_appointed_for_a_time_stays_the_father(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, marriage(HUSBAND, WIFE, id="m"), birth(CHILD, WIFE, HUSBAND, id="b"))
    appointed = {"ward": CHILD, "guardian": by_number(HUSBAND), "ends_on": day(-5).isoformat()}
    await tell(house, intake, event("guardian.appointed", appointed, on=day(-10), id="g-1"))
    assert await sees(house, HUSBAND, CHILD, told=True)
    removed = {"ward": by_number(CHILD), "guardian": by_number(HUSBAND)}
    await tell(house, intake, event("guardian.removed", removed, on=day(-4), id="g-2"))
    assert await sees(house, HUSBAND, CHILD, told=True)


# Adoptions


async def test_an_adoption_undone_by_another_gives_the_child_back(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, marriage(HUSBAND, WIFE, id="m"), birth(CHILD, WIFE, HUSBAND, id="b"))
    await tell(house, intake, adoption(CHILD, TAKER, OTHER_TAKER, -10, id="a-1"))
    assert not await sees(house, WIFE, CHILD)
    await tell(house, intake, adoption(CHILD, WIFE, HUSBAND, -2, id="a-2"))
    for parent in (WIFE, HUSBAND):
        assert await sees(house, parent, CHILD)
    for taker in (TAKER, OTHER_TAKER):
        assert await services(house, taker) == set()


async def test_a_husband_who_takes_in_his_wifes_child_takes_the_fathers_place(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, marriage(HUSBAND, WIFE, id="m"), birth(CHILD, WIFE, HUSBAND, id="b"))
    await tell(house, intake, divorce(HUSBAND, WIFE, -15, id="d"))
    await tell(house, intake, marriage(NEXT_HUSBAND, WIFE, -10, id="m-2"))
    await tell(house, intake, adoption(CHILD, WIFE, NEXT_HUSBAND, -5, id="a"))
    assert await sees(house, WIFE, CHILD)
    assert await sees(house, NEXT_HUSBAND, CHILD)
    assert not await sees(house, HUSBAND, CHILD)


async def test_a_secret_stays_one_whatever_the_family_of_birth_is_told_later(
    house: TestHouse, intake: Intake
) -> None:
    """The birth reported anew, a lasting number, a dose under it: after the adoption."""
    numbered = temporary("E-1")
    await tell(house, intake, marriage(HUSBAND, WIFE, id="m"))
    await tell(house, intake, birth(CHILD, WIFE, HUSBAND, -20, id="b-1"))
    await tell(house, intake, adoption(CHILD, TAKER, OTHER_TAKER, -10, id="a"))
    await tell(house, intake, replaced(CHILD, numbered, "newborn_numbered", -8, id="r"))
    dose = {"person": by_number(numbered), "vaccine_code": "19"}
    await tell(house, intake, event("vaccination.given", dose, on=day(-7), id="v"))
    await tell(house, intake, in_error("b-1"), birth(numbered, WIFE, HUSBAND, -21, id="b-2"))
    for parent in (WIFE, HUSBAND):
        assert not await sees(house, parent, CHILD)
        assert not await sees(house, parent, numbered)
    assert await sees(house, TAKER, CHILD)
    assert not await sees(house, TAKER, WIFE)


# Growing up


async def test_at_eighteen_a_protected_address_is_the_grown_childs_alone(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, marriage(HUSBAND, WIFE, -9000, id="m"))
    await tell(house, intake, birth(CHILD, WIFE, HUSBAND, -18 * 365 + 30, id="b"))
    home = {"person": by_number(CHILD), "emirate": "AE-FU", "is_protected": True}
    await tell(house, intake, event("residence.changed", home, on=day(-50), id="h"))
    dose = {"person": by_number(CHILD), "vaccine_code": "08"}
    await tell(house, intake, event("vaccination.given", dose, on=day(-40), id="v"))
    assert await sees(house, WIFE, CHILD)
    house.clock.move_to(day(60))
    for parent in (WIFE, HUSBAND):
        assert not await sees(house, parent, CHILD)
    own = await who_is(house, CHILD)
    assert {card.record.subject for card in await house.timeline(own)} <= {own}
