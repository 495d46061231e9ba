"""Families that do not fit a form: losses, second reports, marriages again, cards that move."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from domain.fact import Fact
from domain.ids import ActKey, CommandId, PersonId
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    died,
    fact,
    in_error,
    married,
    pregnancy_ended,
    pregnant,
    vaccinated,
)
from tests.support.house import TestHouse, actor_of, person
from timeline.act import DismissCard, SnoozeCard
from timeline.apply import apply_facts
from timeline.command import Command, run_command
from timeline.effect import claim_effect, finish_effect, list_due_effects
from timeline.refresh import refresh

HUSBAND, WIFE, CHILD, OTHER = person(1), person(2), person(3), person(4)
FAMILY = (HUSBAND, WIFE, CHILD)
TODAY = date(2026, 11, 21)


def days(count: int) -> timedelta:
    return timedelta(days=count)


async def entries(house: TestHouse, who: PersonId) -> set[str]:
    return {name.partition("/")[0] for name in await house.card_names(who)}


def citizen(who: PersonId, on: date = date(2020, 1, 1)) -> Fact:
    return described(who, on, nationality=CITIZEN)


async def test_a_birth_that_a_stillbirth_contradicts_congratulates_nobody(house: TestHouse) -> None:
    await house.apply(citizen(HUSBAND))
    await house.apply(pregnancy_ended(WIFE, TODAY, "stillbirth"))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    assert "newborn_bundle" not in await entries(house, HUSBAND)
    assert not any(not name.endswith(":waiting") for name in await house.card_names(WIFE))
    assert await list_due_effects(house.ground) == ()


async def test_a_twin_who_lives_is_told_of_once_a_dose_was_given(house: TestHouse) -> None:
    await house.apply(citizen(HUSBAND))
    await house.apply(pregnancy_ended(WIFE, TODAY, "stillbirth"))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await house.apply(vaccinated(CHILD, "19", TODAY))
    assert {"newborn_documents", "vaccination"} <= await entries(house, HUSBAND)


async def test_a_pregnancy_soon_after_a_loss_is_a_new_one(house: TestHouse) -> None:
    # The lost one: last period 2026-06-28, due 2027-04-04. The next: 2026-09-12, due 2027-06-19.
    await house.apply(pregnant(WIFE, date(2026, 8, 1), due_on=date(2027, 4, 4)))
    await house.apply(pregnancy_ended(WIFE, date(2026, 8, 15), "loss"))
    assert await entries(house, WIFE) == {"bereavement_pregnancy"}
    await house.apply(pregnant(WIFE, TODAY, due_on=date(2027, 6, 19)))
    assert "pregnancy_followup/congratulations:due" in await house.card_names(WIFE)


async def test_a_lost_pregnancy_dated_again_stays_lost(house: TestHouse) -> None:
    await house.apply(pregnant(WIFE, date(2026, 8, 1), due_on=date(2027, 4, 4)))
    await house.apply(pregnancy_ended(WIFE, date(2026, 8, 15), "loss"))
    second = pregnant(WIFE, date(2026, 8, 2), due_on=date(2027, 4, 20), source="nabidh")
    await house.apply(second)
    assert await entries(house, WIFE) == {"bereavement_pregnancy"}


async def test_a_couple_that_marries_again_keeps_the_children_of_before(house: TestHouse) -> None:
    await house.apply(married(HUSBAND, WIFE, date(2018, 5, 1)))
    await house.apply(born(CHILD, WIFE, date(2026, 9, 1)))  # no father named
    await house.apply(married(HUSBAND, WIFE, date(2026, 10, 1)))
    assert CHILD in {card.record.subject for card in await house.timeline(HUSBAND)}


async def test_a_report_that_names_no_father_does_not_take_him_away(house: TestHouse) -> None:
    await house.apply(citizen(HUSBAND))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await house.apply(fact(born(CHILD, WIFE, TODAY).payload, TODAY, source="ehs"))
    assert "newborn_bundle/offer:due" in await house.card_names(HUSBAND)
    assert "newborn_bundle" not in await entries(house, WIFE)


async def test_a_corrected_due_date_reaches_the_couple_though_it_names_no_father(
    house: TestHouse,
) -> None:
    await house.apply(pregnant(WIFE, date(2026, 11, 1), due_on=date(2027, 7, 3), father=HUSBAND))
    await house.apply(pregnant(WIFE, TODAY, due_on=date(2027, 6, 12)))
    dues = {
        parameter.value
        for card in await house.timeline(WIFE)
        for parameter in card.record.parameters
        if parameter.name == "due_on"
    }
    assert dues == {"2027-06-12"}


async def test_a_second_report_of_a_birth_makes_no_missed_visit_new(house: TestHouse) -> None:
    on = TODAY - days(200)
    await house.apply(born(CHILD, WIFE, on, father=HUSBAND))
    before = await house.card_names(WIFE)
    assert any(name.endswith(":overdue") for name in before)
    again = fact(born(CHILD, WIFE, on, father=HUSBAND).payload, on, source="ehs", asserted_on=TODAY)
    await house.apply(again)
    assert await house.card_names(WIFE) == before


async def test_what_comes_long_after_it_was_said_is_not_overdue_on_arrival(
    house: TestHouse,
) -> None:
    birth = born(CHILD, WIFE, TODAY - days(300), father=HUSBAND)
    await house.apply(replace(birth, received_on=TODAY))
    assert not any(name.endswith(":overdue") for name in await house.card_names(WIFE))
    # Of all the visits that lie behind, one is told of, to each parent.
    told = await list_due_effects(house.ground)
    assert len(told) == 2


async def test_nothing_is_told_while_a_death_is_not_yet_weighed(house: TestHouse) -> None:
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    due = await list_due_effects(house.ground)
    assert due
    touched = await apply_facts(house.ground, [died(CHILD, TODAY)])
    assert [await claim_effect(house.ground, one) for one in due] == [None] * len(due)
    for circle_id in touched:
        await refresh(house.ground, circle_id)
    assert await list_due_effects(house.ground) == ()


async def test_a_snoozed_card_is_told_of_again_on_the_day_chosen(house: TestHouse) -> None:
    await house.apply(born(CHILD, WIFE, TODAY))
    for due in await list_due_effects(house.ground):
        claimed = await claim_effect(house.ground, due)
        assert claimed is not None
        await finish_effect(house.ground, claimed)
    (visit,) = [card for card in await house.timeline(WIFE) if card.state == "due"]
    await do(house, SnoozeCard(visit.record.key, TODAY + days(7)))
    assert await list_due_effects(house.ground) == ()
    house.clock.move_days(7)
    again = [
        (await claim_effect(house.ground, due)) for due in await list_due_effects(house.ground)
    ]
    told = sorted(one.effect.entry for one in again if one is not None)
    assert told == ["content_child", "vaccination"]  # the first days' content, from the third on


async def test_what_was_put_away_stays_so_when_the_card_moves_to_the_couple(
    house: TestHouse,
) -> None:
    await house.apply(born(CHILD, WIFE, TODAY))
    (visit,) = [card for card in await house.timeline(WIFE) if card.state == "due"]
    await do(house, DismissCard(visit.record.key))
    await house.apply(married(HUSBAND, WIFE, date(2025, 1, 1)))
    assert "vaccination/bcg_1:dismissed" in await house.card_names(WIFE)
    assert "vaccination/bcg_1:due" in await house.card_names(HUSBAND)


async def test_a_spouse_learns_of_no_visit_by_the_reasons_of_a_card(house: TestHouse) -> None:
    wedding = married(HUSBAND, WIFE, TODAY)
    await house.apply(wedding, described(HUSBAND, TODAY, nationality=CITIZEN))
    await house.apply(described(WIFE, TODAY, nationality=CITIZEN, name_ar="نورة"))
    before = await house.timeline(HUSBAND)
    visit = described(WIFE, TODAY + days(1), nationality=CITIZEN, name_ar="نورة")
    await house.apply(visit)
    assert await house.timeline(HUSBAND) == before  # the number too


async def test_a_waiting_card_goes_when_there_is_nothing_left_to_wait_for(house: TestHouse) -> None:
    await house.apply(married(HUSBAND, WIFE, date(1990, 1, 1)))
    await house.apply(born(CHILD, WIFE, TODAY - days(16 * 366), father=HUSBAND))
    assert not any(name.endswith(":waiting") for name in await house.card_names(HUSBAND))


async def test_a_day_set_back_shows_again_what_that_day_showed(house: TestHouse) -> None:
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    before = await house.card_names(WIFE)
    house.clock.move_to(date(2044, 11, 22))  # the child is 18
    assert await house.card_names(WIFE) == []
    house.clock.move_to(TODAY)
    assert await house.card_names(WIFE) == before


async def test_a_marriage_in_error_gives_the_child_back_to_the_mother_alone(
    house: TestHouse,
) -> None:
    wedding = married(OTHER, WIFE, date(2025, 1, 1))
    await house.apply(wedding)
    await house.apply(born(CHILD, WIFE, TODAY))
    await house.apply(in_error(wedding, TODAY), concerns=(OTHER, WIFE))
    assert await house.timeline(OTHER) == ()
    assert "vaccination/bcg_1:due" in await house.card_names(WIFE)


async def do(house: TestHouse, payload: SnoozeCard | DismissCard) -> None:
    name = "card.snooze" if isinstance(payload, SnoozeCard) else "card.dismiss"
    command = Command(CommandId(person(77)), name, payload)
    outcome = await run_command(house.ground, house.registry, actor_of(WIFE), command)
    assert outcome.code == "applied"


# A birth reported anew


async def test_a_birth_reported_anew_was_known_since_it_was_first_reported(
    house: TestHouse,
) -> None:
    """Its mother's blood group was wrong, or its weight: of the child nothing is new.

    What was told is wanted again, as the same acts: a notice of them is there, and stays told.
    """
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND, source_id="b-1"))
    house.clock.move_days(120)
    before = await house.card_names(WIFE)
    assert any(name.endswith(":overdue") for name in before)
    later, told = TODAY + days(120), await settle_all(house)
    again = born(CHILD, WIFE, TODAY, father=HUSBAND, source_id="b-2", asserted_on=later)
    await house.apply(in_error(born(CHILD, WIFE, TODAY, source_id="b-1"), later), concerns=FAMILY)
    await house.apply(again)
    assert await house.card_names(WIFE) == before
    assert await settle_all(house) <= told


@pytest.mark.parametrize("apart", [-40, 40])
async def test_a_child_born_on_another_day_is_known_since_that_day_was_said(
    house: TestHouse, apart: int
) -> None:
    """Nothing is overdue that nobody could know of, whether or not the first report still stands.

    And nobody is told twice of what they were told.
    """
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND, source_id="b-1"))
    house.clock.move_days(120)
    later, told = TODAY + days(120), await settle_all(house)
    on = TODAY + days(apart)
    await house.apply(born(CHILD, WIFE, on, father=HUSBAND, source_id="b-2", asserted_on=later))
    stood = await house.card_names(WIFE)
    await house.apply(in_error(born(CHILD, WIFE, TODAY, source_id="b-1"), later), concerns=FAMILY)
    assert await house.card_names(WIFE) == stood
    assert not any(name.endswith(":overdue") for name in stood)
    assert not told & await settle_all(house)


async def test_a_child_said_of_another_mother_is_news_to_her(house: TestHouse) -> None:
    await house.apply(born(CHILD, OTHER, TODAY, source_id="b-1"))
    house.clock.move_days(120)
    later = TODAY + days(120)
    await house.apply(born(CHILD, WIFE, TODAY, source_id="b-2", asserted_on=later))
    names = await house.card_names(WIFE)
    assert "vaccination/bcg_1:due" in names
    assert not any(name.endswith(":overdue") for name in names)


async def test_a_marriage_reported_anew_was_known_since_it_was_first_reported(
    house: TestHouse,
) -> None:
    """Its contract's number was wrong: the book has been due since the wedding."""
    for who in (HUSBAND, WIFE):
        await house.apply(citizen(who))
    first = married(HUSBAND, WIFE, TODAY)
    await house.apply(first)
    house.clock.move_days(200)
    later, before = TODAY + days(200), await house.card_names(HUSBAND)
    assert "family_book/offer:overdue" in before
    await settle_all(house)
    await house.apply(in_error(first, later), concerns=(HUSBAND, WIFE))
    assert await house.card_names(HUSBAND) == []
    await house.apply(replace(married(HUSBAND, WIFE, TODAY), received_on=later))
    # That it was concluded counts from the event itself, and had its time long ago.
    gone = "marriage_contract/concluded:expired"
    assert await house.card_names(HUSBAND) == [name for name in before if name != gone]
    assert await list_due_effects(house.ground) == ()


async def test_what_lay_taken_back_for_long_is_news_when_it_is_reported_anew(
    house: TestHouse,
) -> None:
    first = born(CHILD, WIFE, TODAY, father=HUSBAND)
    await house.apply(first)
    await house.apply(in_error(first, TODAY), concerns=FAMILY)
    house.clock.move_days(120)
    later = TODAY + days(120)
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND, asserted_on=later))
    names = await house.card_names(WIFE)
    assert names
    assert not any(name.endswith(":overdue") for name in names)


async def settle_all(house: TestHouse) -> set[ActKey]:
    """Lets everybody be told of what is due; the acts."""
    told: set[ActKey] = set()
    for due in await list_due_effects(house.ground):
        claimed = await claim_effect(house.ground, due)
        if claimed is not None:
            await finish_effect(house.ground, claimed)
            told.add(claimed.effect.key)
    return told
