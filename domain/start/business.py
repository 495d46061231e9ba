"""A business as its owners' situations: a licence that runs, a partner who was added.

They are found in the circle of the business alone, one for each owner: of an owner's family
nothing is there.
"""

from collections.abc import Iterable, Iterator

from domain.card.record import Parameter
from domain.fact import Fact
from domain.facts.business import LicenceExpiring, LicenceIssued, LicenceRenewed, PartnerAdded
from domain.family import Family
from domain.people.business import business_facts, owners_of, partners_of
from domain.situation import Situation
from domain.start.said import Said

Licence = LicenceIssued | LicenceRenewed | LicenceExpiring


def licences_as_situations(family: Family) -> Iterator[Situation]:
    """The business's licence for each owner, as last said of its whole bundle or of itself."""
    told = [
        fact
        for fact in business_facts(family)
        if isinstance(fact.payload, Licence) and _says_expiry(fact.payload)
    ]
    for owner in owners_of(family) if told else ():
        last = told[-1]
        assert isinstance(last.payload, Licence)
        number = last.payload.number
        gathered = Said()
        gathered.person("owner", family.person(owner), last)
        gathered.value("licence_in_force", True)
        gathered.value("is_owner", True)
        gathered.value("licence_emirate", family.circle.emirate, _who_said_emirate(told) or last)
        gathered.field("licence_number", number, last)
        yield Situation(
            start="licence",
            subject=owner,
            # Each term is a card of its own: what was done with the last one's stays with it.
            occurrence=f"{_named(family, number)}/{last.payload.expires_on.isoformat()}/",
            roles={"owner": owner},
            variables=gathered.variables,
            anchors={
                "licence_issued_on": last.occurred_on,
                "licence_expires_on": last.payload.expires_on,
            },
            parameters=(
                Parameter("licence_number", number),
                Parameter("licence_expires_on", last.payload.expires_on.isoformat()),
            ),
            facts=(last,),
            known_on=last.known_on,
            variable_facts=gathered.facts,
            fields=gathered.fields,
        )


def partners_as_situations(family: Family) -> Iterator[Situation]:
    """Each partner who was added to the business and has not left."""
    for partner, fact in sorted(partners_of(family).items(), key=lambda one: one[0].bytes):
        assert isinstance(fact.payload, PartnerAdded)
        number = fact.payload.number
        gathered = Said()
        gathered.person("owner", family.person(partner), fact)
        gathered.value("licence_in_force", True)
        gathered.value("partner_confirmed", fact.payload.is_confirmed, fact)
        gathered.field("licence_number", number, fact)
        yield Situation(
            start="partner",
            subject=partner,
            occurrence=f"{_named(family, number)}/",
            roles={"owner": partner},
            variables=gathered.variables,
            anchors={"added_on": fact.occurred_on},
            parameters=(
                Parameter("licence_number", number),
                Parameter("added_on", fact.occurred_on.isoformat()),
            ),
            facts=(fact,),
            known_on=fact.known_on,
            variable_facts=gathered.facts,
            fields=gathered.fields,
        )


def _named(family: Family, number: str) -> str:
    """The number as one owner's cards are told apart by it: two emirates may give them one."""
    return "/".join(filter(None, (family.circle.emirate, number)))


def _who_said_emirate(told: Iterable[Fact]) -> Fact | None:
    said = (one for one in told if isinstance(one.payload, Licence) and one.payload.emirate)
    return max(said, key=lambda one: (one.occurred_on, one.precedence), default=None)


def _says_expiry(said: Licence) -> bool:
    """A renewed membership or card leaves the licence's own day as it is."""
    return not isinstance(said, LicenceRenewed) or said.part in ("bundle", "licence")
