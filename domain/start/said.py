"""Gathers what is known for one situation: variables, each with the fact that gave it, and fields.

The files beside it fill one for each situation; nothing here looks at a calendar.
"""

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

import msgspec

from domain.card.record import Parameter
from domain.catalogue import Role
from domain.fact import Fact
from domain.facts.person import EmploymentChanged, ResidenceChanged
from domain.family import Family, Person
from domain.ids import PersonId
from domain.situation import Field, Value

Payload = TypeVar("Payload")
UNNAMED = ("unnamed",)


class Said:
    """What a situation rests on, as it is gathered."""

    def __init__(self) -> None:
        self.variables: dict[str, Value] = {}
        self.facts: dict[str, Fact] = {}
        self.anchors: dict[str, date] = {}
        self.anchor_facts: dict[str, Fact] = {}
        self.fields: dict[str, Field] = {}

    def value(self, name: str, value: Value | None, fact: Fact | None = None) -> None:
        """A variable, if it is known, and the fact that gave it, if one did."""
        if value is None:
            return
        self.variables[name] = value
        if fact is not None:
            self.facts[name] = fact

    def happened(self, name: str, fact: Fact | None, *, anchor: str | None = None) -> None:
        """Whether something was told, and from which day it counts."""
        self.value(name, fact is not None, fact)
        if fact is not None and anchor is not None:
            self.later(anchor, fact.occurred_on, fact)

    def later(self, anchor: str, day: date, fact: Fact) -> None:
        """A date that was not known from the beginning."""
        self.anchors[anchor] = day
        self.anchor_facts[anchor] = fact

    def field(self, name: str, value: str | None, fact: Fact | None) -> None:
        """What may be sent to an agency, if it is known."""
        if value and fact is not None:
            self.fields[name] = Field(value, fact)

    def person(self, role: Role | str, person: Person, told: Fact) -> None:
        """What is known of one person; `told` is the fact that named them in this role."""
        self.value(f"{role}_alive", person.died_on is None)
        self.value(f"{role}_nationality", person.nationality, person.nationality_fact)
        self.field(f"{role}_nationality", person.nationality, person.nationality_fact)
        self.field(role, str(person.id), told)
        employment = person.employment
        if employment is not None and isinstance(employment.payload, EmploymentChanged):
            self.value(f"{role}_sector", employment.payload.sector, employment)
            self.field(f"{role}_employer", employment.payload.employer, employment)
        emirate, residence = emirate_of(person)
        self.value(f"{role}_emirate", emirate, residence)
        self.field(f"{role}_emirate", emirate, residence)


def emirate_of(person: Person) -> tuple[str | None, Fact | None]:
    """Where a person lives, if it is an emirate and may be known here, and who said so."""
    if not person.residences:
        return None, None
    last = person.residences[-1]
    said = last.payload
    assert isinstance(said, ResidenceChanged)
    return (said.emirate, last) if said.emirate is not None else (None, None)


def named(name: str, person: Person) -> tuple[Parameter, ...]:
    """The name in both languages; where one is missing the other stands in; unnamed is a word."""
    ar, en = person.name_ar or person.name_en, person.name_en or person.name_ar
    if ar is None or en is None:
        return (Parameter(name, UNNAMED),)
    return (Parameter(f"{name}_ar", ar), Parameter(f"{name}_en", en))


def last_of(facts: Iterable[Fact], kind: type[Payload]) -> Fact | None:
    """The last of a kind by the day it happened; of one day the later assertion."""
    found = [fact for fact in facts if isinstance(fact.payload, kind)]
    return max(found, key=lambda fact: (fact.occurred_on, fact.precedence), default=None)


class Holder(msgspec.Struct, frozen=True):
    """Whom something is said of, and who is told of it: an adult themselves, a child's parents."""

    person: PersonId
    roles: dict[Role, PersonId]


def parents_of(mother: PersonId | None, father: PersonId | None) -> dict[Role, PersonId]:
    """The parents' roles, of those that are known."""
    roles: dict[Role, PersonId] = {}
    if mother is not None:
        roles["mother"] = mother
    if father is not None:
        roles["father"] = father
    return roles


def is_minor_at_home(family: Family, person: PersonId) -> bool:
    """Whether a person is a child of this circle's parents."""
    return any(child.id == person and not child.care.is_own for child in family.children)
