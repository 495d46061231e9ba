"""One marriage, pregnancy or child as the catalogue's rules see it: variables, dates, roles, words.

`domain/variable.py` declares the variables and what they mean; this fills them from a family. A
variable that nobody reported is left out: the condition then answers *unknown*, not false.
"""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from domain.calendar_date import adult_on
from domain.catalogue import Role, Start
from domain.fact import Fact
from domain.family import Child, Family, Person
from domain.gestation import Pregnancy
from domain.ids import PersonId
from domain.marriage import Marriage, book_of
from domain.record import Parameter
from domain.rights import Care

Value = bool | int | str


class Situation(msgspec.Struct, frozen=True):
    """What a service starts from.

    `known_on` is the day it was first known here: nothing is overdue before. `variable_facts` says
    which fact gave a variable; a card cites it only where its service asks that variable.
    `resolved_on` is the day of the document that resolves it, where there is one. `ends_on` is the
    first day it no longer concerns the audience (a child turned 18), `begins_on` the first on which
    it does (the same day, in the grown child's own circle). `care` says who may see what is about a
    child. `child` and `pregnancy` are for the calculators.
    """

    start: Start
    subject: PersonId
    occurrence: str
    roles: Mapping[Role, PersonId]
    variables: Mapping[str, Value]
    anchors: Mapping[str, date]
    parameters: tuple[Parameter, ...]
    facts: tuple[Fact, ...]
    known_on: date
    variable_facts: Mapping[str, Fact]
    resolved_on: date | None = None
    begins_on: date | None = None
    ends_on: date | None = None
    child: Child | None = None
    pregnancy: Pregnancy | None = None
    care: Care | None = None


def situations_of(family: Family, start: Start) -> Iterable[Situation]:
    """Every marriage, pregnancy or child of a family, in a fixed order."""
    match start:
        case "marriage":
            yield from (_of_marriage(family, marriage) for marriage in family.marriages)
        case "pregnancy":
            yield from (_of_pregnancy(family, pregnancy) for pregnancy in family.pregnancies)
        case "birth":
            yield from (_of_child(family, child) for child in family.children)


def _of_marriage(family: Family, marriage: Marriage) -> Situation:
    husband, wife = family.person(marriage.husband), family.person(marriage.wife)
    book = book_of(marriage, family.family_books)
    return Situation(
        start="marriage",
        subject=marriage.wife,
        occurrence="" if marriage.number == 1 else f"marriage_{marriage.number}/",
        roles={"husband": marriage.husband, "wife": marriage.wife},
        variables={
            "marriage_in_force": marriage.end is None,
            "family_book_issued": book is not None,
            "husband_alive": husband.died_on is None,
            "wife_alive": wife.died_on is None,
            **_nationality("husband", husband),
            **_nationality("wife", wife),
        },
        anchors={"married_on": marriage.start.occurred_on},
        parameters=(
            *_named("husband_name", husband),
            *_named("wife_name", wife),
            Parameter("married_on", marriage.start.occurred_on.isoformat()),
        ),
        facts=tuple(fact for fact in (marriage.start, marriage.end, book and book.start) if fact),
        known_on=marriage.known_on,
        variable_facts={**_said("husband", husband), **_said("wife", wife)},
        resolved_on=book.start.occurred_on if book else None,
    )


def _of_pregnancy(family: Family, pregnancy: Pregnancy) -> Situation:
    mother = family.person(pregnancy.mother)
    roles: dict[Role, PersonId] = {"mother": pregnancy.mother}
    if pregnancy.father is not None:
        roles["father"] = pregnancy.father
    return Situation(
        start="pregnancy",
        subject=pregnancy.mother,
        occurrence=f"{pregnancy.first.source}/{pregnancy.first.source_id}/",
        roles=roles,
        variables={
            "mother_alive": mother.died_on is None,
            "pregnancy_ongoing": pregnancy.ended is None,
            "father_known": pregnancy.father is not None,
            **_nationality("mother", mother),
        },
        anchors={
            "last_period_on": pregnancy.last_period_on,
            "confirmed_on": pregnancy.confirmed_on,
        },
        parameters=(Parameter("due_on", pregnancy.due_on.isoformat()),),
        facts=(
            (pregnancy.start,)
            if pregnancy.first == pregnancy.start
            else (pregnancy.first, pregnancy.start)
        ),
        known_on=pregnancy.known_on,
        variable_facts=_said("mother", mother),
        pregnancy=pregnancy,
    )


def _of_child(family: Family, child: Child) -> Situation:
    person = family.person(child.id)
    variables: dict[str, Value] = {
        "child_alive": person.died_on is None,
        "birth_confirmed": child.is_confirmed,
        "father_known": child.father is not None,
        **_nationality("child", person),
    }
    if person.sex is not None:
        variables["child_sex"] = person.sex
    said = _said("child", person)
    roles: dict[Role, PersonId] = {}
    parents: tuple[tuple[Role, PersonId | None], ...] = (
        ("mother", child.mother),
        ("father", child.father),
    )
    for role, parent in parents:
        if parent is not None:
            roles[role] = parent
            variables |= _nationality(role, family.person(parent))
            said |= _said(role, family.person(parent))
    return Situation(
        start="birth",
        subject=child.id,
        occurrence="",
        roles=roles,
        variables=variables,
        anchors={"born_on": child.born_on},
        parameters=(*_named("child_name", person), Parameter("born_on", child.born_on.isoformat())),
        facts=(child.start,),
        known_on=child.known_on,
        variable_facts=said,
        begins_on=adult_on(child.born_on) if child.care.is_own else None,
        ends_on=None if child.care.is_own else adult_on(child.born_on),
        child=child,
        care=child.care,
    )


def _nationality(role: str, person: Person) -> dict[str, Value]:
    return {f"{role}_nationality": person.nationality} if person.nationality else {}


def _said(role: str, person: Person) -> dict[str, Fact]:
    fact = person.nationality_fact
    return {f"{role}_nationality": fact} if fact is not None else {}


def _named(name: str, person: Person) -> tuple[Parameter, ...]:
    """The name in both languages; where one is missing the other stands in; unnamed is a word."""
    ar, en = person.name_ar or person.name_en, person.name_en or person.name_ar
    if ar is None or en is None:
        return (Parameter(name, ("unnamed",)),)
    return (Parameter(f"{name}_ar", ar), Parameter(f"{name}_en", en))
