"""Two emirates may give one licence number: it is two businesses, and neither sees the other."""

from datetime import date
from itertools import permutations

import msgspec
import pytest
from sqlalchemy import update
from sqlmodel import col

from domain.fact import Fact
from domain.facts.business import LicenceExpiring, LicenceIssued, LicenceRenewed, PartnerAdded
from domain.ids import CircleId, PersonId
from domain.people.circle import Business, Circle
from store.circle_tables import CircleRow
from store.scope import CircleScope
from store.seal import Place, seal
from tests.support.builders import died, fact, in_error, married
from tests.support.house import TestHouse, person
from timeline.apply import apply_facts
from timeline.business import CONNECTED_MAX
from timeline.people import link
from timeline.read import list_closed
from timeline.record import business_circle, open_circle, read_facts, record_facts

AJMANI, PARTNER, DUBAI_OWNER = person(1), person(2), person(3)
TODAY = date(2026, 11, 21)  # the day on which every test begins
LAST_DAY = date(2026, 12, 1)  # told two weeks ahead, since 17 November
ISSUED_ON, ADDED_ON = date(2025, 12, 2), date(2026, 11, 1)
AJMAN, DUBAI = "AE-AJ", "AE-DU"
RENEW, CONFIRM = "licence_renewal/renew:due", "partner_added/confirm:due"


def issued(owner: PersonId, emirate: str | None, *, source: str = "ded") -> Fact:
    payload = LicenceIssued(owner, "L-7", LAST_DAY, emirate)
    return fact(payload, ISSUED_ON, source=source)


def added(owner: PersonId, emirate: str | None = None) -> Fact:
    payload = PartnerAdded(PARTNER, "L-7", owner, is_confirmed=True, emirate=emirate)
    return fact(payload, ADDED_ON, source="ded")


def renewed(owner: PersonId, emirate: str | None = None) -> Fact:
    payload = LicenceRenewed(owner, "L-7", date(2027, 12, 1), emirate=emirate)
    return fact(payload, TODAY, source="ded")


async def business_of(house: TestHouse, who: PersonId) -> list[str]:
    names = await house.card_names(who)
    return [one for one in names if one in (RENEW, CONFIRM)]


async def kinds_in(house: TestHouse, business: Business) -> list[str]:
    circle = business_circle(house.ground.keys, business)
    keys = await house.ground.keys.circle(circle.id)
    async with house.ground.database.read(CircleScope(circle.id)) as session:
        return sorted(one.kind for one in await read_facts(session, keys))


async def test_two_emirates_with_one_number_are_two_businesses(house: TestHouse) -> None:
    await house.apply(issued(AJMANI, AJMAN))
    await house.apply(issued(DUBAI_OWNER, DUBAI))
    await house.apply(renewed(AJMANI, AJMAN))
    assert await business_of(house, AJMANI) == []
    assert await business_of(house, DUBAI_OWNER) == [RENEW], "theirs was not renewed"
    assert await kinds_in(house, Business("L-7", AJMAN)) == ["licence.issued", "licence.renewed"]
    assert await kinds_in(house, Business("L-7", DUBAI)) == ["licence.issued"]


async def test_a_partner_in_one_emirate_sees_nothing_of_the_other(house: TestHouse) -> None:
    await house.apply(issued(DUBAI_OWNER, DUBAI))
    await house.apply(added(AJMANI, AJMAN))
    assert RENEW not in await house.card_names(PARTNER)
    await house.apply(issued(AJMANI, AJMAN))
    await house.apply(died(DUBAI_OWNER, TODAY))
    assert await business_of(house, PARTNER) == [RENEW]
    assert "person.died" not in await kinds_in(house, Business("L-7", AJMAN))


async def test_a_death_in_an_owner_s_family_is_no_matter_of_the_business(house: TestHouse) -> None:
    wedding = married(DUBAI_OWNER, AJMANI, date(2026, 1, 1))
    await house.apply(wedding)
    await house.apply(issued(AJMANI, AJMAN), added(AJMANI, AJMAN))
    await house.apply(died(DUBAI_OWNER, TODAY))
    assert await kinds_in(house, Business("L-7", AJMAN)) == ["licence.issued", "partner.added"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_what_says_no_emirate_follows_what_does_in_whatever_order(
    house: TestHouse, order: tuple[int, ...]
) -> None:
    told = (issued(AJMANI, AJMAN), added(AJMANI), issued(DUBAI_OWNER, DUBAI))
    for place in order:
        await house.apply(told[place])
    assert await business_of(house, AJMANI) == [RENEW]
    assert await business_of(house, PARTNER) == [RENEW], "the partner of Ajman's owner"
    assert await business_of(house, DUBAI_OWNER) == [RENEW]
    await house.apply(renewed(PARTNER))
    assert await business_of(house, AJMANI) == await business_of(house, PARTNER) == []
    assert await business_of(house, DUBAI_OWNER) == [RENEW]


async def test_two_sources_that_say_no_emirate_are_two_businesses(house: TestHouse) -> None:
    await house.apply(issued(AJMANI, None, source="ajman_ded"))
    await house.apply(issued(DUBAI_OWNER, None, source="dubai_ded"))
    await house.apply(
        fact(LicenceRenewed(AJMANI, "L-7", date(2027, 12, 1)), TODAY, source="ajman_ded")
    )
    assert await business_of(house, AJMANI) == []
    assert await business_of(house, DUBAI_OWNER) == [RENEW]


async def test_one_owner_of_one_number_in_two_emirates_has_two_cards(house: TestHouse) -> None:
    await house.apply(issued(AJMANI, AJMAN))
    await house.apply(issued(AJMANI, DUBAI))
    assert await business_of(house, AJMANI) == [RENEW, RENEW]
    await house.apply(added(AJMANI, DUBAI))
    assert await business_of(house, PARTNER) == [RENEW], "of Dubai's alone"
    assert await kinds_in(house, Business("L-7", AJMAN)) == ["licence.issued"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_what_may_be_of_either_emirate_is_of_neither_in_whatever_order(
    house: TestHouse, order: tuple[int, ...]
) -> None:
    said = LicenceExpiring(AJMANI, "L-7", date(2026, 11, 30))
    told = (issued(AJMANI, AJMAN), issued(AJMANI, DUBAI), fact(said, TODAY, source="moec"))
    for place in order:
        await house.apply(told[place])
    assert await business_of(house, AJMANI) == [RENEW] * 3
    await house.apply(added(AJMANI, DUBAI))
    assert await business_of(house, PARTNER) == [RENEW]


async def test_a_wrong_emirate_that_is_corrected_moves_the_business(house: TestHouse) -> None:
    wrong = issued(AJMANI, DUBAI)
    await house.apply(wrong)
    await house.apply(added(AJMANI))
    assert await business_of(house, PARTNER) == [RENEW]
    await house.apply(in_error(wrong, TODAY), concerns=(AJMANI,))
    assert await business_of(house, PARTNER) == await business_of(house, AJMANI) == []
    in_dubai = business_circle(house.ground.keys, Business("L-7", DUBAI)).id
    assert await list_closed(house.ground, PARTNER) == (in_dubai,)
    await house.apply(issued(AJMANI, AJMAN))
    assert await business_of(house, AJMANI) == await business_of(house, PARTNER) == [RENEW]


async def test_a_circle_of_before_emirates_ends_at_the_next_word_of_it(house: TestHouse) -> None:
    keys = house.ground.keys
    digest = keys.hash("circle/business", b"L-7")  # the key of then
    old_id = msgspec.convert(digest.hex(), type=CircleId)
    told = (issued(AJMANI, None), issued(DUBAI_OWNER, None))
    await open_circle(house.ground, as_now := Circle(old_id, "business", (), "L-7", None, "ded"))
    await record_facts(house.ground, as_now, told)
    for owner in (AJMANI, DUBAI_OWNER):
        await link(house.ground, owner, old_id, member=True)
    await house.refresh(old_id)
    assert await business_of(house, AJMANI) == await business_of(house, DUBAI_OWNER) == [RENEW]
    as_then = msgspec.json.encode(Circle(old_id, "business", (), "L-7"))
    owner_keys = await keys.circle(old_id)
    async with house.ground.database.unit(CircleScope(old_id)) as unit:
        sealed = seal(owner_keys.for_("circle"), Place(old_id), as_then)
        await unit.execute(
            update(CircleRow).where(col(CircleRow.circle_id) == old_id).values(sealed=sealed)
        )
    again = issued(AJMANI, AJMAN)
    touched = await apply_facts(house.ground, [again])  # who reads next refreshes: it was woken
    assert old_id in touched
    assert await business_of(house, AJMANI) == [RENEW]
    assert await business_of(house, DUBAI_OWNER) == []
    for owner in (AJMANI, DUBAI_OWNER):
        assert await list_closed(house.ground, owner) == (old_id,)


@pytest.mark.parametrize("is_past", [False, True])
async def test_owners_past_the_limit_wait_for_the_next_word_of_themselves(
    house: TestHouse, is_past: bool
) -> None:
    others = [person(100 + number) for number in range(CONNECTED_MAX - 1 + is_past)]
    said = [fact(PartnerAdded(one, "L-7", AJMANI), ADDED_ON, source="ded") for one in others]
    await house.apply(*said)
    await house.apply(issued(AJMANI, AJMAN))
    assert await business_of(house, others[0]) == [CONFIRM]
    assert await business_of(house, others[-1]) == ([] if is_past else [CONFIRM])
    confirmed = PartnerAdded(others[-1], "L-7", AJMANI, is_confirmed=True)
    await house.apply(fact(confirmed, TODAY, source="ded"))
    assert await business_of(house, others[-1]) == [RENEW]
