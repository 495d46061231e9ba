"""What is known of one person's health, and who may read it: their parents while they are a child,
else they alone.

`timeline/health_file.py` finds it for a reader; the growth chart and the vaccination document are
made from it.
"""

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.calendar_date import adult_on
from domain.fact import Fact
from domain.facts.health import VaccinationGiven
from domain.family import Child, Family, Person, people_of
from domain.history.gestation_at_birth import gestation_days_of, gestation_days_of_oneself
from domain.ids import PersonId
from domain.people.identity import read_as_they_are
from domain.people.rights import rights_over
from domain.standing import standing_facts


class HealthFile(msgspec.Struct, frozen=True):
    """A person and the standing facts of their circle, in order of precedence; everybody they name
    is read as who they are.
    """

    person: Person
    born_on: date
    facts: tuple[Fact, ...]
    gestation_days: int | None = None  # at birth, where one is known that can be right


class GivenVaccine(msgspec.Struct, frozen=True):
    """One dose, whoever reported it and however often; `fact` speaks for it and `said` is what."""

    vaccine_code: str
    given_on: date
    fact: Fact
    said: VaccinationGiven


def file_of_child(
    family: Family, child_id: PersonId, reader: PersonId, facts: Iterable[Fact], today: date
) -> HealthFile | None:
    """A child's file for a parent of theirs, or None: missing and forbidden look alike.

    It closes when the child dies or comes of age, as the child's cards do.
    """
    child = next((child for child in family.children if child.id == child_id), None)
    if child is None or not _may_read(family, child, reader, today):
        return None
    standing = standing_facts(read_as_they_are(tuple(facts)))
    gestation_days = gestation_days_of(child, family)
    return HealthFile(family.person(child_id), child.born_on, standing, gestation_days)


def file_of_oneself(person_id: PersonId, facts: Iterable[Fact]) -> HealthFile | None:
    """One's own file, by the facts of one's single circle; None where no day of birth is known."""
    standing = standing_facts(read_as_they_are(tuple(facts)))
    person = people_of(standing).get(person_id)
    if person is None or person.born_on is None:
        return None
    gestation_days = gestation_days_of_oneself(person_id, person.born_on, standing)
    return HealthFile(person, person.born_on, standing, gestation_days)


def _may_read(family: Family, child: Child, reader: PersonId, today: date) -> bool:
    rights = rights_over(
        child.care,
        is_alive=lambda person: family.person(person).died_on is None,
        reached=lambda day: day <= today,
    )
    if all(right.person != reader for right in rights) or not child.is_confirmed:
        return False
    return family.person(child.id).died_on is None and today < adult_on(child.born_on)


def vaccines_given(file: HealthFile) -> tuple[GivenVaccine, ...]:
    """Every whole dose of the file's person by day and code; reports of one code on one day are
    one.

    A dose that anybody reported as partial is none here: the record of the timeline says why.
    """
    given: dict[tuple[date, str], GivenVaccine] = {}
    partial: set[tuple[date, str]] = set()
    for fact in file.facts:
        said = fact.payload
        if isinstance(said, VaccinationGiven) and said.person == file.person.id:
            place = (fact.occurred_on, said.vaccine_code)
            given.setdefault(place, GivenVaccine(said.vaccine_code, fact.occurred_on, fact, said))
            if said.is_partial:
                partial.add(place)
    return tuple(given[place] for place in sorted(given.keys() - partial))
