"""Contracts, marriages and what the state decided for a couple, as situations."""

from collections.abc import Iterator
from datetime import date

from domain.calendar_date import whole_years
from domain.card.record import Parameter
from domain.fact import Fact
from domain.facts.support import GrantDecided, HousingDecided, RegistryAnswered
from domain.family import Family, Person
from domain.history.contract import Contract
from domain.ids import PersonId
from domain.people.marriage import Marriage, book_of
from domain.situation import Situation
from domain.start.mourning import mourns_on
from domain.start.said import Said, named

_HUSBAND_ASKED = {
    "owns_trade_licence": "husband_owns_trade_licence",
    "owns_home": "husband_owns_home",
    "income_within_limit": "husband_income_within_limit",
    "granted_before": "husband_granted_before",
    "housed_before": "husband_housed_before",
}


def contracts_as_situations(family: Family) -> Iterator[Situation]:
    """Every contract signed or concluded between the two of this circle."""
    yield from (_of_contract(family, contract) for contract in family.contracts)


def marriages_as_situations(family: Family) -> Iterator[Situation]:
    """Every marriage at home in this circle."""
    yield from (_of_marriage(family, marriage) for marriage in family.marriages)


def _of_contract(family: Family, contract: Contract) -> Situation:
    husband, wife = family.person(contract.husband), family.person(contract.wife)
    said = Said()
    first = contract.signed or contract.concluded
    assert first is not None
    said.person("husband", husband, first)
    said.person("wife", wife, first)
    said.happened("contract_signed", contract.signed, anchor="signed_on")
    said.happened("marriage_concluded", contract.concluded, anchor="concluded_on")
    said.value("marriage_in_force", contract.concluded is not None and not contract.is_over)
    said.value("family_mourns", mourns_on(family, (contract.concluded or first).occurred_on))
    said.field("contract_number", contract.number, contract.concluded or first)
    return Situation(
        start="contract",
        subject=contract.wife,
        occurrence="" if contract.number_of_couple == 1 else f"{contract.number_of_couple}/",
        roles={"husband": contract.husband, "wife": contract.wife},
        variables=said.variables,
        anchors=said.anchors,
        parameters=(*named("husband_name", husband), *named("wife_name", wife)),
        facts=tuple(fact for fact in (contract.signed, contract.concluded) if fact is not None),
        known_on=first.known_on,
        variable_facts=said.facts,
        anchor_facts=said.anchor_facts,
        fields=said.fields,
    )


def _of_marriage(family: Family, marriage: Marriage) -> Situation:
    husband, wife = family.person(marriage.husband), family.person(marriage.wife)
    book = book_of(marriage, family.family_books)
    married_on = marriage.start.occurred_on
    said = Said()
    said.person("husband", husband, marriage.start)
    said.person("wife", wife, marriage.start)
    said.value("marriage_in_force", marriage.end is None)
    said.happened(
        "family_book_issued", book.start if book else None, anchor="family_book_issued_on"
    )
    said.value("husband_age_at_contract", _age(husband, married_on))
    said.value("wife_age_at_contract", _age(wife, married_on))
    said.value(
        "couple_has_children",
        any(family.person(child.id).died_on is None for child in family.children),
    )
    _decisions(said, family, marriage)
    _answers(said, husband, wife)
    said.field(
        "contract_number", getattr(marriage.start.payload, "contract_number", None), marriage.start
    )
    said.field("married_on", married_on.isoformat(), marriage.start)
    if book is not None:
        said.field("family_book_number", getattr(book.start.payload, "number", None), book.start)
    return Situation(
        start="marriage",
        subject=marriage.wife,
        occurrence="" if marriage.number == 1 else f"marriage_{marriage.number}/",
        roles={"husband": marriage.husband, "wife": marriage.wife},
        variables=said.variables,
        anchors={"married_on": married_on, **said.anchors},
        parameters=(
            *named("husband_name", husband),
            *named("wife_name", wife),
            Parameter("married_on", married_on.isoformat()),
        ),
        facts=tuple(fact for fact in (marriage.start, marriage.end, book and book.start) if fact),
        known_on=marriage.known_on,
        variable_facts=said.facts,
        anchor_facts=said.anchor_facts,
        fields=said.fields,
    )


def _age(person: Person, on: date) -> int | None:
    return whole_years(person.born_on, on) if person.born_on is not None else None


def _decisions(said: Said, family: Family, marriage: Marriage) -> None:
    """The last decision on the grant, and on housing, of this marriage."""
    pair = {marriage.husband, marriage.wife}
    since_on = marriage.start.occurred_on if marriage.number > 1 else date.min
    grants: list[Fact] = []
    housing: list[Fact] = []
    for person in (marriage.husband, marriage.wife):
        for fact in family.about.get(person, ()):
            match fact.payload:
                case GrantDecided(husband=one, wife=other) if {one, other} == pair:
                    grants.append(fact)
                case HousingDecided(person=one, spouse=other) if {one, other or one} <= pair:
                    housing.append(fact)
                case _:
                    pass
    for name, found in (("grant", grants), ("housing", housing)):
        known = [fact for fact in found if fact.occurred_on >= since_on]
        last = max(known, key=lambda fact: (fact.occurred_on, fact.precedence), default=None)
        decision = getattr(last.payload, "decision", None) if last is not None else None
        decided = last if decision in ("approved", "refused") else None
        said.happened(f"{name}_decided", decided, anchor=f"{name}_decided_on")
        said.value(f"{name}_approved", decision == "approved", decided)


def _answers(said: Said, husband: Person, wife: Person) -> None:
    for question, name in _HUSBAND_ASKED.items():
        fact = husband.answers.get(question)
        said.value(name, _answer(fact), fact)
    taken = [person.answers.get("took_course") for person in (husband, wife)]
    if any(_answer(fact) is False for fact in taken):
        said.value("couple_took_course", False, next(f for f in taken if _answer(f) is False))
    elif all(fact is not None for fact in taken):
        last = max((fact for fact in taken if fact), key=lambda fact: fact.precedence)
        said.value("couple_took_course", True, last)


def _answer(fact: Fact | None) -> bool | None:
    if fact is None or not isinstance(fact.payload, RegistryAnswered):
        return None
    return fact.payload.answer


def members_by_contract(family: Family) -> set[PersonId]:
    """Those who have signed and are not yet married: they share what follows from it."""
    return {
        person
        for contract in family.contracts
        if contract.concluded is None
        for person in (contract.husband, contract.wife)
    }
