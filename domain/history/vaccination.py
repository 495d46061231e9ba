"""What was said of a person's vaccinations: each dose with everybody who reported it, and what
bears on the doses to come: refusals, conditions, where the person lives.

Reports of one code on one day are one dose. Reports that differ in their date are joined, or not,
by the calculator.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeAlias

import msgspec

from domain.fact import Fact
from domain.facts.act import EnteredInError
from domain.facts.health import (
    ConditionRecorded,
    ConditionResolved,
    VaccinationGiven,
    VaccinationNotDone,
    VaccinationRefused,
)
from domain.facts.person import ResidenceChanged
from domain.ids import PersonId

Remark: TypeAlias = VaccinationRefused | VaccinationNotDone | ConditionRecorded | ConditionResolved
_PLANNED_BY = (Remark, VaccinationGiven, ResidenceChanged)


class Vaccination(msgspec.Struct, frozen=True):
    """`reports` are in order of precedence; the first speaks for the dose. What only some of them
    say counts as well: a report that is silent takes nothing back.
    """

    vaccine_code: str
    given_on: date
    reports: tuple[Fact, ...]

    @property
    def fact(self) -> Fact:
        return self.reports[0]

    @property
    def known_on(self) -> date:
        return min(report.known_on for report in self.reports)

    @property
    def is_partial(self) -> bool:
        return any(said.is_partial for said in self._said)

    @property
    def manufacturer_code(self) -> str | None:
        """As the first said that named it."""
        return next((said.manufacturer_code for said in self._said if said.manufacturer_code), None)

    @property
    def is_by_giver(self) -> bool:
        """Whether whoever gave the dose is among those who told of it."""
        return any(not said.given_elsewhere for said in self._said)

    @property
    def _said(self) -> Iterator[VaccinationGiven]:
        for report in self.reports:
            if isinstance(report.payload, VaccinationGiven):
                yield report.payload


class Correction(msgspec.Struct, frozen=True):
    """A report that was taken back, and the day on which that was known."""

    target: Fact
    known_on: date


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


def remarks_of(facts: Iterable[Fact]) -> dict[PersonId, tuple[Fact, ...]]:
    """Every person's refusals and conditions, in the order in which they happened."""
    return _by_person(fact for fact in facts if isinstance(fact.payload, Remark))


def residences_of(facts: Iterable[Fact]) -> dict[PersonId, tuple[Fact, ...]]:
    """Where every person moved, in order; a move that names no place says nothing here."""
    return _by_person(fact for fact in facts if _names_place(fact))


def _names_place(fact: Fact) -> bool:
    said = fact.payload
    return isinstance(said, ResidenceChanged) and (said.emirate or said.country) is not None


def _by_person(facts: Iterable[Fact]) -> dict[PersonId, tuple[Fact, ...]]:
    found: dict[PersonId, list[Fact]] = {}
    for fact in sorted(facts, key=lambda fact: (fact.occurred_on, fact.precedence)):
        found.setdefault(fact.payload.subjects()[0], []).append(fact)
    return {person: tuple(told) for person, told in found.items()}


def corrections_of(facts: Iterable[Fact]) -> dict[PersonId, tuple[Correction, ...]]:
    """For each person, every report that was taken back of those by which doses are planned: by all
    facts, those that do not count included.
    """
    facts = tuple(facts)
    reported = {
        (fact.source, fact.source_id): fact
        for fact in facts
        if isinstance(fact.payload, _PLANNED_BY)
    }
    found: dict[PersonId, list[Correction]] = {}
    for fact in facts:
        if isinstance(fact.payload, EnteredInError):
            target = (fact.payload.target_source, fact.payload.target_source_id)
            told = reported.get(target)
            if told is not None and fact.source == target[0]:
                person = told.payload.subjects()[0]
                found.setdefault(person, []).append(Correction(told, fact.known_on))
    return {person: tuple(taken_back) for person, taken_back in found.items()}
