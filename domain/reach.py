"""Whether a circle is one that a service or a roll-out is for: by place, work and stage of life.

Each list of a reach that is not empty must hold one thing that is true of the circle's adults or of
what happened to them; what nobody reported is not true.
"""

from collections.abc import Iterator

from domain.calendar_date import add_months
from domain.compile.entry import FamilyStage
from domain.entry import Reach
from domain.facts.person import EmploymentChanged
from domain.facts.place import Place
from domain.family import Family
from domain.horizon import Horizon
from domain.ids import PersonId
from domain.start.said import emirate_of

NEWLY_WED_MONTHS = 12  # the guide's pilot says "newly wed" and no more; a year is a proposal


def is_within(reach: Reach, family: Family, horizon: Horizon) -> bool:
    """Whether the reach holds for the circle today; the horizon learns when that may change."""
    return (
        _holds(reach.emirates, _emirates(family))
        and _holds(reach.employers, _sectors(family))
        and _holds(reach.facilities, _facilities(family))
        and _holds(reach.stages, _stages(family, horizon))
    )


def _holds(wanted: tuple[str, ...], found: Iterator[str]) -> bool:
    return not wanted or not set(wanted).isdisjoint(found)


def _adults(family: Family) -> Iterator[PersonId]:
    """The circle's own, and the two of each marriage or contract in it."""
    yield from family.circle.members
    for marriage in family.marriages:
        yield from (marriage.husband, marriage.wife)
    for contract in family.contracts:
        yield from (contract.husband, contract.wife)


def _emirates(family: Family) -> Iterator[str]:
    for person_id in _adults(family):
        emirate, _ = emirate_of(family.person(person_id))
        if emirate is not None:
            yield emirate


def _sectors(family: Family) -> Iterator[str]:
    for person_id in _adults(family):
        employment = family.person(person_id).employment
        if employment is not None and isinstance(employment.payload, EmploymentChanged):
            yield employment.payload.sector


def _facilities(family: Family) -> Iterator[str]:
    for facts in family.about.values():
        for fact in facts:
            place = getattr(fact.payload, "place", None)
            if isinstance(place, Place) and place.facility is not None:
                yield place.facility


def _stages(family: Family, horizon: Horizon) -> Iterator[FamilyStage]:
    if any(one.concluded is None and not one.is_over for one in family.contracts):
        yield "about_to_marry"
    for marriage in family.marriages:
        until = add_months(marriage.start.occurred_on, NEWLY_WED_MONTHS)
        if marriage.end is None and not horizon.reached(until):
            yield "newly_wed"
    if any(pregnancy.ended is None for pregnancy in family.pregnancies):
        yield "expecting"
    if any(not child.care.is_own for child in family.children):
        yield "with_children"
