"""Whoever mourns is not congratulated, in whatever order it was told: each rule on both sides."""

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from domain.compile.catalogue import compile_catalogue
from domain.compile.document import CatalogueError
from domain.evaluate import evaluate
from domain.fact import Fact
from domain.facts.pregnancy import PregnancyConfirmed, PregnancyOutcome
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle, couple_members
from tests.domain.test_evaluate import catalogue, line
from tests.support.builders import born, died, fact, married, pregnancy_ended

HUSBAND, WIFE, CHILD, TWIN, THIRD = (PersonId(UUID(int=number)) for number in range(1, 6))
COUPLE = Circle(CircleId(UUID(int=101)), "couple", couple_members(HUSBAND, WIFE))
BORN_ON = date(2026, 6, 1)
MARRIED = married(HUSBAND, WIFE, date(2024, 1, 1))
JOY, QUIET = "joy", "quiet"


def offered(*facts: Fact, child: PersonId = CHILD, on: date = BORN_ON) -> set[str]:
    """Which of two services, one for joy and one for mourning, has a card of the child, by every
    order of telling."""
    found = set()
    for told in permutations(facts):
        seen = set()
        for name, when in ((JOY, "!family_mourns"), (QUIET, "family_mourns")):
            services = catalogue(when=when, eligibility=[line("child_alive", unmet="withdraw")])
            records = evaluate(COUPLE, told, services, on, bytes(32)).records
            seen |= {name for record in records if record.subject == child}
        found.add(frozenset(seen))
    assert len(found) == 1
    return set(found.pop())


def birth(child: PersonId, on: date = BORN_ON) -> Fact:
    return born(child, WIFE, on, father=HUSBAND)


def ended(on: date, outcome: PregnancyOutcome, count: int | None = None) -> Fact:
    return pregnancy_ended(WIFE, on, outcome, fetus_count=count)


def two_expected() -> Fact:
    said = PregnancyConfirmed(WIFE, HUSBAND, BORN_ON + timedelta(days=14), fetus_count=2)
    return fact(said, date(2025, 12, 1))


def test_two_living_twins_are_joy() -> None:
    assert offered(MARRIED, birth(CHILD), birth(TWIN)) == {JOY}


@pytest.mark.parametrize("died_on", [BORN_ON, BORN_ON + timedelta(days=90)])
def test_a_twin_whose_twin_died_is_met_quietly(died_on: date) -> None:
    facts = (MARRIED, birth(CHILD), birth(TWIN), died(TWIN, died_on))
    assert offered(*facts, on=died_on) == {QUIET}
    assert offered(*facts, child=TWIN, on=died_on) == set()


def test_of_triplets_both_who_live_are_met_quietly() -> None:
    facts = (MARRIED, birth(CHILD), birth(TWIN), birth(THIRD), died(THIRD, BORN_ON))
    assert offered(*facts, child=CHILD) == offered(*facts, child=TWIN) == {QUIET}


@pytest.mark.parametrize(("days", "seen"), [(364, QUIET), (365, JOY)])
def test_the_year_is_of_the_birth_and_never_ends_for_it(days: int, seen: str) -> None:
    sibling = birth(TWIN, date(2024, 9, 1))
    facts = (MARRIED, sibling, died(TWIN, BORN_ON - timedelta(days=days)), birth(CHILD))
    for later in (0, 30):
        assert offered(*facts, on=BORN_ON + timedelta(days=later)) == {seen}


@pytest.mark.parametrize(
    ("lost", "seen"),
    [
        (ended(date(2026, 3, 1), "loss", 1), QUIET),
        (ended(BORN_ON, "stillbirth", 1), QUIET),
        (ended(date(2026, 3, 1), "termination", 1), JOY),  # that she chose it is nobody's to know
        (ended(date(2025, 10, 1), "loss"), JOY),  # of the pregnancy before
    ],
)
def test_one_of_several_lost_before_the_birth(lost: Fact, seen: str) -> None:
    assert offered(MARRIED, two_expected(), lost, birth(CHILD)) == {seen}


def test_no_line_says_that_a_family_mourns() -> None:
    with pytest.raises(CatalogueError) as caught:
        catalogue(eligibility=[line("!family_mourns")])
    (problem,) = caught.value.errors
    assert problem.path == "eligibility[0].when"
    assert "ask it in the when of the service or of a card" in problem.message


def test_a_service_whose_when_is_not_known_shows_nothing() -> None:
    services = catalogue(when="child_nationality == 'ARE'", eligibility=[line("father_known")])
    facts = (MARRIED, born(CHILD, WIFE, BORN_ON))
    assert evaluate(COUPLE, facts, services, BORN_ON, bytes(32)).records == ()
    always = catalogue(eligibility=[line("child_nationality == 'ARE'")])
    (waiting,) = evaluate(COUPLE, facts, always, BORN_ON, bytes(32)).records
    assert waiting.waiting


def test_a_when_that_names_nothing_known_is_refused() -> None:
    with pytest.raises(CatalogueError, match="'family_morns' is not declared"):
        catalogue(when="family_morns")
    assert compile_catalogue([], version=1).services == {}
