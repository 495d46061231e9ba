"""How long the pregnancy was when a child was born: for the age by which its growth and development
are compared.
"""

from collections.abc import Iterable
from datetime import date

from domain.error import Refusal
from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.family import Child, Family
from domain.growth.child import Child as GrowthChild
from domain.growth.child import check_child
from domain.history.pregnancy_evidence import PREGNANCY_DAYS_MAX
from domain.ids import PersonId


def gestation_days_of(child: Child, family: Family) -> int | None:
    """As the hospital of the birth said it, else by the due date of the pregnancy; None where no
    length is known that can be right.
    """
    by_due_date = (
        (child.born_on - pregnancy.last_period_on).days
        for pregnancy in family.pregnancies
        if pregnancy.mother == child.mother
        and pregnancy.confirmed_on <= child.born_on
        and 0 < (child.born_on - pregnancy.last_period_on).days <= PREGNANCY_DAYS_MAX
    )
    return _last_possible((*by_due_date, *_said_of(child.id, child.births)), child.born_on)


def gestation_days_of_oneself(person: PersonId, born_on: date, facts: Iterable[Fact]) -> int | None:
    """As the hospital of one's birth said it, by the facts in order of precedence."""
    return _last_possible(_said_of(person, facts), born_on)


def _said_of(person: PersonId, facts: Iterable[Fact]) -> tuple[int, ...]:
    return tuple(
        fact.payload.gestation_days
        for fact in facts
        if isinstance(fact.payload, BirthNotified)
        and fact.payload.child == person
        and fact.payload.gestation_days is not None
    )


def _last_possible(lengths: Iterable[int], born_on: date) -> int | None:
    for days in reversed(tuple(lengths)):
        try:
            check_child(GrowthChild(born_on=born_on, gestation_days=days))
        except Refusal:
            continue
        return days
    return None
