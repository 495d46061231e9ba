"""The calculator: what is told of a pregnancy and the tables in, how it stands today out.

Everything that depends on the passing of time asks `Today`, so the answer knows the next day on
which it may change. An ending stops all of it at once.
"""

from datetime import date, timedelta
from typing import Literal

import msgspec

from domain.immunization.today import Today
from domain.pregnancy.contacts import Contact, ContactPlan, choose_plan, plan_contacts
from domain.pregnancy.dating import (
    SECOND_TRIMESTER_DAYS,
    THIRD_TRIMESTER_DAYS,
    Dating,
    DueTooFar,
    NotDated,
    RedatingRow,
    date_pregnancy,
)
from domain.pregnancy.evidence import Ending, PregnancyRecord, check_record

# No pregnancy goes on so long: its end was not reported. The mother is asked, not reminded.
EXPIRES_DAYS = 44 * 7

Standing = Literal["ongoing", "past_due", "expired", "ended"]
Trimester = Literal[1, 2, 3]


class PregnancyTables(msgspec.Struct, frozen=True, kw_only=True):
    """Supporting data: thresholds of redating, and the plans of contacts to choose from."""

    redating: tuple[RedatingRow, ...]
    plans: tuple[ContactPlan, ...]


class PregnancyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands; holds until the day before `changes_on`, for ever where that is None.

    An ended or expired pregnancy has no contacts and no trimester. `dating` is absent only from an
    ended one that was never dated soundly. `multiple` says that a specialist may plan more
    visits than these. `gestation_at_end_days` is what a child's corrected age needs; absent where
    the dates contradict each other.
    """

    assessed_on: date
    changes_on: date | None
    dating: Dating | None
    standing: Standing
    trimester: Trimester | None = None
    multiple: bool = False
    plan_id: str | None = None
    contacts: tuple[Contact, ...] = ()
    ended: Ending | None = None
    gestation_at_end_days: int | None = None


def follow_pregnancy(
    record: PregnancyRecord, tables: PregnancyTables, *, on: date
) -> PregnancyAnswer:
    """How the pregnancy stands on that day.

    Raises: NotDated, DueTooFar, and what `check_record` raises. What has ended is never refused
    for its dates: a wrong one must not keep weeks of pregnancy before a family that lost it.
    """
    check_record(record)
    today = Today(on)
    ended = find_ending(record, today)
    if ended is not None:
        return _ended(record, tables, ended, today)
    dating = date_pregnancy(record, redating=tables.redating, today=today)
    multiple = record.fetus_count > 1
    if today.reached(dating.began_on + timedelta(days=EXPIRES_DAYS)):
        return PregnancyAnswer(
            assessed_on=on,
            changes_on=today.changes_on,
            dating=dating,
            standing="expired",
            multiple=multiple,
        )
    plan = choose_plan(tables.plans, first_birth=record.first_birth, multiple=multiple)
    return PregnancyAnswer(
        dating=dating,
        standing="past_due" if today.passed(dating.due_on) else "ongoing",
        trimester=_trimester(dating, today),
        multiple=multiple,
        plan_id=plan.id if plan is not None else None,
        contacts=_contacts(record, dating, plan, today),
        assessed_on=on,
        changes_on=today.changes_on,
    )


def find_ending(record: PregnancyRecord, today: Today) -> Ending | None:
    """The ending after which no fetus is left, or None while there is one.

    A birth or a stillbirth ends the whole pregnancy; a loss or termination of some of several
    ends it when all of them are counted.
    """
    left = record.fetus_count
    for ending in sorted(record.endings, key=_by_day):
        if not today.reached(ending.ended_on):
            continue
        whole = ending.fetus_count is None or ending.kind in {"birth", "stillbirth"}
        left -= record.fetus_count if whole else ending.fetus_count or 0
        if left <= 0:
            return ending
    return None


def _by_day(ending: Ending) -> tuple[date, str, int]:
    return ending.ended_on, ending.kind, ending.fetus_count or 0


def _ended(
    record: PregnancyRecord, tables: PregnancyTables, ended: Ending, today: Today
) -> PregnancyAnswer:
    """As it was known on its last day: nothing found later dates it anew, and nothing changes."""
    try:
        dating = date_pregnancy(record, redating=tables.redating, today=Today(ended.ended_on))
    except (NotDated, DueTooFar):
        dating = None
    days = None if dating is None else (ended.ended_on - dating.began_on).days
    return PregnancyAnswer(
        assessed_on=today.on,
        changes_on=None,
        dating=dating,
        standing="ended",
        multiple=record.fetus_count > 1,
        ended=ended,
        gestation_at_end_days=days if days is not None and days >= 0 else None,
    )


def _trimester(dating: Dating, today: Today) -> Trimester:
    if today.reached(dating.began_on + timedelta(days=THIRD_TRIMESTER_DAYS)):
        return 3
    return 2 if today.reached(dating.began_on + timedelta(days=SECOND_TRIMESTER_DAYS)) else 1


def _contacts(
    record: PregnancyRecord, dating: Dating, plan: ContactPlan | None, today: Today
) -> tuple[Contact, ...]:
    first_on = record.first_contact_on
    if plan is None or first_on is None or not today.reached(first_on):
        return ()
    visits = [visit_on for visit_on in record.visits if today.reached(visit_on)]
    return plan_contacts(plan, dating, first_on=first_on, visits=visits)
