"""Documents by what was said of them: issued, replaced, revoked; which of a kind is in force.

A document is a number of one kind of one person. One told twice is one, dated by the later
assertion and known since the first.
"""

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.fact import Fact
from domain.facts.document import (
    DocumentIssued,
    DocumentKind,
    DocumentReplaced,
    DocumentRevoked,
)
from domain.ids import PersonId


class Paper(msgspec.Struct, frozen=True):
    """`end` is what revoked it, or the issue of the one that took its place."""

    person: PersonId
    kind: DocumentKind
    number: str
    start: Fact
    known_on: date
    expires_on: date | None
    end: Fact | None = None

    @property
    def is_in_force(self) -> bool:
        return self.end is None


def papers_of(facts: Iterable[Fact]) -> tuple[Paper, ...]:
    """Every document of one person alone, by the person's facts in order of precedence; in the
    order of their days. Documents of two are the couple's.
    """
    found: dict[tuple[DocumentKind, str], Paper] = {}
    ends: dict[tuple[DocumentKind, str], Fact] = {}
    for fact in facts:
        match fact.payload:
            case DocumentIssued(spouse=None) | DocumentReplaced(spouse=None) as said:
                key = (said.document, said.number)
                known = found.get(key)
                known_on = fact.known_on if known is None else min(known.known_on, fact.known_on)
                found[key] = Paper(
                    said.person, said.document, said.number, fact, known_on, said.expires_on
                )
                if isinstance(said, DocumentReplaced) and said.replaced_number != said.number:
                    ends[(said.document, said.replaced_number)] = fact
            case DocumentRevoked(spouse=None) as said:
                ends[(said.document, said.number)] = fact
            case _:
                pass
    papers = [msgspec.structs.replace(paper, end=ends.get(key)) for key, paper in found.items()]
    return tuple(
        sorted(papers, key=lambda paper: (paper.start.occurred_on, paper.kind, paper.number))
    )


def first_issue(papers: Iterable[Paper], kind: DocumentKind) -> Fact | None:
    """The first issue of a kind of which one is in force: a replacement starts nothing anew."""
    of_kind = [paper for paper in papers if paper.kind == kind]
    if not any(paper.is_in_force for paper in of_kind):
        return None
    return of_kind[0].start
