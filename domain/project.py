"""What the audience projection is to say of each member, from what an evaluation found."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from domain.calendar_date import adult_on
from domain.card.record import Record
from domain.fact import Fact
from domain.facts.person import ContactReported, PersonFirstSeen, ResidenceChanged
from domain.family import Child, Family
from domain.ids import EntryId, PersonId
from domain.people.circle import Circle
from domain.people.identity import read_as_they_are
from domain.people.rights import Reached, Right, rights_over
from domain.projection import (
    CHILDREN_MAX,
    EMIRATES,
    LANGUAGES,
    STARTS,
    ProjectedRole,
    Projection,
    Reach,
    Stage,
)
from domain.standing import standing_facts


def project_members(
    circle: Circle,
    family: Family,
    *,
    members: Iterable[PersonId],
    starts: frozenset[str],
    records: Iterable[Record],
    facts: tuple[Fact, ...],
    reached: Reached,
) -> Mapping[PersonId, Projection]:
    """What the projection says of each member.

    `starts` are those of which the family has a situation. It changes when facts do, or on a day on
    which rights or records change: the circle's waking day is its own, too.
    """
    services: dict[PersonId, set[EntryId]] = {}
    for record in records:
        if record.is_card and record.resolved_on is None and not record.dismissed:
            services.setdefault(record.recipient, set()).add(record.entry)
    reaching = _Reaching(_reaching_facts(facts))
    living = [
        child
        for child in family.children
        if family.person(child.id).died_on is None and not reached(adult_on(child.born_on))
    ]
    found = {}
    for member in members:
        children = [child for child in living if _has_right(member, child, family, reached)]
        born = sorted((child.born_on.replace(day=1) for child in children), reverse=True)
        found[member] = Projection(
            roles=_roles(member, circle, family, children, reached),
            emirate=_emirate(member, family),
            language=reaching.language(member),
            reach=reaching.reach(member),
            stages=_stages(member, family, children),
            starts=starts,
            birth_months=tuple(born[:CHILDREN_MAX]),
            services=frozenset(services.get(member, ())),
            has_more=len(born) > CHILDREN_MAX or not starts <= set(STARTS),
        )
    return MappingProxyType(found)


class _Reaching:
    """How people are reached, by what was said last of each thing."""

    def __init__(self, said: Iterable[Fact]) -> None:
        self._languages: dict[PersonId, str] = {}
        self._reach: dict[PersonId, set[Reach]] = {}
        for fact in said:
            match fact.payload:
                case ContactReported(person, mobile, email, language):
                    reach = self._reach.setdefault(person, set())
                    if mobile is not None:
                        reach.add("mobile")
                    if email is not None:
                        reach.add("email")
                    if language is not None:
                        self._languages[person] = language
                case PersonFirstSeen(person):
                    self._reach.setdefault(person, set()).add("app")
                case _:
                    pass

    def language(self, person: PersonId) -> str | None:
        said = self._languages.get(person)
        return said if said in LANGUAGES else None

    def reach(self, person: PersonId) -> frozenset[Reach]:
        return frozenset(self._reach.get(person, ()))


def _has_right(member: PersonId, child: Child, family: Family, reached: Reached) -> bool:
    return any(right.person == member for right in _rights(child, family, reached))


def _rights(child: Child, family: Family, reached: Reached) -> tuple[Right, ...]:
    return rights_over(
        child.care,
        is_alive=lambda person: family.person(person).died_on is None,
        reached=reached,
    )


def _roles(
    member: PersonId, circle: Circle, family: Family, children: list[Child], reached: Reached
) -> frozenset[ProjectedRole]:
    found: set[ProjectedRole] = set()
    if circle.members == (member,):
        found.add("self")
    for marriage in family.marriages:
        if marriage.end is None and member in (marriage.husband, marriage.wife):
            found.add("husband" if member == marriage.husband else "wife")
    for pregnancy in family.pregnancies:
        if pregnancy.ended is None and member in (pregnancy.mother, pregnancy.father):
            found.add("mother" if member == pregnancy.mother else "father")
    for child in children:
        found |= {right.role for right in _rights(child, family, reached) if right.person == member}
    return frozenset(found)


def _emirate(member: PersonId, family: Family) -> str | None:
    residences = family.person(member).residences
    if not residences:
        return None
    said = residences[-1].payload
    assert isinstance(said, ResidenceChanged)
    return said.emirate if said.emirate in EMIRATES else None


def _stages(member: PersonId, family: Family, children: list[Child]) -> frozenset[Stage]:
    found: set[Stage] = set()
    for marriage in family.marriages:
        if member in (marriage.husband, marriage.wife):
            other = marriage.wife if member == marriage.husband else marriage.husband
            if marriage.end is not None:
                found.add("divorced")
            elif family.person(other).died_on is not None:
                found.add("widowed")
            else:
                found.add("married")
    for pregnancy in family.pregnancies:
        if member in (pregnancy.mother, pregnancy.father):
            if pregnancy.ended is None:
                found.add("expecting")
            elif pregnancy.ended != "birth":
                found.add("bereaved")
    if children:
        found.add("parent")
    if any(
        member in (child.mother, child.father)
        for child in family.children
        if family.person(child.id).died_on is not None
    ):
        found.add("bereaved")
    if family.person(member).nationality == "ARE":
        found.add("citizen")
    return frozenset(found)


def _reaching_facts(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The standing facts, everybody read as who they are; none where nobody said how to reach."""
    if not any(isinstance(fact.payload, ContactReported | PersonFirstSeen) for fact in facts):
        return ()
    return standing_facts(read_as_they_are(facts))
