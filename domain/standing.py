"""Which facts count: all but those entered in error, whichever came first."""

from collections.abc import Iterable

from domain.fact import Fact
from domain.facts.act import EnteredInError


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
