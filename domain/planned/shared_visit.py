"""One visit proposed where the windows of brothers and sisters overlap.

Each child keeps an own card with its own window; the card says whom else the visit can serve, and
on which day.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

from domain.family import Person
from domain.planned.vaccination_plan import DatedVisit
from domain.record import Parameter
from domain.text import LANGUAGES, Language, join_texts


class SharedVisit(msgspec.Struct, frozen=True):
    """The names of those whom one visit on `on` serves as well."""

    names: tuple[Parameter, ...]
    on: date


Sibling = tuple[Person, Sequence[DatedVisit]]


def share_visits(
    visits: Sequence[DatedVisit], siblings: Sequence[Sibling]
) -> list[SharedVisit | None]:
    """For each visit, the brothers and sisters who have one within the same days."""
    return [_share(visit, siblings) for visit in visits]


def _share(visit: DatedVisit, siblings: Sequence[Sibling]) -> SharedVisit | None:
    people: list[Person] = []
    first_on, last_on = _days_of(visit)
    wanted_on = visit.due_from
    for person, visits in siblings:
        for other in visits:
            from_on, until_on = _days_of(other)
            if max(first_on, from_on) <= min(last_on, until_on):
                first_on, last_on = max(first_on, from_on), min(last_on, until_on)
                wanted_on = max(wanted_on, other.due_from)
                people.append(person)
                break
    if not people:
        return None
    return SharedVisit(_names(people), max(first_on, min(last_on, wanted_on)))


def _days_of(visit: DatedVisit) -> tuple[date, date]:
    return min(visit.visit.first_on, visit.due_from), max(visit.due_until, visit.visit.on)


def _names(people: Sequence[Person]) -> tuple[Parameter, ...]:
    """Their names in both languages; where one has no name in either, a word for a child is all."""
    if any(person.name_ar is None and person.name_en is None for person in people):
        return (Parameter("siblings", ("unnamed",)),)
    return tuple(
        Parameter(f"siblings_{language}", join_texts(_named(people, language), language))
        for language in LANGUAGES
    )


def _named(people: Sequence[Person], language: Language) -> tuple[str, ...]:
    ar = [person.name_ar or person.name_en or "" for person in people]
    en = [person.name_en or person.name_ar or "" for person in people]
    return tuple(ar if language == "ar" else en)
