"""Whom a service is for: the pilot's scope, each of its axes, the day on which one leaves it."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from domain.compile.catalogue import compile_catalogue
from domain.entry import Reach
from domain.evaluate import evaluate
from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.facts.marriage import ContractSigned
from domain.facts.person import EmploymentChanged, ResidenceChanged
from domain.facts.place import Place
from domain.family import family_of
from domain.horizon import Horizon
from domain.ids import CircleId, EntryId
from domain.people.circle import Circle, couple_members
from domain.reach import is_within
from domain.text.bilingual import Bilingual
from domain.text.message import compile_message
from tests.domain.test_compile_catalogue import birth_service
from tests.domain.test_compile_entry import SCOPE
from tests.support.builders import born, divorced, fact, married, pregnant
from tests.support.house import person

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
WED_ON = date(2026, 1, 31)
PARTED_ON = date(2026, 2, 1)  # the day after: two facts of one instant would be in no order
CIRCLE = Circle(CircleId(UUID(int=9)), "couple", couple_members(HUSBAND, WIFE))
WORDS = Bilingual(compile_message("نص", "ar"), compile_message("text", "en"))


def reach(**said: tuple[str, ...]) -> Reach:
    empty: dict[str, tuple[str, ...]] = {
        "emirates": (),
        "facilities": (),
        "employers": (),
        "stages": (),
    }
    head = {"id": EntryId("pilot"), "version": 1, "revision": 1, "draft": False, "name": WORDS}
    return Reach(**head, **(empty | said))  # type: ignore[arg-type]  # a test's own


WEDDING = married(HUSBAND, WIFE, WED_ON)
SIGNED = fact(ContractSigned(HUSBAND, WIFE), WED_ON)
FEDERAL = fact(EmploymentChanged(HUSBAND, "federal"), WED_ON)
AJMAN = fact(ResidenceChanged(WIFE, emirate="AE-AJ"), WED_ON)
DUBAI = fact(ResidenceChanged(WIFE, emirate="AE-DU"), WED_ON + timedelta(days=9))
PLACED = fact(BirthNotified(CHILD, WIFE, HUSBAND, place=Place(facility="khalifa")), WED_ON)
PILOT = reach(emirates=("AE-AJ",), employers=("federal",), stages=("about_to_marry", "newly_wed"))


@pytest.mark.parametrize(
    ("wanted", "facts", "on", "expected"),
    [
        (PILOT, [WEDDING, FEDERAL, AJMAN], WED_ON, True),
        (PILOT, [WEDDING, AJMAN], WED_ON, False),  # nobody said where they work
        (PILOT, [WEDDING, FEDERAL], WED_ON, False),
        (PILOT, [WEDDING, FEDERAL, AJMAN, DUBAI], date(2026, 3, 1), False),
        # 31 January 2026 and twelve months: 31 January 2027 is the first day past it.
        (PILOT, [WEDDING, FEDERAL, AJMAN], date(2027, 1, 30), True),
        (PILOT, [WEDDING, FEDERAL, AJMAN], date(2027, 1, 31), False),
        (PILOT, [WEDDING, FEDERAL, AJMAN, divorced(HUSBAND, WIFE, PARTED_ON)], PARTED_ON, False),
        (
            reach(stages=("about_to_marry",)),
            [fact(ContractSigned(HUSBAND, WIFE), WED_ON)],
            WED_ON,
            True,
        ),
        (reach(stages=("about_to_marry",)), [WEDDING], WED_ON, False),
        (reach(stages=("expecting",)), [WEDDING], WED_ON, False),
        (
            reach(stages=("expecting",)),
            [WEDDING, pregnant(WIFE, WED_ON, due_on=date(2026, 9, 1), father=HUSBAND)],
            WED_ON,
            True,
        ),
        (reach(stages=("with_children",)), [WEDDING, PLACED], WED_ON, True),
        (reach(facilities=("khalifa",)), [WEDDING, PLACED], WED_ON, True),
        (reach(facilities=("other",)), [WEDDING, PLACED], WED_ON, False),
        (reach(emirates=("AE-DU", "AE-AJ")), [WEDDING, AJMAN], WED_ON, True),
    ],
)
def test_each_list_holds_one_thing_that_is_true(
    wanted: Reach, facts: list[Fact], on: date, expected: bool
) -> None:
    assert is_within(wanted, family_of(CIRCLE, facts), Horizon(on)) is expected


def test_the_day_on_which_it_ends_is_a_day_to_wake_on() -> None:
    horizon = Horizon(date(2026, 6, 1))
    is_within(PILOT, family_of(CIRCLE, [WEDDING, FEDERAL, AJMAN]), horizon)
    assert horizon.next_change_on == date(2027, 1, 31)


def test_a_service_with_a_scope_is_for_those_within_it_alone() -> None:
    service = birth_service() | {"scope": "pilot"}
    catalogue = compile_catalogue([("service", service), ("scope", SCOPE)], version=1)
    birth = born(CHILD, WIFE, date(2026, 2, 1), father=HUSBAND)
    out = evaluate(CIRCLE, [WEDDING, birth, AJMAN], catalogue, date(2026, 2, 2), bytes(32))
    within = evaluate(
        CIRCLE, [WEDDING, birth, AJMAN, FEDERAL], catalogue, date(2026, 2, 2), bytes(32)
    )
    assert not out.records
    assert within.records
