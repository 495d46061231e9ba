"""When a card shows, is due, is overdue and goes; and what becomes of one known too late."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar_date import Offset
from domain.card.record import Window
from domain.card.window import EMIT_AHEAD_DAYS, due_on, emitted_from, plan_window
from domain.catalogue import Row, WindowRule
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


def planned(of: WindowRule, row: Row | None, *, known_on: date) -> Window | None:
    return plan_window(of, due_on(of, row, ANCHOR), ANCHOR, known_on=known_on)


def at(days: int) -> date:
    return ANCHOR + timedelta(days=days)


def window(*days: int) -> Window:
    return Window(*(at(one) for one in days))


def test_offsets_count_from_the_due_day() -> None:
    assert planned(rule(), None, known_on=ANCHOR) == window(6, 10, 20, 40)


def test_a_rows_age_is_its_due_day() -> None:
    row = Row("later", Offset(months=1))  # 1 April, day 31
    assert planned(rule(), row, known_on=ANCHOR) == window(27, 31, 41, 61)


def test_a_card_is_never_shown_after_it_is_due() -> None:
    late = rule(visible=Offset(days=3))
    assert planned(late, None, known_on=ANCHOR) == window(10, 10, 20, 40)


@pytest.mark.parametrize("catch_up", [False, True])
def test_what_is_known_on_the_last_day_of_grace_keeps_its_dates(catch_up: bool) -> None:
    same = planned(rule(catch_up=catch_up), None, known_on=at(20))
    assert same == window(6, 10, 20, 40)


def test_what_is_known_a_day_after_the_grace_is_not_made_without_catch_up() -> None:
    assert planned(rule(), None, known_on=at(21)) is None


def test_what_is_known_a_day_after_the_grace_is_due_that_day_with_the_same_grace() -> None:
    assert planned(rule(catch_up=True), None, known_on=at(21)) == window(6, 21, 31, 40)


def test_a_caught_up_card_does_not_go_before_its_grace() -> None:
    assert planned(rule(catch_up=True), None, known_on=at(35)) == window(6, 35, 45, 45)


def test_a_fixed_end_ends_the_grace() -> None:
    assert planned(until(days=15), None, known_on=ANCHOR) == window(6, 10, 15, 15)
    # Caught up on day 55 of 60: five days are left of the ten.
    assert planned(until(), None, known_on=at(55)) == window(6, 55, 60, 60)


def test_a_fixed_end_is_the_last_day_on_which_a_card_is_made() -> None:
    assert planned(until(), None, known_on=at(60)) == window(6, 60, 60, 60)
    assert planned(until(), None, known_on=at(61)) is None
    assert planned(until(days=10), None, known_on=ANCHOR) == window(6, 10, 10, 10)
    assert planned(until(days=9), None, known_on=ANCHOR) is None


def test_a_fixed_end_without_catch_up_gives_no_late_card() -> None:
    assert planned(until(catch_up=False), None, known_on=at(20)) is not None
    assert planned(until(catch_up=False), None, known_on=at(21)) is None


def test_a_calculator_says_until_when_where_that_is_later() -> None:
    of_card = rule()
    for said, until_on, gone_on in ((15, 20, 40), (25, 25, 40), (45, 45, 45)):
        found = plan_window(of_card, at(10), ANCHOR, known_on=ANCHOR, due_until=at(said))
        assert found == window(6, 10, until_on, gone_on)


def test_a_record_exists_ninety_days_before_it_shows() -> None:
    assert EMIT_AHEAD_DAYS == 90
    # 7 March 2026 - 90 days = 7 December 2025.
    assert emitted_from(window(6, 10, 20, 40)) == date(2025, 12, 7)


SHIPPED_RULES = [
    pytest.param(card.window, row, id=f"{service.id}-{card.id}-{row.id if row else 'due'}")
    for service in shipped().services.values()
    for card in service.cards
    for row in (card.rows or (None,))
    if not card.planned
]


@pytest.mark.parametrize(("shipped_rule", "row"), SHIPPED_RULES)
@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 7_000))
def test_nothing_shipped_is_overdue_when_it_becomes_known(
    shipped_rule: WindowRule, row: Row | None, anchor: date, days: int
) -> None:
    known_on = anchor + timedelta(days=days)
    own_on = due_on(shipped_rule, row, anchor)
    found = plan_window(shipped_rule, own_on, anchor, known_on=known_on)
    if found is None:
        return
    assert found.due_until >= known_on
    dates = [found.visible_from, found.due_from, found.due_until, found.expires_on]
    assert dates == sorted(dates)
