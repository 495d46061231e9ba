"""What was found of a child's development: evaluations of its forms, and what came of a referral.

Pure; `domain/family.py` keeps it with the child, `domain/planned/development_forms.py` reads it.
"""

from collections.abc import Iterable

from domain.fact import Fact
from domain.facts.appointment import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentKept,
    AppointmentMissed,
    VisitKept,
)
from domain.facts.health import QuestionnaireEvaluated
from domain.ids import PersonId

_OF_AN_APPOINTMENT = (AppointmentBooked, AppointmentCancelled, AppointmentKept, AppointmentMissed)


def development_of(facts: Iterable[Fact]) -> dict[PersonId, tuple[Fact, ...]]:
    """Every person's evaluations, and visits and appointments at early-intervention centres, in the
    order in which they happened.
    """
    facts = tuple(facts)
    numbers = {
        (fact.source, fact.payload.number)
        for fact in facts
        if isinstance(fact.payload, AppointmentBooked)
        and fact.payload.purpose == "early_intervention"
    }
    found: dict[PersonId, list[Fact]] = {}
    for fact in sorted(facts, key=lambda fact: (fact.occurred_on, fact.precedence)):
        match fact.payload:
            case QuestionnaireEvaluated() | VisitKept(purpose="early_intervention"):
                belongs = True
            case said if isinstance(said, _OF_AN_APPOINTMENT):
                belongs = (fact.source, said.number) in numbers
            case _:
                belongs = False
        if belongs:
            found.setdefault(fact.payload.subjects()[0], []).append(fact)
    return {person: tuple(told) for person, told in found.items()}
