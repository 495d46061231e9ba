"""Marriages and family books by what was said of them, and where a child is at home for it.

A couple's reports are read in the order of their days. One told again while it is in force is the
same marriage; one told after its end is the couple's next. A divorce taken back never was an end.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TypeAlias

import msgspec

from domain.fact import Fact
from domain.facts.marriage import (
    DivorceRegistered,
    DivorceRevoked,
    FamilyBookChanged,
    FamilyBookIssued,
    MarriageAnnulled,
    MarriageRegistered,
)
from domain.facts.person import PersonDied
from domain.ids import PersonId
from domain.people.circle import Circle

# The longest pregnancy that is counted anywhere here (44 weeks): who is born later after a divorce
# or a husband's death is not his by marriage alone. Draft: docs/decisions/0017.
PRESUMED_AFTER_END_DAYS = 308
# Born sooner than six months after a new marriage, a child is the earlier husband's. Draft as well.
PRESUMED_AFTER_START_DAYS = 180

Couple: TypeAlias = tuple[PersonId, PersonId]
Step = MarriageRegistered | MarriageAnnulled | DivorceRegistered | DivorceRevoked
_STEPS = (MarriageRegistered, MarriageAnnulled | DivorceRegistered, DivorceRevoked)


class Marriage(msgspec.Struct, frozen=True):
    """`number` counts the marriages of this couple from 1. `known_on` is the first day on which
    anyone here knew of it, `first_on` the earliest that a report gives for it. `end` is the divorce
    or annulment that stands.
    """

    husband: PersonId
    wife: PersonId
    start: Fact
    known_on: date
    first_on: date
    number: int = 1
    end: Fact | None = None
    husband_died_on: date | None = None

    @property
    def over_on(self) -> date | None:
        """The day it was over by divorce, annulment or the husband's death, the first of them."""
        ended_on = self.end.occurred_on if self.end is not None else None
        return min((day for day in (ended_on, self.husband_died_on) if day), default=None)

    def presumes(self, delivered_on: date) -> bool:
        """Whether a child delivered on that day can be the husband's by this marriage."""
        over_on = self.over_on
        return over_on is None or delivered_on <= over_on + timedelta(days=PRESUMED_AFTER_END_DAYS)


class FamilyBook(msgspec.Struct, frozen=True):
    husband: PersonId
    wife: PersonId
    start: Fact


def marriages_of(facts: Iterable[Fact]) -> list[Marriage]:
    """Every marriage said to be concluded, by the facts given in order of precedence, the oldest
    first.

    A couple that marries again has two; one marriage reported twice is one, known since the first
    report, dated by the later assertion.
    """
    steps: dict[Couple, list[tuple[Fact, Step]]] = {}
    died: dict[PersonId, date] = {}
    for fact in facts:
        step = fact.payload
        if isinstance(step, Step):
            steps.setdefault((step.husband, step.wife), []).append((fact, step))
        elif isinstance(step, PersonDied):
            died[step.person] = fact.occurred_on
    found = [
        msgspec.structs.replace(marriage, husband_died_on=died.get(marriage.husband))
        for told in steps.values()
        for marriage in _of_couple(told)
    ]
    return sorted(found, key=lambda m: (m.start.occurred_on, m.start.precedence))


def _of_couple(told: list[tuple[Fact, Step]]) -> list[Marriage]:
    """The marriages of one couple, each with the end that stands, by its steps in their order."""
    found: list[Marriage] = []
    for fact, step in sorted(told, key=_in_order):
        last = found[-1] if found else None
        match step:
            case MarriageRegistered(husband, wife) if last is None or last.end is not None:
                number, on = len(found) + 1, fact.occurred_on
                found.append(Marriage(husband, wife, fact, fact.known_on, on, number))
            case MarriageRegistered() if last is not None:
                start = max(last.start, fact, key=lambda one: one.precedence)
                known_on = min(last.known_on, fact.known_on)
                found[-1] = msgspec.structs.replace(last, start=start, known_on=known_on)
            case DivorceRevoked() if last is not None:
                if last.end is not None and isinstance(last.end.payload, DivorceRegistered):
                    found[-1] = msgspec.structs.replace(last, end=None)
            case MarriageAnnulled() | DivorceRegistered() if last is not None:
                ends = [end for end in (last.end, fact) if end is not None]
                end = max(ends, key=lambda one: one.precedence)
                found[-1] = msgspec.structs.replace(last, end=end)
            case _:  # the end of a marriage that nobody reported
                pass
    return found


def _in_order(told: tuple[Fact, Step]) -> tuple[object, ...]:
    """By day, then as asserted; of one instant a marriage comes before its end, and that before
    its being taken back, whatever the sender's ids are.
    """
    fact, step = told
    place = next(place for place, types in enumerate(_STEPS) if isinstance(step, types))
    return (fact.occurred_on, fact.asserted_at, place, fact.precedence)


def latest_of_each(marriages: Iterable[Marriage]) -> tuple[Marriage, ...]:
    """One marriage a couple: the latest they concluded."""
    return tuple({(m.husband, m.wife): m for m in marriages}.values())


def family_books_of(facts: tuple[Fact, ...]) -> list[FamilyBook]:
    """Every family book said to be issued or changed, in order of precedence."""
    return [
        FamilyBook(fact.payload.husband, fact.payload.wife, fact)
        for fact in facts
        if isinstance(fact.payload, FamilyBookIssued | FamilyBookChanged)
    ]


def book_of(marriage: Marriage, books: Iterable[FamilyBook]) -> FamilyBook | None:
    """The couple's family book as last said, if it is of this marriage: what was issued before a
    second marriage was the first one's.

    One that is changed was issued, though nobody here was told.
    """
    of_it = [
        book
        for book in books
        if (book.husband, book.wife) == (marriage.husband, marriage.wife)
        and (marriage.number == 1 or book.start.occurred_on >= marriage.start.occurred_on)
    ]
    issued = [book for book in of_it if isinstance(book.start.payload, FamilyBookIssued)]
    return (issued or of_it)[-1] if of_it else None


def father_at(
    mother: PersonId,
    named: PersonId | None,
    on: date,
    marriages: Iterable[Marriage],
    *,
    delivered_on: date | None = None,
) -> PersonId | None:
    """The father named, else the husband by the mother's latest marriage by that day, else None.

    `delivered_on` is the day of birth, or the day it is due; `on` itself where it is not given. A
    marriage over too long before it gives no father; one begun too short before it leaves the child
    to an earlier husband from whom she parted in time.
    """
    if named is not None:
        return named
    born_on = delivered_on or on
    married = [m for m in marriages if m.wife == mother and m.first_on <= on]
    if not married:
        return None
    *earlier, latest = sorted(married, key=lambda m: (m.first_on, m.start.precedence))
    if born_on < latest.first_on + timedelta(days=PRESUMED_AFTER_START_DAYS):
        parted = [m for m in earlier if m.over_on is not None and m.presumes(born_on)]
        if parted:
            return parted[-1].husband
    return latest.husband if latest.presumes(born_on) else None


def is_couple(circle: Circle, one: PersonId, other: PersonId | None) -> bool:
    """Whether the circle is that of these two."""
    return circle.kind == "couple" and {one, other} == set(circle.members)


def is_home(circle: Circle, mother: PersonId, father: PersonId | None) -> bool:
    """Whether what concerns this mother and father is at home in the circle."""
    if circle.kind == "single":
        return father is None and circle.members == (mother,)
    return is_couple(circle, mother, father)
