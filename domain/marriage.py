"""Marriages and family books by what was said of them, and where a child is at home for it."""

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.circle import Circle
from domain.fact import Fact
from domain.facts.marriage import FamilyBookIssued, MarriageRegistered
from domain.ids import PersonId


class Marriage(msgspec.Struct, frozen=True):
    """`known_on` is the first day on which anyone here knew of it."""

    husband: PersonId
    wife: PersonId
    start: Fact
    known_on: date


class FamilyBook(msgspec.Struct, frozen=True):
    husband: PersonId
    wife: PersonId
    start: Fact


def marriages_of(facts: Iterable[Fact]) -> list[Marriage]:
    """Every marriage said to be concluded, by the facts given, the oldest first.

    A couple that marries again has two; one marriage reported twice is one, known since the first
    report.
    """
    found: dict[tuple[PersonId, PersonId, date], Marriage] = {}
    for fact in facts:
        if isinstance(fact.payload, MarriageRegistered):
            husband, wife = fact.payload.husband, fact.payload.wife
            key = (husband, wife, fact.occurred_on)
            earlier = found.get(key)
            known_on = min(earlier.known_on, fact.known_on) if earlier else fact.known_on
            found[key] = Marriage(husband, wife, fact, known_on)
    return sorted(found.values(), key=lambda m: (m.start.occurred_on, m.start.precedence))


def latest_of_each(marriages: Iterable[Marriage]) -> tuple[Marriage, ...]:
    """One marriage a couple: the latest they concluded."""
    return tuple({(m.husband, m.wife): m for m in marriages}.values())


def family_books_of(facts: tuple[Fact, ...]) -> list[FamilyBook]:
    """The family book of each couple, as last said."""
    found: dict[tuple[PersonId, PersonId], FamilyBook] = {}
    for fact in facts:
        if isinstance(fact.payload, FamilyBookIssued):
            husband, wife = fact.payload.husband, fact.payload.wife
            found[husband, wife] = FamilyBook(husband, wife, fact)
    return sorted(found.values(), key=lambda book: book.start.precedence)


def father_at(
    mother: PersonId, named: PersonId | None, on: date, marriages: Iterable[Marriage]
) -> PersonId | None:
    """The father named, else the husband of the mother's latest marriage by that day, else None."""
    if named is not None:
        return named
    married = [m for m in marriages if m.wife == mother and m.start.occurred_on <= on]
    return max(married, key=lambda m: m.start.occurred_on).husband if married else None


def is_couple(circle: Circle, one: PersonId, other: PersonId | None) -> bool:
    """Whether the circle is that of these two."""
    return circle.kind == "couple" and {one, other} == set(circle.members)


def is_home(circle: Circle, mother: PersonId, father: PersonId | None) -> bool:
    """Whether what concerns this mother and father is at home in the circle."""
    if circle.kind == "single":
        return father is None and circle.members == (mother,)
    return is_couple(circle, mother, father)
