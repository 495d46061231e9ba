"""Who may see what is about a child, who is told of it, and until when: rights follow from facts.

Pure. `family_of` gathers a child's `Care`; `domain/audience.py` asks who sees a card, and
`domain/people/member.py` who has a stream.
Every rule is a draft until the authority of personal status has signed it off: it follows what is
generally reported of Federal Decree-Law 41 of 2024 (in force since 15 April 2025), whose text could
not be read in full.

- Both parents see what is about their child and are told of it, married or not.
- Apart, the mother holds the child (custody) and the father is its guardian, unless a court decided
  otherwise. Who holds the child is told; the other parent goes on seeing, untold.
- Whom a court named as holder or guardian, parent or not, sees and is told until the last day of
  it. A guardian of property alone sees nothing of this.
- Adoption ends the sight of the family of birth on its day.
- A grown-up child's parents see nothing more: what was about the child is the child's own.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Literal

import msgspec

from domain.fact import Fact
from domain.facts.birth import CustodyDecided, GuardianAppointed, GuardianRemoved
from domain.ids import PersonId
from domain.precedence import decided_precedence

CareRole = Literal["mother", "father", "holder", "guardian", "self"]
Reached = Callable[[date], bool]
"""Whether a day has come; where it has not, the caller wakes on it."""


class Custody(msgspec.Struct, frozen=True):
    """A court's decision. `ends_on` is the first day on which it holds no more."""

    holder: PersonId
    guardian: PersonId | None
    ends_on: date | None


class Appointed(msgspec.Struct, frozen=True):
    """A guardian whom a court appointed."""

    guardian: PersonId
    ends_on: date | None


class Care(msgspec.Struct, frozen=True):
    """Who cares for one child, by all that stands: parents in law, decisions, appointments."""

    child: PersonId
    mother: PersonId | None
    father: PersonId | None
    parents_apart: bool = False
    custody: Custody | None = None
    appointed: tuple[Appointed, ...] = ()
    is_own: bool = False  # the child's own circle, where it counts once it has grown up


class Right(msgspec.Struct, frozen=True):
    """One person's right today over what is about a child: to see it, and perhaps to be told."""

    person: PersonId
    role: CareRole
    is_told: bool


def rights_over(
    care: Care, *, is_alive: Callable[[PersonId], bool], reached: Reached
) -> tuple[Right, ...]:
    """Everybody who may see what is about the child today: one right a person, parents first."""
    custody = care.custody
    if custody is not None and custody.ends_on is not None and reached(custody.ends_on):
        custody = None
    holder = _holder(care, custody, is_alive)
    rights = [
        Right(parent, role, is_told=holder in (None, parent))
        for role, parent in _parents(care)
        if is_alive(parent)
    ]
    if custody is not None:
        rights.append(Right(custody.holder, "holder", is_told=True))
        if custody.guardian is not None:
            rights.append(Right(custody.guardian, "guardian", is_told=False))
    rights += [
        Right(one.guardian, "guardian", is_told=True)
        for one in care.appointed
        if one.ends_on is None or not reached(one.ends_on)
    ]
    return _one_each(right for right in rights if is_alive(right.person))


def _holder(
    care: Care, custody: Custody | None, is_alive: Callable[[PersonId], bool]
) -> PersonId | None:
    """Who holds the child, where that is one person: as a court decided, else the mother."""
    holder = custody.holder if custody is not None else None
    if custody is None and care.parents_apart:
        holder = care.mother
    return holder if holder is not None and is_alive(holder) else None


def _parents(care: Care) -> list[tuple[CareRole, PersonId]]:
    named: list[tuple[CareRole, PersonId | None]] = [
        ("mother", care.mother),
        ("father", care.father),
    ]
    return [(role, parent) for role, parent in named if parent is not None]


def _one_each(rights: Iterable[Right]) -> tuple[Right, ...]:
    """The first right of each person, told where any of theirs is."""
    found: dict[PersonId, Right] = {}
    for right in rights:
        known = found.get(right.person, right)
        found[right.person] = msgspec.structs.replace(known, is_told=known.is_told or right.is_told)
    return tuple(found.values())


def custody_of(child: PersonId, facts: Iterable[Fact]) -> Custody | None:
    """The custody of a child as last decided, whenever it was told."""
    found: Custody | None = None
    for fact in sorted(facts, key=decided_precedence):
        said = fact.payload
        if isinstance(said, CustodyDecided) and said.child == child:
            found = Custody(said.holder, said.guardian, said.ends_on)
    return found


def appointed_over(child: PersonId, facts: Iterable[Fact]) -> tuple[Appointed, ...]:
    """The guardians appointed over a child's person and not removed since, by id."""
    found: dict[PersonId, tuple[date, Appointed | None]] = {}
    for fact in facts:
        said = fact.payload
        if not isinstance(said, GuardianAppointed | GuardianRemoved) or said.ward != child:
            continue
        since_on = found.get(said.guardian, (date.min, None))[0]
        if fact.occurred_on < since_on:
            continue
        if isinstance(said, GuardianRemoved) or said.scope == "property":
            found[said.guardian] = (fact.occurred_on, None)
        else:
            appointed = Appointed(said.guardian, said.ends_on)
            found[said.guardian] = (fact.occurred_on, appointed)
    standing = (appointed for _, appointed in found.values() if appointed is not None)
    return tuple(sorted(standing, key=lambda one: one.guardian.bytes))
