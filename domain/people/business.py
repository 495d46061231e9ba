"""Who a business belongs to, from what was said of it: its owners, and partners who were added.

Only a circle of a business has one. Who has left is none of them, until named again.
"""

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


def business_facts(family: Family) -> tuple[Fact, ...]:
    """What stands of the business whose circle this is, the earlier first; of no other circle."""
    if family.circle.kind != "business":
        return ()
    found = {
        fact.identity: fact
        for facts in family.about.values()
        for fact in facts
        if isinstance(fact.payload, BusinessFact)
        and fact.payload.number == family.circle.registration
    }
    return tuple(sorted(found.values(), key=lambda fact: (fact.occurred_on, fact.precedence)))


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
