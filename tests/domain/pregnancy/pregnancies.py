"""Pregnancies for tests, with only the facts that a test is about."""

from datetime import date, timedelta

from content.growth.care_tables import read_pregnancy_tables
from domain.immunization.today import Today
from domain.pregnancy.dating import Dating, date_pregnancy
from domain.pregnancy.evidence import LastPeriod, PregnancyRecord, Scan
from domain.pregnancy.follow import PregnancyAnswer, follow_pregnancy

TABLES = read_pregnancy_tables()
PERIOD_ON = date(2026, 1, 1)  # + 280 days: due on 8 October 2026
DUE_ON = date(2026, 10, 8)


def after(weeks: int, days: int = 0) -> date:
    """The day that is so long after `PERIOD_ON`."""
    return PERIOD_ON + timedelta(weeks=weeks, days=days)


def scan_at(weeks: int, days: int = 0, *, says_more: int = 0) -> Scan:
    """A scan so long after `PERIOD_ON` that finds a pregnancy older by `says_more` days."""
    return Scan(after(weeks, days), weeks * 7 + days + says_more)


def record(*scans: Scan, cycle_days: int | None = None, **more: object) -> PregnancyRecord:
    period = LastPeriod(PERIOD_ON, cycle_days)
    return PregnancyRecord(last_period=period, scans=scans, **more)  # type: ignore[arg-type]  # by name


def dated(told: PregnancyRecord, on: date = date(2026, 9, 30)) -> Dating:
    return date_pregnancy(told, redating=TABLES.redating, today=Today(on))


def followed(told: PregnancyRecord, on: date) -> PregnancyAnswer:
    return follow_pregnancy(told, TABLES, on=on)
