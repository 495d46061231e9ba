"""What the facts of a circle add up to: people, marriages, pregnancies, children, documents.

Facts may arrive late, doubled and in any order; this reads them as a set. Of two facts about one
thing the later asserted one wins (`Fact.precedence`); a fact entered in error does not count,
whichever came first.

A pregnancy or a child has one home: the couple's circle when the father is named or the mother was
married at the time, else the mother's own; an adopted child that of those who took it in. A circle
leaves out what is at home elsewhere. In its own circle a child counts once it has grown up.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeAlias, TypeVar

import msgspec

from domain.calendar_date import Sex
from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.birth import AdoptionDecided, BirthNotified
from domain.facts.health import DisabilityRecognised
from domain.facts.marriage import ContractSigned
from domain.facts.person import EmploymentChanged, PersonDescribed, PersonDied
from domain.facts.support import RegistryAnswered
from domain.history.contract import Contract, contracts_of
from domain.history.development_evidence import development_of
from domain.history.gestation import Pregnancy, find_pregnancy, pregnancies_of, was_lost
from domain.history.vaccination import (
    Correction,
    Vaccination,
    corrections_of,
    remarks_of,
    residences_of,
    vaccinations_of,
)
from domain.ids import PersonId
from domain.people.circle import Circle
from domain.people.identity import lived_before, read_as_they_are
from domain.people.marriage import (
    FamilyBook,
    Marriage,
    family_books_of,
    father_at,
    is_couple,
    is_home,
    latest_of_each,
    marriages_of,
)
from domain.people.rights import Care, appointed_over, custody_of
from domain.people.secrecy import is_unplaced, protected_since, without_protected_places
from domain.precedence import Owned, decided_precedence, owned_precedence
from domain.standing import known_since, standing_facts

Described: TypeAlias = tuple[Fact, PersonDescribed]
T = TypeVar("T")


class Person(msgspec.Struct, frozen=True):
    """A person as agencies described them; None where nobody said. `born_in` is a year or a month,
    where no agency knows the day.

    `nationality_fact` is the first that said the nationality which counts: said again by another
    event, it stays the reason, so that nobody learns of that event. `residences` are the moves, in
    order. `employment` and `disability` are the last of their kind, `answers` the last that a
    registry gave to each question.
    """

    id: PersonId
    name_ar: str | None = None
    name_en: str | None = None
    sex: Sex | None = None
    born_on: date | None = None
    nationality: str | None = None
    died_on: date | None = None
    nationality_fact: Fact | None = None
    born_in: str | None = None
    residences: tuple[Fact, ...] = ()
    employment: Fact | None = None
    disability: Fact | None = None
    answers: Mapping[str, Fact] = {}


class Child(msgspec.Struct, frozen=True):
    """`is_confirmed` is False while a hospital says that the pregnancy ended without a living child
    and nothing but the notice says otherwise: then nobody is congratulated. `remarks` are the
    refusals and conditions, `corrections` what was taken back of all by which doses are planned,
    `development` the evaluations of its forms and what came of them. `births` are all its reports.
    """

    id: PersonId
    care: Care
    born_on: date
    start: Fact
    known_on: date
    is_confirmed: bool
    vaccinations: tuple[Vaccination, ...]
    remarks: tuple[Fact, ...] = ()
    corrections: tuple[Correction, ...] = ()
    development: tuple[Fact, ...] = ()
    births: tuple[Fact, ...] = ()

    @property
    def mother(self) -> PersonId | None:
        """The mother in law: of an adopted child who took it in."""
        return self.care.mother

    @property
    def father(self) -> PersonId | None:
        return self.care.father


class Family(msgspec.Struct, frozen=True):
    """Everything at home in one circle, each tuple in a fixed order. `about` has what stands of
    each person, by whom it is foremost about, in order of precedence. `own_marriages` and
    `own_pregnancies` are all those of the one whose own circle this is, wherever they are at home.
    `unplaced` are the facts since `protected_since`, the day of a protected address: they say no
    place, and no card says their source.
    """

    circle: Circle
    about: Mapping[PersonId, tuple[Fact, ...]]
    people: Mapping[PersonId, Person]
    contracts: tuple[Contract, ...]
    marriages: tuple[Marriage, ...]
    family_books: tuple[FamilyBook, ...]
    pregnancies: tuple[Pregnancy, ...]
    children: tuple[Child, ...]
    own_marriages: tuple[Marriage, ...] = ()
    own_pregnancies: tuple[Pregnancy, ...] = ()
    protected_since: date | None = None
    unplaced: tuple[Fact, ...] = ()

    def person(self, person_id: PersonId) -> Person:
        """What is known of a person, even if that is nothing."""
        return self.people.get(person_id) or Person(person_id)


def family_of(circle: Circle, facts: Iterable[Fact]) -> Family:
    """What is at home in `circle`, from all of its facts. Pure; the facts' order is irrelevant."""
    facts = read_as_they_are(tuple(facts))
    placed = standing_facts(facts)
    since_on = protected_since(circle, placed)
    standing = without_protected_places(circle, placed)
    marriages = _with_first_word(marriages_of(standing), facts)
    people = people_of(standing)
    pregnant = tuple(pregnancies_of(standing, marriages, all_facts=facts))
    return Family(
        circle=circle,
        about=_about(standing),
        people=people,
        contracts=contracts_of(
            (fact for fact in standing if _is_contract_of(circle, fact)),
            (m for m in marriages if is_couple(circle, m.husband, m.wife)),
        ),
        marriages=latest_of_each(m for m in marriages if is_couple(circle, m.husband, m.wife)),
        family_books=tuple(
            book for book in family_books_of(standing) if is_couple(circle, book.husband, book.wife)
        ),
        pregnancies=tuple(one for one in pregnant if is_home(circle, one.mother, one.father)),
        children=tuple(_children(circle, standing, marriages, pregnant, people, all_facts=facts)),
        own_marriages=tuple(m for m in marriages if circle.members in ((m.husband,), (m.wife,))),
        own_pregnancies=tuple(one for one in pregnant if circle.members == (one.mother,)),
        protected_since=since_on,
        unplaced=tuple(f for f in standing if since_on and is_unplaced(f, circle, since_on)),
    )


def _with_first_word(marriages: list[Marriage], facts: tuple[Fact, ...]) -> list[Marriage]:
    """The marriages, each known since it was first said, though that report was replaced since."""
    return [
        msgspec.structs.replace(m, known_on=min(m.known_on, known_since((m.start,), facts)))
        for m in marriages
    ]


def _is_contract_of(circle: Circle, fact: Fact) -> bool:
    said = fact.payload
    return isinstance(said, ContractSigned) and is_couple(circle, said.husband, said.wife)


def _about(standing: Iterable[Fact]) -> dict[PersonId, tuple[Fact, ...]]:
    found: dict[PersonId, list[Fact]] = {}
    for fact in standing:
        for person in fact.payload.subjects()[:1]:
            found.setdefault(person, []).append(fact)
    return {person: tuple(facts) for person, facts in found.items()}


def people_of(facts: Iterable[Fact]) -> dict[PersonId, Person]:
    """Everybody of whom anything was said, by the facts given in order of precedence."""
    described: dict[PersonId, list[Described]] = {}
    died: dict[PersonId, date] = {}
    employed: dict[PersonId, Fact] = {}
    disabled: dict[PersonId, Fact] = {}
    answers: dict[PersonId, dict[str, Fact]] = {}
    facts = tuple(facts)
    residences = residences_of(facts)
    for fact in sorted(facts, key=decided_precedence):
        match fact.payload:
            case EmploymentChanged(person=person):
                employed[person] = fact
            case DisabilityRecognised(person=person):
                disabled[person] = fact
            case RegistryAnswered(person=person, question=question):
                answers.setdefault(person, {})[question] = fact
            case _:
                pass
    for fact in facts:
        match fact.payload:
            case PersonDescribed() as said:
                described.setdefault(said.person, []).append((fact, said))
            case PersonDied() as death:
                died[death.person] = fact.occurred_on
            case _:
                pass
    return {
        person: msgspec.structs.replace(
            _person(person, described.get(person, []), died.get(person)),
            residences=residences.get(person, ()),
            employment=employed.get(person),
            disability=disabled.get(person),
            answers=answers.get(person, {}),
        )
        for person in set().union(described, died, residences, employed, disabled, answers)
    }


def _person(person: PersonId, described: list[Described], died_on: date | None) -> Person:
    """What counts of each thing said: its registry's word, else the later one."""

    def said_of(owned: Owned) -> list[Described]:
        return sorted(described, key=lambda one: owned_precedence(one[0], owned))

    names, births = [said for _, said in said_of("name")], [s for _, s in said_of("birth")]
    nationality, nationality_fact = None, None
    for fact, said in said_of("nationality"):
        if said.nationality is not None and said.nationality != nationality:
            nationality, nationality_fact = said.nationality, fact
    born_on = _last(said.born_on for said in births)
    return Person(
        person,
        name_ar=_last(said.name_ar for said in names),
        name_en=_last(said.name_en for said in names),
        sex=_sex(said.sex for _, said in said_of("sex")),
        born_on=born_on,
        nationality=nationality,
        died_on=died_on,
        nationality_fact=nationality_fact,
        born_in=None if born_on is not None else _last(said.born_in for said in births),
    )


def _sex(said: Iterable[Sex | None]) -> Sex | None:
    """The last that was known: who does not know it takes nothing back."""
    told = tuple(said)
    return _last(sex for sex in told if sex != "unknown") or _last(told)


def _last(values: Iterable[T | None]) -> T | None:
    """The last that was said."""
    return next((value for value in reversed(list(values)) if value), None)


def _children(
    circle: Circle,
    facts: tuple[Fact, ...],
    marriages: list[Marriage],
    pregnancies: tuple[Pregnancy, ...],
    people: Mapping[PersonId, Person],
    *,
    all_facts: tuple[Fact, ...],
) -> Iterable[Child]:
    """`all_facts` has those that stand no more, too: by them it is known since when."""
    corrections = corrections_of(all_facts)
    ever = tuple(f for f in all_facts if isinstance(f.payload, BirthNotified | EnteredInError))
    births: dict[PersonId, list[Fact]] = {}
    given, remarks, development = vaccinations_of(facts), remarks_of(facts), development_of(facts)
    adopted: dict[PersonId, Fact] = {}
    for fact in facts:
        match fact.payload:
            case BirthNotified(child=child):
                births.setdefault(child, []).append(fact)
            case AdoptionDecided(child=child):
                known = adopted.get(child, fact)
                adopted[child] = max(known, fact, key=decided_precedence)
            case _:
                pass
    found = [
        _born(child, reports, facts, marriages, pregnancies, ever)
        for child, reports in births.items()
    ]
    found = [
        child
        for child in found
        if child.id not in adopted and lived_before(child.id, child.born_on, facts) is None
    ]
    for person, adoption in adopted.items():
        taken_in = _taken_in(person, adoption, births.get(person, ()), people)
        if taken_in is not None:
            found.append(taken_in)
    for one in sorted(found, key=lambda child: (child.born_on, child.id.bytes)):
        if _is_at_home(circle, one):
            doses = given.get(one.id, ())
            care = _with_decisions(one.care, facts, marriages)
            yield msgspec.structs.replace(
                one,
                care=msgspec.structs.replace(care, is_own=circle.members == (one.id,)),
                is_confirmed=bool(doses) or one.is_confirmed,
                vaccinations=doses,
                remarks=remarks.get(one.id, ()),
                corrections=tuple(
                    correction
                    for person in (one.id, one.mother, one.father)
                    if person is not None
                    for correction in corrections.get(person, ())
                ),
                development=development.get(one.id, ()),
                births=tuple(births.get(one.id, ())),
            )


def _born(
    child: PersonId,
    reports: list[Fact],
    facts: tuple[Fact, ...],
    marriages: list[Marriage],
    pregnancies: tuple[Pregnancy, ...],
    ever: tuple[Fact, ...],
) -> Child:
    """A child as its births were reported; the latest assertion counts. Of one of whom she was
    known to be pregnant in an earlier marriage the husband of then is the father.

    It is known since the mother and the day of birth that count were first said: with another of
    them nobody could be late for what is due by these.
    """
    start = reports[-1]
    said = [report.payload for report in reports if isinstance(report.payload, BirthNotified)]
    mother = said[-1].mother
    named = next((report.father for report in reversed(said) if report.father), None)
    born_on = start.occurred_on
    told = zip(reports, said, strict=True)
    same = [fact for fact, one in told if (fact.occurred_on, one.mother) == (born_on, mother)]
    expected = find_pregnancy(mother, born_on, pregnancies)
    father = father_at(mother, named, born_on, marriages)
    if named is None and expected is not None:
        known_on = expected.confirmed_on
        father = father_at(mother, None, known_on, marriages, delivered_on=born_on) or father
    return Child(
        child,
        Care(child, mother, father),
        start.occurred_on,
        start,
        known_on=known_since(same, ever),
        is_confirmed=not was_lost(mother, start.occurred_on, facts),
        vaccinations=(),
    )


def _taken_in(
    child: PersonId, adoption: Fact, births: Sequence[Fact], people: Mapping[PersonId, Person]
) -> Child | None:
    """An adopted child, of those who took it in; None where no day of birth is known."""
    said = adoption.payload
    assert isinstance(said, AdoptionDecided)
    described = people.get(child)
    born_on = described.born_on if described is not None else None
    if births:
        born_on = births[-1].occurred_on
    if born_on is None:
        return None
    care = Care(child, said.mother, said.father)
    start = births[-1] if births else adoption  # the grown child's own: of the adoption no word
    return Child(child, care, born_on, start, adoption.known_on, True, ())


def _is_at_home(circle: Circle, child: Child) -> bool:
    """Whether the child counts here: with its parents in law, or grown up in its own circle."""
    if circle.members == (child.id,):
        return True
    parents = [one for one in (child.mother, child.father) if one is not None]
    if not parents:  # adopted by people whom this circle may not know
        return False
    if len(parents) == 1:
        return circle.members == (parents[0],)
    return is_couple(circle, parents[0], parents[1])


def _with_decisions(care: Care, facts: tuple[Fact, ...], marriages: list[Marriage]) -> Care:
    latest = latest_of_each(
        m for m in marriages if {m.husband, m.wife} == {care.father, care.mother}
    )
    return msgspec.structs.replace(
        care,
        parents_apart=any(marriage.end is not None for marriage in latest),
        custody=custody_of(care.child, facts),
        appointed=appointed_over(care.child, facts),
    )
