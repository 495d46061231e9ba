"""What a corrected number may move: what was said of somebody else, never somebody's own birth."""

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.calendar_date import Sex
from domain.fact import Fact
from domain.facts.person import IdentifierReplaced, PersonDescribed
from domain.ids import PersonId
from domain.people.identity import (
    contradict,
    correction_contradicts,
    lived_before,
    read_as_they_are,
)
from tests.support.builders import (
    born,
    described,
    fact,
    in_error,
    married,
    pregnant,
    vaccinated,
)

RIGHT, WRONG, MOTHER, STRANGER = (PersonId(UUID(int=n)) for n in range(1, 5))
TODAY = date(2026, 11, 21)
SAYING = fact(IdentifierReplaced(RIGHT, WRONG, "corrected"), TODAY)
BIRTH = born(WRONG, STRANGER, TODAY)


@pytest.mark.parametrize(("source", "holds"), [(SAYING.source, True), ("nabidh", False)])
@pytest.mark.parametrize(("sex", "other"), [("male", True), ("female", False)])
def test_what_moves_may_not_describe_another_than_the_right_one(
    source: str, holds: bool, sex: Sex, other: bool
) -> None:
    known = (
        described(RIGHT, TODAY, sex="female"),
        replace(described(WRONG, TODAY, sex=sex), source=source),
        vaccinated(WRONG, "08", TODAY),
    )
    assert correction_contradicts(SAYING, known) == (holds and other)


def test_a_birth_that_moves_contradicts_and_one_taken_back_moves_no_more() -> None:
    assert correction_contradicts(SAYING, (BIRTH,))
    assert not correction_contradicts(SAYING, (BIRTH, in_error(BIRTH, TODAY)))
    assert not correction_contradicts(SAYING, (replace(BIRTH, source="doh"),))


def test_a_saying_that_would_move_a_birth_moves_nothing_whichever_came_first() -> None:
    dose = vaccinated(WRONG, "08", TODAY)
    assert read_as_they_are((SAYING, dose))[1].payload.subjects() == (RIGHT,)
    for facts in ((SAYING, dose, BIRTH), (BIRTH, dose, SAYING)):
        assert read_as_they_are(facts) == facts


NEWBORN, SPOUSE = (PersonId(UUID(int=n)) for n in range(5, 7))
LAST_YEAR = date(2025, 11, 21)


@pytest.mark.parametrize(
    ("lived", "is_somebody_else"),
    [
        (married(STRANGER, SPOUSE, LAST_YEAR), True),
        (married(SPOUSE, STRANGER, LAST_YEAR), True),
        (pregnant(STRANGER, LAST_YEAR, due_on=TODAY), True),
        (born(WRONG, STRANGER, LAST_YEAR), True),
        (born(WRONG, SPOUSE, LAST_YEAR, father=STRANGER), True),
        (married(STRANGER, SPOUSE, TODAY), False),
        (vaccinated(STRANGER, "08", LAST_YEAR), False),
    ],
)
def test_a_newborn_is_nobody_who_was_married_or_a_parent_before(
    lived: Fact, is_somebody_else: bool
) -> None:
    facts = (born(NEWBORN, MOTHER, TODAY), lived)
    assert contradict(NEWBORN, facts, STRANGER) == is_somebody_else
    assert contradict(STRANGER, facts, NEWBORN) == is_somebody_else
    assert not contradict(NEWBORN, (*facts, in_error(lived, TODAY)), STRANGER)


@pytest.mark.parametrize(
    ("told", "is_born_here"),
    [
        ((("icp", 0, 2016),), False),
        ((("icp", 0, 2016), ("icp", 1, 2026)), True),
        ((("icp", 0, 2026), ("icp", 1, 2016)), False),
        ((("hospital", 0, 2016), ("icp", 0, 2026)), True),
        ((("icp", 0, 2026), ("hospital", 1, 2016)), True),
        ((("hospital", -200, 2016), ("hospital", 0, 2026)), False),
        ((("hospital", 0, 2016), ("ministry", 0, 2026)), False),
    ],
)
def test_a_newborn_is_as_old_as_the_word_that_counts_says(
    told: tuple[tuple[str, int, int], ...], is_born_here: bool
) -> None:
    described = [
        fact(
            PersonDescribed(NEWBORN, born_on=TODAY.replace(year=year)),
            TODAY + timedelta(days=days),
            source=source,
        )
        for source, days, year in told
    ]
    for order in permutations(described):
        assert (lived_before(NEWBORN, TODAY, order) is None) == is_born_here
