"""Which facts go to which circle, by the policy that each kind declares (`domain/facts/`).

Pure. `timeline/apply.py` asks it, with all that a person's single circle holds (`own`). Routing is
generous: what a circle holds in vain `family_of` leaves out; what it lacks nobody would see.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.birth import AdoptionDecided, BirthNotified, CustodyDecided, GuardianAppointed
from domain.facts.business import BusinessFact
from domain.facts.dispute import DisputeAnswered, ReviewOpened
from domain.facts.marriage import MarriageRegistered
from domain.facts.person import PersonDied
from domain.facts.pregnancy import PregnancyConfirmed
from domain.history.gestation import CONTRADICTION_DAYS, GESTATION_DAYS
from domain.history.pregnancy_evidence import PREGNANCY_DAYS_MAX, SAME_PREGNANCY_DAYS
from domain.ids import PersonId
from domain.people.circle import Circle
from domain.people.marriage import father_at, marriages_of
from domain.people.secrecy import from_before, is_protected_residence, mark_of, nameless, takes_in
from domain.precedence import decided_precedence
from domain.standing import standing_facts


def held_of(fact: Fact, circle: Circle, own: tuple[Fact, ...]) -> Fact | None:
    """What of a member's own fact this circle may hold: all of it, a mark, or nothing."""
    if is_protected_residence(fact) and fact.payload.subjects()[0] in circle.members:
        return mark_of(fact)
    return fact if belongs(fact, circle, own) else None


def taken_in(circle: Circle, own: tuple[Fact, ...]) -> set[PersonId]:
    """The children whom the circle's members took in, by one member's own facts."""
    return {
        fact.payload.child
        for fact in own
        if isinstance(fact.payload, AdoptionDecided) and takes_in(fact.payload, circle)
    }


def belongs(fact: Fact, circle: Circle, own: tuple[Fact, ...]) -> bool:
    """Whether a fact of a member's own circle (`own`) belongs to this circle too."""
    members, about = set(circle.members), fact.payload.subjects()
    if circle.kind == "business":
        return _is_of_business(fact, circle, own)
    match fact.payload.policy():
        case "person" | "act":
            # A husband's death lies in the wife's own circle too: her later children follow it.
            return about[0] in members or isinstance(fact.payload, PersonDied)
        case "wife":
            return about[1] in members
        case "couple" | "document":
            return set(about[:2]) == members
        case "pregnancy":
            # Whose a child is follows from when it was expected.
            return _is_home_of(fact, circle, own) or _is_of_a_birth_here(fact, circle, own)
        case "stage" | "visit":
            return _is_of_a_pregnancy_here(fact, circle, own)
        case "correction":
            return any(
                belongs(other, circle, rest) for other, rest in _taken_back_by(fact.payload, own)
            )
        case "review":
            return any(belongs(other, circle, rest) for other, rest in _under_review(fact, own))
        case "own" | "child" | "business":
            return False


def licences_of(own: Iterable[Fact]) -> tuple[str, ...]:
    """The numbers of licences that a person's own facts name, sorted."""
    return tuple(sorted({said.number for fact in own if (said := _of_business(fact)) is not None}))


def named_with(number: str, own: Iterable[Fact]) -> set[PersonId]:
    """Whom a person's own facts name as owners or partners under a licence's number."""
    said = [
        fact for fact in own if (one := _of_business(fact)) is not None and one.number == number
    ]
    return {person for fact in said for person in fact.payload.subjects()}


def _of_business(fact: Fact) -> BusinessFact | None:
    return fact.payload if isinstance(fact.payload, BusinessFact) else None


def _is_of_business(fact: Fact, circle: Circle, own: tuple[Fact, ...]) -> bool:
    """What is said of the business, and that an owner died; nothing else of an owner's life.

    `own` is what all whom facts connect under its number hold. Where one fact of it says no
    emirate, all of them are needed to tell which business that one is about.
    """
    match fact.payload.policy():
        case "business":
            said = _of_business(fact)
            assert said is not None
            if said.number != circle.registration:
                return False
            others = [one for f in own if (one := _of_business(f)) is not None]
            is_mixed = any(one.number == said.number and one.emirate is None for one in others)
            return is_mixed or said.emirate == circle.emirate
        case "correction":
            taken_back = _taken_back_by(fact.payload, own)
            return any(_is_of_business(other, circle, rest) for other, rest in taken_back)
        case "review":
            reviewed = _under_review(fact, own)
            return any(_is_of_business(other, circle, rest) for other, rest in reviewed)
        case _:
            if not isinstance(fact.payload, PersonDied) or circle.registration is None:
                return False
            return fact.payload.person in named_with(circle.registration, own)


def follows_child(fact: Fact, child: PersonId, own: tuple[Fact, ...]) -> bool:
    """What of a child's own facts follows the child into a circle of its parents: all about its own
    person (and corrections of it), nothing about a family of its own. Its birth, too: where it is
    told again of another mother, the first one's circle hears of that."""
    if isinstance(fact.payload, BirthNotified):
        return fact.payload.child == child
    match fact.payload.policy():
        case "person" | "child" | "visit" | "document":
            return fact.payload.subjects()[0] == child
        case "correction":
            return any(
                follows_child(other, child, rest)
                for other, rest in _taken_back_by(fact.payload, own)
            )
        case "review":
            return any(
                follows_child(other, child, rest) for other, rest in _under_review(fact, own)
            )
        case _:
            return False


def list_following(child: PersonId, circle: Circle, own: tuple[Fact, ...]) -> list[Fact]:
    """What of a child's own facts (`own`) this circle of its parents may hold, and how much of
    each.

    Those who took a child in: health from before, everything since. The family of birth: what was
    before, and that there was an adoption, naming nobody.
    """
    adoptions = [fact for fact in own if _is_adoption_of(fact, child)]
    here = [fact for fact in adoptions if _takes_in(fact, circle)]
    taken_in_on = min((fact.occurred_on for fact in here), default=None)
    standing = standing_facts(
        [*adoptions, *(f for f in own if isinstance(f.payload, EnteredInError))]
    )
    last = max(standing, key=decided_precedence, default=None)
    elsewhere_on = last.occurred_on if last is not None and last not in here else None
    found: list[Fact] = []
    for fact in own:
        if fact in adoptions:
            found.append(fact if fact in here else nameless(fact))
        elif taken_in_on is not None:
            kept = _for_adopters(fact, child, own, taken_in_on)
            found += [kept] if kept is not None else []
        elif follows_child(fact, child, own):
            is_since = elsewhere_on is not None and fact.occurred_on >= elsewhere_on
            if not is_since or isinstance(fact.payload, EnteredInError):
                found.append(fact)
        elif is_protected_residence(fact) and fact.payload.subjects() == (child,):
            found.append(mark_of(fact))
    return found


def _for_adopters(
    fact: Fact, child: PersonId, own: tuple[Fact, ...], taken_in_on: date
) -> Fact | None:
    is_birth = isinstance(fact.payload, BirthNotified) and fact.payload.child == child
    if isinstance(fact.payload, EnteredInError):
        return fact
    if not is_birth and not follows_child(fact, child, own):
        return None
    return from_before(fact) if is_birth or fact.occurred_on < taken_in_on else fact


def _is_adoption_of(fact: Fact, child: PersonId) -> bool:
    return isinstance(fact.payload, AdoptionDecided) and fact.payload.child == child


def _takes_in(fact: Fact, circle: Circle) -> bool:
    return isinstance(fact.payload, AdoptionDecided) and takes_in(fact.payload, circle)


def adopters_of(fact: Fact) -> tuple[PersonId, ...]:
    """Those whose circle a child is taken into, by an adoption; nobody by any other fact."""
    if not isinstance(fact.payload, AdoptionDecided):
        return ()
    named = (fact.payload.mother, fact.payload.father)
    return tuple(one for one in named if one is not None)


def carers_of(facts: Iterable[Fact]) -> set[PersonId]:
    """Whom courts named to hold a child or to decide for it: they have a stream where it counts."""
    found: set[PersonId | None] = set()
    for fact in facts:
        match fact.payload:
            case CustodyDecided(holder=holder, guardian=guardian):
                found |= {holder, guardian}
            case GuardianAppointed(guardian=guardian):
                found.add(guardian)
            case _:
                pass
    return {one for one in found if one is not None}


def couple_of(fact: Fact) -> tuple[PersonId, PersonId] | None:
    """The two whose circle a fact is for by itself, whether or not anything else is known."""
    if fact.payload.policy() not in ("wife", "couple", "document"):
        return None
    about = fact.payload.subjects()
    return None if len(about) < 2 else (about[0], about[1])


def joins(fact: Fact) -> bool:
    """Whether a fact may bring a couple's circle about: then all known before is carried there."""
    return fact.payload.policy() in ("wife", "couple", "pregnancy")


def possible_fathers(fact: Fact, own: tuple[Fact, ...]) -> set[PersonId]:
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
    if isinstance(payload, PregnancyConfirmed):
        delivered_on, days = payload.due_on, {fact.occurred_on}
    else:  # of whom she was known to be pregnant before, it is the husband of then
        delivered_on = fact.occurred_on
        days = {delivered_on, *_expected_since(payload.mother, delivered_on, own)}
    married = {
        father_at(payload.mother, None, on, marriages, delivered_on=delivered_on)
        for marriages in (marriages_of(own), marriages_of(standing_facts(own)))
        for on in days
    }
    return {father for father in named | married if father is not None}


def tells_of_widowhood(fact: Fact) -> bool:
    """Whether a wife may have to learn of her husband's death by this fact."""
    return isinstance(fact.payload, PersonDied | MarriageRegistered | EnteredInError)


def couples_of(own: tuple[Fact, ...]) -> set[tuple[PersonId, PersonId]]:
    """Husband and wife of every marriage that was ever said of somebody, still standing or not."""
    return {
        (fact.payload.husband, fact.payload.wife)
        for fact in own
        if isinstance(fact.payload, MarriageRegistered)
    }


def deaths_of(person: PersonId, own: tuple[Fact, ...]) -> list[Fact]:
    """What was said of a person's death, and what takes it back, of their own facts."""

    def is_death(fact: Fact, rest: tuple[Fact, ...]) -> bool:
        if isinstance(fact.payload, EnteredInError):
            return any(is_death(*one) for one in _taken_back_by(fact.payload, rest))
        return isinstance(fact.payload, PersonDied) and fact.payload.person == person

    return [fact for fact in own if is_death(fact, own)]


def _is_home_of(fact: Fact, circle: Circle, own: tuple[Fact, ...]) -> bool:
    payload = fact.payload
    assert isinstance(payload, PregnancyConfirmed | BirthNotified)
    members = set(circle.members)
    if circle.kind == "single":
        return {payload.mother} == members
    return any({payload.mother, father} == members for father in possible_fathers(fact, own))


def _is_of_a_birth_here(fact: Fact, circle: Circle, own: tuple[Fact, ...]) -> bool:
    """Whether it tells of a pregnancy that may have ended with a birth that goes here."""
    return isinstance(fact.payload, PregnancyConfirmed) and any(
        _meets(other.occurred_on, fact) and _is_home_of(other, circle, own)
        for other in own
        if isinstance(other.payload, BirthNotified) and other.payload.mother == fact.payload.mother
    )


def _is_of_a_pregnancy_here(fact: Fact, circle: Circle, own: tuple[Fact, ...]) -> bool:
    """Whether it goes here: with a pregnancy of its time, or a birth that it contradicts."""
    return any(
        _meets(fact.occurred_on, other) and belongs(other, circle, own)
        for other in own
        if isinstance(other.payload, PregnancyConfirmed | BirthNotified)
        and other.payload.mother == fact.payload.subjects()[0]
    )


def _expected_since(mother: PersonId, born_on: date, own: tuple[Fact, ...]) -> set[date]:
    """The days on which a pregnancy was confirmed that this birth may have ended."""
    return {
        other.occurred_on
        for other in own
        if isinstance(other.payload, PregnancyConfirmed)
        and other.payload.mother == mother
        and _meets(born_on, other)
    }


def _meets(on: date, other: Fact) -> bool:
    if isinstance(other.payload, PregnancyConfirmed):
        begins_on = other.payload.due_on - timedelta(days=GESTATION_DAYS)
        return timedelta(0) < on - begins_on <= timedelta(days=PREGNANCY_DAYS_MAX)
    return abs(on - other.occurred_on) <= timedelta(days=CONTRADICTION_DAYS)


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


def _taken_back_by(payload: object, own: tuple[Fact, ...]) -> list[tuple[Fact, tuple[Fact, ...]]]:
    """What a correction takes back of `own`, each with the rest, so that a ring ends."""
    assert isinstance(payload, EnteredInError)
    rest = tuple(other for other in own if other.payload is not payload)
    return [
        (other, rest)
        for other in rest
        if (other.source, other.source_id) == (payload.target_source, payload.target_source_id)
    ]


def _under_review(fact: Fact, own: tuple[Fact, ...]) -> list[tuple[Fact, tuple[Fact, ...]]]:
    """What is under review by a fact, or what an answer is about, of `own`; each with the rest."""
    rest = tuple(other for other in own if other is not fact)
    match fact.payload:
        case ReviewOpened() as review:
            target = (review.target_source, review.target_source_id, review.target_part)
            found = [one for one in rest if (one.source, one.source_id, one.part) == target]
        case DisputeAnswered(dispute=dispute):
            found = [
                one
                for one in rest
                if isinstance(one.payload, ReviewOpened) and one.payload.dispute == dispute
            ]
        case _:
            found = []
    return [(one, rest) for one in found]
