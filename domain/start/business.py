"""A business as its owners' situations: a licence that runs, a partner who was added.

Each owner has it in their own circle: nothing of one owner's family is another's to see.
"""

from collections.abc import Iterator

from domain.card.record import Parameter
from domain.fact import Fact
from domain.facts.business import LicenceExpiring, LicenceIssued, LicenceRenewed, PartnerAdded
from domain.family import Family
from domain.ids import PersonId
from domain.situation import Situation
from domain.start.said import Said

Licence = LicenceIssued | LicenceRenewed | LicenceExpiring


def licences_as_situations(family: Family) -> Iterator[Situation]:
    """Every licence of the person whose own circle this is, as last said of its whole bundle or of
    the licence itself.
    """
    own = _own(family)
    told: dict[str, list[Fact]] = {}
    for fact in family.about.get(own, ()) if own is not None else ():
        said = fact.payload
        if isinstance(said, Licence) and _says_expiry(said):
            told.setdefault(said.number, []).append(fact)
    for number, facts in sorted(told.items()):
        last = max(facts, key=lambda fact: (fact.occurred_on, fact.precedence))
        assert own is not None
        assert isinstance(last.payload, Licence)
        gathered = Said()
        gathered.person("owner", family.person(own), last)
        gathered.value("licence_in_force", True)
        gathered.value("is_owner", True)
        emirates = [fact for fact in facts if isinstance(fact.payload, LicenceIssued)]
        for issued in emirates[-1:]:
            assert isinstance(issued.payload, LicenceIssued)
            gathered.value("licence_emirate", issued.payload.emirate, issued)
        gathered.field("licence_number", number, last)
        yield Situation(
            start="licence",
            subject=own,
            # Each term is a card of its own: what was done with the last one's stays with it.
            occurrence=f"{number}/{last.payload.expires_on.isoformat()}/",
            roles={"owner": own},
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
    """Every business to which the person whose own circle this is was added."""
    own = _own(family)
    last: dict[str, Fact] = {}
    for fact in family.about.get(own, ()) if own is not None else ():
        if isinstance(fact.payload, PartnerAdded):
            known = last.get(fact.payload.number, fact)
            order = (fact.occurred_on, fact.precedence)
            is_later = order >= (known.occurred_on, known.precedence)
            last[fact.payload.number] = fact if is_later else known
    for number, fact in sorted(last.items()):
        assert own is not None
        assert isinstance(fact.payload, PartnerAdded)
        gathered = Said()
        gathered.person("owner", family.person(own), fact)
        gathered.value("licence_in_force", True)
        gathered.value("partner_confirmed", fact.payload.is_confirmed, fact)
        gathered.field("licence_number", number, fact)
        yield Situation(
            start="partner",
            subject=own,
            occurrence=f"{number}/",
            roles={"owner": own},
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


def _says_expiry(said: Licence) -> bool:
    """A renewed membership or card leaves the licence's own day as it is."""
    return not isinstance(said, LicenceRenewed) or said.part in ("bundle", "licence")


def _own(family: Family) -> PersonId | None:
    return family.circle.members[0] if family.circle.kind == "single" else None
