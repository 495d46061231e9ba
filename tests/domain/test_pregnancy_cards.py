"""A pregnancy on the timeline: dated by all that was found of it, each contact a card that moves
with the due date and is done when its visit was kept.

Confirmed on 1 March 2027 with a last period of 4 January: 56 days, 8 weeks 0 days; due 280 days
after the period, 11 October 2027. WHO's row for week 8: 16, 24, 30, 34, 36, 38, 40, 41 weeks, so
contacts on 26 April, 21 June, 2 and 30 August, 13 and 27 September, 11 October; the birth on the
18th.
"""

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest

from domain.card.record import Record
from domain.card.state import card_state
from domain.fact import Fact, Payload
from domain.facts.appointment import AppointmentBooked, AppointmentKept, VisitKept
from domain.facts.pregnancy import (
    EmbryoTransferred,
    PregnancyConfirmed,
    PregnancyEnded,
    PregnancyRedated,
    PregnancyScanned,
)
from domain.family import family_of
from tests.domain.test_law_purity import HUSBAND, WIFE, look, single
from tests.support.builders import fact, in_error, pregnancy_ended

HOME = single(1, WIFE)
PERIOD, CONFIRMED, DUE = date(2027, 1, 4), date(2027, 3, 1), date(2027, 10, 11)
WEEKS = (16, 24, 30, 34, 36, 38, 40)


def after(weeks: int, extra_days: int = 0, *, period: date = PERIOD) -> date:
    return period + timedelta(weeks=weeks, days=extra_days)


def said(payload: Payload, on: date, *, source: str = "mohap") -> Fact:
    return fact(payload, on, source=source)


def confirmed(due_on: date = DUE, **more: object) -> Fact:
    return said(PregnancyConfirmed(WIFE, None, due_on, **more), CONFIRMED)  # type: ignore[arg-type]  # by name


def scanned(on: date, gestation_days: int, fetus_count: int | None = None) -> Fact:
    return said(PregnancyScanned(WIFE, gestation_days, fetus_count), on)


def cards(*facts: Fact, today: date) -> dict[str, Record]:
    return {
        record.occurrence.rpartition("/")[2]: record
        for record in look(HOME, facts, today).records
        if record.entry == "pregnancy_followup" and record.card == "contact"
    }


def due_days(*facts: Fact, today: date) -> dict[str, date]:
    found = cards(*facts, today=today)
    return {name: card.window.due_from for name, card in found.items() if card.window is not None}


def told(record: Record, name: str) -> object:
    (value,) = [one.value for one in record.parameters if one.name == name]
    return value


def due_told(*facts: Fact, today: date) -> set[object]:
    """The due date on every card of the pregnancy, the congratulation among them."""
    return {
        told(record, "due_on")
        for record in look(HOME, facts, today).records
        if record.entry == "pregnancy_followup"
    }


# Which date stands


def test_contacts_are_due_in_their_weeks() -> None:
    found = due_days(confirmed(), today=after(30))
    # A record exists 104 days before its contact is due: on 2 August those until 14 November; one
    # goes 14 days after it was due, and stays as a record.
    assert {name: day for name, day in found.items() if name != "delivery"} == {
        f"contact_{number}": after(week) for number, week in enumerate(WEEKS, start=2)
    }


def test_a_first_scan_within_the_tolerance_moves_nothing() -> None:
    # At 10 weeks 0 days by the period (15 March) seven days are tolerated.
    scan = scanned(after(10), 10 * 7 + 7)
    assert due_days(confirmed(), scan, today=after(12)) == due_days(confirmed(), today=after(12))
    assert due_told(confirmed(), scan, today=after(12)) == {DUE.isoformat()}


def test_a_first_scan_beyond_the_tolerance_moves_every_card_and_doubles_none() -> None:
    # Eight days older at 10 weeks: it began on 27 December, due on 3 October, in week 9 at the
    # first contact. Week 9's row: 17, 25, 31, 35, 37, 39, 40, 41.
    scan = scanned(after(10), 10 * 7 + 8)
    today = after(12)
    known = confirmed()
    before, moved = cards(known, today=today), cards(known, scan, today=today)
    began_on = date(2026, 12, 27)
    assert due_told(confirmed(), scan, today=today) == {"2027-10-03"}
    assert due_days(confirmed(), scan, today=today)["contact_2"] == after(17, period=began_on)
    assert before["contact_2"].key == moved["contact_2"].key
    assert len({card.key for card in moved.values()}) == len(moved)
    assert "pregnancy.scanned" in {one.kind for one in moved["contact_2"].why.facts}
    back = [confirmed(), scan, in_error(scan, today)]
    assert due_told(*back, today=today) == {DUE.isoformat()}


def test_the_date_never_goes_back_and_forth() -> None:
    first, later, last = (
        scanned(after(10), 10 * 7 + 8),
        scanned(after(20), 20 * 7),
        scanned(after(32), 32 * 7 - 25),
    )
    story = [confirmed(), first, later, last]
    days = [after(weeks) for weeks in range(8, 40)]
    walked = [
        due_told(*(one for one in story if one.occurred_on <= day), today=day) for day in days
    ]
    assert [now for before, now in pairwise(walked) if before != now] == [{"2027-10-03"}]
    assert due_told(confirmed(), last, later, first, today=after(33)) == {"2027-10-03"}


def test_what_a_clinician_set_stands_above_a_scan_and_a_transfer() -> None:
    scan = scanned(after(10), 10 * 7 + 8)
    transfer = said(EmbryoTransferred(WIFE, 5), date(2027, 1, 23))
    # Fertilised on 18 January, so a period of 4 January: no scan moves a transfer.
    assert due_told(confirmed(), transfer, scan, today=after(12)) == {DUE.isoformat()}
    redated = said(PregnancyRedated(WIFE, date(2027, 10, 20)), after(11))
    facts = [confirmed(), transfer, scan, redated]
    assert due_told(*facts, today=after(12)) == {"2027-10-20"}
    # A period of 13 January: week 6 at the first contact, whose row is 14, 22, ...
    assert due_days(*facts, today=after(12))["contact_2"] == date(2027, 1, 13) + timedelta(weeks=14)
    assert told(cards(*facts, today=after(12))["contact_2"], "week") == 14


def test_a_long_cycle_moves_the_date_by_its_days() -> None:
    # 35 days instead of 28: ovulation a week later, due on 18 October.
    known = confirmed(last_period_on=PERIOD, cycle_days=35)
    assert due_told(known, today=after(12)) == {"2027-10-18"}
    dated_by_hospital = confirmed(date(2027, 10, 15), last_period_on=PERIOD, cycle_days=35)
    assert due_told(dated_by_hospital, today=after(12)) == {"2027-10-15"}


@pytest.mark.parametrize("gestation_days", [27, 309])
def test_a_scan_that_cannot_be_right_dates_nothing(gestation_days: int) -> None:
    scan = scanned(after(10), gestation_days)
    assert due_told(confirmed(), scan, today=after(12)) == {DUE.isoformat()}


def test_a_scan_of_the_pregnancy_before_dates_nothing() -> None:
    # Lost on 3 January; its scan of December and one of the day before the loss stay with it.
    lost = [
        said(PregnancyConfirmed(WIFE, HUSBAND, date(2027, 7, 30)), date(2026, 12, 1)),
        scanned(date(2026, 12, 10), 48),
        scanned(date(2027, 1, 2), 71),
        pregnancy_ended(WIFE, date(2027, 1, 3)),
    ]
    assert due_told(*lost, confirmed(), today=after(12)) == {DUE.isoformat()}


# Several children


def test_several_children_are_told_and_a_later_count_stands() -> None:
    twins = scanned(after(10), 70, 2)
    card = cards(confirmed(fetus_count=1), twins, today=after(12))["contact_2"]
    assert told(card, "children") == ("several",)
    one = scanned(after(20), 140, 1)
    card = cards(confirmed(fetus_count=1), twins, one, today=after(21))["contact_3"]
    assert told(card, "children") == ("one",)
    absurd = cards(confirmed(fetus_count=40), today=after(12))["contact_2"]
    assert told(absurd, "children") == ("one",)


# Visits


def test_a_kept_visit_is_the_card_of_the_contact_nearest_to_it() -> None:
    visit = said(VisitKept(WIFE, "antenatal"), after(16, 2))
    found = cards(confirmed(), visit, today=after(16, 2))["contact_2"]
    assert found.resolved_on == after(16, 2)
    assert "visit.kept" in {one.kind for one in found.why.facts}
    other = said(VisitKept(WIFE, "vaccination"), after(16, 2))
    assert cards(confirmed(), other, today=after(16, 2))["contact_2"].resolved_on is None
    wrong = [confirmed(), visit, in_error(visit, after(16, 5))]
    assert cards(*wrong, today=after(16, 5))["contact_2"].resolved_on is None


def test_a_kept_appointment_counts_where_it_was_booked_for_the_pregnancy() -> None:
    starts_at = datetime.combine(after(16), time(6))
    booked = said(AppointmentBooked(WIFE, "A-1", starts_at, "antenatal"), after(10))
    kept = said(AppointmentKept(WIFE, "A-1"), after(16))
    assert cards(confirmed(), booked, kept, today=after(16))["contact_2"].resolved_on == after(16)
    assert cards(confirmed(), kept, today=after(16))["contact_2"].resolved_on is None


def test_contacts_go_through_their_states_and_the_next_waits_for_none() -> None:
    visit = said(VisitKept(WIFE, "antenatal"), after(24, 1))
    facts = [confirmed(), visit]
    # Due from 26 April through 3 May, overdue through 10 May, then gone.
    missed = cards(*facts, today=after(24, 1))["contact_2"]
    states = [card_state(missed, after(16, extra)) for extra in (-1, 0, 7, 8, 14, 15)]
    assert states == ["upcoming", "due", "due", "overdue", "overdue", "expired"]
    assert cards(*facts, today=after(24, 1))["contact_3"].resolved_on == after(24, 1)


def test_a_birth_ends_every_contact_at_once() -> None:
    ended = pregnancy_ended(WIFE, after(37), "birth")
    assert cards(confirmed(), ended, today=after(37)) == {}


# What cannot be right

FAR = CONFIRMED + timedelta(days=400)


def test_a_due_date_400_days_ahead_asks_to_be_checked_until_it_is_corrected() -> None:
    today = CONFIRMED + timedelta(days=3)
    found = cards(confirmed(FAR), today=today)
    assert set(found) == {"check_due_date"}
    assert told(found["check_due_date"], "visit") == ("check",)
    redated = said(PregnancyRedated(WIFE, DUE), today)
    corrected = due_days(confirmed(FAR), redated, today=today)
    assert corrected["contact_2"] == after(16)
    assert "check_due_date" not in corrected
    assert due_told(confirmed(FAR), redated, today=today) == {DUE.isoformat()}


def test_a_scan_dates_a_pregnancy_whose_due_date_cannot_be_right() -> None:
    today = after(10)
    corrected = due_days(confirmed(FAR), scanned(today, 70), today=today)
    assert corrected["contact_2"] == after(16)


def test_a_finding_dated_ahead_counts_from_its_day() -> None:
    scan = fact(
        PregnancyScanned(WIFE, 10 * 7 + 8, 2), after(10), source="mohap", asserted_on=CONFIRMED
    )
    eve = after(10) - timedelta(days=1)
    assert due_told(confirmed(), scan, today=eve) == {DUE.isoformat()}
    woken_on = look(HOME, (confirmed(), scan), eve).next_change_on
    assert woken_on == after(10)
    assert due_told(confirmed(), scan, today=after(10)) == {"2027-10-03"}


def test_a_pregnancy_reported_anew_keeps_its_cards() -> None:
    """A version in place of another: the cards move, none is another card, none is asked twice."""
    old, new = confirmed(), confirmed(DUE + timedelta(days=9))
    today = after(30)
    replaced = (old, in_error(old, CONFIRMED + timedelta(days=20)), new)
    before, moved = cards(old, today=today), cards(*replaced, today=today)
    assert {name: card.key for name, card in before.items()} == {
        name: card.key for name, card in moved.items()
    }
    assert due_told(*replaced, today=today) == {(DUE + timedelta(days=9)).isoformat()}
    assert cards(*reversed(replaced), today=today) == moved


def test_the_next_pregnancy_is_not_taken_for_the_one_that_was_replaced() -> None:
    """The first was reported twice and lost; the next is due within the twelve weeks in which two
    datings are one pregnancy.
    """
    old, new = confirmed(), confirmed(DUE + timedelta(days=9))
    loss = fact(PregnancyEnded(WIFE, "loss"), CONFIRMED + timedelta(days=21))
    later = said(
        PregnancyConfirmed(WIFE, None, DUE + timedelta(days=75)), CONFIRMED + timedelta(days=80)
    )
    told = (old, in_error(old, CONFIRMED + timedelta(days=20)), new, loss, later)
    origins = [one.origin for one in family_of(HOME, told).pregnancies]
    assert origins == [old, later]


def test_two_pregnancies_that_one_replaced_report_lies_between_stay_two() -> None:
    """What stands is due 100 days apart, so two; what was taken back may have been either."""
    between = fact(
        PregnancyConfirmed(WIFE, None, DUE + timedelta(days=60)), CONFIRMED - timedelta(days=1)
    )
    second = said(
        PregnancyConfirmed(WIFE, None, DUE + timedelta(days=100)), CONFIRMED + timedelta(days=9)
    )
    told = (between, in_error(between, CONFIRMED), confirmed(), second)
    found = [one.origin.identity for one in family_of(HOME, told).pregnancies]
    assert found == [between.identity, second.identity]
