"""Sources that a card does not name: an agency's name tells where it is, so of the time of a
protected address nobody else reads who said what.

Keys and citations are made before, from the true source: a fact may be disputed all the same.
"""

from datetime import date

import msgspec

from domain.card.record import Record, RecordedDose
from domain.citation import citation_of, mark_of, split
from domain.fact import OWN_SOURCES
from domain.family import Family
from domain.people.secrecy import HIDDEN


class Unnamed(msgspec.Struct, frozen=True):
    """The facts whose sources are not named, by citation; those sources; since when."""

    citations: frozenset[bytes]
    sources: frozenset[str]
    since_on: date


def unnamed_of(family: Family, secret: bytes) -> Unnamed | None:
    """What is not named in this circle; None where nobody's address is protected from it."""
    if family.protected_since is None:
        return None
    facts = [fact for fact in family.unplaced if fact.source not in OWN_SOURCES]
    return Unnamed(
        frozenset(citation_of(mark_of(fact), secret) for fact in facts),
        frozenset(fact.source for fact in facts),
        family.protected_since,
    )


def without_sources(record: Record, unnamed: Unnamed) -> Record:
    """The record with those sources replaced wherever it names one."""
    cited = enumerate(split(record.cited))
    hidden = {place for place, one in cited if one in unnamed.citations}
    facts = tuple(
        msgspec.structs.replace(fact, source=HIDDEN) if place in hidden else fact
        for place, fact in enumerate(record.why.facts)
    )
    reviews = tuple(
        msgspec.structs.replace(review, registry=HIDDEN) if review.place in hidden else review
        for review in record.reviews
    )
    kept = record.vaccinations
    if kept is not None:
        doses = tuple(_without_reporters(dose, unnamed) for dose in kept.doses)
        kept = msgspec.structs.replace(kept, doses=doses)
    return msgspec.structs.replace(
        record,
        occurrence=_without_source(record.occurrence, unnamed),
        why=msgspec.structs.replace(record.why, facts=facts),
        reviews=reviews,
        vaccinations=kept,
    )


def _without_reporters(dose: RecordedDose, unnamed: Unnamed) -> RecordedDose:
    reports = tuple(
        msgspec.structs.replace(report, source=HIDDEN)
        if report.given_on >= unnamed.since_on and report.source in unnamed.sources
        else report
        for report in dose.reports
    )
    return msgspec.structs.replace(dose, reports=reports)


def _without_source(occurrence: str, unnamed: Unnamed) -> str:
    """What is known by an agency's own number begins with the agency (`domain/start/`)."""
    source, _, rest = occurrence.partition("/")
    return f"{HIDDEN}/{rest.rpartition('/')[2]}" if source in unnamed.sources else occurrence
