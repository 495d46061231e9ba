"""From recorded facts to what each parent sees: the family's first cards."""

from datetime import date

from domain.fact import Fact
from domain.ids import PersonId
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    died,
    family_book,
    in_error,
    married,
    pregnancy_ended,
    pregnant,
    vaccinated,
)
from tests.support.house import TestHouse, person
from timeline.read import TimelineCard

HUSBAND, WIFE, CHILD, TWIN = person(1), person(2), person(3), person(4)
TODAY = date(2026, 11, 21)  # the day on which every test begins
BCG, HEPATITIS_B, HEXAVALENT = "19", "08", "146"


def wedding(on: date = date(2026, 11, 20)) -> tuple[Fact, ...]:
    """A marriage, and what the ministry said of the husband."""
    contract = married(HUSBAND, WIFE, on)
    return contract, described(HUSBAND, on, nationality=CITIZEN, source_id=contract.source_id)


async def cards_of(house: TestHouse, who: PersonId, entry: str) -> list[TimelineCard]:
    """Somebody's cards of one service, in timeline order."""
    return [card for card in await house.timeline(who) if card.record.entry == entry]


async def names_of(house: TestHouse, who: PersonId, entry: str) -> list[str]:
    return [name for name in await house.card_names(who) if name.startswith(f"{entry}/")]


async def test_a_marriage_offers_the_family_book_to_the_husband_alone(house: TestHouse) -> None:
    await house.apply(*wedding())
    assert await names_of(house, HUSBAND, "family_book") == ["family_book/offer:due"]
    assert await names_of(house, WIFE, "family_book") == []
    both = ["marriage_contract/concluded:due"]  # the link goes to husband and wife
    assert await names_of(house, HUSBAND, "marriage_contract") == both
    assert await names_of(house, WIFE, "marriage_contract") == both


async def test_a_husband_of_unknown_nationality_is_told_what_the_book_waits_for(
    house: TestHouse,
) -> None:
    await house.apply(married(HUSBAND, WIFE, TODAY))
    (card,) = await cards_of(house, HUSBAND, "family_book")
    assert card.state == "waiting"
    assert [line.truth for line in card.record.why.lines if line.truth != "met"] == ["unknown"]


async def test_an_issued_book_resolves_the_offer_on_its_day(house: TestHouse) -> None:
    await house.apply(*wedding())
    await house.apply(family_book(HUSBAND, WIFE, TODAY))
    offer, issued = await cards_of(house, HUSBAND, "family_book")
    assert (offer.state, offer.record.resolved_on) == ("done", TODAY)
    assert (issued.record.card, issued.state) == ("issued", "due")  # and he is told of it


async def test_a_pregnancy_is_followed_up_with_the_mother_alone(house: TestHouse) -> None:
    await house.apply(*wedding(date(2026, 6, 1)))
    # Confirmed today at 8 weeks + 0 days: due 280 - 56 = 224 days from today, 2027-07-03.
    await house.apply(pregnant(WIFE, TODAY, due_on=date(2027, 7, 3)))
    cards = await house.timeline(WIFE)
    of_her = {card.record.entry for card in cards if card.record.subject == WIFE}
    assert {"pregnancy_followup", "content_pregnancy"} <= of_her
    assert "pregnancy_followup/congratulations:due" in await house.card_names(WIFE)
    # The plan for week 8: 16, 24, 30 … weeks. Week 16 is 2026-09-26 + 112 days = 2027-01-16.
    contact = next(card for card in cards if card.record.occurrence.endswith("contact_2"))
    assert contact.record.window is not None
    assert contact.record.window.due_from == date(2027, 1, 16)
    his = {card.record.entry for card in await house.timeline(HUSBAND)}
    assert not his & {"pregnancy_followup", "content_pregnancy"}


async def test_a_loss_leaves_nothing_of_the_pregnancy(house: TestHouse) -> None:
    await house.apply(*wedding(date(2026, 6, 1)))
    await house.apply(pregnant(WIFE, TODAY, due_on=date(2027, 7, 3)))
    await house.apply(pregnancy_ended(WIFE, TODAY, "loss"))
    entries = {card.record.entry for card in await house.timeline(WIFE)}
    assert not entries & {"pregnancy_followup", "content_pregnancy"}
    assert await names_of(house, WIFE, "bereavement_pregnancy") == [
        "bereavement_pregnancy/support:due"
    ]
    assert await names_of(house, HUSBAND, "bereavement_pregnancy") == []


async def test_an_end_that_came_before_its_confirmation_still_ends_it(house: TestHouse) -> None:
    await house.apply(pregnancy_ended(WIFE, TODAY, "stillbirth"))
    await house.apply(pregnant(WIFE, date(2026, 11, 1), due_on=date(2027, 1, 30)))
    # Consoled, and nothing else.
    assert await house.card_names(WIFE) == ["bereavement_pregnancy/support:due"]


async def test_a_birth_offers_the_bundle_to_the_father_and_vaccinations_to_both(
    house: TestHouse,
) -> None:
    await house.apply(*wedding(date(2025, 6, 1)))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    mine = await house.card_names(WIFE)
    assert "vaccination/bcg_1:due" in mine
    assert not any(name.startswith("newborn_bundle") for name in mine)
    his = await house.card_names(HUSBAND)
    assert {"newborn_bundle/offer:due", "vaccination/bcg_1:due"} <= set(his)


async def test_a_mother_without_a_registered_father_is_offered_the_bundle_herself(
    house: TestHouse,
) -> None:
    birth = born(CHILD, WIFE, TODAY)
    await house.apply(birth, described(CHILD, TODAY, nationality=CITIZEN))
    assert {"newborn_bundle/offer:due", "vaccination/bcg_1:due"} <= set(
        await house.card_names(WIFE)
    )


async def test_vaccinations_given_complete_the_visit_for_both_parents(house: TestHouse) -> None:
    await house.apply(*wedding(date(2025, 6, 1)))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    assert "vaccination/bcg_1:due" in await house.card_names(WIFE)
    await house.apply(vaccinated(CHILD, BCG, TODAY))
    mine = await house.card_names(WIFE)
    assert {"vaccination/bcg_1:done", "vaccination/hepb_1:upcoming"} <= set(mine)
    await house.apply(vaccinated(CHILD, HEPATITIS_B, TODAY, source="nabidh"))
    for parent in (WIFE, HUSBAND):
        names = await house.card_names(parent)
        assert "vaccination/bcg_1:done" in names
        assert not any("hepb_1" in name for name in names)


async def test_a_dose_that_two_exchanges_report_counts_once(house: TestHouse) -> None:
    born_on = date(2026, 9, 20)  # two months old yesterday
    await house.apply(born(CHILD, WIFE, born_on, father=HUSBAND))
    for source in ("nabidh", "riayati"):
        await house.apply(vaccinated(CHILD, HEXAVALENT, TODAY, source=source))
    # 20 September + 2 months is the day before: the first dose of each, and none of the second.
    # The visit goes by what the routine has first: hepatitis B, which is in the hexavalent, too.
    done = [name for name in await house.card_names(WIFE) if name.endswith(":done")]
    assert done == ["vaccination/hepb_1:done"]


async def test_twins_have_a_card_each_and_one_vaccinated_is_not_both(house: TestHouse) -> None:
    for child in (CHILD, TWIN):
        await house.apply(born(child, WIFE, TODAY, father=HUSBAND))
    for code in (BCG, HEPATITIS_B):
        await house.apply(vaccinated(TWIN, code, TODAY))
    states = {
        card.record.subject: card.state
        for card in await house.timeline(WIFE)
        if card.record.occurrence.endswith("/bcg_1")
    }
    assert states == {CHILD: "due", TWIN: "done"}


async def test_vaccinations_reported_before_the_birth_are_carried_to_the_parents(
    house: TestHouse,
) -> None:
    for code in (BCG, HEPATITIS_B):
        await house.apply(vaccinated(CHILD, code, TODAY))
    await house.apply(born(CHILD, WIFE, TODAY))  # no father named, no marriage known yet
    await house.apply(*wedding(date(2025, 6, 1)))  # the marriage comes last
    assert "vaccination/bcg_1:done" in await house.card_names(HUSBAND)
    mine = await house.card_names(WIFE)
    assert mine.count("vaccination/bcg_1:done") == 1


async def test_a_birth_entered_in_error_takes_its_cards_back(house: TestHouse) -> None:
    birth = born(CHILD, WIFE, TODAY, father=HUSBAND)
    await house.apply(birth)
    await house.apply(in_error(birth, TODAY), concerns=(CHILD, WIFE, HUSBAND))
    assert await house.timeline(WIFE) == ()
    assert await house.timeline(HUSBAND) == ()


async def test_a_child_who_died_leaves_no_card_and_no_offer(house: TestHouse) -> None:
    await house.apply(born(CHILD, WIFE, date(2026, 11, 1), father=HUSBAND))
    await house.apply(died(CHILD, TODAY))
    # Condolence, and nothing else.
    assert await house.card_names(WIFE) == ["bereavement_family/support:due"]
    assert await house.card_names(HUSBAND) == ["bereavement_family/support:due"]


async def test_two_wives_of_one_man_share_nothing(house: TestHouse) -> None:
    second = person(9)
    await house.apply(*wedding(date(2025, 1, 1)))
    await house.apply(married(HUSBAND, second, date(2026, 2, 1)))
    await house.apply(pregnant(second, TODAY, due_on=date(2027, 7, 3)))
    about = {card.record.subject for card in await house.timeline(WIFE)}
    assert about == {WIFE}, "nothing of the other's marriage or pregnancy"
    assert await names_of(house, WIFE, "pregnancy_followup") == []
    books = [card for card in await house.timeline(HUSBAND) if card.record.entry == "family_book"]
    assert {card.record.subject for card in books} == {WIFE, second}
