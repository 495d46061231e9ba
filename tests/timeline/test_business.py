"""A business has a circle of its own: its owners are told, and no owner sees another's family."""

from datetime import date

from domain.facts.business import (
    LicenceIssued,
    LicenceRenewed,
    PartnerAdded,
    PartnerRemoved,
)
from domain.facts.person import ResidenceChanged
from domain.people.circle import Business
from store.scope import CircleScope
from tests.support.builders import CITIZEN, born, described, died, fact, in_error, married
from tests.support.house import TestHouse, person
from timeline.record import business_circle, read_facts

OWNER, WIFE, CHILD, PARTNER, LATER = person(1), person(2), person(3), person(4), person(5)
TODAY = date(2026, 11, 21)  # the day on which every test begins
LAST_DAY = date(2026, 12, 1)  # told two weeks ahead, since 17 November
RENEW, CONFIRM = "licence_renewal/renew:due", "partner_added/confirm"

ISSUED = fact(LicenceIssued(OWNER, "L-7", LAST_DAY), date(2025, 12, 2), source="ded")
ADDED = fact(PartnerAdded(PARTNER, "L-7", OWNER), date(2026, 11, 1), source="ded")
CONFIRMED = fact(PartnerAdded(PARTNER, "L-7", OWNER, True), date(2026, 11, 2), source="ded")


async def business_of(house: TestHouse, who: object) -> list[str]:
    names = await house.card_names(who)  # type: ignore[arg-type]  # a person
    return [one for one in names if one.startswith(("licence_renewal/", "partner_added/"))]


async def test_a_partner_sees_the_licence_once_confirmed_and_no_more_after_leaving(
    house: TestHouse,
) -> None:
    await house.apply(ISSUED)
    assert await business_of(house, OWNER) == [RENEW]
    await house.apply(ADDED)
    assert await business_of(house, PARTNER) == [f"{CONFIRM}:due"]
    await house.apply(CONFIRMED)
    assert RENEW in await business_of(house, PARTNER)
    assert await business_of(house, OWNER) == [RENEW]
    await house.apply(fact(PartnerRemoved(PARTNER, "L-7"), TODAY, source="ded"))
    assert await business_of(house, PARTNER) == []
    assert await business_of(house, OWNER) == [RENEW]


async def test_in_whatever_order_it_is_told_each_owner_has_one_card(house: TestHouse) -> None:
    await house.apply(CONFIRMED)
    await house.apply(ADDED)
    await house.apply(ISSUED)
    await house.apply(ISSUED)
    assert await business_of(house, OWNER) == [RENEW]
    assert (await business_of(house, PARTNER)).count(RENEW) == 1


async def test_one_partner_renews_and_the_other_is_reminded_no_more(house: TestHouse) -> None:
    await house.apply(ISSUED, CONFIRMED)
    renewed = fact(LicenceRenewed(PARTNER, "L-7", date(2027, 12, 1)), TODAY, source="ded")
    await house.apply(renewed)
    assert RENEW not in await business_of(house, OWNER)
    assert RENEW not in await business_of(house, PARTNER)
    await house.apply(in_error(renewed, TODAY), concerns=(PARTNER,))
    assert RENEW in await business_of(house, OWNER)
    assert RENEW in await business_of(house, PARTNER)


async def test_the_circle_of_a_business_holds_nothing_of_its_owners_families(
    house: TestHouse,
) -> None:
    await house.apply(ISSUED, CONFIRMED)
    wedding = married(OWNER, WIFE, date(2026, 1, 1))
    await house.apply(wedding, described(OWNER, TODAY, nationality=CITIZEN))
    await house.apply(born(CHILD, WIFE, TODAY, father=OWNER))
    await house.apply(fact(ResidenceChanged(OWNER, "AE-AJ"), TODAY, source="icp"))
    circle = business_circle(house.ground.keys, Business("L-7", reported_by="ded"))
    keys = await house.ground.keys.circle(circle.id)
    async with house.ground.database.read(CircleScope(circle.id)) as session:
        held = {one.kind for one in await read_facts(session, keys)}
    assert held == {"licence.issued", "partner.added"}
    seen = await house.card_names(PARTNER)
    assert {name.split("/")[0] for name in seen} == {"licence_renewal", "partner_added"}
    assert await business_of(house, WIFE) == []


async def test_a_dead_owner_s_partner_goes_on_and_another_licence_is_another_circle(
    house: TestHouse,
) -> None:
    await house.apply(ISSUED, CONFIRMED)
    await house.apply(fact(LicenceIssued(LATER, "L-8", LAST_DAY), TODAY, source="ded"))
    await house.apply(died(OWNER, TODAY))
    assert RENEW in await business_of(house, PARTNER)
    assert await business_of(house, LATER) == [RENEW]
    assert await business_of(house, OWNER) == []
