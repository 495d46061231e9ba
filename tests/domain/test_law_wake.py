"""Law 3, wake: on every day from today to the one before `next_change_on`, a circle is what it is
today.

So a circle is refreshed on the days it names, and on no other.
"""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from domain.calendar_date import adult_on
from domain.card.record import Evaluation
from domain.card.state import card_state
from domain.evaluate import evaluate
from domain.fact import Fact
from domain.people.circle import Circle
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
from tests.support.builders import CITIZEN, born, described, vaccinated

FAR_AHEAD_DAYS = (1, 20, 400, 7_000)  # looked at where nothing is said to change any more
MOTHER, CHILD = WIFE, CHILDREN[0]
HOME = single(1, MOTHER)


def seen(evaluation: Evaluation) -> tuple[object, ...]:
    return evaluation.records, evaluation.effects, evaluation.projections


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


@pytest.mark.slow
def test_a_childs_cards_come_and_go_on_their_days_until_18() -> None:
    born_on = date(2026, 3, 31)
    facts = (
        born(CHILD, MOTHER, born_on, source_id="birth"),
        described(CHILD, born_on, nationality=CITIZEN, source_id="birth"),
    )
    # A visit exists 104 days before it is due: shown 14 days before, on the phone 90 before that.
    # None is kept, so each stays the one that is overdue, and takes in what comes after it. The
    # checks of development are those of 2, 4, 6, ... months, there 90 days before.
    changes = walk(HOME, facts, born_on)
    adult = date(2044, 3, 31)
    assert [name for day, name in changes if day == born_on] == [
        "+content_child/month_2",  # 31 May - 90 days = 2 March
        "+content_child/newborn",
        "+growth_questionnaire/ltsae_2",  # 31 May - 90 days = 2 March
        "+newborn_bundle/offer",
        "+school_seat/reserving",
        "+vaccination/bcg_1",
        "+vaccination/dtp_1",  # 31 May - 104 days = 16 February
        "+vaccination/vaccinations",  # the record
    ]
    #  4 months: 2026-07-31 - 90 = 2026-05-02, 6 months: 2026-09-30 - 90 = 2026-07-02
    appear = {name: day for day, name in reversed(changes) if name.startswith("+")}
    assert appear["+growth_questionnaire/ltsae_4"] == date(2026, 5, 2)
    assert appear["+growth_questionnaire/ltsae_6"] == date(2026, 7, 2)
    # dtp_2 is due 31 July, so it is there from 18 April: 104 days before.
    assert appear["+vaccination/dtp_2"] == date(2026, 4, 18)
    assert {day for day, name in changes if day >= adult} == {adult}
    left = {name for day, name in changes if day == adult}
    assert {"-newborn_bundle/offer", "-vaccination/vaccinations"} <= left


@pytest.mark.slow
def test_a_child_who_keeps_every_visit_has_a_card_for_each_and_none_between() -> None:
    born_on = date(2026, 3, 31)
    # The programme of the Emirates for a girl born in 2026 (content/packs/uae): birth, 2, 4, 6, 12
    # and 18 months, 5 years, HPV at 13 years and 6 months later, 16 years. 31 March + 6 months is
    # 1 October: the calculator moves to the first of the next month.
    visits = [
        (date(2026, 3, 31), ("19", "08")),
        (date(2026, 5, 31), ("146", "133", "119")),
        (date(2026, 7, 31), ("146", "133", "119")),
        (date(2026, 10, 1), ("198", "178", "133")),
        (date(2027, 3, 31), ("03", "21")),
        (date(2027, 10, 1), ("50", "178", "03")),
        (date(2031, 3, 31), ("130", "178", "21")),
        (date(2039, 3, 31), ("165",)),
        (date(2039, 10, 1), ("165",)),
        (date(2042, 3, 31), ("115", "203")),
    ]
    facts: tuple[Fact, ...] = (
        born(CHILD, MOTHER, born_on, source_id="birth"),
        described(CHILD, born_on, sex="female", source_id="birth"),
    )
    names: list[str] = []
    for day, codes in visits:
        (card,) = [
            record
            for record in look(HOME, facts, day).records
            if record.entry == "vaccination"
            and record.window is not None
            and record.resolved_on is None
            and card_state(record, day) in ("upcoming", "due", "overdue")
        ]
        assert card.window is not None
        assert card.window.due_from == day
        facts += tuple(vaccinated(CHILD, code, day) for code in codes)
        done = {r.key: r for r in look(HOME, facts, day).records}[card.key]
        assert done.resolved_on == day
        names.append(card.occurrence)
    assert names == [
        *("visit/bcg_1", "visit/dtp_1", "visit/dtp_2", "visit/dtp_3", "visit/mmr_1"),
        *("visit/dtp_4", "visit/dtp_5", "visit/hpv_1", "visit/hpv_2", "visit/dtp_6"),
    ]
    grown = look(HOME, facts, date(2042, 4, 30))
    assert all(r.resolved_on for r in grown.records if r.entry == "vaccination" and r.is_card)


@pytest.mark.slow
def test_a_child_of_29_february_is_18_on_the_28th() -> None:
    born_on = date(2028, 2, 29)  # 2046 has no 29 February
    changes = walk(HOME, (born(CHILD, MOTHER, born_on, source_id="birth"),), born_on)
    left = [day for day, name in changes if name == "-vaccination/vaccinations"]
    assert left == [changes[-1][0]] == [date(2046, 2, 28)]
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
    grown = look(HOME, facts, date(2026, 11, 21))
    assert (grown.records, grown.effects, grown.next_change_on) == ((), (), None)
    assert grown.members == HOME.members
