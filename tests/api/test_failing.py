"""Circles whose refresh failed: passed over ever longer, and never more than so many."""

from datetime import UTC, datetime, timedelta

from api.failing import FAILING_MAX, FIRST_PAUSE, PAUSE_MAX, FailingCircles
from domain.ids import CircleId
from tests.support.house import person

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def circle(number: int) -> CircleId:
    return CircleId(person(number))


def test_each_failure_doubles_the_pause_up_to_an_hour() -> None:
    failing, now = FailingCircles(), NOW
    pauses = []
    for _ in range(9):
        failing.note_failed(circle(1), now)
        start = now
        while failing.passed_over(now):
            now += timedelta(seconds=30)
        pauses.append(now - start)
    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert pauses[-2:] == [PAUSE_MAX, PAUSE_MAX]


def test_a_success_forgets_every_failure() -> None:
    failing = FailingCircles()
    for _ in range(5):
        failing.note_failed(circle(1), NOW)
    failing.note_done(circle(1))
    assert failing.passed_over(NOW) == frozenset()
    failing.note_failed(circle(1), NOW)
    assert failing.passed_over(NOW + FIRST_PAUSE) == frozenset()


def test_it_holds_so_many_and_no_more() -> None:
    failing = FailingCircles()
    for number in range(FAILING_MAX + 1):
        failing.note_failed(circle(number), NOW)
    assert failing.passed_over(NOW) == {circle(number) for number in range(1, FAILING_MAX + 1)}
