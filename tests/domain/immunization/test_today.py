"""Today remembers the first day on which any answer it gave would change."""

from datetime import date

from domain.immunization.today import Today


def test_the_nearest_day_asked_about_and_not_yet_come_is_kept() -> None:
    today = Today(date(2026, 1, 10))
    assert today.reached(date(2026, 1, 10))
    assert today.changes_on is None
    assert not today.reached(date(2026, 3, 1))
    assert not today.reached(date(2026, 2, 1))
    assert not today.reached(date(2026, 4, 1))
    assert today.changes_on == date(2026, 2, 1)


def test_a_day_is_passed_on_the_day_after() -> None:
    today = Today(date(2026, 1, 10))
    assert not today.passed(date(2026, 1, 10))
    assert today.changes_on == date(2026, 1, 11)
    assert today.passed(date(2026, 1, 9))
    assert not today.passed(date.max)


def test_a_period_holds_on_both_of_its_days() -> None:
    begin, end = date(2026, 1, 10), date(2026, 1, 20)
    days = {9: False, 10: True, 20: True, 21: False}
    assert {day: Today(date(2026, 1, day)).within(begin, end) for day in days} == days
    assert Today(begin).within(None, None)
