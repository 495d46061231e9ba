"""Who is a member of a circle today: has a stream there. It follows from facts, and so it ends.

`evaluate` gives records to members alone; `timeline/member.py` keeps who they are, so that a phone
is told when a stream is closed to it.
"""

from datetime import timedelta

from domain.calendar_date import adult_on
from domain.family import Family
from domain.history.gestation import Pregnancy
from domain.ids import PersonId
from domain.people.business import owners_of, partners_of
from domain.people.circle import Circle
from domain.people.rights import Reached, rights_over
from domain.start.couple import members_by_contract
from domain.start.death import BEREAVED_DAYS, bereaved_of


def members_of(circle: Circle, family: Family, reached: Reached) -> tuple[PersonId, ...]:
    """The members of a circle today, sorted: the living who have something in common here.

    Each in their own circle. Of a business its owners and partners, until they leave. Husband and
    wife from the contract until the marriage ends; the mother
    of a pregnancy that goes on, and its father; whoever has a right over a child that is not grown
    up. For a year after a loss she who bore it, after a child's death its parents.
    """

    def is_alive(person: PersonId) -> bool:
        return family.person(person).died_on is None

    found: set[PersonId | None] = set(circle.members) if circle.kind == "single" else set()
    found |= {*owners_of(family), *partners_of(family)}
    for marriage in family.marriages:
        if marriage.end is None:
            found |= {marriage.husband, marriage.wife}
    found |= members_by_contract(family)
    found |= bereaved_of(family, reached)
    for pregnancy in family.pregnancies:
        if pregnancy.ended is None:
            found |= {pregnancy.mother, pregnancy.father}
        elif _is_mourned(pregnancy, reached):
            found.add(pregnancy.mother)
    for child in family.children:
        if is_alive(child.id) and not reached(adult_on(child.born_on)):
            held = rights_over(child.care, is_alive=is_alive, reached=reached)
            found |= {right.person for right in held if not child.care.is_own}
    living = (person for person in found if person is not None and is_alive(person))
    return tuple(sorted(living, key=lambda person: person.bytes))


def _is_mourned(pregnancy: Pregnancy, reached: Reached) -> bool:
    if pregnancy.loss is None or pregnancy.ended not in ("loss", "stillbirth"):
        return False
    return not reached(pregnancy.loss.occurred_on + timedelta(days=BEREAVED_DAYS))
