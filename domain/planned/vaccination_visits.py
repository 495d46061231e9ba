"""A child's vaccinations as cards: one a visit to come, and one, done, for each day on which a dose
that counts was given.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Literal

from domain.calendar_date import MONTHS_PER_YEAR
from domain.card.record import Parameter, Reason
from domain.fact import Fact
from domain.planned.occurrence import PlannedOccurrence, VisitDays
from domain.planned.shared_visit import WAIT_DAYS_MAX, no_visit_shared
from domain.planned.vaccination_file import VaccinationFile
from domain.planned.vaccination_plan import DatedVisit, PlanInForce, visit_id
from domain.rule.variable import group_term

DAYS_PER_WEEK = 7
_WEEKS_UNTIL_MONTHS = 2  # below that age is said in weeks, below two years in months
_MONTHS_UNTIL_YEARS = 24

AgeUnit = Literal["birth", "weeks", "months", "years"]


def visits_of(file: VaccinationFile, plan: PlanInForce) -> tuple[PlannedOccurrence, ...]:
    """The occurrences of a child's visits."""
    kept = [_kept(file, day, doses) for day, doses in plan.counted.by_day().items()]
    counted = _counted_facts(file, plan)
    planned = [_to_come(file, visit, plan, counted) for visit in plan.visits]
    return (*kept, *planned)


def _to_come(
    file: VaccinationFile,
    visit: DatedVisit,
    plan: PlanInForce,
    counted: Iterable[tuple[str, Fact]],
) -> PlannedOccurrence:
    doses = visit.visit.doses
    groups = [dose.group for dose in doses]
    late = any(dose.late for dose in doses)
    voluntary = all(dose.voluntary for dose in doses)
    return PlannedOccurrence(
        id=visit.id,
        due_from=visit.due_from,
        due_until=visit.due_until,
        parameters=(
            *_vaccines(groups),
            *_age(file.history.born_on, visit.due_from),
            Parameter("course", ("catch_up" if late else "routine",)),
            Parameter("duty", ("voluntary" if voluntary else "mandatory",)),
            *no_visit_shared(),
        ),
        reasons=tuple(
            Reason(group_term(dose.group), dose.dose_number, code)
            for dose in doses
            for code in dose.reasons
        ),
        facts=tuple(fact for group, fact in counted if group in groups),
        visit=_days_of(visit),
    )


def _kept(file: VaccinationFile, day: date, doses: list[tuple[str, int]]) -> PlannedOccurrence:
    facts = [given.fact for given in file.given.values() if given.given_on == day]
    return PlannedOccurrence(
        id=visit_id(file.edition, doses),
        due_from=day,
        due_until=day,
        resolved_on=day,
        parameters=(
            *_vaccines([group for group, _ in doses]),
            *_age(file.history.born_on, day),
            Parameter("course", ("routine",)),
            Parameter("duty", ("mandatory",)),
            *no_visit_shared(),
        ),
        facts=tuple(facts),
    )


def _counted_facts(file: VaccinationFile, plan: PlanInForce) -> list[tuple[str, Fact]]:
    """Each dose that was looked at, with the groups for which it was."""
    return [
        (verdict.group, file.given[dose.id].fact)
        for dose in plan.answer.doses
        for verdict in dose.verdicts
    ]


def _vaccines(groups: Sequence[str]) -> tuple[Parameter, Parameter]:
    terms = tuple(dict.fromkeys(group_term(group) for group in groups))
    return Parameter("vaccines", terms), Parameter("vaccine_count", len(terms))


def _days_of(visit: DatedVisit) -> VisitDays:
    """When the visit serves, by the plan as it is now: a missed one is wanted on its new day."""
    on = visit.visit.on
    first_on = min(visit.visit.first_on, on)
    last_on = min(max(visit.due_until, on), on + timedelta(days=WAIT_DAYS_MAX))
    return VisitDays(first_on, last_on, on)


def _age(born_on: date, on: date) -> tuple[Parameter, Parameter]:
    """The age on a day, in the unit in which parents say it."""
    number, unit = _age_in_words(born_on, on)
    return Parameter("age", number), Parameter("age_unit", (unit,))


def _age_in_words(born_on: date, on: date) -> tuple[int, AgeUnit]:
    days = (on - born_on).days
    if days < DAYS_PER_WEEK:
        return 0, "birth"
    months = (on.year - born_on.year) * MONTHS_PER_YEAR + on.month - born_on.month
    months -= on.day < born_on.day
    if months < _WEEKS_UNTIL_MONTHS:
        return days // DAYS_PER_WEEK, "weeks"
    if months < _MONTHS_UNTIL_YEARS:
        return months, "months"
    return months // MONTHS_PER_YEAR, "years"
