"""Law 3, wake: on every day from today to the one before `next_change_on`, a circle is what it is
today.

So a circle is refreshed on the days it names, and on no other.
"""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from domain.calendar_date import adult_on
from domain.card_state import card_state
from domain.circle import Circle
from domain.evaluate import evaluate
from domain.fact import Fact
from domain.record import Evaluation
from tests.domain.test_law_purity import (
    CHILDREN,
    CIRCLES,
    SECRET,
    STORY_TODAY,
    WIFE,
    History,
    histories,
    look,
    shipped,
    single,
    story_with_acts,
)
from tests.support.builders import CITIZEN, born, described

FAR_AHEAD_DAYS = (1, 20, 400, 7_000)  # looked at where nothing is said to change any more
MOTHER, CHILD = WIFE, CHILDREN[0]
HOME = single(1, MOTHER)


def seen(evaluation: Evaluation) -> tuple[object, object]:
    return evaluation.records, evaluation.effects


@given(histories())
@settings(max_examples=60, deadline=None)
def test_nothing_changes_before_the_day_of_waking(history: History) -> None:
    for circle in CIRCLES:
        now = look(circle, history.facts, history.today)
        if now.next_change_on is None:
            days = [history.today + timedelta(days=days) for days in FAR_AHEAD_DAYS]
        else:
            assert now.next_change_on > history.today
            span = (now.next_change_on - history.today).days
            # The next day, the last one before the waking, and as many between as ten allow.
            ahead = {1, span - 1, *range(1, span, max(1, span // 8))} - {0, span}
            days = [history.today + timedelta(days=days) for days in sorted(ahead)]
        for day in days:
            then = look(circle, history.facts, day)
            assert seen(then) == seen(now), day
            assert then.next_change_on == now.next_change_on, day


@pytest.mark.parametrize("number", range(len(CIRCLES)))
def test_a_year_of_the_life_story_changes_on_the_days_it_named(number: int) -> None:
    circle, facts = CIRCLES[number], story_with_acts()
    held = look(circle, facts, STORY_TODAY)
    for days in range(1, 367):
        day = STORY_TODAY + timedelta(days=days)
        fresh = look(circle, facts, day)
        if held.next_change_on is not None and day >= held.next_change_on:
            held = fresh
        assert seen(fresh) == seen(held), day


def walk(circle: Circle, facts: tuple[Fact, ...], first: date) -> list[tuple[date, str]]:
    """Every card that appears (`+`) or leaves (`-`), with its day, waking only when told to."""
    changes: list[tuple[date, str]] = []
    held: set[str] = set()
    day: date | None = first
    while day is not None:
        found = evaluate(circle, facts, shipped(), day, SECRET)
        names = {f"{r.entry}/{r.occurrence.rpartition('/')[2]}" for r in found.records}
        changes += [(day, f"+{name}") for name in sorted(names - held)]
        changes += [(day, f"-{name}") for name in sorted(held - names)]
        held = names
        if found.next_change_on is not None:
            eve = evaluate(
                circle, facts, shipped(), found.next_change_on - timedelta(days=1), SECRET
            )
            assert seen(eve) == seen(found)
        day = found.next_change_on
    return changes


def test_a_childs_cards_come_and_go_on_their_days_until_18() -> None:
    born_on = date(2026, 3, 31)
    facts = (
        born(CHILD, MOTHER, born_on, source_id="birth"),
        described(CHILD, born_on, nationality=CITIZEN, source_id="birth"),
    )
    # A visit is due at its age, by the day of the month (31 March + 6 months = 30 September); it
    # shows 14 days before and is on the phone 90 days before that: 104 days before it is due. At
    # birth the visits of birth and of two months (31 May - 104 days = 16 February) are there.
    #   4 months: 2026-07-31 - 104 = 2026-04-18      6 months: 2026-09-30 - 104 = 2026-06-18
    #  12 months: 2027-03-31 - 104 = 2026-12-17     18 months: 2027-09-30 - 104 = 2027-06-18
    #   5 years:  2031-03-31 - 104 = 2030-12-17     13 years:  2039-03-31 - 104 = 2038-12-17
    #  13½ years: 2039-09-30 - 104 = 2039-06-18     16 years:  2042-03-31 - 104 = 2041-12-17
    # On 2044-03-31 the child is 18, and everything leaves.
    visits = [
        (date(2026, 3, 31), "birth"),
        (date(2026, 3, 31), "month_2"),
        (date(2026, 4, 18), "month_4"),
        (date(2026, 6, 18), "month_6"),
        (date(2026, 12, 17), "month_12"),
        (date(2027, 6, 18), "month_18"),
        (date(2030, 12, 17), "year_5"),
        (date(2038, 12, 17), "year_13"),
        (date(2039, 6, 18), "year_13_second"),
        (date(2041, 12, 17), "year_16"),
    ]
    adult = date(2044, 3, 31)
    appear = [(born_on, "+newborn_bundle/offer")]
    appear += [(day, f"+vaccination/{name}") for day, name in visits]
    leave = sorted(["-newborn_bundle/offer", *(f"-vaccination/{name}" for _, name in visits)])
    assert walk(HOME, facts, born_on) == appear + [(adult, name) for name in leave]


def test_a_child_of_29_february_is_18_on_the_28th() -> None:
    born_on = date(2028, 2, 29)  # 2046 has no 29 February
    changes = walk(HOME, (born(CHILD, MOTHER, born_on, source_id="birth"),), born_on)
    left = {day for day, name in changes if name.startswith("-") and "vaccination" in name}
    assert left == {date(2046, 2, 28)}
    assert adult_on(born_on) == date(2046, 2, 28)


def test_the_newborn_bundle_goes_through_its_states_on_its_days() -> None:
    born_on = date(2026, 3, 31)
    facts = (
        born(CHILD, MOTHER, born_on, source_id="birth"),
        described(CHILD, born_on, nationality=CITIZEN, source_id="birth"),
    )
    # Due for 90 days: through 2026-06-29. Overdue to the 120th: through 2026-07-29. Then expired.
    states = {
        day: {
            card_state(record, day)
            for record in look(HOME, facts, day).records
            if record.entry == "newborn_bundle"
        }
        for day in (
            born_on,
            date(2026, 6, 29),
            date(2026, 6, 30),
            date(2026, 7, 29),
            date(2026, 7, 30),
        )
    }
    assert list(states.values()) == [{"due"}, {"due"}, {"overdue"}, {"overdue"}, {"expired"}]


def test_an_adult_of_the_day_leaves_nothing_to_wake_for() -> None:
    facts = (born(CHILD, MOTHER, date(2008, 11, 21), source_id="birth"),)
    eve = look(HOME, facts, date(2026, 11, 20))
    assert eve.records
    assert eve.next_change_on == date(2026, 11, 21)
    assert look(HOME, facts, date(2026, 11, 21)) == Evaluation(
        records=(), effects=(), next_change_on=None
    )
