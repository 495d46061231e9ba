"""Rights from facts: custody, guardians, adoption, divorce, death, protected address, majority."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.card.record import encode_record
from domain.citation import split
from domain.fact import Fact, encode_fact
from domain.facts.appointment import AppointmentBooked
from domain.facts.birth import (
    AdoptionDecided,
    CustodyDecided,
    GuardianAppointed,
    GuardianRemoved,
)
from domain.facts.health import VaccinationGiven
from domain.facts.marriage import DivorceRegistered, DivorceRevoked, MarriageAnnulled
from domain.facts.person import ResidenceChanged
from domain.facts.place import Place
from domain.ids import CommandId, PersonId
from domain.people.secrecy import HIDDEN
from store.scope import CircleScope
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    died,
    fact,
    family_book,
    in_error,
    married,
    vaccinated,
)
from tests.support.house import TestHouse, actor_of, person
from timeline.command import Command, run_command
from timeline.dispute import DisputeFact
from timeline.effect import claim_effect, list_due_effects
from timeline.member_stream import list_member_streams
from timeline.people import circles_of
from timeline.read import list_closed
from timeline.record import couple_circle, read_facts
from timeline.source import read_agency_names, source_name

FATHER, MOTHER, CHILD, TWIN, GUARDIAN, SECOND_WIFE, NEXT_HUSBAND, TAKER, OTHER_TAKER = (
    person(number) for number in range(1, 10)
)
TODAY = date(2026, 11, 21)
WEDDING = date(2024, 3, 1)


def days(count: int) -> timedelta:
    return timedelta(days=count)


async def subjects(house: TestHouse, who: PersonId) -> set[PersonId]:
    """About whom a person's cards are."""
    return {card.record.subject for card in await house.timeline(who)}


async def told(house: TestHouse, who: PersonId) -> set[PersonId]:
    """About whom a person has cards that tell of themselves."""
    return {c.record.subject for c in await house.timeline(who) if not c.record.quiet}


async def family(house: TestHouse) -> Fact:
    """A couple with a newborn."""
    wedding = married(FATHER, MOTHER, WEDDING)
    await house.apply(wedding)
    await house.apply(family_book(FATHER, MOTHER, WEDDING))
    await house.apply(born(CHILD, MOTHER, TODAY, father=FATHER))
    return wedding


def divorced(on: date = TODAY) -> Fact:
    return fact(DivorceRegistered(FATHER, MOTHER), on, source="moj")


def custody(holder: PersonId, on: date = TODAY, *, ends_on: date | None = None) -> Fact:
    return fact(CustodyDecided(CHILD, holder, FATHER, ends_on), on, source="moj")


def guardianship(*, ends_on: date | None = None) -> Fact:
    return fact(GuardianAppointed(CHILD, GUARDIAN, "both", ends_on), TODAY, source="moj")


# Divorce and custody


async def test_after_a_divorce_the_mother_is_told_and_the_father_goes_on_seeing(
    house: TestHouse,
) -> None:
    await family(house)
    assert CHILD in await told(house, FATHER)
    await house.apply(divorced())
    assert CHILD in await told(house, MOTHER)
    assert CHILD in await subjects(house, FATHER)
    visits = [c for c in await house.timeline(FATHER) if c.record.entry == "vaccination"]
    assert visits
    assert all(card.record.quiet for card in visits)


async def test_a_court_gives_the_father_the_child(house: TestHouse) -> None:
    await family(house)
    await house.apply(divorced())
    await house.apply(custody(FATHER))
    assert CHILD in await told(house, FATHER)
    assert CHILD in await subjects(house, MOTHER)
    assert CHILD not in await told(house, MOTHER)


async def test_custody_of_a_grandmother_gives_her_a_stream_until_its_day(house: TestHouse) -> None:
    await family(house)
    await house.apply(divorced())
    await house.apply(custody(GUARDIAN, ends_on=TODAY + days(10)))
    assert await subjects(house, GUARDIAN) == {CHILD}
    assert CHILD not in await told(house, MOTHER)
    house.clock.move_days(9)
    assert await subjects(house, GUARDIAN) == {CHILD}
    house.clock.move_days(1)
    assert await subjects(house, GUARDIAN) == set()
    assert CHILD in await told(house, MOTHER)
    assert len(await list_closed(house.ground, GUARDIAN)) == 1


async def test_a_divorce_withdraws_what_was_for_the_couple(house: TestHouse) -> None:
    await house.apply(described(FATHER, WEDDING, nationality=CITIZEN))
    await house.apply(described(MOTHER, WEDDING, nationality=CITIZEN))
    await house.apply(married(FATHER, MOTHER, TODAY - days(5)))
    assert await subjects(house, FATHER) == {MOTHER}
    divorce = divorced()
    await house.apply(divorce)
    assert await subjects(house, FATHER) == {FATHER}  # what changes by it is told each alone
    assert len(await list_closed(house.ground, FATHER)) == 1, "nothing joins them any more"
    told = [await claim_effect(house.ground, due) for due in await list_due_effects(house.ground)]
    assert {one.effect.entry for one in told if one is not None} == {"divorce_guidance"}
    await house.apply(fact(DivorceRevoked(FATHER, MOTHER), TODAY, source="moj"))
    assert await subjects(house, FATHER) == {MOTHER}
    assert await list_closed(house.ground, FATHER) == ()


async def test_a_divorce_in_error_gives_back_what_it_took(house: TestHouse) -> None:
    await family(house)
    before = await house.card_names(FATHER)
    divorce = divorced()
    await house.apply(divorce)
    await house.apply(in_error(divorce, TODAY), concerns=(FATHER, MOTHER))
    assert await house.card_names(FATHER) == before
    assert CHILD in await told(house, FATHER)


async def test_an_annulled_marriage_offers_no_family_book(house: TestHouse) -> None:
    await house.apply(married(FATHER, MOTHER, TODAY - days(5)))
    await house.apply(fact(MarriageAnnulled(FATHER, MOTHER), TODAY, source="moj"))
    assert await house.timeline(FATHER) == ()


@pytest.mark.parametrize(("after", "is_his"), [(308, True), (309, False)])
async def test_a_child_born_soon_after_the_divorce_is_the_former_husbands(
    house: TestHouse, after: int, is_his: bool
) -> None:
    await house.apply(married(FATHER, MOTHER, WEDDING))
    await house.apply(divorced(TODAY - days(after)))
    await house.apply(born(CHILD, MOTHER, TODAY))
    assert (CHILD in await subjects(house, FATHER)) == is_his
    assert CHILD in await subjects(house, MOTHER)


async def test_a_couple_that_divorces_and_marries_again_is_together(house: TestHouse) -> None:
    await family(house)
    await house.apply(divorced(TODAY - days(30)))
    await house.apply(married(FATHER, MOTHER, TODAY - days(3)))
    assert CHILD in await told(house, FATHER)


# Guardians


async def test_a_guardian_sees_the_ward_alone_until_the_day_and_not_on_it(house: TestHouse) -> None:
    await family(house)
    await house.apply(born(TWIN, MOTHER, TODAY, father=FATHER))
    await house.apply(guardianship(ends_on=TODAY + days(30)))
    assert await subjects(house, GUARDIAN) == {CHILD}
    house.clock.move_days(29)
    assert await subjects(house, GUARDIAN) == {CHILD}
    house.clock.move_days(1)
    assert await subjects(house, GUARDIAN) == set()
    assert len(await list_closed(house.ground, GUARDIAN)) == 1
    assert (await list_member_streams(house.ground, GUARDIAN)).streams == ()
    assert CHILD in await subjects(house, FATHER)
    assert (await list_member_streams(house.ground, FATHER)).streams


async def test_a_guardian_appointed_before_the_birth_was_reported_sees_it(house: TestHouse) -> None:
    await house.apply(guardianship())
    await house.apply(born(CHILD, MOTHER, TODAY, father=FATHER))
    assert await subjects(house, GUARDIAN) == {CHILD}


@pytest.mark.parametrize("is_told_first", [True, False])
async def test_a_holder_who_dies_holds_no_child_and_sees_it_no_more(
    house: TestHouse, is_told_first: bool
) -> None:
    """Else the child's visits would be told to the dead, and to nobody else."""
    await family(house)
    death = died(GUARDIAN, TODAY)
    for one in (death, custody(GUARDIAN)) if is_told_first else (custody(GUARDIAN), death):
        await house.apply(one)
    assert await subjects(house, GUARDIAN) == set()
    assert CHILD in await told(house, MOTHER)
    await house.apply(in_error(death, TODAY), concerns=(GUARDIAN,))
    assert await subjects(house, GUARDIAN) == {CHILD}
    assert CHILD not in await told(house, MOTHER)


async def test_a_guardian_removed_and_one_of_property_see_nothing(house: TestHouse) -> None:
    await family(house)
    await house.apply(guardianship())
    await house.apply(fact(GuardianRemoved(CHILD, GUARDIAN), TODAY, source="moj"))
    assert await subjects(house, GUARDIAN) == set()
    of_property = GuardianAppointed(CHILD, TAKER, "property")
    await house.apply(fact(of_property, TODAY, source="moj"))
    assert await subjects(house, TAKER) == set()


async def test_a_guardian_of_an_orphan_is_offered_what_the_parents_were(house: TestHouse) -> None:
    for who in (FATHER, MOTHER, CHILD):
        await house.apply(described(who, TODAY, nationality=CITIZEN))
    await family(house)
    await house.apply(guardianship())
    offered = "newborn_bundle/offer:due"
    assert offered in await house.card_names(FATHER)
    assert offered not in await house.card_names(GUARDIAN)
    await house.apply(died(FATHER, TODAY))
    await house.apply(died(MOTHER, TODAY))
    names = await house.card_names(GUARDIAN)
    assert "newborn_documents/documents:due" in names, "the papers, with no word of joy"
    assert offered not in names


# Death, remarriage, two families, majority


async def test_a_widow_goes_on_with_the_children_and_the_dead_are_members_no_more(
    house: TestHouse,
) -> None:
    await family(house)
    await house.apply(died(FATHER, TODAY))
    assert await subjects(house, FATHER) == set()
    assert CHILD in await told(house, MOTHER)
    assert len(await list_closed(house.ground, FATHER)) >= 1


async def test_a_remarriage_opens_a_circle_that_shows_nothing_of_the_first(
    house: TestHouse,
) -> None:
    await family(house)
    await house.apply(divorced(TODAY - days(200)))
    await house.apply(married(NEXT_HUSBAND, MOTHER, TODAY))
    await house.apply(vaccinated(CHILD, "19", TODAY))
    assert CHILD not in await subjects(house, NEXT_HUSBAND)
    assert CHILD in await subjects(house, MOTHER)


async def test_a_man_with_two_families_sees_both_and_each_wife_her_own(house: TestHouse) -> None:
    await family(house)
    await house.apply(married(FATHER, SECOND_WIFE, WEDDING))
    await house.apply(born(TWIN, SECOND_WIFE, TODAY))
    assert {CHILD, TWIN} <= await subjects(house, FATHER)
    assert TWIN not in await subjects(house, MOTHER)
    assert CHILD not in await subjects(house, SECOND_WIFE)


async def test_at_eighteen_the_cards_leave_the_parents_and_the_child_has_their_own(
    house: TestHouse,
) -> None:
    await family(house)
    await house.apply(vaccinated(CHILD, "19", TODAY))
    await house.apply(vaccinated(CHILD, "08", TODAY))
    assert await subjects(house, CHILD) == set()
    house.clock.move_to(date(2044, 11, 20))
    assert CHILD in await subjects(house, MOTHER)
    assert await subjects(house, CHILD) == set()
    house.clock.move_to(date(2044, 11, 21))
    assert CHILD not in await subjects(house, MOTHER) | await subjects(house, FATHER)
    assert await house.card_names(CHILD) == ["vaccination/bcg_1:done"]


# Adoption


def adoption(*, is_secret: bool = True, on: date = TODAY) -> Fact:
    return fact(AdoptionDecided(CHILD, OTHER_TAKER, TAKER, is_secret), on, source="moj")


def of_birth() -> list[Fact]:
    on = TODAY - days(20)
    return [
        born(CHILD, MOTHER, on, father=FATHER),
        described(CHILD, on, name_en="Birthname Family", sex="female", nationality=CITIZEN),
        vaccinated(CHILD, "19", on),
        vaccinated(CHILD, "08", on),
    ]


async def test_adoption_takes_the_child_out_of_the_family_of_birth(house: TestHouse) -> None:
    await house.apply(married(FATHER, MOTHER, WEDDING))
    for one in of_birth():
        await house.apply(one)
    assert CHILD in await subjects(house, MOTHER)
    await house.apply(adoption())
    assert CHILD not in await subjects(house, MOTHER) | await subjects(house, FATHER)
    assert await subjects(house, TAKER) == {CHILD}
    assert await subjects(house, OTHER_TAKER) == {CHILD}
    assert "vaccination/bcg_1:done" in await house.card_names(TAKER), "health has followed"


async def held_in(house: TestHouse, one: PersonId, other: PersonId) -> bytes:
    """Every fact that the circle of these two holds."""
    circle_id = couple_circle(house.ground.keys, one, other).id
    keys = await house.ground.keys.circle(circle_id)
    async with house.ground.database.read(CircleScope(circle_id)) as session:
        return b"".join(encode_fact(one) for one in await read_facts(session, keys))


@pytest.mark.parametrize("is_first", [True, False])
async def test_neither_family_holds_anything_that_names_the_other(
    house: TestHouse, is_first: bool
) -> None:
    await house.apply(married(FATHER, MOTHER, WEDDING))
    told_of = [*of_birth(), adoption()]
    for one in told_of[::-1] if is_first else told_of:
        await house.apply(one)
    await house.apply(described(CHILD, TODAY + days(1), name_en="Newname"))
    await house.apply(vaccinated(CHILD, "146", TODAY + days(1)))
    ours, theirs = await held_in(house, TAKER, OTHER_TAKER), await held_in(house, FATHER, MOTHER)
    for secret in (str(MOTHER), str(FATHER), "Birthname"):
        assert secret.encode() not in ours
    for secret in (str(TAKER), str(OTHER_TAKER), "Newname", '"146"'):
        assert secret.encode() not in theirs
    assert b"Newname" in ours
    assert await subjects(house, TAKER) == {CHILD}
    assert CHILD not in await subjects(house, MOTHER)
    cards = b"".join(encode_record(card.record) for card in await house.timeline(TAKER))
    assert b"Birthname" not in cards


async def test_an_adoption_in_error_brings_the_child_home(house: TestHouse) -> None:
    await house.apply(married(FATHER, MOTHER, WEDDING))
    for one in of_birth():
        await house.apply(one)
    before = await house.card_names(MOTHER)
    taken = adoption()
    await house.apply(taken)
    await house.apply(in_error(taken, TODAY), concerns=(CHILD, TAKER, OTHER_TAKER))
    assert await house.card_names(MOTHER) == before
    assert await subjects(house, TAKER) == set()
    assert len(await list_closed(house.ground, TAKER)) == 1


async def test_one_alone_may_take_a_child_in(house: TestHouse) -> None:
    for one in of_birth():
        await house.apply(one)
    alone = fact(AdoptionDecided(CHILD, mother=OTHER_TAKER), TODAY, source="moj")
    await house.apply(alone)
    assert await subjects(house, OTHER_TAKER) == {CHILD}
    assert await subjects(house, MOTHER) == set()


# Protected addresses


@pytest.mark.parametrize("is_told_first", [True, False])
async def test_a_protected_address_is_in_no_circle_of_the_other_parent(
    house: TestHouse, is_told_first: bool
) -> None:
    await family(house)
    moved = fact(ResidenceChanged(MOTHER, "AE-FU", is_protected=True), TODAY, source="icp")
    booked = AppointmentBooked(
        CHILD,
        "A-1",
        datetime(2026, 12, 1, 8, tzinfo=UTC),
        "vaccination",
        Place(facility="refuge-clinic", emirate="AE-FU"),
    )
    appointment = fact(booked, TODAY)
    for one in (moved, appointment) if is_told_first else (appointment, moved):
        await house.apply(one)
    for circle_id in await circles_of(house.ground, FATHER):
        keys = await house.ground.keys.circle(circle_id)
        async with house.ground.database.read(CircleScope(circle_id)) as session:
            held = b"".join(encode_fact(one) for one in await read_facts(session, keys))
        assert b"AE-FU" not in held or not is_told_first
    cards = b"".join(encode_record(card.record) for card in await house.timeline(FATHER))
    assert cards
    assert b"refuge-clinic" not in cards
    assert b"AE-FU" not in cards


async def test_no_agency_that_tells_where_a_protected_address_is_is_named(
    house: TestHouse,
) -> None:
    """A clinic's authority is named for its emirate: neither a card, nor its why, nor a dose, nor
    what is under review says who said it since then.
    """
    await family(house)
    await house.apply(vaccinated(CHILD, "19", TODAY, source="hospital-before"))
    since_on = TODAY + days(30)
    house.clock.move_to(since_on + days(20))
    await house.apply(
        fact(ResidenceChanged(FATHER, "AE-FU", is_protected=True), since_on, source="icp")
    )
    starts_at = datetime(2027, 1, 12, 8, tzinfo=UTC)
    booked = AppointmentBooked(CHILD, "A-7", starts_at, "vaccination")
    dose_on = since_on + days(1)
    for told in (booked, VaccinationGiven(CHILD, "08")):
        await house.apply(fact(told, dose_on, source="fujairah-health"))

    cards = b"".join(encode_record(card.record) for card in await house.timeline(MOTHER))
    assert b"hospital-before" in cards
    assert b"fujairah" not in cards
    assert b"A-7" not in cards
    appointment = next(
        card.record
        for card in await house.timeline(MOTHER)
        if card.record.entry == "medical_appointments"
    )
    assert [one.source for one in appointment.why.facts] == [HIDDEN]
    assert appointment.occurrence.startswith(f"{HIDDEN}/")
    names = await read_agency_names(house.ground, await house.ground.catalogues.current())
    assert source_name(names, HIDDEN, "ar") == "جهة حكومية"

    # What she says is wrong goes to whoever said it, and is not named to her.
    command = Command(
        CommandId(UUID(int=77)),
        "fact.dispute",
        DisputeFact(appointment.key, split(appointment.cited)[0], "not_so"),
    )
    outcome = await run_command(house.ground, house.registry, actor_of(MOTHER), command)
    assert outcome.code == "applied"
    disputed = next(
        card.record for card in await house.timeline(MOTHER) if card.record.key == appointment.key
    )
    assert [review.registry for review in disputed.reviews] == [HIDDEN]
    # He who lives there reads in his own circle who said it of himself.
    await house.apply(
        fact(
            AppointmentBooked(FATHER, "A-8", starts_at, "other"), dose_on, source="fujairah-health"
        )
    )
    own = [c.record for c in await house.timeline(FATHER) if c.record.subject == FATHER]
    assert any(one.source == "fujairah-health" for record in own for one in record.why.facts)
