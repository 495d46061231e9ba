"""Whether a family mourns: then nobody is congratulated, whichever was told first (decision 0032).

The files beside it ask for every start of which a card may congratulate. No fact is named as the
reason: a card that says less is not to tell the other parent of a loss.
"""

from datetime import date, timedelta

from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.family import Child, Family
from domain.history.gestation import CONTRADICTION_DAYS, Pregnancy, lost_one_of_several
from domain.ids import PersonId
from domain.start.death import BEREAVED_DAYS

ONE_DELIVERY = timedelta(days=CONTRADICTION_DAYS)  # born so near of one mother: one delivery
_YEAR = timedelta(days=BEREAVED_DAYS)


def mourns_on(family: Family, joy_on: date, *, besides: PersonId | None = None) -> bool:
    """Whether a child at home here, other than `besides`, died within the year before a day of joy
    or since. It hangs on no today: who was met quietly is not congratulated months later.
    """
    return any(
        died_on is not None and joy_on < died_on + _YEAR
        for child in family.children
        if child.id != besides and not child.care.is_own
        for died_on in (family.person(child.id).died_on,)
    )


def mourns_at_birth(family: Family, child: Child) -> bool:
    """Whether the family mourns beside this child: by the year, or for one of the same delivery."""
    return (
        not child.is_confirmed
        or _lost_one(family, child)
        or mourns_on(family, child.born_on, besides=child.id)
    )


def mourns_in_pregnancy(family: Family, pregnancy: Pregnancy) -> bool:
    """Whether the family mourns while she expects: by the year, or for one of several whom she
    expected."""
    lost = lost_one_of_several(pregnancy.mother, pregnancy.due_on, _facts(family))
    return lost or mourns_on(family, pregnancy.confirmed_on)


def _lost_one(family: Family, child: Child) -> bool:
    """Of her who bore it: of several some were lost, early or at the birth."""
    said = child.start.payload
    if not isinstance(said, BirthNotified):
        return False
    return lost_one_of_several(said.mother, child.born_on, _facts(family))


def _facts(family: Family) -> tuple[Fact, ...]:
    return tuple(fact for told in family.about.values() for fact in told)
