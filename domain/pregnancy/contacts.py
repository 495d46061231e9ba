"""The visits that a pregnancy needs: a table of weeks by the week of the first one, made into days.

A national model is another table. A contact's standing follows from its dates and is derived by
whoever reads.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from domain.pregnancy.dating import Dating

ContactKind = Literal["visit", "delivery"]
ContactState = Literal["upcoming", "due", "overdue", "kept", "gone"]


class ContactPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model of care. Each row begins with the week of the first contact, in rising order; the
    last week of a row is referral for delivery where `ends_with_delivery`.

    `first_birth` and `multiple` say for whom the plan is; None is for all. `sign_off` names who
    has yet to confirm it.
    """

    id: str
    source: str
    sign_off: str | None = None
    rows: tuple[tuple[int, ...], ...]
    overdue_after_days: int
    visits_expire_week: int
    delivery_expires_week: int
    ends_with_delivery: bool = True
    first_birth: bool | None = None
    multiple: bool | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One visit: due from `due_on`, overdue from `overdue_on`, gone from `expires_on`."""

    number: int
    week: int
    kind: ContactKind
    due_on: date
    overdue_on: date
    expires_on: date
    kept_on: date | None = None


def choose_plan(
    plans: Sequence[ContactPlan], *, first_birth: bool | None, multiple: bool
) -> ContactPlan | None:
    """The plan that says most about such a pregnancy; of equals the first. None: none is for it."""
    fitting = [
        plan
        for plan in plans
        if (plan.first_birth is None or plan.first_birth is first_birth)
        and (plan.multiple is None or plan.multiple is multiple)
    ]
    return max(fitting, key=_specific, default=None)


def plan_contacts(
    plan: ContactPlan, dating: Dating, *, first_on: date, visits: Sequence[date]
) -> tuple[Contact, ...]:
    """Every contact in order, the first of them kept on `first_on`.

    A first contact before the first row's week follows that row, one after the last row's week
    the last one. A visit keeps the contact nearest to it, the earlier of two as near; when several
    are nearest to one contact, the first of them keeps it.
    """
    week = (first_on - dating.began_on).days // 7
    row = _find_row(plan.rows, week)
    kept = {0: first_on}
    days = [first_on, *(_day_of(dating, following) for following in row[1:])]
    for visit_on in sorted(visits):
        if visit_on > first_on:
            nearest = min(range(len(days)), key=lambda place: abs(days[place] - visit_on))
            kept.setdefault(nearest, visit_on)
    return tuple(
        _contact(plan, dating, number=place + 1, weeks=row, due_on=day, kept_on=kept.get(place))
        for place, day in enumerate(days)
    )


def state_on(contact: Contact, on: date) -> ContactState:
    """How the contact stands on a day."""
    if contact.kept_on is not None and contact.kept_on <= on:
        return "kept"
    if on >= contact.expires_on:
        return "gone"
    if on >= contact.overdue_on:
        return "overdue"
    return "due" if on >= contact.due_on else "upcoming"


def _specific(plan: ContactPlan) -> int:
    return (plan.first_birth is not None) + (plan.multiple is not None)


def _find_row(rows: Sequence[tuple[int, ...]], week: int) -> tuple[int, ...]:
    return next((row for row in reversed(rows) if row[0] <= week), rows[0])


def _day_of(dating: Dating, week: int) -> date:
    return dating.began_on + timedelta(weeks=week)


def _contact(
    plan: ContactPlan,
    dating: Dating,
    *,
    number: int,
    weeks: tuple[int, ...],
    due_on: date,
    kept_on: date | None,
) -> Contact:
    last = plan.ends_with_delivery and number == len(weeks)
    end_week = plan.delivery_expires_week if last else plan.visits_expire_week
    return Contact(
        number=number,
        week=weeks[number - 1],
        kind="delivery" if last else "visit",
        due_on=due_on,
        overdue_on=due_on + timedelta(days=plan.overdue_after_days),
        expires_on=_day_of(dating, end_week),
        kept_on=kept_on,
    )
