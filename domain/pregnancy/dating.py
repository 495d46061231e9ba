"""When a pregnancy began and is due: by transfer, last period or ultrasound, and by which rule.

The date is decided once. The earliest ultrasound either confirms the date by the last period or
replaces it; whatever a later one says, the date stays. So it depends on what was found when, not
on the order in which it was told, and never goes back and forth.

Source: American College of Obstetricians and Gynecologists, Committee Opinion 700, "Methods for
Estimating the Due Date" (May 2017, reaffirmed). The thresholds are a table (`RedatingRow`).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from domain.error import Refusal
from domain.immunization.today import Today
from domain.pregnancy.evidence import LastPeriod, PregnancyRecord, Scan

TERM_DAYS = 280  # from the first day of the last period, with a cycle of 28 days
CYCLE_DAYS = 28
FERTILISED_AFTER_DAYS = 14  # so 266 days from fertilisation to the due date
# Cycles outside this are not regular enough to move a date by: common practice, no one source.
CYCLE_DAYS_MIN, CYCLE_DAYS_MAX = 21, 45
SECOND_TRIMESTER_DAYS, THIRD_TRIMESTER_DAYS = 14 * 7, 28 * 7
WELL_DATED_BEFORE_DAYS = 22 * 7  # a first scan from 22 weeks on leaves it "suboptimally dated"
# A beginning may lie ahead a little: an ovulation still to come after a recorded period.
BEGINS_AHEAD_DAYS_MAX = CYCLE_DAYS_MAX - CYCLE_DAYS + 4

DatingBasis = Literal["assigned", "transfer", "scan", "last_period"]
DatingFlag = Literal["cycle_ignored", "suboptimal"]


class NotDated(Refusal):
    code = "pregnancy.not_dated"
    ar = "لا يمكن حساب موعد الولادة بلا تاريخ آخر دورة أو فحص أو نقل جنين. أضف أحدها."
    en = "A due date needs a last period, a scan or an embryo transfer. Add one of them."


class DueTooFar(Refusal):
    code = "pregnancy.due_too_far"
    ar = "موعد الولادة المتوقع أبعد من مدة حمل كاملة. صحّح التاريخ."
    en = "The due date is further ahead than a whole pregnancy. Correct the date."


class RedatingRow(msgspec.Struct, frozen=True):
    """Of a pregnancy younger than `before_days` by the last period (None: of any age), a scan that
    differs by more than `tolerance_days` replaces the date."""

    before_days: int | None
    tolerance_days: int


class Dating(msgspec.Struct, frozen=True, kw_only=True):
    """`began_on` is the first day of the last period as if all had gone by the book.

    `replaced_due_on` is the due date by the last period, where a scan replaced it.
    """

    began_on: date
    due_on: date
    basis: DatingBasis
    replaced_due_on: date | None = None
    flags: tuple[DatingFlag, ...] = ()


class GestationalAge(msgspec.Struct, frozen=True):
    """Completed weeks and days beyond them: 12 weeks and 3 days is 12, 3."""

    weeks: int
    days: int

    @property
    def trimester(self) -> Literal[1, 2, 3]:
        """Source: WHO and ACOG: the second from 14 weeks 0 days, the third from 28 weeks 0 days."""
        whole = self.weeks * 7 + self.days
        if whole < SECOND_TRIMESTER_DAYS:
            return 1
        return 2 if whole < THIRD_TRIMESTER_DAYS else 3


def gestation_on(dating: Dating, on: date) -> GestationalAge | None:
    """The age of the pregnancy on a day, None before its first day. Whoever reads derives it from
    `began_on`: it changes every day and is never stored."""
    days = (on - dating.began_on).days
    return None if days < 0 else GestationalAge(*divmod(days, 7))


def date_pregnancy(
    record: PregnancyRecord, *, redating: Sequence[RedatingRow], today: Today
) -> Dating:
    """The date as it stands today, by what has been found until today.

    In this order: what a clinician assigned last; the embryo transfer, which no scan moves; the
    last period held against the earliest scan; a scan alone. Raises: NotDated, DueTooFar.
    """
    dating = _choose(record, redating, today)
    if (dating.began_on - today.on).days > BEGINS_AHEAD_DAYS_MAX:
        raise DueTooFar
    return dating


def _choose(record: PregnancyRecord, redating: Sequence[RedatingRow], today: Today) -> Dating:
    assigned = [item for item in record.assigned if today.reached(item.assigned_on)]
    if assigned:
        latest = max(assigned, key=lambda item: (item.assigned_on, item.due_on))
        return _due("assigned", latest.due_on - timedelta(days=TERM_DAYS))
    transfers = [item for item in record.transfers if today.reached(item.transferred_on)]
    if transfers:
        # The last one is the one that led to this pregnancy.
        last = max(transfers, key=lambda item: (item.transferred_on, item.embryo_days))
        fertilised_on = last.transferred_on - timedelta(days=last.embryo_days)
        return _due("transfer", fertilised_on - timedelta(days=FERTILISED_AFTER_DAYS))
    scan = _find_earliest(record.scans, today)
    period = record.last_period
    if period is None or not today.reached(period.began_on):
        if scan is None:
            raise NotDated
        return _with_flags(_due("scan", _scan_began_on(scan)), scan, today)
    return _by_period(period, scan, redating=redating, today=today)


def _by_period(
    period: LastPeriod, scan: Scan | None, *, redating: Sequence[RedatingRow], today: Today
) -> Dating:
    regular, shift = True, 0
    if period.cycle_days is not None:
        regular = CYCLE_DAYS_MIN <= period.cycle_days <= CYCLE_DAYS_MAX
        shift = period.cycle_days - CYCLE_DAYS if regular else 0
    dating = _due("last_period", period.began_on + timedelta(days=shift))
    if scan is not None:
        age_days = (scan.scanned_on - dating.began_on).days
        if abs(age_days - scan.gestation_days) > find_tolerance(redating, age_days):
            dating = _due("scan", _scan_began_on(scan), replaced_due_on=dating.due_on)
    flags: tuple[DatingFlag, ...] = () if regular else ("cycle_ignored",)
    return _with_flags(dating, scan, today, flags)


def find_tolerance(redating: Sequence[RedatingRow], age_days: int) -> int:
    """By how many days a scan may differ at that age; rows in the order of their limits."""
    for row in redating:
        if row.before_days is None or age_days < row.before_days:
            return row.tolerance_days
    raise AssertionError("the last row of a redating table has no limit")


def _find_earliest(scans: Sequence[Scan], today: Today) -> Scan | None:
    """The first scan there was; of several on one day the greatest age: that of the largest twin.

    Source: NICE guideline NG137, Twin and triplet pregnancy (2019), 1.1: date by the largest baby.
    """
    done = [scan for scan in scans if today.reached(scan.scanned_on)]
    return min(done, key=lambda scan: (scan.scanned_on, -scan.gestation_days), default=None)


def _scan_began_on(scan: Scan) -> date:
    return scan.scanned_on - timedelta(days=scan.gestation_days)


def _due(basis: DatingBasis, began_on: date, *, replaced_due_on: date | None = None) -> Dating:
    return Dating(
        began_on=began_on,
        due_on=began_on + timedelta(days=TERM_DAYS),
        basis=basis,
        replaced_due_on=replaced_due_on,
    )


def _with_flags(
    dating: Dating, scan: Scan | None, today: Today, flags: tuple[DatingFlag, ...] = ()
) -> Dating:
    """Adds "suboptimal" once 22 weeks have passed without a scan before them."""
    limit_on = dating.began_on + timedelta(days=WELL_DATED_BEFORE_DAYS)
    if (scan is None or scan.scanned_on >= limit_on) and today.reached(limit_on):
        flags = (*flags, "suboptimal")
    return msgspec.structs.replace(dating, flags=flags)
