"""Which form of development is due: by corrected age, over a table of forms, with windows.

A form is due from its age until the next takes its place, and may be caught up after that as long
as its row allows. The words and the answers of a form are no matter of this file.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec

from domain.calendar_date import add_months
from domain.error import Refusal
from domain.growth.age import term_on
from domain.growth.child import Child, check_child
from domain.immunization.today import Today

CORRECTED_UNTIL_MONTHS = 24
DONE_MAX = 200

FormState = Literal["upcoming", "due", "catch_up", "done", "missed"]


class NotYetBorn(Refusal):
    code = "development.not_yet_born"
    ar = "تاريخ الميلاد بعد اليوم. صحّح تاريخ الميلاد."
    en = "The date of birth is after today. Correct the date of birth."


class TooManyForms(Refusal):
    code = "development.too_many_forms"
    ar = "عدد الاستبيانات المكتملة أكبر مما يمكن حسابه. راجع القيود المكررة."
    en = "There are more completed forms than can be counted. Remove repeated entries."


class DevelopmentForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Due from `months`, overdue and to be caught up from `until_months`, missed from
    `catch_up_until_months`, all of them ages."""

    id: str
    months: int
    until_months: int
    catch_up_until_months: int


class DevelopmentTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Forms in the order of their ages. `sign_off` names who has yet to confirm the table.

    An evaluation without a form's name that comes within `answers_within_days` of a form's
    beginning may be of the one before. A referral is asked for over `follow_up_days`.
    """

    source: str
    sign_off: str | None
    forms: tuple[DevelopmentForm, ...]
    answers_within_days: int = 0
    follow_up_days: int = 0


class DoneForm(msgspec.Struct, frozen=True):
    form: str
    done_on: date


class FormOnDay(msgspec.Struct, frozen=True, kw_only=True):
    """One form of one child: `expires_on` is the first day on which it is no longer asked."""

    form: str
    state: FormState
    due_on: date
    overdue_on: date
    expires_on: date
    corrected: bool


class DevelopmentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Every form of the table; holds until the day before `changes_on`, for ever where None."""

    assessed_on: date
    changes_on: date | None
    forms: tuple[FormOnDay, ...]

    @property
    def due(self) -> tuple[FormOnDay, ...]:
        """What to ask now, those to be caught up included."""
        return tuple(form for form in self.forms if form.state in {"due", "catch_up"})


def plan_development(
    child: Child, table: DevelopmentTable, *, done: Sequence[DoneForm], on: date
) -> DevelopmentAnswer:
    """How each form stands on that day. Forms done that the table does not know mean nothing.

    Raises: NotYetBorn, TooManyForms, GestationOutOfRange.
    """
    check_child(child)
    if child.born_on > on:
        raise NotYetBorn
    if len(done) > DONE_MAX:
        raise TooManyForms
    today = Today(on)
    done_ids = {item.form for item in done if today.reached(item.done_on)}
    forms = tuple(_plan(form, child, done_ids, today) for form in table.forms)
    return DevelopmentAnswer(assessed_on=on, changes_on=today.changes_on, forms=forms)


def age_reached_on(child: Child, months: int) -> date:
    """The day on which a child is so many months old, corrected until 24 months after birth.

    On that day the correction ends, and every age that it held back up to 24 months is reached.
    Source: CDC, "Learn the Signs. Act Early.": corrected age for a child born early, until two
    years.
    """
    by_birth = add_months(child.born_on, months)
    by_term = add_months(term_on(child), months)
    ends_on = add_months(child.born_on, CORRECTED_UNTIL_MONTHS)
    return by_term if by_term < ends_on else max(by_birth, min(by_term, ends_on))


def _plan(form: DevelopmentForm, child: Child, done_ids: set[str], today: Today) -> FormOnDay:
    due_on = age_reached_on(child, form.months)
    overdue_on = age_reached_on(child, form.until_months)
    expires_on = age_reached_on(child, form.catch_up_until_months)
    return FormOnDay(
        form=form.id,
        state="done" if form.id in done_ids else _state(due_on, overdue_on, expires_on, today),
        due_on=due_on,
        overdue_on=overdue_on,
        expires_on=expires_on,
        corrected=due_on != add_months(child.born_on, form.months),
    )


def _state(due_on: date, overdue_on: date, expires_on: date, today: Today) -> FormState:
    if not today.reached(due_on):
        return "upcoming"
    if today.reached(expires_on):
        return "missed"
    return "catch_up" if today.reached(overdue_on) else "due"
