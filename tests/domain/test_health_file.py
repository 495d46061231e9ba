"""Who may read a child's health file: the parents, while the child lives and is a child."""

from datetime import date
from uuid import UUID

import pytest

from domain.fact import Fact
from domain.facts.health import VaccinationGiven
from domain.facts.person import IdentifierReplaced, PersonDescribed
from domain.family import family_of
from domain.health_file import HealthFile, file_of_child, file_of_oneself, vaccines_given
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle
from tests.support.builders import born, described, died, fact, pregnancy_ended, vaccinated

MOTHER, FATHER, CHILD, OTHER = (PersonId(UUID(int=n)) for n in range(1, 5))
COUPLE = Circle(CircleId(UUID(int=9)), "couple", (MOTHER, FATHER))
BORN_ON, TODAY = date(2026, 1, 10), date(2026, 11, 21)
BIRTH = born(CHILD, MOTHER, BORN_ON, father=FATHER)


def read(*facts: Fact, reader: PersonId = MOTHER, on: date = TODAY) -> HealthFile | None:
    return file_of_child(family_of(COUPLE, facts), CHILD, reader, facts, on)


@pytest.mark.parametrize(
    ("reader", "may"), [(MOTHER, True), (FATHER, True), (CHILD, False), (OTHER, False)]
)
def test_the_parents_alone_read_a_child_s_file(reader: PersonId, may: bool) -> None:
    assert (read(BIRTH, reader=reader) is not None) == may


def test_it_closes_on_the_day_the_child_comes_of_age() -> None:
    assert read(BIRTH, on=date(2044, 1, 9)) is not None
    assert read(BIRTH, on=date(2044, 1, 10)) is None


def test_a_child_who_died_or_was_perhaps_not_born_alive_is_not_shown() -> None:
    assert read(BIRTH, died(CHILD, TODAY)) is None
    assert read(BIRTH, pregnancy_ended(MOTHER, BORN_ON, "stillbirth")) is None


def test_one_s_own_file_needs_a_day_of_birth() -> None:
    said = fact(PersonDescribed(MOTHER, name_en="Noura", born_on=date(1998, 5, 1)), TODAY)
    found = file_of_oneself(MOTHER, (said,))
    assert found is not None
    assert found.born_on == date(1998, 5, 1)
    assert file_of_oneself(MOTHER, (described(MOTHER, TODAY, name_en="Noura"),)) is None
    assert file_of_oneself(OTHER, (said,)) is None


def test_doses_are_by_day_and_code_and_another_s_are_not_among_them() -> None:
    given = read(
        BIRTH,
        vaccinated(CHILD, "146", date(2026, 3, 10)),
        vaccinated(CHILD, "08", BORN_ON),
        vaccinated(CHILD, "146", date(2026, 3, 10), source="dha"),
        vaccinated(MOTHER, "140", date(2026, 3, 10)),
    )
    assert given is not None
    told = [(dose.given_on, dose.vaccine_code) for dose in vaccines_given(given)]
    assert told == [(BORN_ON, "08"), (date(2026, 3, 10), "146")]


def test_doses_under_every_number_of_a_child_are_theirs() -> None:
    said = fact(IdentifierReplaced(OTHER, CHILD, "newborn_numbered"), BORN_ON, source="icp")
    doses = vaccinated(CHILD, "08", BORN_ON), vaccinated(OTHER, "19", date(2026, 1, 11))
    found = read(BIRTH, *doses, said)
    assert found is not None
    assert [dose.vaccine_code for dose in vaccines_given(found)] == ["08", "19"]
    described_ = fact(PersonDescribed(OTHER, born_on=BORN_ON), TODAY)
    own = file_of_oneself(CHILD, (described_, *doses, said))
    assert own is not None
    assert [dose.vaccine_code for dose in vaccines_given(own)] == ["08", "19"]


def test_a_dose_that_anybody_told_was_partial_is_not_among_them() -> None:
    whole = vaccinated(CHILD, "08", BORN_ON, source="dha")
    partial = fact(VaccinationGiven(CHILD, "08", is_partial=True), BORN_ON)
    later = vaccinated(CHILD, "08", TODAY)
    for facts in ((BIRTH, whole, partial, later), (BIRTH, partial, later)):
        given = read(*facts)
        assert given is not None
        assert [dose.given_on for dose in vaccines_given(given)] == [TODAY]
