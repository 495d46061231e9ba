"""Which facts count: all but those entered in error, whichever came first; and since when what they
say was known.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from domain.fact import Fact
from domain.facts.act import EnteredInError

REPLACED_WITHIN_DAYS = 7  # told anew that soon after it was taken back, it was never forgotten


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


def known_since(reports: Iterable[Fact], ever: Iterable[Fact]) -> date:
    """Since when it is known what the `reports` that stand say alike: by whoever said so first.

    `ever` has the reports that stand no more, too, and what took them back. To correct a report its
    sender takes it back and tells it anew: what both say of the same people and the same day was
    known all the while.
    """
    reports, ever = tuple(reports), tuple(ever)
    known_on = min(report.known_on for report in reports)
    said = {_said(report) for report in reports}
    taken_back: dict[tuple[str, str], date] = {}
    for fact in ever:
        if isinstance(fact.payload, EnteredInError):
            target = (fact.payload.target_source, fact.payload.target_source_id)
            taken_back[target] = max(taken_back.get(target, fact.known_on), fact.known_on)
    within = timedelta(days=REPLACED_WITHIN_DAYS)
    before = [fact for fact in ever if _said(fact) in said]
    for fact in sorted(before, key=lambda fact: fact.known_on, reverse=True):
        until_on = taken_back.get((fact.source, fact.source_id))
        if until_on is not None and known_on <= until_on + within:
            known_on = min(known_on, fact.known_on)
    return known_on


def _said(report: Fact) -> tuple[object, ...]:
    """What makes two reports the same: their kind, day and foremost two people."""
    return type(report.payload), report.occurred_on, report.payload.subjects()[:2]
