"""What facts add up to: who is whose, which pregnancy is which, where a child is at home."""

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.birth import AdoptionDecided, CustodyDecided
from domain.facts.person import PersonDescribed
from domain.facts.pregnancy import PregnancyOutcome
from domain.family import Family, family_of
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle, couple_members
from domain.people.marriage import father_at, marriages_of
from domain.standing import standing_facts
from tests.support.builders import (
    born,
    described,
    died,
    fact,
    family_book,
    in_error,
    married,
    pregnancy_ended,
    pregnant,
    vaccinated,
)

HUSBAND, WIFE, SECOND, NEXT, CHILD, TWIN = (PersonId(UUID(int=number)) for number in range(1, 7))
TODAY = date(2026, 11, 21)


def couple(one: PersonId, other: PersonId) -> Circle:
    return Circle(CircleId(UUID(int=100)), "couple", couple_members(one, other))


COUPLE, ALONE = couple(HUSBAND, WIFE), Circle(CircleId(UUID(int=101)), "single", (WIFE,))


def family(*facts: Fact, circle: Circle = COUPLE) -> Family:
    return family_of(circle, facts)


def after(days: int) -> date:
    return TODAY + timedelta(days=days)


# Decisions


def test_the_later_custody_counts_whenever_the_older_was_told() -> None:
    child = born(CHILD, WIFE, TODAY, father=HUSBAND)
    older = fact(CustodyDecided(CHILD, SECOND), after(5), source="moj", asserted_on=after(90))
    later = fact(CustodyDecided(CHILD, NEXT), after(30), source="moj")
    again = fact(CustodyDecided(CHILD, WIFE), after(30), source="moj", asserted_on=after(40))
    for facts, holder in (((older, later), NEXT), ((older, later, again), WIFE)):
        for order in permutations((child, *facts)):
            (found,) = family(*order).children
            assert found.care.custody is not None
            assert found.care.custody.holder == holder


def test_the_later_adoption_counts_whenever_the_older_was_told() -> None:
    facts = (
        born(CHILD, WIFE, TODAY, father=HUSBAND),
        fact(AdoptionDecided(CHILD, SECOND), after(5), source="moj", asserted_on=after(90)),
        fact(AdoptionDecided(CHILD, NEXT), after(30), source="moj"),
    )
    for taker, count in ((SECOND, 0), (NEXT, 1)):
        alone = Circle(CircleId(UUID(int=102)), "single", (taker,))
        for order in permutations(facts):
            assert len(family(*order, circle=alone).children) == count


# Corrections


def test_a_chain_of_corrections_is_read_from_its_end() -> None:
    chain = [married(HUSBAND, WIFE, TODAY)]
    for _ in range(4):
        chain.append(in_error(chain[-1], TODAY))
    stand = [chain[0] in standing_facts(chain[: length + 1]) for length in range(5)]
    assert stand == [True, False, True, False, True]


def test_two_corrections_of_one_fact_must_both_be_taken_back() -> None:
    said = married(HUSBAND, WIFE, TODAY)
    one, two = in_error(said, TODAY), in_error(said, TODAY)
    assert standing_facts([said, one, two, in_error(one, TODAY)]) == ()
    both = [said, one, two, in_error(one, TODAY), in_error(two, TODAY)]
    assert standing_facts(both) == (said,)


def test_only_its_own_source_takes_a_fact_back() -> None:
    said = married(HUSBAND, WIFE, TODAY)
    error = in_error(said, TODAY)
    other = fact(error.payload, TODAY, source="icp")
    assert standing_facts([said, other]) == (said,)
    assert standing_facts([said, error]) == ()


def test_a_correction_takes_back_every_part_of_its_event() -> None:
    said = married(HUSBAND, WIFE, TODAY)
    part = described(HUSBAND, TODAY, name_ar="سالم", source_id=said.source_id)
    elsewhere = described(WIFE, TODAY, name_ar="نورة", source_id=said.source_id)  # another source
    assert part.source != said.source
    own = fact(part.payload, TODAY, source="moj", source_id=said.source_id, part="person:husband")
    assert standing_facts([said, own, elsewhere, in_error(said, TODAY)]) == (elsewhere,)


def test_corrections_that_take_back_one_another_end() -> None:
    one = fact(EnteredInError("mohap", "b"), TODAY, source_id="a")
    two = fact(EnteredInError("mohap", "a"), TODAY, source_id="b")
    assert standing_facts([one, two]) == ()


# Marriages and homes


def test_a_marriage_told_again_is_one_dated_by_the_later_assertion() -> None:
    first, again = married(HUSBAND, WIFE, TODAY), married(HUSBAND, WIFE, after(5))
    for facts in ((first, again), (again, first)):
        (marriage,) = family(*facts).marriages
        assert marriage.start == again


def test_a_circle_has_its_own_couples_marriage_and_book_alone() -> None:
    facts = (
        married(HUSBAND, WIFE, TODAY),
        married(HUSBAND, SECOND, TODAY),
        family_book(HUSBAND, SECOND, TODAY),
    )
    assert [(m.husband, m.wife) for m in family(*facts).marriages] == [(HUSBAND, WIFE)]
    assert family(*facts).family_books == ()
    second = family(*facts, circle=couple(SECOND, HUSBAND))
    assert [(m.husband, m.wife) for m in second.marriages] == [(HUSBAND, SECOND)]
    assert len(second.family_books) == 1


def test_the_father_is_who_was_named_else_the_husband_of_the_day() -> None:
    marriages = marriages_of([married(HUSBAND, WIFE, TODAY), married(NEXT, WIFE, after(100))])
    assert father_at(WIFE, NEXT, after(-1), marriages) == NEXT
    assert father_at(WIFE, None, after(-1), marriages) is None
    assert father_at(WIFE, None, TODAY, marriages) == HUSBAND
    assert father_at(WIFE, None, after(99), marriages) == HUSBAND
    assert father_at(WIFE, None, after(100), marriages) == NEXT
    assert father_at(SECOND, None, after(100), marriages) is None


def test_a_child_is_at_home_in_one_circle() -> None:
    wedding, birth = married(HUSBAND, WIFE, TODAY), born(CHILD, WIFE, after(300))
    later = married(NEXT, WIFE, after(200))
    homes = {
        "couple": couple(HUSBAND, WIFE),
        "next": couple(NEXT, WIFE),
        "alone": ALONE,
    }

    def where(*facts: Fact) -> list[str]:
        return [name for name, circle in homes.items() if family(*facts, circle=circle).children]

    assert where(birth) == ["alone"]
    assert where(wedding, birth) == ["couple"]
    assert where(wedding, later, birth) == ["next"]
    named = born(CHILD, WIFE, after(300), father=HUSBAND)
    assert where(wedding, later, named) == ["couple"]


def test_a_birth_told_twice_is_one_child_and_twins_are_two() -> None:
    again = born(CHILD, WIFE, TODAY, father=HUSBAND, asserted_on=after(1))
    twin = born(TWIN, WIFE, TODAY, father=HUSBAND)
    found = family(born(CHILD, WIFE, after(-1), father=HUSBAND), again, twin).children
    assert [(child.id, child.born_on) for child in found] == [(CHILD, TODAY), (TWIN, TODAY)]


def test_a_dose_is_one_for_each_code_and_day_of_each_child() -> None:
    doses = [
        vaccinated(CHILD, "08", TODAY),
        vaccinated(CHILD, "08", TODAY, source="nabidh"),
        vaccinated(CHILD, "08", after(1)),
        vaccinated(CHILD, "19", TODAY),
        vaccinated(TWIN, "19", TODAY),
    ]
    (child,) = family(born(CHILD, WIFE, TODAY, father=HUSBAND), *doses).children
    assert [(one.vaccine_code, one.given_on) for one in child.vaccinations] == [
        ("08", TODAY),
        ("08", after(1)),
        ("19", TODAY),
    ]


# People


def test_who_does_not_know_a_sex_takes_nothing_back() -> None:
    known = described(CHILD, TODAY, sex="female")
    told = fact(PersonDescribed(CHILD, sex="unknown"), after(3), source="icp")
    assert family(known, told).person(CHILD).sex == "female"
    assert family(told).person(CHILD).sex == "unknown"


def test_a_later_description_wins_and_leaves_what_it_does_not_say() -> None:
    old = described(WIFE, TODAY, name_ar="نورة", nationality="ARE", sex="female")
    new = described(WIFE, after(1), name_ar="نورة سالم", name_en="Noura")
    for facts in ((old, new), (new, old)):
        who = family(*facts).person(WIFE)
        assert (who.name_ar, who.name_en) == ("نورة سالم", "Noura")
        assert (who.nationality, who.sex, who.died_on) == ("ARE", "female", None)


def test_a_death_is_dated_and_nobody_unknown_is_dead() -> None:
    found = family(died(WIFE, TODAY), described(WIFE, after(3), name_ar="نورة"))
    assert found.person(WIFE).died_on == TODAY
    assert found.person(CHILD).died_on is None


# Pregnancies


def confirm(on: date, due_on: date, *, source: str = "mohap") -> Fact:
    return pregnant(WIFE, on, due_on=due_on, father=HUSBAND, source=source)


@pytest.mark.parametrize(
    ("apart", "count"),
    [(0, 1), (84, 1), (85, 2)],  # twelve weeks
)
def test_two_datings_within_twelve_weeks_are_one_pregnancy(apart: int, count: int) -> None:
    first = confirm(TODAY, after(200))
    other = confirm(after(7), after(200 + apart), source="nabidh")
    assert len(family(first, other).pregnancies) == count
    assert len(family(other, first).pregnancies) == count


def test_of_two_datings_the_later_assertion_counts_and_the_earlier_names_it() -> None:
    first = confirm(TODAY, after(200))
    other = confirm(after(7), after(190), source="nabidh")
    for facts in ((first, other), (other, first)):
        (found,) = family(*facts).pregnancies
        assert (found.first, found.start, found.due_on) == (first, other, after(190))
        assert found.confirmed_on == TODAY
        assert found.last_period_on == after(190 - 280)


def test_a_father_named_by_either_report_is_the_father() -> None:
    nameless = pregnant(WIFE, after(7), due_on=after(190), source="nabidh")
    for facts in ((confirm(TODAY, after(200)), nameless), (nameless, confirm(TODAY, after(200)))):
        (found,) = family(*facts).pregnancies
        assert found.father == HUSBAND


@pytest.mark.parametrize("outcome", ["birth", "loss", "stillbirth", "termination"])
def test_a_pregnancy_ends_as_the_hospital_said(outcome: PregnancyOutcome) -> None:
    (found,) = family(
        confirm(TODAY, after(200)), pregnancy_ended(WIFE, after(30), outcome)
    ).pregnancies
    assert found.ended == outcome


def test_a_birth_ends_a_pregnancy_unless_the_hospital_said_otherwise() -> None:
    confirmed, birth = confirm(TODAY, after(200)), born(CHILD, WIFE, after(199), father=HUSBAND)
    (found,) = family(confirmed, birth).pregnancies
    assert found.ended == "birth"
    still = pregnancy_ended(WIFE, after(199), "stillbirth")
    for facts in ((confirmed, birth, still), (confirmed, still, birth)):
        (found,) = family(*facts).pregnancies
        assert found.ended == "stillbirth"


@pytest.mark.parametrize(
    ("days", "ended"),
    [
        (0, None),  # the first day of the last period itself
        (1, "loss"),
        (308, "loss"),  # 44 weeks
        (309, None),  # belongs to another
    ],
)
def test_an_end_belongs_to_a_pregnancy_of_its_time(
    days: int, ended: PregnancyOutcome | None
) -> None:
    confirmed = confirm(TODAY, after(200))
    begins_on = after(200 - 280)
    end = pregnancy_ended(WIFE, begins_on + timedelta(days=days))
    (found,) = family(confirmed, end).pregnancies
    assert found.ended == ended


def test_another_mothers_loss_ends_nothing() -> None:
    (found,) = family(confirm(TODAY, after(200)), pregnancy_ended(SECOND, after(30))).pregnancies
    assert found.ended is None


# Whose word counts


def say(
    source: str,
    asserted_on: date,
    *,
    name_ar: str | None = None,
    name_en: str | None = None,
    nationality: str | None = None,
    born_in: str | None = None,
) -> Fact:
    said = PersonDescribed(
        WIFE, name_ar=name_ar, name_en=name_en, nationality=nationality, born_in=born_in
    )
    return fact(said, TODAY, source=source, asserted_on=asserted_on)


def test_the_register_that_owns_a_name_counts_above_a_later_word_of_another() -> None:
    register = say("icp", TODAY, name_ar="نورة", nationality="ARE")
    hospital = say("mohap", after(30), name_ar="نوره", name_en="Nora", nationality="IND")
    for facts in ((register, hospital), (hospital, register)):
        who = family(*facts).person(WIFE)
        assert (who.name_ar, who.nationality, who.nationality_fact) == ("نورة", "ARE", register)
        assert who.name_en == "Nora"  # of which the register said nothing


def test_among_agencies_that_do_not_own_it_the_later_word_counts_then_the_source() -> None:
    first, second = say("mohap", TODAY, name_ar="أ"), say("ehs", after(1), name_ar="ب")
    assert family(first, second).person(WIFE).name_ar == "ب"
    same_day = say("nabidh", after(1), name_ar="ج")
    assert family(same_day, first, second).person(WIFE).name_ar == "ج"


def test_a_register_taken_back_leaves_the_word_of_others() -> None:
    register = say("icp", TODAY, name_ar="نورة")
    hospital = say("mohap", after(-5), name_ar="نوره")
    found = family(register, hospital, in_error(register, after(1)))
    assert found.person(WIFE).name_ar == "نوره"


def test_a_year_of_birth_stands_until_somebody_knows_the_day() -> None:
    year = say("icp", TODAY, born_in="1961")
    assert family(year).person(WIFE).born_in == "1961"
    assert family(year).person(WIFE).born_on is None
    day = fact(PersonDescribed(WIFE, born_on=date(1961, 7, 1)), TODAY, source="mohap")
    known = family(year, day).person(WIFE)
    assert (known.born_in, known.born_on) == (None, date(1961, 7, 1))
