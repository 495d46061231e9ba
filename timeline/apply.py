"""Applying facts to every circle they concern: one idempotent step a circle, each its own commit.

A person's single circle holds every fact about that person. A couple's circle holds what is
theirs, and takes over what was known before it was opened, with the original source ids. Circles
are never merged. Order of the steps: the single circles' facts, then who belongs to the couple's
circle (`person_circle` first, then the circle), then its facts. Whichever of two concurrent
reports comes second sees the other's rows, so together they leave nothing out; after a crash, the
whole is done again.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from domain.circle import Circle
from domain.fact import (
    BirthNotified,
    CardAct,
    EnteredInError,
    Fact,
    FamilyBookIssued,
    MarriageRegistered,
    Payload,
    PersonDescribed,
    PersonDied,
    PersonFirstSeen,
    PregnancyConfirmed,
    PregnancyEnded,
    VaccinationGiven,
)
from domain.family import people_of
from domain.gestation import (
    CONTRADICTION_DAYS,
    GESTATION_DAYS,
    PREGNANCY_DAYS_MAX,
    SAME_PREGNANCY_DAYS,
)
from domain.ids import CircleId, PersonId
from domain.marriage import father_at, marriages_of
from domain.standing import standing_facts
from store.scope import CircleScope, CirclesScope
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

JOINING = (MarriageRegistered, FamilyBookIssued, PregnancyConfirmed, BirthNotified)
"""Facts that may bring a couple's circle about: then all that was known before is carried into
it.
"""


async def apply_facts(
    ground: Ground, facts: Collection[Fact], *, concerns: Collection[PersonId] = ()
) -> frozenset[CircleId]:
    """Records the facts of one event wherever they belong; the circles that hold something new.

    `concerns` are people whom a fact touches without naming them (those of the event that an
    entered-in-error takes back). Idempotent: applied twice, or half and then whole, it is the same.
    """
    touched: set[CircleId] = set()
    people = {person for fact in facts for person in subjects(fact.payload)} | set(concerns)
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
    joining = any(isinstance(fact.payload, JOINING) for fact in facts) or bool(concerns)
    shared = await _shared_circles(ground, known, facts, people)
    await _join(ground, known, shared)
    for circle in shared:
        touched |= await _carry(ground, known, circle, people, every_child=joining)
    return frozenset(touched)


def subjects(payload: Payload) -> tuple[PersonId, ...]:
    """The people a fact is about: each one's single circle holds it."""
    match payload:
        case MarriageRegistered(husband, wife) | FamilyBookIssued(husband, wife):
            return (husband, wife)
        case PregnancyConfirmed(mother=mother, father=father):
            return (mother,) if father is None else (mother, father)
        case PregnancyEnded(mother=mother):
            return (mother,)
        case BirthNotified(child, mother, father):
            return (child, mother) if father is None else (child, mother, father)
        case VaccinationGiven(person=person) | PersonDied(person) | PersonDescribed(person=person):
            return (person,)
        case PersonFirstSeen(person=person):
            return (person,)
        case _:
            return ()


def _named(fact: Fact, concerns: Collection[PersonId]) -> Collection[PersonId]:
    return concerns if isinstance(fact.payload, EnteredInError) else subjects(fact.payload)


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


async def _shared_circles(
    ground: Ground, known: KnownPeople, facts: Collection[Fact], people: Collection[PersonId]
) -> list[Circle]:
    """The couples' circles these facts may belong to, and the mothers' own where a child is."""
    found: dict[CircleId, Circle] = {}
    for fact in facts:
        match fact.payload:
            case MarriageRegistered(one, other) | FamilyBookIssued(one, other):
                circle = couple_circle(ground.keys, one, other)
                found[circle.id] = circle
            case PregnancyConfirmed(mother=mother) | BirthNotified(mother=mother):
                for father in _fathers(fact, known.facts_of(mother)):
                    circle = couple_circle(ground.keys, mother, father)
                    found[circle.id] = circle
            case _:
                pass
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
        if _follows_child(fact, child, known.facts_of(child))
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


def belongs(fact: Fact, circle: Circle, own: tuple[Fact, ...]) -> bool:
    """Whether a fact of a member's own circle (`own`) belongs to this circle too: the policy by
    kind.

    What is said of a member goes to each of their circles; a marriage to each of the wife's (which
    husband a child is at home with follows from all of hers); a family book to that couple's; a
    pregnancy or birth to the circle of mother and father, named or by marriage; the end of a
    pregnancy where that pregnancy went; a correction where what it takes back went. A member's own
    vaccinations stay with the member.
    """
    members = set(circle.members)
    match fact.payload:
        case MarriageRegistered(wife=wife):
            return wife in members
        case FamilyBookIssued(one, other):
            return {one, other} == members
        case PregnancyConfirmed(mother=mother) | BirthNotified(mother=mother):
            if circle.kind == "single":
                return {mother} == members
            return any({mother, father} == members for father in _fathers(fact, own))
        case PregnancyEnded():
            return _ended_here(fact, circle, own)
        case PersonDescribed() | PersonDied():
            return True
        case CardAct(person=person):  # where the card has moved, what was done to it goes too
            return person in members
        case EnteredInError(source, source_id):
            rest = tuple(other for other in own if other is not fact)  # so that a ring ends
            return any(
                (other.source, other.source_id) == (source, source_id)
                and belongs(other, circle, rest)
                for other in rest
            )
        case _:
            return False


def _ended_here(fact: Fact, circle: Circle, own: tuple[Fact, ...]) -> bool:
    """Whether an end goes here: with a pregnancy of its time, or a birth that it contradicts."""
    return any(
        _meets(fact.occurred_on, other) and belongs(other, circle, own)
        for other in own
        if isinstance(other.payload, PregnancyConfirmed | BirthNotified)
    )


def _meets(ended_on: date, other: Fact) -> bool:
    if isinstance(other.payload, PregnancyConfirmed):
        begins_on = other.payload.due_on - timedelta(days=GESTATION_DAYS)
        return timedelta(0) < ended_on - begins_on <= timedelta(days=PREGNANCY_DAYS_MAX)
    return abs(ended_on - other.occurred_on) <= timedelta(days=CONTRADICTION_DAYS)


def _fathers(fact: Fact, own: tuple[Fact, ...]) -> set[PersonId]:
    """Every father named in a report of the same child or pregnancy, and the husband by marriage:
    by all that was said, and by what still stands.

    A report that names no father does not deny one. A marriage entered in error still routes (its
    circle must hear of the correction); `family_of` alone decides what counts.
    """
    payload = fact.payload
    assert isinstance(payload, PregnancyConfirmed | BirthNotified)
    named = {
        other.payload.father
        for other in (*own, fact)
        if isinstance(other.payload, PregnancyConfirmed | BirthNotified)
        and _is_same(payload, other.payload)
    }
    married = {
        father_at(payload.mother, None, fact.occurred_on, marriages)
        for marriages in (marriages_of(own), marriages_of(standing_facts(own)))
    }
    return {father for father in named | married if father is not None}


def _is_same(
    one: PregnancyConfirmed | BirthNotified, other: PregnancyConfirmed | BirthNotified
) -> bool:
    """Whether two reports speak of one child, or may speak of one pregnancy."""
    if isinstance(one, BirthNotified) and isinstance(other, BirthNotified):
        return one.child == other.child
    if isinstance(one, PregnancyConfirmed) and isinstance(other, PregnancyConfirmed):
        apart = abs(one.due_on - other.due_on)
        return one.mother == other.mother and apart <= timedelta(days=SAME_PREGNANCY_DAYS)
    return False


def _follows_child(fact: Fact, child: PersonId, own: tuple[Fact, ...]) -> bool:
    """What of a child's own facts follows the child into a circle of its parents: all about its own
    person (and corrections of it), nothing about a family of its own."""
    match fact.payload:
        case VaccinationGiven(person=person) | PersonDied(person) | PersonDescribed(person=person):
            return person == child
        case EnteredInError(source, source_id):
            rest = tuple(other for other in own if other is not fact)
            return any(
                (other.source, other.source_id) == (source, source_id)
                and _follows_child(other, child, rest)
                for other in rest
            )
        case _:
            return False
