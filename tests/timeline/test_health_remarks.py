"""What hospitals say of a child or a pregnancy beside doses reaches each parent's timeline."""

from datetime import date, timedelta

from domain.card.record import Record
from domain.fact import Fact
from domain.facts.appointment import VisitKept
from domain.facts.health import ConditionRecorded, VaccinationRefused
from domain.facts.person import ResidenceChanged
from domain.facts.pregnancy import PregnancyScanned
from tests.support.builders import born, fact, in_error, married, pregnant
from tests.support.house import TestHouse, person

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
TODAY = date(2026, 11, 21)  # the day on which every test begins


async def asked(house: TestHouse, reader: object = WIFE) -> set[str]:
    """Every vaccine that a visit asks for."""
    return {
        str(term)
        for card in await house.timeline(reader)  # type: ignore[arg-type]  # a person id
        if card.record.entry == "vaccination" and card.record.resolved_on is None
        for parameter in card.record.parameters
        if parameter.name == "vaccines" and isinstance(parameter.value, tuple)
        for term in parameter.value
    }


async def contacts(house: TestHouse) -> dict[str, Record]:
    return {
        card.record.occurrence.rpartition("/")[2]: card.record
        for card in await house.timeline(WIFE)
        if card.record.card == "contact"
    }


async def family(house: TestHouse, *facts: Fact) -> None:
    await house.apply(married(HUSBAND, WIFE, date(2024, 1, 1)))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND), *facts)


async def test_a_refusal_takes_both_parents_reminders_and_its_correction_brings_them_back(
    house: TestHouse,
) -> None:
    await family(house)
    before = await asked(house)
    assert "dtp" in before
    refused = fact(VaccinationRefused(CHILD), TODAY)
    await house.apply(refused)
    assert await asked(house) == await asked(house, HUSBAND) == set()
    await house.apply(in_error(refused, TODAY), concerns=(CHILD,))
    assert await asked(house) == await asked(house, HUSBAND) == before


async def test_a_contraindication_reaches_the_plan(house: TestHouse) -> None:
    await family(house)
    assert "bcg" in await asked(house)
    await house.apply(fact(ConditionRecorded(CHILD, "cdsi", "246", "contraindication"), TODAY))
    assert "bcg" not in await asked(house)


async def test_a_move_of_a_child_whose_tables_are_the_same_changes_nothing(
    house: TestHouse,
) -> None:
    await family(house)
    before = await asked(house)
    await house.apply(fact(ResidenceChanged(CHILD, "AE-DU"), TODAY, source="icp"))
    assert await asked(house) == before


async def test_a_scan_moves_the_contacts_and_a_kept_visit_is_done(house: TestHouse) -> None:
    # Confirmed today at 8 weeks: due on 3 July 2027, contact 2 in week 16, 16 January. The scan
    # says 9 weeks 1 day, 8 days more than the period and 7 are tolerated only from 9 weeks: at 8
    # weeks 5 days are. So it began on 18 September, and contact 2 of week 9's row is in week 17.
    await house.apply(pregnant(WIFE, TODAY, due_on=date(2027, 7, 3)))
    first = (await contacts(house))["contact_2"]
    await house.apply(fact(PregnancyScanned(WIFE, 64), TODAY))
    moved = (await contacts(house))["contact_2"]
    assert moved.key == first.key
    assert moved.window is not None
    assert moved.window.due_from == date(2026, 9, 18) + timedelta(weeks=17)
    house.clock.move_to(moved.window.due_from)
    await house.apply(fact(VisitKept(WIFE, "antenatal"), moved.window.due_from))
    assert (await contacts(house))["contact_2"].resolved_on == moved.window.due_from
