"""A fact is said to be wrong, and what the registry that answers for it says of that.

One dispute gives two facts: what its member said, which stays in that member's circles, and that
the fact is under review, which goes wherever the fact went and names nobody. Both have the id of
the dispute as their source id, so taking the dispute back takes both.
"""

from datetime import date
from typing import ClassVar, Literal

from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

Claim = Literal["not_so", "other_day", "other"]
"""not_so: it never happened, or is not about us. other_day: it was on another day. other: as the
words say."""

Answer = Literal["upheld", "corrected", "not_ours"]


class FactDisputed(Statement, frozen=True, tag="fact.disputed"):
    """What a member says instead: kept where that member is, shown to nobody else."""

    carried: ClassVar[Carried] = "act"
    person: PersonId
    dispute: str
    claim: Claim
    says_on: date | None = None
    words: str | None = None


class ReviewOpened(Statement, frozen=True, tag="review.opened"):
    """A fact is under review since that day. `part` tells apart several facts of one event.

    `registry` is the agency that is asked first; it owes an answer by `due_on`.
    """

    carried: ClassVar[Carried] = "review"
    dispute: str
    target_source: str
    target_source_id: str
    target_part: str
    registry: str
    due_on: date


class DisputeAnswered(Statement, frozen=True, tag="dispute.answered"):
    """What an agency that was asked says. `corrected`: it takes its event back and reports what is
    right, each as an event of its own. `not_ours`: `passed_to` is to be asked.
    """

    carried: ClassVar[Carried] = "review"
    dispute: str
    answer: Answer
    passed_to: str | None = None
