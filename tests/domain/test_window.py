"""When a card shows, is due, is overdue and goes; and what becomes of one known too late."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar_date import Offset
from domain.catalogue import Row, WindowRule
from domain.record import Window
from domain.window import EMIT_AHEAD_DAYS, emitted_from, plan_window
from tests.domain.test_law_purity import shipped

ANCHOR = date(2026, 3, 1)
FOUR_DAYS_BEFORE = Offset(days=-4)


def rule(*, catch_up: bool = False, visible: Offset = FOUR_DAYS_BEFORE) -> WindowRule:
    """Due ten days from the anchor, shown four before, ten days of grace, gone after thirty."""
    return WindowRule(
        anchor="born_on",
        due=Offset(days=10),
        visible=visible,
        due_until=Offset(days=10),
        expires=Offset(days=30),
        catch_up=catch_up,
    )


def until(*, catch_up: bool = True, days: int = 60) -> WindowRule:
    """The same, gone `days` after the anchor whatever the due day."""
    same = rule(catch_up=catch_up)
    return WindowRule(
        anchor=same.anchor,
        due=same.due,
        visible=same.visible,
        due_until=same.due_until,
        expires=Offset(days=days),
        catch_up=catch_up,
        expires_from="anchor",
    )


def at(days: int) -> date:
    return ANCHOR + timedelta(days=days)


def window(*days: int) -> Window:
    return Window(*(at(one) for one in days))


def test_offsets_count_from_the_due_day() -> None:
    assert plan_window(rule(), None, ANCHOR, known_on=ANCHOR) == window(6, 10, 20, 40)


def test_a_rows_age_is_its_due_day() -> None:
    row = Row("later", Offset(months=1))  # 1 April, day 31
    assert plan_window(rule(), row, ANCHOR, known_on=ANCHOR) == window(27, 31, 41, 61)


def test_a_card_is_never_shown_after_it_is_due() -> None:
    late = rule(visible=Offset(days=3))
    assert plan_window(late, None, ANCHOR, known_on=ANCHOR) == window(10, 10, 20, 40)


@pytest.mark.parametrize("catch_up", [False, True])
def test_what_is_known_on_the_last_day_of_grace_keeps_its_dates(catch_up: bool) -> None:
    planned = plan_window(rule(catch_up=catch_up), None, ANCHOR, known_on=at(20))
    assert planned == window(6, 10, 20, 40)


def test_what_is_known_a_day_after_the_grace_is_not_made_without_catch_up() -> None:
    assert plan_window(rule(), None, ANCHOR, known_on=at(21)) is None


def test_what_is_known_a_day_after_the_grace_is_due_that_day_with_the_same_grace() -> None:
    assert plan_window(rule(catch_up=True), None, ANCHOR, known_on=at(21)) == window(6, 21, 31, 40)


def test_a_caught_up_card_does_not_go_before_its_grace() -> None:
    assert plan_window(rule(catch_up=True), None, ANCHOR, known_on=at(35)) == window(6, 35, 45, 45)


def test_a_fixed_end_ends_the_grace() -> None:
    assert plan_window(until(days=15), None, ANCHOR, known_on=ANCHOR) == window(6, 10, 15, 15)
    # Caught up on day 55 of 60: five days are left of the ten.
    assert plan_window(until(), None, ANCHOR, known_on=at(55)) == window(6, 55, 60, 60)


def test_a_fixed_end_is_the_last_day_on_which_a_card_is_made() -> None:
    assert plan_window(until(), None, ANCHOR, known_on=at(60)) == window(6, 60, 60, 60)
    assert plan_window(until(), None, ANCHOR, known_on=at(61)) is None
    assert plan_window(until(days=10), None, ANCHOR, known_on=ANCHOR) == window(6, 10, 10, 10)
    assert plan_window(until(days=9), None, ANCHOR, known_on=ANCHOR) is None


def test_a_fixed_end_without_catch_up_gives_no_late_card() -> None:
    assert plan_window(until(catch_up=False), None, ANCHOR, known_on=at(20)) is not None
    assert plan_window(until(catch_up=False), None, ANCHOR, known_on=at(21)) is None


def test_a_record_exists_ninety_days_before_it_shows() -> None:
    assert EMIT_AHEAD_DAYS == 90
    # 7 March 2026 - 90 days = 7 December 2025.
    assert emitted_from(window(6, 10, 20, 40)) == date(2025, 12, 7)


SHIPPED_RULES = [
    pytest.param(card.window, row, id=f"{service.id}-{card.id}-{row.id if row else 'due'}")
    for service in shipped().services.values()
    for card in service.cards
    for row in (card.rows or (None,))
    if card.rows_by_week is None
]


@pytest.mark.parametrize(("shipped_rule", "row"), SHIPPED_RULES)
@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 7_000))
def test_nothing_shipped_is_overdue_when_it_becomes_known(
    shipped_rule: WindowRule, row: Row | None, anchor: date, days: int
) -> None:
    known_on = anchor + timedelta(days=days)
    planned = plan_window(shipped_rule, row, anchor, known_on=known_on)
    if planned is None:
        return
    assert planned.due_until >= known_on
    dates = [planned.visible_from, planned.due_from, planned.due_until, planned.expires_on]
    assert dates == sorted(dates)
