"""Who a person is and what they are called, whatever order agencies speak in."""

import asyncio
from datetime import date

from domain.ids import PersonId
from store.scope import PersonScope
from tests.support.builders import described, in_error
from tests.support.house import TestHouse, person
from timeline.people import Profile, find_person, identify, keep_profile, profile_of
from timeline.record import record_facts, single_circle

WHO = person(1)


async def called(house: TestHouse, who: PersonId) -> Profile:
    async with house.ground.database.read(PersonScope(who)) as session:
        return await profile_of(house.ground, session)


async def test_two_agencies_that_report_one_stranger_at_once_find_one_person(
    house: TestHouse,
) -> None:
    found = await asyncio.gather(
        *(identify(house.ground, system="emirates_id", value="/7840000") for _ in range(8))
    )
    assert len(set(found)) == 1


async def test_a_number_means_another_person_in_another_system(house: TestHouse) -> None:
    one = await identify(house.ground, system="emirates_id", value="/1")
    other = await identify(house.ground, system="hospital_number", value="h/1")
    assert one != other
    assert await find_person(house.ground, system="temporary_number", value="h/1") is None


async def test_an_earlier_assertion_that_comes_later_fills_only_what_nobody_said(
    house: TestHouse,
) -> None:
    early = described(WHO, date(2026, 1, 1), name_en="Salem", name_ar="سلم")
    late = described(WHO, date(2026, 2, 1), name_ar="سالم")
    await house.apply(late)
    await house.apply(early)
    assert await called(house, WHO) == Profile(name_ar="سالم", name_en="Salem")


async def test_a_name_entered_in_error_is_forgotten(house: TestHouse) -> None:
    right = described(WHO, date(2026, 1, 1), name_ar="سالم")
    wrong = described(WHO, date(2026, 2, 1), name_ar="خطأ")
    await house.apply(right)
    await house.apply(wrong)
    await house.apply(in_error(wrong, date(2026, 2, 2)), concerns=(WHO,))
    assert await called(house, WHO) == Profile(name_ar="سالم")


async def test_nobody_is_called_anything_before_an_agency_says_so(house: TestHouse) -> None:
    assert await called(house, WHO) == Profile()


async def test_an_older_view_of_a_name_never_takes_the_place_of_a_newer_one(
    house: TestHouse,
) -> None:
    await keep_profile(house.ground, WHO, Profile(name_ar="جديد"), version=2)
    await keep_profile(house.ground, WHO, Profile(name_ar="قديم"), version=1)
    assert await called(house, WHO) == Profile(name_ar="جديد")


async def test_a_name_is_kept_by_whoever_said_it_whatever_was_recorded_since(
    house: TestHouse,
) -> None:
    """A crash between the fact and the name; another event comes first, and changes no name."""
    await house.apply(described(WHO, date(2026, 1, 1), name_ar="سالم"))
    named = described(WHO, date(2026, 2, 1), name_ar="سليم")
    other = described(WHO, date(2026, 3, 1), nationality="ARE")
    await record_facts(house.ground, single_circle(house.ground.keys, WHO), [named])
    await house.apply(other)
    await house.apply(named)
    assert await called(house, WHO) == Profile(name_ar="سليم")
