"""What the facts of a circle add up to: people, marriages, pregnancies, children, documents.

Facts may arrive late, doubled and in any order; this reads them as a set. Of two facts about one
thing the later asserted one wins (`Fact.precedence`); a fact entered in error does not count,
whichever came first.

A pregnancy or a child has one home: the couple's circle when the father is named or the mother was
married at the time, else the mother's own. A circle leaves out what is at home elsewhere.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec

from domain.calendar_date import Sex
from domain.circle import Circle
from domain.fact import (
    BirthNotified,
    EnteredInError,
    Fact,
    FamilyBookIssued,
    MarriageRegistered,
    PersonDescribed,
    PersonDied,
    PregnancyConfirmed,
    PregnancyEnded,
    PregnancyOutcome,
    VaccinationGiven,
)
from domain.ids import PersonId

GESTATION_DAYS = 280  # from the last period to the estimated delivery: Naegele's rule
PREGNANCY_DAYS_MAX = 308  # 44 weeks: an end later than this belongs to another pregnancy
# Two datings of one pregnancy may differ by weeks; two pregnancies cannot begin within twelve.
SAME_PREGNANCY_DAYS = 84


class Person(msgspec.Struct, frozen=True):
    """A person as agencies described them; None where nobody said."""

    id: PersonId
    name_ar: str | None = None
    name_en: str | None = None
    sex: Sex | None = None
    born_on: date | None = None
    nationality: str | None = None
    died_on: date | None = None
    facts: tuple[Fact, ...] = ()


class Marriage(msgspec.Struct, frozen=True):
    husband: PersonId
    wife: PersonId
    start: Fact


class FamilyBook(msgspec.Struct, frozen=True):
    husband: PersonId
    wife: PersonId
    start: Fact


class Pregnancy(msgspec.Struct, frozen=True):
    """`first` is the earliest assertion of it (its identity), `start` the one that counts (its
    dating).
    """

    mother: PersonId
    father: PersonId | None
    due_on: date
    first: Fact
    start: Fact
    ended: PregnancyOutcome | None

    @property
    def last_period_on(self) -> date:
        """The first day of the last period, as the dating implies."""
        return self.due_on - timedelta(days=GESTATION_DAYS)

    @property
    def confirmed_on(self) -> date:
        return self.first.occurred_on


class Vaccination(msgspec.Struct, frozen=True):
    vaccine_code: str
    given_on: date
    fact: Fact


class Child(msgspec.Struct, frozen=True):
    id: PersonId
    mother: PersonId
    father: PersonId | None
    born_on: date
    start: Fact
    vaccinations: tuple[Vaccination, ...]


class Family(msgspec.Struct, frozen=True):
    """Everything at home in one circle, each tuple in a fixed order."""

    people: Mapping[PersonId, Person]
    marriages: tuple[Marriage, ...]
    family_books: tuple[FamilyBook, ...]
    pregnancies: tuple[Pregnancy, ...]
    children: tuple[Child, ...]

    def person(self, person_id: PersonId) -> Person:
        """What is known of a person, even if that is nothing."""
        return self.people.get(person_id) or Person(person_id)


def standing_facts(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts that count, in order of precedence: without those entered in error.

    Only the source of a fact can take it back. Taking back a correction restores what it took back.
    """
    ordered = sorted(facts, key=lambda fact: fact.precedence)
    corrections: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for fact in ordered:
        if isinstance(fact.payload, EnteredInError):
            target = (fact.payload.target_source, fact.payload.target_source_id)
            if target[0] == fact.source and target != (fact.source, fact.source_id):
                corrections.setdefault(target, []).append((fact.source, fact.source_id))

    def stands(identity: tuple[str, str], path: frozenset[tuple[str, str]]) -> bool:
        if identity in path:
            return True
        return not any(stands(by, path | {identity}) for by in corrections.get(identity, ()))

    return tuple(
        fact
        for fact in ordered
        if not isinstance(fact.payload, EnteredInError)
        and stands((fact.source, fact.source_id), frozenset())
    )


def family_of(circle: Circle, facts: Iterable[Fact]) -> Family:
    """What is at home in `circle`, from all of its facts. Pure; the facts' order is irrelevant."""
    standing = standing_facts(facts)
    marriages = marriages_of(standing)
    return Family(
        people=people_of(standing),
        marriages=tuple(m for m in marriages if _is_couple(circle, m.husband, m.wife)),
        family_books=tuple(
            book for book in _family_books(standing) if _is_couple(circle, book.husband, book.wife)
        ),
        pregnancies=tuple(_pregnancies(circle, standing, marriages)),
        children=tuple(_children(circle, standing, marriages)),
    )


def father_at(
    mother: PersonId, named: PersonId | None, on: date, marriages: Iterable[Marriage]
) -> PersonId | None:
    """The father named, else the husband of the mother's latest marriage by that day, else None."""
    if named is not None:
        return named
    married = [m for m in marriages if m.wife == mother and m.start.occurred_on <= on]
    return max(married, key=lambda m: m.start.occurred_on).husband if married else None


def _is_couple(circle: Circle, one: PersonId, other: PersonId | None) -> bool:
    return circle.kind == "couple" and {one, other} == set(circle.members)


def _is_home(circle: Circle, mother: PersonId, father: PersonId | None) -> bool:
    if circle.kind == "single":
        return father is None and circle.members == (mother,)
    return _is_couple(circle, mother, father)


def people_of(facts: Iterable[Fact]) -> dict[PersonId, Person]:
    """Everybody of whom anything was said, by the facts given in order of precedence."""
    people: dict[PersonId, Person] = {}
    for fact in facts:
        match fact.payload:
            case PersonDescribed() as said:
                known = people.get(said.person) or Person(said.person)
                people[said.person] = Person(
                    said.person,
                    name_ar=said.name_ar or known.name_ar,
                    name_en=said.name_en or known.name_en,
                    sex=said.sex or known.sex,
                    born_on=said.born_on or known.born_on,
                    nationality=said.nationality or known.nationality,
                    died_on=known.died_on,
                    facts=(*known.facts, fact),
                )
            case PersonDied() as died:
                known = people.get(died.person) or Person(died.person)
                people[died.person] = msgspec.structs.replace(
                    known, died_on=fact.occurred_on, facts=(*known.facts, fact)
                )
            case _:
                pass
    return people


def marriages_of(facts: Iterable[Fact]) -> list[Marriage]:
    """Every couple said to be married, by the facts given, oldest marriage first."""
    found: dict[tuple[PersonId, PersonId], Marriage] = {}
    for fact in facts:
        if isinstance(fact.payload, MarriageRegistered):
            husband, wife = fact.payload.husband, fact.payload.wife
            found[husband, wife] = Marriage(husband, wife, fact)
    return sorted(found.values(), key=lambda m: (m.start.occurred_on, m.start.precedence))


def _family_books(facts: tuple[Fact, ...]) -> list[FamilyBook]:
    found: dict[tuple[PersonId, PersonId], FamilyBook] = {}
    for fact in facts:
        if isinstance(fact.payload, FamilyBookIssued):
            husband, wife = fact.payload.husband, fact.payload.wife
            found[husband, wife] = FamilyBook(husband, wife, fact)
    return sorted(found.values(), key=lambda book: book.start.precedence)


def _pregnancies(
    circle: Circle, facts: tuple[Fact, ...], marriages: list[Marriage]
) -> Iterable[Pregnancy]:
    by_mother: dict[PersonId, list[tuple[date, Fact, PregnancyConfirmed]]] = {}
    for fact in facts:
        if isinstance(fact.payload, PregnancyConfirmed):
            said = fact.payload
            by_mother.setdefault(said.mother, []).append((said.due_on, fact, said))
    for mother in sorted(by_mother, key=lambda person: person.bytes):
        reports = sorted(by_mother[mother], key=lambda report: (report[0], report[1].precedence))
        groups: list[list[tuple[date, Fact, PregnancyConfirmed]]] = []
        for report in reports:
            if groups and report[0] - groups[-1][0][0] <= timedelta(days=SAME_PREGNANCY_DAYS):
                groups[-1].append(report)
            else:
                groups.append([report])
        for group in groups:
            start = max((fact for _, fact, _ in group), key=lambda fact: fact.precedence)
            first = min((fact for _, fact, _ in group), key=lambda fact: fact.precedence)
            assert isinstance(start.payload, PregnancyConfirmed)
            named = next((said.father for _, _, said in reversed(group) if said.father), None)
            father = father_at(mother, named, first.occurred_on, marriages)
            if _is_home(circle, mother, father):
                ended = _outcome(mother, start.payload.due_on, facts)
                yield Pregnancy(mother, father, start.payload.due_on, first, start, ended)


def _outcome(mother: PersonId, due_on: date, facts: tuple[Fact, ...]) -> PregnancyOutcome | None:
    """How the pregnancy ended, if it did: as a hospital said, else by a birth of its time."""
    begins_on = due_on - timedelta(days=GESTATION_DAYS)
    latest_on = begins_on + timedelta(days=PREGNANCY_DAYS_MAX)
    outcome: PregnancyOutcome | None = None
    for fact in facts:
        if not begins_on < fact.occurred_on <= latest_on:
            continue
        match fact.payload:
            case PregnancyEnded(mother=of) as said if of == mother:
                outcome = said.outcome
            case BirthNotified(mother=of) if of == mother and outcome is None:
                outcome = "birth"
            case _:
                pass
    return outcome


def _children(
    circle: Circle, facts: tuple[Fact, ...], marriages: list[Marriage]
) -> Iterable[Child]:
    births: dict[PersonId, Fact] = {}
    given: dict[PersonId, dict[tuple[str, date], Fact]] = {}
    for fact in facts:
        match fact.payload:
            case BirthNotified(child=child):
                births[child] = fact
            case VaccinationGiven(person=person, vaccine_code=code):
                given.setdefault(person, {}).setdefault((code, fact.occurred_on), fact)
            case _:
                pass
    for child in sorted(births, key=lambda person: (births[person].occurred_on, person.bytes)):
        start = births[child]
        assert isinstance(start.payload, BirthNotified)
        said = start.payload
        father = father_at(said.mother, said.father, start.occurred_on, marriages)
        if _is_home(circle, said.mother, father):
            doses = tuple(
                Vaccination(code, on, fact)
                for (code, on), fact in sorted(given.get(child, {}).items(), key=lambda d: d[0])
            )
            yield Child(child, said.mother, father, start.occurred_on, start, doses)
