"""Who a business belongs to, from what was said of it: its owners, and partners who were added.

Only a circle of a business has one. Who has left is none of them, until named again.
"""

from collections.abc import Collection, Iterable, Iterator

from domain.fact import Fact
from domain.facts.business import (
    BusinessFact,
    LicenceExpiring,
    LicenceIssued,
    LicenceRenewed,
    PartnerAdded,
    PartnerRemoved,
)
from domain.family import Family
from domain.ids import PersonId
from domain.people.circle import Business


def business_facts(family: Family) -> tuple[Fact, ...]:
    """What stands of the business whose circle this is, the earlier first; of no other circle."""
    if family.circle.business is None:
        return ()
    said = {fact.identity: fact for facts in family.about.values() for fact in facts}
    found = [
        fact for fact, business in told_apart(said.values()) if business == family.circle.business
    ]
    return tuple(sorted(found, key=lambda fact: (fact.occurred_on, fact.precedence)))


def told_apart(facts: Iterable[Fact]) -> Iterator[tuple[Fact, Business]]:
    """Each fact of a business among these that stand, with the business it is about.

    One that says no emirate is about the one that the same source, else anybody, names for this
    number among people whom the facts connect; where they name none or several, about one that is
    told from others by its source.
    """
    by_number: dict[str, list[Fact]] = {}
    for fact in facts:
        if isinstance(fact.payload, BusinessFact):
            by_number.setdefault(fact.payload.number, []).append(fact)
    for number, said in by_number.items():
        for together in _connected(said):
            for fact in together:
                emirate = _emirate_of(fact, together)
                yield fact, Business(number, emirate, None if emirate else fact.source)


def owners_of(family: Family) -> tuple[PersonId, ...]:
    """Those to whom the licence is shown, sorted: owners, and partners who have confirmed."""
    found: set[PersonId] = set()
    for fact in business_facts(family):
        match fact.payload:
            case LicenceIssued(owner) | LicenceRenewed(owner) | LicenceExpiring(owner):
                found.add(owner)
            case PartnerAdded(partner, _, owner, is_confirmed):
                found |= {owner} if owner is not None else set()
                found |= {partner} if is_confirmed else set()
            case PartnerRemoved(partner):
                found.discard(partner)
            case _:
                pass
    return tuple(sorted(found, key=lambda person: person.bytes))


def partners_of(family: Family) -> dict[PersonId, Fact]:
    """Every partner who was added and has not left, with what was said of it last."""
    found: dict[PersonId, Fact] = {}
    for fact in business_facts(family):
        match fact.payload:
            case PartnerAdded(partner):
                found[partner] = fact
            case PartnerRemoved(partner):
                found.pop(partner, None)
            case _:
                pass
    return found


def _connected(facts: Iterable[Fact]) -> list[list[Fact]]:
    """The facts in groups, those of people whom facts name together in one."""
    groups: list[tuple[set[PersonId], list[Fact]]] = []
    for fact in facts:
        people, gathered = set(fact.payload.subjects()), [fact]
        for other in [one for one in groups if one[0] & people]:
            groups.remove(other)
            people |= other[0]
            gathered += other[1]
        groups.append((people, gathered))
    return [gathered for _, gathered in groups]


def _emirate_of(fact: Fact, together: Collection[Fact]) -> str | None:
    said = _said_emirate(fact)
    if said is not None:
        return said
    by_source = {_said_emirate(other) for other in together if other.source == fact.source}
    by_anybody = {_said_emirate(other) for other in together}
    for named in (by_source - {None}, by_anybody - {None}):
        if len(named) == 1:
            return named.pop()
    return None


def _said_emirate(fact: Fact) -> str | None:
    assert isinstance(fact.payload, BusinessFact)
    return fact.payload.emirate
