"""Which edition of a programme concerns a child: by birthday, and by the emirate it lives in.

Where nobody said where the child lives, it lives with its mother, else with its father.
"""

from datetime import date
from functools import lru_cache

from domain.fact import Fact
from domain.facts.person import ResidenceChanged
from domain.family import Child, Family
from domain.horizon import Horizon
from domain.immunization.programme import Edition, Programme, find_edition

# ISO 3166-2, as agencies say it, and as programmes name them.
EMIRATES = {
    "AE-AJ": "ajman",
    "AE-AZ": "abu_dhabi",
    "AE-DU": "dubai",
    "AE-FU": "fujairah",
    "AE-RK": "ras_al_khaimah",
    "AE-SH": "sharjah",
    "AE-UQ": "umm_al_quwain",
}
BIRTHDAYS_KEPT_MAX = 1_024


def edition_of(child: Child, family: Family, programme: Programme, horizon: Horizon) -> Edition:
    """The edition in force today: a move dated ahead counts from its day."""
    emirate = None
    if depends_on_emirate(programme, child.born_on):
        moves = moves_of(child, family, horizon)
        emirate = _emirate_of(moves[-1]) if moves else None
    return find_edition(programme, born_on=child.born_on, emirate=emirate)


def moves_of(child: Child, family: Family, horizon: Horizon) -> tuple[Fact, ...]:
    """The changes of emirate that have come, in order; the same emirate told again is none."""
    for person in (child.id, child.mother, child.father):
        if person is None:
            continue
        reached = [
            fact for fact in family.person(person).residences if horizon.reached(fact.occurred_on)
        ]
        if reached:
            before = [None, *(_emirate_of(fact) for fact in reached)]
            return tuple(
                fact
                for number, fact in enumerate(reached)
                if number == 0 or _emirate_of(fact) != before[number]
            )
    return ()


@lru_cache(maxsize=BIRTHDAYS_KEPT_MAX)
def depends_on_emirate(programme: Programme, born_on: date) -> bool:
    """Whether any emirate has other tables for that birthday."""
    usual = find_edition(programme, born_on=born_on).schedule.data
    for emirate in {edition.emirate for edition in programme.editions}:
        other = find_edition(programme, born_on=born_on, emirate=emirate).schedule.data
        if (other.antigens, other.groups) != (usual.antigens, usual.groups):
            return True
    return False


def _emirate_of(fact: Fact) -> str | None:
    assert isinstance(fact.payload, ResidenceChanged)
    return EMIRATES.get(fact.payload.emirate or "")
