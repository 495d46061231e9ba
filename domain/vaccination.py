"""What was said of a person's vaccinations: each dose with everybody who reported it.

Reports of one code on one day are one dose. Reports that differ in their date are joined, or not,
by the calculator.
"""

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.health import VaccinationGiven
from domain.ids import PersonId


class Vaccination(msgspec.Struct, frozen=True):
    """`reports` are in order of precedence; the first speaks for the dose."""

    vaccine_code: str
    given_on: date
    reports: tuple[Fact, ...]

    @property
    def fact(self) -> Fact:
        return self.reports[0]

    @property
    def known_on(self) -> date:
        return min(report.known_on for report in self.reports)


def vaccinations_of(facts: Iterable[Fact]) -> dict[PersonId, tuple[Vaccination, ...]]:
    """Every person's doses by code and day, by the facts given in order of precedence."""
    found: dict[PersonId, dict[tuple[str, date], list[Fact]]] = {}
    for fact in facts:
        if isinstance(fact.payload, VaccinationGiven):
            given = found.setdefault(fact.payload.person, {})
            given.setdefault((fact.payload.vaccine_code, fact.occurred_on), []).append(fact)
    return {
        person: tuple(Vaccination(code, on, tuple(given[code, on])) for code, on in sorted(given))
        for person, given in found.items()
    }


def corrections_of(facts: Iterable[Fact]) -> dict[PersonId, date]:
    """For each person, the latest day on which a report of a vaccination was taken back: by all
    facts, those that do not count included.
    """
    facts = tuple(facts)
    reported = {
        (fact.source, fact.source_id): fact.payload.person
        for fact in facts
        if isinstance(fact.payload, VaccinationGiven)
    }
    found: dict[PersonId, date] = {}
    for fact in facts:
        if isinstance(fact.payload, EnteredInError):
            target = (fact.payload.target_source, fact.payload.target_source_id)
            person = reported.get(target)
            if person is not None and fact.source == target[0]:
                found[person] = max(found.get(person, date.min), fact.known_on)
    return found
