"""When a pregnancy is due, by each kind of evidence, with dates worked by hand.

Source: ACOG Committee Opinion 700 (May 2017).
"""

from datetime import date, timedelta
from itertools import permutations

import pytest

from domain.pregnancy.dating import (
    BEGINS_AHEAD_DAYS_MAX,
    DueTooFar,
    GestationalAge,
    NotDated,
    find_tolerance,
    gestation_on,
)
from domain.pregnancy.evidence import (
    EVIDENCE_MAX,
    AssignedDueDate,
    EmbryoOutOfRange,
    EvidenceTooLong,
    FetusesOutOfRange,
    LastPeriod,
    PregnancyRecord,
    Scan,
    ScanOutOfRange,
    Transfer,
)
from tests.domain.pregnancy.pregnancies import (
    DUE_ON,
    PERIOD_ON,
    TABLES,
    after,
    dated,
    followed,
    record,
    scan_at,
)


def test_the_due_date_is_280_days_after_the_last_period() -> None:
    # 2026: 1 January + 280 days; January to September have 273, so 1 January + 273 is 1 October.
    found = dated(record(), on=after(10))
    assert (found.began_on, found.due_on, found.basis) == (PERIOD_ON, DUE_ON, "last_period")
    # Across a leap day: 1 June 2023 + 280 is 7 March 2024 (30+31+31+30+31+30+31+31+29 = 274, +6).
    leap = PregnancyRecord(last_period=LastPeriod(date(2023, 6, 1)))
    assert dated(leap, on=date(2023, 9, 1)).due_on == date(2024, 3, 7)


@pytest.mark.parametrize(
    ("cycle_days", "due_on", "flags"),
    [
        (None, DUE_ON, ()),
        (28, DUE_ON, ()),
        (35, date(2026, 10, 15), ()),
        (24, date(2026, 10, 4), ()),
        (21, date(2026, 10, 1), ()),
        (20, DUE_ON, ("cycle_ignored",)),
        (45, date(2026, 10, 25), ()),
        (46, DUE_ON, ("cycle_ignored",)),
    ],
)
def test_a_longer_cycle_moves_the_date_by_its_difference(
    cycle_days: int | None, due_on: date, flags: tuple[str, ...]
) -> None:
    found = dated(record(cycle_days=cycle_days), on=after(10))
    assert (found.due_on, found.flags) == (due_on, flags)


@pytest.mark.parametrize(
    ("embryo_days", "due_on"),
    [
        # 266 days less the embryo's age: 1 January + 261 = 19 September, + 263 = 21 September.
        (5, date(2026, 9, 19)),
        (3, date(2026, 9, 21)),
        (0, date(2026, 9, 24)),
    ],
)
def test_a_transfer_dates_by_the_embryo_and_no_scan_moves_it(
    embryo_days: int, due_on: date
) -> None:
    transfers = (Transfer(date(2026, 1, 1), embryo_days),)
    found = dated(PregnancyRecord(transfers=transfers, scans=(Scan(date(2026, 3, 1), 150),)))
    assert (found.due_on, found.basis) == (due_on, "transfer")


@pytest.mark.parametrize(
    ("weeks", "days", "tolerance"),
    [
        (0, 0, 5),
        (8, 6, 5),
        (9, 0, 7),
        (15, 6, 7),
        (16, 0, 10),
        (21, 6, 10),
        (22, 0, 14),
        (27, 6, 14),
        (28, 0, 21),
        (42, 0, 21),
    ],
)
def test_a_scan_replaces_the_date_past_its_tolerance_only(
    weeks: int, days: int, tolerance: int
) -> None:
    assert find_tolerance(TABLES.redating, weeks * 7 + days) == tolerance
    if weeks < 5:
        return  # no scan says an age under four weeks
    on = after(43)
    for sign in (1, -1):
        within = dated(record(scan_at(weeks, days, says_more=sign * tolerance)), on=on)
        assert (within.due_on, within.basis) == (DUE_ON, "last_period")
        past = dated(record(scan_at(weeks, days, says_more=sign * (tolerance + 1))), on=on)
        # A pregnancy found older began earlier, and is due earlier.
        assert past.due_on == DUE_ON - timedelta(days=sign * (tolerance + 1))
        assert (past.basis, past.replaced_due_on) == ("scan", DUE_ON)


def test_once_set_no_later_scan_moves_the_date() -> None:
    first = scan_at(8, says_more=6)  # more than 5 days: due 2 October
    confirming = scan_at(12, says_more=3)
    for early, due_on in ((first, date(2026, 10, 2)), (confirming, DUE_ON)):
        later = [scan_at(20, says_more=-30), scan_at(30, says_more=40), scan_at(36, says_more=-50)]
        for count in range(len(later) + 1):
            assert dated(record(early, *later[:count])).due_on == due_on


def test_the_order_in_which_scans_are_told_means_nothing() -> None:
    scans = [scan_at(8, says_more=6), scan_at(12), scan_at(20, says_more=-30)]
    assert {dated(record(*order)).due_on for order in permutations(scans)} == {date(2026, 10, 2)}


def test_a_scan_dates_alone_and_of_two_on_one_day_the_largest_child_counts() -> None:
    # 12 weeks and 3 days on 1 March 2026: began 87 days before, on 4 December 2025.
    told = PregnancyRecord(scans=(Scan(date(2026, 3, 1), 87), Scan(date(2026, 3, 1), 84)))
    found = dated(told)
    assert (found.began_on, found.due_on) == (date(2025, 12, 4), date(2026, 9, 10))
    assert (found.basis, found.replaced_due_on) == ("scan", None)


def test_what_a_clinician_assigned_last_stands_above_all() -> None:
    assigned = (
        AssignedDueDate(date(2026, 10, 20), date(2026, 5, 1)),
        AssignedDueDate(date(2026, 10, 12), date(2026, 6, 1)),
    )
    told = record(scan_at(8, says_more=6), assigned=assigned)
    walked = {
        date(2026, 4, 30): (date(2026, 10, 2), "scan"),
        date(2026, 5, 1): (date(2026, 10, 20), "assigned"),
        date(2026, 5, 31): (date(2026, 10, 20), "assigned"),
        date(2026, 6, 1): (date(2026, 10, 12), "assigned"),
    }
    found = {on: dated(told, on) for on in walked}
    assert {on: (item.due_on, item.basis) for on, item in found.items()} == walked


@pytest.mark.parametrize(
    ("told", "on", "suboptimal"),
    [
        (record(), after(21, 6), False),
        (record(), after(22), True),
        (record(scan_at(21, 6)), after(30), False),
        (record(scan_at(22)), after(30), True),
        (PregnancyRecord(transfers=(Transfer(PERIOD_ON, 5),)), after(30), False),
    ],
)
def test_without_a_scan_before_22_weeks_it_is_suboptimally_dated(
    told: PregnancyRecord, on: date, suboptimal: bool
) -> None:
    assert ("suboptimal" in dated(told, on).flags) == suboptimal


@pytest.mark.parametrize(
    ("weeks", "days", "trimester"),
    [(0, 0, 1), (13, 6, 1), (14, 0, 2), (27, 6, 2), (28, 0, 3), (41, 2, 3)],
)
def test_weeks_days_and_trimesters(weeks: int, days: int, trimester: int) -> None:
    age = gestation_on(dated(record()), after(weeks, days))
    assert age == GestationalAge(weeks, days)
    assert age is not None
    assert age.trimester == trimester


def test_before_its_first_day_there_is_no_age() -> None:
    assert gestation_on(dated(record()), PERIOD_ON - timedelta(days=1)) is None


def test_what_lies_ahead_is_not_yet_known() -> None:
    told = record(scan_at(12, says_more=20))
    assert dated(told, after(11, 6)).basis == "last_period"
    assert dated(told, after(12)).basis == "scan"
    with pytest.raises(NotDated):
        dated(record(), PERIOD_ON - timedelta(days=1))


def test_a_due_date_400_days_ahead_is_refused() -> None:
    on = date(2026, 1, 1)

    def assigned(ahead_days: int) -> PregnancyRecord:
        due_on = on + timedelta(days=ahead_days)
        return PregnancyRecord(assigned=(AssignedDueDate(due_on, on),))

    limit = 280 + BEGINS_AHEAD_DAYS_MAX
    assert dated(assigned(limit), on).due_on == on + timedelta(days=limit)
    for ahead_days in (limit + 1, 400):
        with pytest.raises(DueTooFar):
            dated(assigned(ahead_days), on)


def test_nothing_to_go_by_is_refused() -> None:
    with pytest.raises(NotDated):
        dated(PregnancyRecord())


@pytest.mark.parametrize(("days", "refused"), [(27, True), (28, False), (308, False), (309, True)])
def test_a_scan_out_of_range_is_refused(days: int, refused: bool) -> None:
    told = PregnancyRecord(scans=(Scan(date(2026, 3, 1), days),))
    if not refused:
        followed(told, date(2026, 3, 1))
        return
    with pytest.raises(ScanOutOfRange):
        followed(told, date(2026, 3, 1))


def test_other_impossible_records_are_refused() -> None:
    on = date(2026, 3, 1)
    followed(PregnancyRecord(transfers=(Transfer(on, 7),)), on)
    for age_days in (-1, 8):
        with pytest.raises(EmbryoOutOfRange):
            followed(PregnancyRecord(transfers=(Transfer(on, age_days),)), on)
    followed(record(fetus_count=9), on)
    for count in (0, 10):
        with pytest.raises(FetusesOutOfRange):
            followed(record(fetus_count=count), on)
    visits = (on,) * EVIDENCE_MAX
    followed(record(visits=visits), on)
    with pytest.raises(EvidenceTooLong):
        followed(record(visits=(*visits, on)), on)
