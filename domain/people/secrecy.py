"""What of a fact a circle may hold, where an adoption or a protected address stands between.

Pure. A fact that is held in part keeps its source, source id and part, so that a correction reaches
it wherever it is. `timeline/carry.py` asks what may be carried; `evaluate` hides places once more,
since a fact may have come before the protection did.
"""

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.birth import AdoptionDecided, BirthNotified
from domain.facts.dispute import DisputeAnswered, ReviewOpened
from domain.facts.health import (
    ConditionRecorded,
    ConditionResolved,
    DisabilityRecognised,
    MeasurementTaken,
    QuestionnaireEvaluated,
    VaccinationGiven,
    VaccinationNotDone,
    VaccinationRefused,
)
from domain.facts.person import IdentifierReplaced, PersonDescribed, PersonDied, ResidenceChanged
from domain.facts.support import SeatReleased, SeatReserved
from domain.people.circle import Circle

HEALTH = (
    ConditionRecorded,
    ConditionResolved,
    DisabilityRecognised,
    MeasurementTaken,
    QuestionnaireEvaluated,
    VaccinationGiven,
    VaccinationNotDone,
    VaccinationRefused,
    PersonDied,
)
"""What follows an adopted child from before: health, and nothing that names the family of birth."""
NAMELESS = (IdentifierReplaced, EnteredInError, ReviewOpened, DisputeAnswered)
"""What says of another fact, or of numbers, how it is to be read."""
HIDDEN = "*"  # in place of a school, or of whoever said something


def takes_in(adoption: AdoptionDecided, circle: Circle) -> bool:
    """Whether the circle is that of those who took the child in."""
    parents = {one for one in (adoption.mother, adoption.father) if one is not None}
    return bool(parents) and parents == set(circle.members)


def nameless(adoption: Fact) -> Fact:
    """The adoption as the family of birth may hold it: their view closes, nobody is named."""
    said = adoption.payload
    assert isinstance(said, AdoptionDecided)
    return msgspec.structs.replace(
        adoption, payload=AdoptionDecided(said.child, is_secret=said.is_secret)
    )


def from_before(fact: Fact) -> Fact | None:
    """What of a child's fact from before the adoption those who took it in may hold, if anything.

    The birth leaves its day alone. Names, nationality, papers, places, guardians and schools of
    that time stay behind.
    """
    match fact.payload:
        case BirthNotified(child=child):
            return _saying(fact, PersonDescribed(child, born_on=fact.occurred_on))
        case PersonDescribed(person=person, sex=sex, born_on=born_on, born_in=born_in):
            if (sex, born_on, born_in) == (None, None, None):
                return None
            return _saying(fact, PersonDescribed(person, sex=sex, born_on=born_on, born_in=born_in))
        case payload if isinstance(payload, (*HEALTH, *NAMELESS)):
            return _without_place(fact)
        case _:
            return None


def is_protected_residence(fact: Fact) -> bool:
    """Whether a fact says where somebody lives whom nobody else may find."""
    return isinstance(fact.payload, ResidenceChanged) and fact.payload.is_protected


def mark_of(residence: Fact) -> Fact:
    """That an address is protected, without the address."""
    said = residence.payload
    assert isinstance(said, ResidenceChanged)
    return _saying(residence, ResidenceChanged(said.person, is_protected=True))


def without_protected_places(circle: Circle, facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The standing facts, in order of precedence, without the places of the time in which anybody
    here but the circle's only member lives at a protected address.
    """
    facts = tuple(facts)
    since_on = protected_since(circle, facts)
    if since_on is None:
        return facts
    return tuple(
        _without_place(fact) if is_unplaced(fact, circle, since_on) else fact for fact in facts
    )


def is_unplaced(fact: Fact, circle: Circle, since_on: date) -> bool:
    """Whether a fact is of the time since then, and not the circle's only member's own."""
    return fact.occurred_on >= since_on and not _is_own(circle, fact)


def protected_since(circle: Circle, facts: Iterable[Fact]) -> date | None:
    """Since when anybody here but the circle's only member lives at a protected address, by the
    standing facts in order of precedence; None where nobody does.
    """
    latest: dict[object, Fact] = {}
    for fact in facts:
        said = fact.payload
        if isinstance(said, ResidenceChanged) and circle.members != (said.person,):
            known = latest.get(said.person)
            if known is None or known.occurred_on <= fact.occurred_on:
                latest[said.person] = fact
    protected = [one.occurred_on for one in latest.values() if is_protected_residence(one)]
    return min(protected, default=None)


def _is_own(circle: Circle, fact: Fact) -> bool:
    return circle.kind == "single" and fact.payload.subjects() == circle.members


def _without_place(fact: Fact) -> Fact:
    if isinstance(fact.payload, SeatReserved | SeatReleased):
        hidden = msgspec.structs.replace(fact.payload, school=HIDDEN)
        return msgspec.structs.replace(fact, payload=hidden)
    held = {name for name in ("place", "school", "emirate") if getattr(fact.payload, name, None)}
    if not held:
        return fact
    changes: dict[str, None] = dict.fromkeys(held)
    # `replace` cannot know that these fields of these kinds may be None.
    payload = msgspec.structs.replace(fact.payload, **changes)
    return msgspec.structs.replace(fact, payload=payload)


def _saying(fact: Fact, payload: PersonDescribed | ResidenceChanged) -> Fact:
    return msgspec.structs.replace(fact, payload=payload)
