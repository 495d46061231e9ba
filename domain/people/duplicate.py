"""People who may be one, reported under two numbers: suspected, decided by a person."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import combinations

from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.ids import PersonId
from domain.standing import standing_facts

SAME_DELIVERY_DAYS = 1  # a birth about midnight is dated by either day


def suspected_among(
    mother: PersonId, facts: Iterable[Fact]
) -> frozenset[tuple[PersonId, PersonId]]:
    """Pairs of children of one delivery of whom nobody said that they are several; by id each.

    `facts` are the mother's own, everybody read as who they are.
    """
    births: dict[PersonId, tuple[Fact, BirthNotified]] = {}
    for fact in standing_facts(facts):
        if isinstance(fact.payload, BirthNotified) and fact.payload.mother == mother:
            births[fact.payload.child] = (fact, fact.payload)
    found: set[tuple[PersonId, PersonId]] = set()
    for one, other in combinations(sorted(births, key=lambda child: child.bytes), 2):
        apart = abs(births[one][0].occurred_on - births[other][0].occurred_on)
        if apart <= timedelta(days=SAME_DELIVERY_DAYS) and not _are_several(
            births[one][1], births[other][1]
        ):
            found.add((one, other))
    return frozenset(found)


def mothers_among(child: PersonId, facts: Iterable[Fact]) -> frozenset[tuple[PersonId, PersonId]]:
    """Pairs of mothers of whom one child is said to be born; by id each.

    `facts` are the child's own, everybody read as who they are.
    """
    mothers = {
        fact.payload.mother
        for fact in standing_facts(facts)
        if isinstance(fact.payload, BirthNotified) and fact.payload.child == child
    }
    return frozenset(combinations(sorted(mothers, key=lambda mother: mother.bytes), 2))


def _are_several(one: BirthNotified, other: BirthNotified) -> bool:
    """Whether both reports tell of several children, and not of the same of them."""
    if min(one.children_count or 1, other.children_count or 1) < 2:
        return False
    return one.birth_order is None or one.birth_order != other.birth_order
