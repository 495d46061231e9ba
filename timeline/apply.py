"""Applying facts to every circle they concern: one idempotent step a circle, each its own commit.

A person's single circle holds every fact about that person. A couple's circle holds what is
theirs, and takes over what was known before it was opened, with the original source ids. Circles
are never merged. Order of the steps: the single circles' facts, then who belongs to the couple's
circle (`person_circle` first, then the circle), then its facts. Whichever of two concurrent
reports comes second sees the other's rows, so together they leave nothing out; after a crash, the
whole is done again.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import takewhile

from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.birth import BirthNotified
from domain.facts.person import IdentifierReplaced, PersonDescribed, PersonDied
from domain.facts.pregnancy import PregnancyConfirmed
from domain.family import people_of
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle
from domain.people.duplicate import mothers_among, suspected_among
from domain.people.secrecy import without_protected_places
from domain.standing import standing_facts
from store.scope import CirclesScope
from timeline.business import tell_businesses
from timeline.carry import (
    adopters_of,
    carers_of,
    couple_of,
    couples_of,
    deaths_of,
    held_of,
    joins,
    list_following,
    possible_fathers,
    taken_in,
    tells_of_widowhood,
)
from timeline.duplicate import keep_suspicions, settle_joined
from timeline.ground import Ground
from timeline.known import KnownPeople
from timeline.people import Profile, keep_profile, link
from timeline.record import (
    couple_circle,
    open_circle,
    read_facts_of,
    record_facts,
    record_missing,
    single_circle,
)


async def apply_facts(
    ground: Ground, facts: Collection[Fact], *, concerns: Collection[PersonId] = ()
) -> frozenset[CircleId]:
    """Records the facts of one event wherever they belong; the circles that hold something new.

    `concerns` are people whom a fact touches without naming them (those of the event that an
    entered-in-error takes back). Idempotent: applied twice, or half and then whole, it is the same.
    """
    touched: set[CircleId] = set()
    people = {person for fact in facts for person in fact.payload.subjects()} | set(concerns)
    await ground.keys.circles([single_circle(ground.keys, person).id for person in people])
    for person in _sorted(people):
        about = [fact for fact in facts if person in _named(fact, concerns)]
        own = single_circle(ground.keys, person)
        if await record_facts(ground, own, about):
            touched.add(own.id)
    known = KnownPeople(ground)
    await known.look_at(people)
    for person in _sorted(people):
        own = single_circle(ground.keys, person)
        if own.id not in known.circles_of(person):  # who finds the link finds the circle
            await link(ground, person, own.id, member=True)
            known.note_own(person)
        about = [fact for fact in facts if person in _named(fact, concerns)]
        if any(isinstance(fact.payload, PersonDescribed | EnteredInError) for fact in about):
            is_alone = known.joined_to(person) == (person,)
            if not is_alone or _calls_otherwise(person, known.facts_of(person), about):
                await _keep_profile(ground, person, known.facts_of(person))
    if any(tells_of_widowhood(fact) for fact in facts):
        widows = await _tell_widows(ground, known, people)
        people |= widows
        touched |= {single_circle(ground.keys, widow).id for widow in widows}
    touched |= await _gather_joined(ground, known, people)
    joined = {one for person in people for one in known.joined_to(person)}
    joining = any(joins(fact) or isinstance(fact.payload, PersonDied) for fact in facts)
    joining = joining or bool(concerns) or joined != people
    shared: list[Circle] | None = None
    found = await _shared_circles(ground, known, _routed(known, facts, joined), joined)
    while found != shared:  # again, where one who joins turns out to be known by another number
        shared = found
        await _join(ground, known, shared)
        joined = {one for person in people for one in known.joined_to(person)}
        found = await _shared_circles(ground, known, _routed(known, facts, joined), joined)
    children = await _link_children(ground, known, found, None if joining else frozenset(joined))
    for circle in found:
        if await _carry(ground, known, circle, children[circle.id]):
            touched.add(circle.id)
    touched |= await tell_businesses(ground, known, joined)
    await _suspect(ground, known, facts, joined)
    return frozenset(touched)


async def _suspect(
    ground: Ground, known: KnownPeople, facts: Collection[Fact], joined: Collection[PersonId]
) -> None:
    """Lists children who may be one, and mothers of one child; settles what was suspected of people
    who are one now.
    """
    if any(isinstance(fact.payload, IdentifierReplaced) for fact in facts):
        survivors = {known.survivor(person) for person in joined}
        if len(survivors) < len(joined):
            await settle_joined(ground, joined)
    mothers = {
        known.as_they_are(fact).payload.subjects()[1]
        for fact in facts
        if isinstance(fact.payload, BirthNotified)
    }
    for mother in _sorted(mothers):
        await known.look_at([mother])
        await keep_suspicions(ground, suspected_among(mother, known.facts_of(mother)))
    for person in _sorted({known.survivor(one) for one in joined}):
        await keep_suspicions(ground, mothers_among(person, known.facts_of(person)))


def _routed(
    known: KnownPeople, facts: Collection[Fact], joined: Collection[PersonId]
) -> list[Fact]:
    """The facts whose circles are looked for: those of the event; with people joined, all of
    theirs.
    """
    if all(len(known.joined_to(person)) == 1 for person in joined):
        return [known.as_they_are(fact) for fact in facts]
    return [fact for person in _sorted(joined) for fact in known.facts_of(person)]


async def _gather_joined(
    ground: Ground, known: KnownPeople, people: Collection[PersonId]
) -> set[CircleId]:
    """Records in each one's own circle what is about them under another number; where it was new.

    Who is said to be one with somebody holds the saying already; this brings the rest together.
    """
    touched: set[CircleId] = set()
    for person in _sorted({one for who in people for one in known.joined_to(who)}):
        if len(known.joined_to(person)) == 1:
            continue
        theirs = [fact for fact in known.facts_of(person) if person in fact.payload.subjects()]
        taken_back = {(fact.source, fact.source_id) for fact in theirs}
        corrections = [
            fact
            for fact in known.facts_of(person)
            if isinstance(fact.payload, EnteredInError)
            and (fact.payload.target_source, fact.payload.target_source_id) in taken_back
        ]
        gathered = known.as_reported([*theirs, *corrections, *known.sayings()])
        own = single_circle(ground.keys, person)
        if await record_missing(ground, own, gathered):
            touched.add(own.id)
            known.forget(person)
            await known.look_at([person])
        await _keep_profile(ground, person, known.facts_of(person))
    return touched


def _named(fact: Fact, concerns: Collection[PersonId]) -> Collection[PersonId]:
    """Whose own circles hold it: those it is about; of one that names nobody, those concerned."""
    return fact.payload.subjects() or concerns


def _sorted(people: Iterable[PersonId]) -> list[PersonId]:
    return sorted(people, key=lambda person: person.bytes)


def _calls_otherwise(person: PersonId, own: tuple[Fact, ...], about: Collection[Fact]) -> bool:
    """Whether `about` changed what a person is called, by what was recorded before the first of it.

    So each change is kept by whoever made it, also after a crash, and nobody else writes the row.
    """
    new = {fact.identity for fact in about}
    before = tuple(takewhile(lambda fact: fact.identity not in new, own))
    return _profile_by(person, before) != _profile_by(person, own)


async def _keep_profile(ground: Ground, person: PersonId, own: tuple[Fact, ...]) -> None:
    """What a person is called follows from all that still stands, so its order does not matter."""
    await keep_profile(ground, person, _profile_by(person, own), version=len(own))


def _profile_by(person: PersonId, own: tuple[Fact, ...]) -> Profile:
    known = people_of(standing_facts(own)).get(person)
    return Profile(known.name_ar, known.name_en) if known else Profile()


async def read_own_facts(ground: Ground, person: PersonId) -> tuple[Fact, ...]:
    """Every fact of a person's single circle; none when nobody reported the person yet."""
    return (await read_facts_of_people(ground, [person]))[person]


async def read_facts_of_people(
    ground: Ground, people: Collection[PersonId]
) -> Mapping[PersonId, tuple[Fact, ...]]:
    """What `read_own_facts` gives of each of these people, in one look."""
    own = {person: single_circle(ground.keys, person).id for person in people}
    keys = await ground.keys.circles(own.values())
    async with ground.database.glance(CirclesScope(tuple(own.values()))) as session:
        facts = await read_facts_of(session, keys)
    return {person: facts[circle_id] for person, circle_id in own.items()}


async def _tell_widows(
    ground: Ground, known: KnownPeople, people: Collection[PersonId]
) -> set[PersonId]:
    """Records a husband's death in his wife's own circle, whichever of marriage and death came
    first; the wives who learnt something. Where her later children are at home follows from it.
    """
    couples = {couple for person in people for couple in couples_of(known.facts_of(person))}
    await known.look_at(person for couple in couples for person in couple)
    told: set[PersonId] = set()
    for husband, wife in sorted(couples):
        deaths = known.as_reported(deaths_of(husband, known.facts_of(husband)))
        own = single_circle(ground.keys, wife)
        if deaths and await record_missing(ground, own, deaths):
            told.add(wife)
            known.forget(wife)
    await known.look_at(told)
    return told


async def _shared_circles(
    ground: Ground, known: KnownPeople, facts: Collection[Fact], people: Collection[PersonId]
) -> list[Circle]:
    """The couples' circles these facts may belong to, and the mothers' own where a child is."""
    found: dict[CircleId, Circle] = {}
    for fact in facts:
        couples = [couple_of(fact)]
        if isinstance(fact.payload, PregnancyConfirmed | BirthNotified):
            mother = fact.payload.mother
            fathers = possible_fathers(fact, known.facts_of(mother))
            couples += [(mother, father) for father in fathers]
        match adopters_of(fact):
            case (one, other):
                couples.append((one, other))
            case (alone,):
                circle = single_circle(ground.keys, alone)
                found[circle.id] = circle
            case _:
                pass
        for couple in couples:
            if couple is not None:
                circle = couple_circle(ground.keys, *couple)
                found[circle.id] = circle
    own = {single_circle(ground.keys, person).id for person in people}
    linked = {circle_id for person in people for circle_id in known.circles_of(person)}
    for circle in await known.open_circles(sorted(linked - found.keys() - own)):
        if circle.kind != "business":  # told apart from families (`timeline/business.py`)
            found[circle.id] = circle
    for fact in facts:
        if isinstance(fact.payload, BirthNotified):
            mothers = single_circle(ground.keys, fact.payload.mother)
            found[mothers.id] = mothers
    return [found[circle_id] for circle_id in sorted(found)]


async def _join(ground: Ground, known: KnownPeople, circles: Collection[Circle]) -> None:
    """Makes each circle one of its members', opened first where nobody is linked to it yet."""
    await known.look_at(member for circle in circles for member in circle.members)
    for circle in circles:
        new = [one for one in circle.members if circle.id not in known.circles_of(one)]
        if new:
            await open_circle(ground, circle)
        for member in new:
            await link(ground, member, circle.id, member=True)
            known.forget(member)
            await known.look_at([member])


async def _link_children(
    ground: Ground,
    known: KnownPeople,
    circles: Collection[Circle],
    people: Collection[PersonId] | None,
) -> Mapping[CircleId, frozenset[PersonId]]:
    """The children whose facts follow them into each circle, linked to it; of `people` alone, where
    those are given.
    """
    found: dict[CircleId, frozenset[PersonId]] = {}
    new: dict[PersonId, list[CircleId]] = {}
    for circle in circles:
        children = {
            fact.payload.child
            for fact in _belonging(known, circle)
            if isinstance(fact.payload, BirthNotified)
        }
        for member in circle.members:
            children |= taken_in(circle, known.facts_of(member))
        if people is not None:
            children &= set(people)
        await known.look_at(children)
        found[circle.id] = frozenset(known.survivor(child) for child in children)
        for child in found[circle.id]:
            if circle.id not in known.circles_of(child):
                new.setdefault(child, []).append(circle.id)
    for child in _sorted(new):
        await link(ground, child, *new[child], member=False)
        known.forget(child)
    await known.look_at(new)
    return found


def _belonging(known: KnownPeople, circle: Circle) -> list[Fact]:
    """What of its members' own facts a circle may hold."""
    return [
        kept
        for member in circle.members
        for fact in known.facts_of(member)
        if (kept := held_of(fact, circle, known.facts_of(member))) is not None
    ]


async def _carry(
    ground: Ground, known: KnownPeople, circle: Circle, children: Collection[PersonId]
) -> int:
    """Records in `circle` what belongs to it of its members' and children's own facts, and whether
    those who care for the children have died; how many of them were new.
    """
    belonging = _belonging(known, circle)
    following = [
        fact
        for child in _sorted(children)
        for fact in list_following(child, circle, known.facts_of(child))
    ]
    carers = carers_of(following) - set(circle.members)
    await known.look_at(carers)
    for carer in _sorted(carers):
        if circle.id not in known.circles_of(carer):
            await link(ground, carer, circle.id, member=True)
            known.forget(carer)
    await known.look_at(carers)
    here = [*belonging, *following] if circle.kind == "couple" else following
    here += [fact for carer in _sorted(carers) for fact in deaths_of(carer, known.facts_of(carer))]
    here = list(without_protected_places(circle, sorted(here, key=lambda fact: fact.precedence)))
    here = [*known.as_reported(here), *_sayings_about(known, circle, here, children)]
    return await record_missing(ground, circle, here)


def _sayings_about(
    known: KnownPeople, circle: Circle, here: list[Fact], children: Collection[PersonId]
) -> list[Fact]:
    """Who is whom, where a circle or what it holds is about any of them."""
    sayings = known.sayings()
    about = {person for fact in here for person in fact.payload.subjects()} | set(circle.members)
    about |= set(children)
    about |= {one for person in about for one in known.joined_if_known(person)}
    said_of = {person for fact in sayings for person in fact.payload.subjects()}
    return sayings if about & said_of else []
