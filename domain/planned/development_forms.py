"""The forms of development of a child as cards: by corrected age, from a table of ages."""

from datetime import timedelta

from domain.calendar_date import MONTHS_PER_YEAR
from domain.error import Refusal
from domain.family import Child, Family
from domain.growth.child import Child as GrowthChild
from domain.growth.child import check_child
from domain.growth.development import DevelopmentTable, plan_development
from domain.horizon import Horizon
from domain.planned.occurrence import NOTHING, Planned, PlannedOccurrence
from domain.pregnancy_evidence import PREGNANCY_DAYS_MAX
from domain.record import Parameter

_YEARS_FROM_MONTHS = 24
_ONE_DAY = timedelta(days=1)


def plan_forms_of(
    child: Child, family: Family, table: DevelopmentTable, horizon: Horizon
) -> Planned:
    """Every form of the table that was not over before the child was known; a form takes the
    place of the one before it.
    """
    try:
        answer = plan_development(
            _growth_child(child, family), table, done=(), on=max(child.born_on, horizon.today)
        )
    except Refusal:
        return NOTHING
    months = {form.id: form.months for form in table.forms}
    return Planned(
        occurrences=tuple(
            PlannedOccurrence(
                id=form.form.replace("-", "_"),
                due_from=form.due_on,
                due_until=form.expires_on - _ONE_DAY,
                known_on=child.known_on,
                parameters=_age(months[form.form]),
            )
            for form in answer.forms
        )
    )


def _age(months: int) -> tuple[Parameter, Parameter]:
    """In years from the second on, where they are whole: 24 months are two years, 30 are not."""
    if months >= _YEARS_FROM_MONTHS and months % MONTHS_PER_YEAR == 0:
        return Parameter("age", months // MONTHS_PER_YEAR), Parameter("age_unit", ("years",))
    return Parameter("age", months), Parameter("age_unit", ("months",))


def _growth_child(child: Child, family: Family) -> GrowthChild:
    """With the length of the pregnancy at birth, where one is known that can be right."""
    lengths = [
        (child.born_on - pregnancy.last_period_on).days
        for pregnancy in family.pregnancies
        if pregnancy.mother == child.mother
        and pregnancy.confirmed_on <= child.born_on
        and 0 < (child.born_on - pregnancy.last_period_on).days <= PREGNANCY_DAYS_MAX
    ]
    for days in reversed(lengths):
        known = GrowthChild(born_on=child.born_on, gestation_days=days)
        try:
            check_child(known)
        except Refusal:
            continue
        return known
    return GrowthChild(born_on=child.born_on)
