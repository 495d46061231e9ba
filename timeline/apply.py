"""Applying facts to every circle they concern: one idempotent step a circle, each its own commit.

A person's single circle holds every fact about that person. A couple's circle holds what is
theirs, and takes over what was known before it was opened, with the original source ids. Circles
are never merged. Order of the steps: the single circles' facts, then who belongs to the couple's
circle (`person_circle` first, then the circle), then its facts. Whichever of two concurrent
reports comes second sees the other's rows, so together they leave nothing out; after a crash, the
whole is done again.
"""

from collections.abc import Collection, Iterable

from domain.circle import Circle
from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.birth import BirthNotified
from domain.facts.person import PersonDescribed
from domain.facts.pregnancy import PregnancyConfirmed
from domain.family import people_of
from domain.ids import CircleId, PersonId
from domain.standing import standing_facts
from store.scope import CircleScope, CirclesScope
from timeline.carry import (
    belongs,
    couple_of,
    couples_of,
    deaths_of,
    follows_child,
    joins,
    possible_fathers,
    tells_of_widowhood,
)
from timeline.ground import Ground
from timeline.known import KnownPeople
from timeline.people import Profile, keep_profile, link
from timeline.record import (
    couple_circle,
    fact_key,
    list_held,
    open_circle,
    read_facts,
    record_facts,
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
        if await _record_own(ground, person, about):
            touched.add(single_circle(ground.keys, person).id)
    known = KnownPeople(ground)
    await known.look_at(people)
    for person in _sorted(people):
        own = single_circle(ground.keys, person)
        if own.id not in known.circles_of(person):  # a crash came between opening it and the link
            await link(ground, person, own.id, member=True)
        about = [fact for fact in facts if person in _named(fact, concerns)]
        if any(isinstance(fact.payload, PersonDescribed | EnteredInError) for fact in about):
            await _keep_profile(ground, person, known.facts_of(person))
    if any(tells_of_widowhood(fact) for fact in facts):
        widows = await _tell_widows(ground, known, people)
        people |= widows
        touched |= {single_circle(ground.keys, widow).id for widow in widows}
    joining = any(joins(fact) for fact in facts) or bool(concerns)
    shared = await _shared_circles(ground, known, facts, people)
    await _join(ground, known, shared)
    for circle in shared:
        touched |= await _carry(ground, known, circle, people, every_child=joining)
    return frozenset(touched)


def _named(fact: Fact, concerns: Collection[PersonId]) -> Collection[PersonId]:
    return concerns if isinstance(fact.payload, EnteredInError) else fact.payload.subjects()


def _sorted(people: Iterable[PersonId]) -> list[PersonId]:
    return sorted(people, key=lambda person: person.bytes)


async def _record_own(ground: Ground, person: PersonId, about: list[Fact]) -> int:
    """Records a person's facts in their own circle, opened and linked when it is new."""
    own = single_circle(ground.keys, person)
    new = await record_facts(ground, own.id, about)
    if new is None:
        await open_circle(ground, own)  # who finds the link finds the circle
        await link(ground, person, own.id, member=True)
        new = await record_facts(ground, own.id, about)
    return new or 0


async def _keep_profile(ground: Ground, person: PersonId, own: tuple[Fact, ...]) -> None:
    """What a person is called follows from all that still stands, so its order does not matter."""
    known = people_of(standing_facts(own)).get(person)
    profile = Profile(known.name_ar, known.name_en) if known else Profile()
    await keep_profile(ground, person, profile, version=len(own))


async def read_own_facts(ground: Ground, person: PersonId) -> tuple[Fact, ...]:
    """Every fact of a person's single circle; none when nobody reported the person yet."""
    circle_id = single_circle(ground.keys, person).id
    keys = await ground.keys.circle(circle_id)
    async with ground.database.read(CircleScope(circle_id)) as session:
        return await read_facts(session, keys)


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
        deaths = deaths_of(husband, known.facts_of(husband))
        own = single_circle(ground.keys, wife)
        if deaths and await _record_missing(ground, own.id, deaths):
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
        for couple in couples:
            if couple is not None:
                circle = couple_circle(ground.keys, *couple)
                found[circle.id] = circle
    own = {single_circle(ground.keys, person).id for person in people}
    linked = {circle_id for person in people for circle_id in known.circles_of(person)}
    for circle in await known.open_circles(sorted(linked - found.keys() - own)):
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


async def _carry(
    ground: Ground,
    known: KnownPeople,
    circle: Circle,
    people: Collection[PersonId],
    *,
    every_child: bool,
) -> set[CircleId]:
    """Records in `circle` what belongs to it of its members' and children's own facts."""
    belonging = [
        fact
        for member in circle.members
        for fact in known.facts_of(member)
        if belongs(fact, circle, known.facts_of(member))
    ]
    children = {f.payload.child for f in belonging if isinstance(f.payload, BirthNotified)}
    if not every_child:
        children &= set(people)
    await known.look_at(children)
    for child in _sorted(children):
        if circle.id not in known.circles_of(child):
            await link(ground, child, circle.id, member=False)
            known.forget(child)
    await known.look_at(children)
    following = [
        fact
        for child in _sorted(children)
        for fact in known.facts_of(child)
        if follows_child(fact, child, known.facts_of(child))
    ]
    here = [*belonging, *following] if circle.kind == "couple" else following
    return {circle.id} if await _record_missing(ground, circle.id, here) else set()


async def _record_missing(ground: Ground, circle_id: CircleId, facts: list[Fact]) -> int:
    """Records those of `facts` that the circle does not hold; locks it only if there are any."""
    by_key = {fact_key(ground.keys, fact): fact for fact in facts}
    async with ground.database.read(CirclesScope((circle_id,))) as session:
        held = await list_held(session, by_key.keys())
    missing = [fact for key, fact in by_key.items() if (circle_id, key) not in held]
    return (await record_facts(ground, circle_id, missing) or 0) if missing else 0
