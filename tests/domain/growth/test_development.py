"""Which form of development is due, day by day, with corrected age and catch-up."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.growth.care_tables import read_development_table
from domain.calendar_date import add_months
from domain.growth.child import Child, GestationOutOfRange
from domain.growth.development import (
    DONE_MAX,
    DevelopmentForm,
    DevelopmentTable,
    DoneForm,
    NotYetBorn,
    TooManyForms,
    plan_development,
)

LTSAE = read_development_table()
BORN_ON = date(2024, 1, 15)
TERM = Child(born_on=BORN_ON)

# A screening that may be caught up: due at 9 months, overdue from 12, missed from 18.
SCREENING = DevelopmentTable(
    source="a test",
    sign_off=None,
    forms=(DevelopmentForm(id="nine", months=9, until_months=12, catch_up_until_months=18),),
)


def due_on(child: Child, on: date, *, done: tuple[DoneForm, ...] = ()) -> list[str]:
    return [form.form for form in plan_development(child, LTSAE, done=done, on=on).due]


def states(child: Child, on: date, done: tuple[DoneForm, ...] = ()) -> str:
    return plan_development(child, SCREENING, done=done, on=on).forms[0].state


def test_the_table_has_the_ages_of_the_checklists() -> None:
    months = [form.months for form in LTSAE.forms]
    assert months == [2, 4, 6, 9, 12, 15, 18, 24, 30, 36, 48, 60]


@pytest.mark.parametrize(
    ("day", "due"),
    [
        # Born on 15 January 2024: two months on 15 March, four on 15 May, nine on 15 October.
        (date(2024, 1, 15), []),
        (date(2024, 3, 14), []),
        (date(2024, 3, 15), ["ltsae-2"]),
        (date(2024, 5, 14), ["ltsae-2"]),
        (date(2024, 5, 15), ["ltsae-4"]),
        (date(2024, 10, 15), ["ltsae-9"]),
        (date(2029, 1, 15), ["ltsae-60"]),
        (date(2030, 1, 14), ["ltsae-60"]),
        (date(2030, 1, 15), []),
        (date(2154, 1, 15), []),
    ],
)
def test_one_form_is_due_at_a_time(day: date, due: list[str]) -> None:
    assert due_on(TERM, day) == due


def test_a_child_known_late_is_asked_one_form_and_no_wall_of_old_ones() -> None:
    answer = plan_development(TERM, LTSAE, done=(), on=date(2025, 9, 20))  # 20 months
    assert [form.form for form in answer.due] == ["ltsae-18"]
    missed = [form.form for form in answer.forms if form.state == "missed"]
    assert missed == ["ltsae-2", "ltsae-4", "ltsae-6", "ltsae-9", "ltsae-12", "ltsae-15"]
    assert answer.changes_on == date(2026, 1, 15)  # 24 months


def test_a_form_done_is_not_asked_again() -> None:
    done = (DoneForm("ltsae-9", date(2024, 10, 20)),)
    assert due_on(TERM, date(2024, 10, 19), done=done) == ["ltsae-9"]
    assert due_on(TERM, date(2024, 10, 20), done=done) == []


def test_a_screening_is_due_then_caught_up_then_missed() -> None:
    # 9 months on 15 October 2024, 12 on 15 January 2025, 18 on 15 July 2025.
    walked = {
        date(2024, 10, 14): "upcoming",
        date(2024, 10, 15): "due",
        date(2025, 1, 14): "due",
        date(2025, 1, 15): "catch_up",
        date(2025, 7, 14): "catch_up",
        date(2025, 7, 15): "missed",
    }
    assert {day: states(TERM, day) for day in walked} == walked
    late = (DoneForm("nine", date(2025, 2, 1)),)
    assert states(TERM, date(2025, 8, 1), late) == "done"


def test_age_is_corrected_until_two_years() -> None:
    # Born at 30 weeks, 70 days early: the due date was 25 March 2024.
    early = Child(born_on=BORN_ON, gestation_days=30 * 7)
    assert due_on(early, date(2024, 5, 24)) == []
    assert due_on(early, date(2024, 5, 25)) == ["ltsae-2"]
    # 18 months after the due date are 25 September 2025, before her second birthday.
    assert due_on(early, date(2025, 9, 24)) == ["ltsae-15"]
    assert due_on(early, date(2025, 9, 25)) == ["ltsae-18"]
    # At two years the correction ends: the form of 24 months is due on her birthday.
    assert due_on(early, date(2026, 1, 14)) == ["ltsae-18"]
    assert due_on(early, date(2026, 1, 15)) == ["ltsae-24"]
    forms = plan_development(early, LTSAE, done=(), on=date(2026, 1, 15)).forms
    assert [form.form for form in forms if form.corrected] == [
        f"ltsae-{months}" for months in (2, 4, 6, 9, 12, 15, 18)
    ]


def test_bad_input_is_refused() -> None:
    with pytest.raises(NotYetBorn):
        due_on(TERM, BORN_ON - timedelta(days=1))
    with pytest.raises(GestationOutOfRange):
        due_on(Child(born_on=BORN_ON, gestation_days=10), BORN_ON)
    many = tuple(DoneForm("ltsae-9", BORN_ON) for _ in range(DONE_MAX))
    due_on(TERM, BORN_ON, done=many)
    with pytest.raises(TooManyForms):
        due_on(TERM, BORN_ON, done=(*many, many[0]))


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(2019, 1, 1), date(2025, 1, 1)),
    st.one_of(st.none(), st.integers(147, 314)),
    st.integers(0, 2_500),
    st.data(),
)
def test_the_answer_holds_until_the_day_it_names(
    born_on: date, gestation: int | None, age_days: int, data: st.DataObject
) -> None:
    child = Child(born_on=born_on, gestation_days=gestation)
    on = born_on + timedelta(days=age_days)
    answer = plan_development(child, LTSAE, done=(), on=on)
    assert len(answer.due) <= 1
    ahead = 400 if answer.changes_on is None else (answer.changes_on - on).days - 1
    later = on + timedelta(days=data.draw(st.integers(0, ahead)))
    held = plan_development(child, LTSAE, done=(), on=later)
    assert held.forms == answer.forms
    assert held.changes_on == answer.changes_on
    for form in answer.forms:
        assert born_on <= form.due_on <= form.overdue_on <= form.expires_on
        months = int(form.form.removeprefix("ltsae-"))
        assert form.due_on >= add_months(born_on, months)
