"""Which numbers mean one person: facts keep the person of the number they were reported under, and
what was said of those numbers decides how they are read.

Pure, so a join that is taken back leaves nothing joined, in whatever order anything arrived. Each
number has a person of its own for ever; of joined persons one *survives*: all facts are read as
about them. Two kinds of saying (`identifier.replaced`):

- One person by two numbers (a newborn numbered, a number reissued): everything about either is
  about the one who had the older number, whose cards therefore keep their ids.
- A number corrected: what that source said until then of the wrong person is about the right one;
  what others said of the wrong person stays theirs. It never moves a birth: who was born is
  themselves, so a single event under a wrong number is taken back and reported anew.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import chain

import msgspec

from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.facts.marriage import MarriageRegistered
from domain.facts.person import IdentifierReplaced, PersonDescribed
from domain.facts.pregnancy import PregnancyConfirmed
from domain.facts.statement import list_roles
from domain.ids import PersonId
from domain.precedence import OWNERS, owned_precedence
from domain.standing import standing_facts

# Who is a year older than a birth was not born then; nearer days are one birth, told carelessly.
OLDER_DAYS = 366


class Corrected(msgspec.Struct, frozen=True):
    """What `source` said of `wrong` until `said_at` is about `right`."""

    source: str
    said_at: datetime
    wrong: PersonId
    right: PersonId


class Names(msgspec.Struct, frozen=True):
    """Who is whom, by all sayings that stand."""

    survivors: dict[PersonId, PersonId]
    corrected: tuple[Corrected, ...]

    def survivor(self, person: PersonId) -> PersonId:
        """Whom a person is read as."""
        return self.survivors.get(person, person)

    def read(self, fact: Fact) -> Fact:
        """The fact with everybody it names read as who they are. A saying itself stays as it is."""
        if isinstance(fact.payload, IdentifierReplaced) or not (self.survivors or self.corrected):
            return fact
        return renamed(fact, lambda person: self.survivor(self._right(fact, person)))

    def _right(self, fact: Fact, person: PersonId) -> PersonId:
        for one in self.corrected:
            is_meant = one.wrong == person and one.source == fact.source
            if is_meant and fact.asserted_at <= one.said_at:
                return one.right
        return person


def names_of(facts: Iterable[Fact]) -> Names:
    """Who is whom by the sayings among these facts, whatever else they are."""
    facts = tuple(facts)
    if not any(isinstance(fact.payload, IdentifierReplaced) for fact in facts):
        return Names({}, ())
    later: dict[PersonId, set[PersonId]] = {}
    corrected = []
    standing = standing_facts(facts)
    for fact in standing:
        match fact.payload:
            case IdentifierReplaced(_, _, "corrected") if _moves_birth(fact, standing):
                pass
            case IdentifierReplaced(person, former, "corrected"):
                corrected.append(Corrected(fact.source, fact.asserted_at, former, person))
            case IdentifierReplaced(person, former):
                later.setdefault(person, set()).add(former)
            case _:
                pass
    return Names(_survivors(later), tuple(corrected))


def _survivors(later: dict[PersonId, set[PersonId]]) -> dict[PersonId, PersonId]:
    """The survivor of everybody joined: who never was the later of two; ties by id."""
    groups: list[set[PersonId]] = []
    for person, formers in later.items():
        group = {person, *formers}
        apart = []
        for other in groups:
            if other & group:
                group |= other
            else:
                apart.append(other)
        groups = [*apart, group]
    found: dict[PersonId, PersonId] = {}
    for group in groups:
        oldest = [one for one in group if one not in later] or list(group)
        survivor = min(oldest, key=lambda one: one.bytes)
        found |= {person: survivor for person in group if person != survivor}
    return found


def renamed(fact: Fact, name: Callable[[PersonId], PersonId]) -> Fact:
    """The fact with each person it names given by `name`."""
    changes: dict[str, PersonId] = {}
    for role in list_roles(type(fact.payload)):
        person: PersonId | None = getattr(fact.payload, role)
        if person is not None and name(person) != person:
            changes[role] = name(person)
    if not changes:
        return fact
    # `replace` cannot know that these are the roles of this kind.
    return msgspec.structs.replace(fact, payload=msgspec.structs.replace(fact.payload, **changes))


def read_as_they_are(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The facts with everybody read as who they are."""
    names = names_of(facts)
    if not (names.survivors or names.corrected):
        return facts
    return tuple(names.read(fact) for fact in facts)


def joined_with(facts: Iterable[Fact]) -> set[PersonId]:
    """Everybody of whom these facts say that they are, or were taken for, somebody else."""
    said = (fact.payload for fact in facts if isinstance(fact.payload, IdentifierReplaced))
    return set(chain.from_iterable((one.person, one.former) for one in said))


def contradict(one: PersonId, facts: tuple[Fact, ...], other: PersonId) -> bool:
    """Whether what stands of two people cannot be true of one: another day of birth, sex, mother;
    one is the other's child, or had lived before the other was born.

    `facts` are those of both their own circles.
    """
    standing = standing_facts(facts)
    if any(
        isinstance(fact.payload, BirthNotified) and {one, other} <= set(fact.payload.subjects())
        for fact in standing
    ):
        return True
    for fact in standing:
        said = fact.payload
        if isinstance(said, BirthNotified) and said.child in (one, other):
            same = other if said.child == one else one
            if lived_before(same, fact.occurred_on, standing) is not None:
                return True
    return _differ(_features(one, standing), _features(other, standing))


def correction_contradicts(saying: Fact, facts: tuple[Fact, ...]) -> bool:
    """Whether what a corrected number would move holds a birth, or cannot be true of the right one.

    `facts` are those of both their own circles.
    """
    said = saying.payload
    assert isinstance(said, IdentifierReplaced)
    standing = standing_facts(facts)
    if _moves_birth(saying, standing):
        return True
    moved = _features(said.former, _moved(saying, standing))
    return _differ(moved, _features(said.person, standing))


def lived_before(person: PersonId, born_on: date, standing: Iterable[Fact]) -> Fact | None:
    """What says that a person cannot have been born on that day, if anything does: they are older
    by more than a year, or were married or a parent before.

    Then the number of somebody else was given to a newborn, and nothing of that other life is the
    family's. `standing` are facts that count, everybody read as who they are. Of what describes the
    person the register's last word counts; where it said nothing, any that says so: the birth's
    own report describes the child, too.
    """
    standing = tuple(standing)
    described = _descriptions_that_count(person, standing)
    for fact in standing:
        match fact.payload:
            case PersonDescribed(born_on=born, born_in=born_in) if fact in described:
                latest = born or (_last_day_of(born_in) if born_in is not None else born_on)
                if born_on - latest > timedelta(days=OLDER_DAYS):
                    return fact
            case MarriageRegistered(husband, wife) if person in (husband, wife):
                if fact.occurred_on < born_on:
                    return fact
            case PregnancyConfirmed(mother, father) if person in (mother, father):
                if fact.occurred_on < born_on:
                    return fact
            case BirthNotified(_, mother, father) if person in (mother, father):
                if fact.occurred_on < born_on:
                    return fact
            case _:
                pass
    return None


def _descriptions_that_count(person: PersonId, standing: Iterable[Fact]) -> tuple[Fact, ...]:
    """What may say when a person was born: the last of its owner, an exact day before a year, else
    all.
    """
    told = [
        (fact, fact.payload)
        for fact in standing
        if isinstance(fact.payload, PersonDescribed) and fact.payload.person == person
    ]
    births = [(fact, said) for fact, said in told if said.born_on or said.born_in]
    owned = [(fact, said) for fact, said in births if fact.source in OWNERS["birth"]]
    if not owned:
        return tuple(fact for fact, _ in births)
    days = [fact for fact, said in owned if said.born_on] or [fact for fact, _ in owned]
    return (max(days, key=lambda fact: owned_precedence(fact, "birth")),)


def other_birth(child: PersonId, birth: Fact, standing: Iterable[Fact]) -> Fact | None:
    """The birth of another child under one number, if anything tells of it: more than a year apart,
    where a hospital gave a number of some days to the next; or another of several children, where
    it gave twins the same.
    """
    said = birth.payload
    assert isinstance(said, BirthNotified)
    for fact in standing:
        told = fact.payload
        if isinstance(told, BirthNotified) and told.child == child:
            orders = {told.birth_order, said.birth_order} - {None}
            is_twin = fact.source == birth.source and len(orders) > 1
            if is_twin or abs(fact.occurred_on - birth.occurred_on) > timedelta(days=OLDER_DAYS):
                return fact
    return None


def _last_day_of(year_or_month: str) -> date:
    """The last day of the year in which somebody was born, as `1961` or `1961-07` says it."""
    return date(int(year_or_month[:4]), 12, 31)


def _moves_birth(saying: Fact, standing: tuple[Fact, ...]) -> bool:
    """Whether what is moved holds the wrong person's own birth: then it would be another's."""
    former = saying.payload.subjects()[1]
    return any(
        isinstance(fact.payload, BirthNotified) and fact.payload.child == former
        for fact in _moved(saying, standing)
    )


def _moved(saying: Fact, standing: tuple[Fact, ...]) -> tuple[Fact, ...]:
    return tuple(
        fact
        for fact in standing
        if fact.source == saying.source and fact.asserted_at <= saying.asserted_at
    )


def _differ(mine: dict[str, set[object]], theirs: dict[str, set[object]]) -> bool:
    return any(mine[name] and theirs[name] and not mine[name] & theirs[name] for name in mine)


def _features(person: PersonId, facts: tuple[Fact, ...]) -> dict[str, set[object]]:
    found: dict[str, set[object]] = {"born_on": set(), "sex": set(), "mother": set()}
    for fact in facts:
        match fact.payload:
            case BirthNotified(child=child, mother=mother) if child == person:
                found["born_on"].add(fact.occurred_on)
                found["mother"].add(mother)
            case PersonDescribed(person=said, sex=sex, born_on=born_on) if said == person:
                found["sex"] |= {sex} - {None}
                found["born_on"] |= {born_on} - {None}
            case _:
                pass
    return found
