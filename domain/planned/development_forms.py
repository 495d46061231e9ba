"""The forms of development of a child as cards: by corrected age, from a table of ages. Where an
evaluation asks for more, a card leads to an early-intervention centre.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta

from domain.calendar_date import MONTHS_PER_YEAR
from domain.card.record import Parameter
from domain.error import Refusal
from domain.fact import Fact
from domain.facts.appointment import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentKept,
    AppointmentMissed,
    VisitKept,
)
from domain.family import Child, Family
from domain.growth.child import Child as GrowthChild
from domain.growth.development import DevelopmentTable, FormOnDay, plan_development
from domain.history.gestation_at_birth import gestation_days_of
from domain.horizon import Horizon
from domain.planned.form_answers import Answer, match_answers, name_of_form, result_of
from domain.planned.occurrence import NOTHING, Planned, PlannedOccurrence, VisitDays
from domain.planned.shared_visit import no_visit_shared

_YEARS_FROM_MONTHS = 24
_ONE_DAY = timedelta(days=1)


def plan_forms_of(
    child: Child,
    family: Family,
    table: DevelopmentTable,
    horizon: Horizon,
    *,
    unnamed: Collection[str],
) -> Planned:
    """Every form of the table that was answered, or not over before the child was known; a form
    takes the place of the one before it. Nothing for a grown child: forms are for its parents. An
    evaluation by an id of `unnamed` does not say which form it answers.
    """
    if child.care.is_own:
        return NOTHING
    try:
        answer = plan_development(
            GrowthChild(born_on=child.born_on, gestation_days=gestation_days_of(child, family)),
            table,
            done=(),
            on=max(child.born_on, horizon.today),
        )
    except Refusal:
        return NOTHING
    found = [
        fact
        for fact in child.development
        if fact.occurred_on >= child.born_on and horizon.reached(fact.occurred_on)
    ]
    answers = match_answers(found, answer.forms, table, unnamed=unnamed)
    months = {form.id: form.months for form in table.forms}
    occurrences = [
        _form(child, form, months[form.form], [one for one in answers if one.form == form.form])
        for form in answer.forms
    ]
    return Planned(occurrences=(*occurrences, *_follow_ups(answers, found, table, months)))


def _form(
    child: Child, form: FormOnDay, months: int, answers: Sequence[Answer]
) -> PlannedOccurrence:
    """A form once answered is done, whenever that was told."""
    done_on = min((answer.on for answer in answers), default=None)
    return PlannedOccurrence(
        id=name_of_form(form.form),
        due_from=form.due_on if done_on is None else min(form.due_on, done_on),
        due_until=form.expires_on - _ONE_DAY,
        known_on=child.known_on if done_on is None else date.min,
        resolved_on=done_on,
        parameters=(
            *_age(months),
            Parameter("step", ("form",)),
            Parameter("result", (result_of(answers) or "none",)),
            *no_visit_shared(),
        ),
        facts=tuple(answer.fact for answer in answers),
        visit=VisitDays(form.due_on, form.expires_on - _ONE_DAY, form.due_on, is_guest=True),
    )


def _follow_ups(
    answers: Sequence[Answer],
    found: Sequence[Fact],
    table: DevelopmentTable,
    months: dict[str, int],
) -> Iterator[PlannedOccurrence]:
    """One for each form that led to a referral: until the centre was turned to, or an evaluation
    of a later day says otherwise or refers anew.
    """
    for form in dict.fromkeys(answer.form for answer in answers if answer.result == "refer"):
        answer, last = _referral(answers, form)
        days = [other.on for other in answers if other.on > last.on]
        days += _turned_to_on(found, answer.on)
        due_from = max(answer.on, answer.fact.known_on)
        ends_on = answer.on + timedelta(days=table.follow_up_days) - _ONE_DAY
        if ends_on < due_from and not days:
            continue  # told too late to ask for it still
        yield PlannedOccurrence(
            id="follow_up" if form is None else f"{name_of_form(form)}_follow_up",
            due_from=due_from,
            due_until=max(ends_on, due_from),
            resolved_on=min(days, default=None),
            parameters=(
                *_age(0 if form is None else months[form]),
                Parameter("step", ("follow_up",)),
                Parameter("result", ("refer",)),
                *no_visit_shared(),
            ),
            facts=(answer.fact,),
        )


def _referral(answers: Sequence[Answer], form: str | None) -> tuple[Answer, Answer]:
    """The first and the last referral by a form since an evaluation said otherwise: two exchanges
    that tell of one differently must not open it again after the visit that it led to.
    """
    refers = [one for one in answers if one.form == form and one.result == "refer"]
    calm = [one.on for one in answers if one.result != "refer" and one.on < refers[-1].on]
    since = max(calm, default=date.min)
    return next(one for one in refers if one.on > since), refers[-1]


def _turned_to_on(found: Iterable[Fact], since: date) -> list[date]:
    """The days since when somebody booked at an early-intervention centre, or went there; what was
    cancelled or missed is neither.
    """
    days: list[date] = []
    booked: dict[tuple[str, str], date] = {}
    for fact in found:
        match fact.payload:
            case AppointmentBooked(number=number):
                booked[fact.source, number] = fact.occurred_on
            case AppointmentCancelled(number=number) | AppointmentMissed(number=number):
                booked.pop((fact.source, number), None)
            case AppointmentKept() | VisitKept() if fact.occurred_on >= since:
                days.append(fact.occurred_on)
            case _:
                pass
    return days + [day for day in booked.values() if day >= since]


def _age(months: int) -> tuple[Parameter, Parameter]:
    """In years from the second on, where they are whole: 24 months are two years, 30 are not."""
    if months >= _YEARS_FROM_MONTHS and months % MONTHS_PER_YEAR == 0:
        return Parameter("age", months // MONTHS_PER_YEAR), Parameter("age_unit", ("years",))
    return Parameter("age", months), Parameter("age_unit", ("months",))
