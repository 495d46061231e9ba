"""The contacts of antenatal care: WHO's own matrix row for row, windows, visits kept, variants."""

import csv
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from domain.pregnancy.contacts import ContactPlan, choose_plan, plan_contacts, state_on
from domain.pregnancy.dating import Dating
from tests.domain.pregnancy.pregnancies import DUE_ON, PERIOD_ON, TABLES, after

MATRIX = Path(__file__).parent / "who-anc-contact-matrix.csv"
WHO = TABLES.plans[0]
DATING = Dating(began_on=PERIOD_ON, due_on=DUE_ON, basis="last_period")

# A made-up national model: ten visits for a first pregnancy, seven for a later one. Reports of
# such a model in Abu Dhabi name the numbers only; the weeks here are a test's.
TEN = msgspec.structs.replace(
    WHO, id="ten", first_birth=True, rows=((8, 12, 16, 20, 24, 28, 32, 36, 38, 40),),
    ends_with_delivery=False,
)  # fmt: skip
SEVEN = msgspec.structs.replace(
    WHO, id="seven", first_birth=False, rows=((8, 14, 20, 26, 32, 36, 40),),
    ends_with_delivery=False,
)  # fmt: skip


def weeks_of(plan: ContactPlan, first_on: date) -> list[int]:
    found = plan_contacts(plan, DATING, first_on=first_on, visits=())
    return [contact.week for contact in found]


def test_every_row_of_the_matrix_is_planned_to_the_day() -> None:
    lines = MATRIX.read_text(encoding="utf-8").splitlines()[1:]
    rows = [[int(cell) for cell in row] for row in csv.reader(lines)]
    assert len(rows) == 38
    for row in rows:
        found = plan_contacts(WHO, DATING, first_on=after(row[0], 6), visits=())
        assert [contact.week for contact in found] == row
        assert [contact.due_on for contact in found[1:]] == [after(week) for week in row[1:]]
        assert [contact.number for contact in found] == list(range(1, len(row) + 1))
        assert [contact.kind for contact in found] == ["visit"] * (len(row) - 1) + ["delivery"]
        assert found[0].kept_on == after(row[0], 6)


def test_a_first_contact_outside_the_matrix_follows_its_nearest_row() -> None:
    assert weeks_of(WHO, after(2))[1:] == [12, 20, 26, 30, 34, 36, 38, 40, 41]
    assert weeks_of(WHO, after(3, 6))[1:] == [12, 20, 26, 30, 34, 36, 38, 40, 41]
    assert weeks_of(WHO, after(43)) == [41]


def test_a_contact_is_due_then_overdue_then_gone() -> None:
    # The second contact of a first one in week 12 belongs to week 20: 21 May 2026. Overdue 7 days
    # later, gone when week 41 begins, on 15 October.
    second = plan_contacts(WHO, DATING, first_on=after(12), visits=())[1]
    walked = {
        date(2026, 5, 20): "upcoming",
        date(2026, 5, 21): "due",
        date(2026, 5, 27): "due",
        date(2026, 5, 28): "overdue",
        date(2026, 10, 14): "overdue",
        date(2026, 10, 15): "gone",
    }
    assert {on: state_on(second, on) for on in walked} == walked


def test_referral_for_delivery_stands_until_week_44() -> None:
    last = plan_contacts(WHO, DATING, first_on=after(12), visits=())[-1]
    assert (last.due_on, last.expires_on) == (after(41), after(44))


@pytest.mark.parametrize(
    ("visit_on", "number"),
    [
        # Contacts 2 and 3 belong to weeks 20 and 26: 23 weeks 0 days is as near to both.
        (after(17), 2),
        (after(23), 2),
        (after(23, 1), 3),
        (after(26, 4), 3),
    ],
)
def test_a_visit_keeps_the_contact_nearest_to_it(visit_on: date, number: int) -> None:
    found = plan_contacts(WHO, DATING, first_on=after(12), visits=(visit_on,))
    assert [item.number for item in found if item.kept_on == visit_on] == [number]
    kept = found[number - 1]
    assert state_on(kept, visit_on) == "kept"
    assert state_on(kept, visit_on - timedelta(days=1)) != "kept"


def test_visits_in_any_order_and_extra_ones_keep_the_same() -> None:
    visits = (after(26), after(20), after(20, 1), after(12))
    one = plan_contacts(WHO, DATING, first_on=after(12), visits=visits)
    assert one == plan_contacts(WHO, DATING, first_on=after(12), visits=visits[::-1])
    assert [item.kept_on for item in one[:4]] == [after(12), after(20), after(26), None]


def test_a_national_model_is_another_table() -> None:
    plans = (WHO, TEN, SEVEN)
    chosen = {
        first: choose_plan(plans, first_birth=first, multiple=False) for first in (True, False)
    }
    assert chosen == {True: TEN, False: SEVEN}
    assert choose_plan(plans, first_birth=None, multiple=False) == WHO
    assert len(weeks_of(TEN, after(8))) == 10
    found = plan_contacts(SEVEN, DATING, first_on=after(8), visits=())
    assert [item.kind for item in found] == ["visit"] * 7


def test_a_plan_for_several_is_taken_for_several_only() -> None:
    twins = msgspec.structs.replace(WHO, id="twins", multiple=True)
    assert choose_plan((WHO, twins), first_birth=None, multiple=True) == twins
    assert choose_plan((WHO, twins), first_birth=None, multiple=False) == WHO
    assert choose_plan((twins,), first_birth=None, multiple=False) is None
