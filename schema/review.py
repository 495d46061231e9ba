"""What is shown of a fact under review: how it stands, and what the reader says instead.

Whether an answer is overdue is derived from its day, today.
"""

from datetime import date
from enum import Enum

import strawberry

from domain.card.record import FactReview as Review
from domain.card.record import ReviewState as StateName
from domain.facts.dispute import Claim as ClaimName
from domain.text.message import Language
from timeline.review_text import say_review
from timeline.source import AgencyNames, source_name


@strawberry.enum(description="What is wrong with a fact.")
class Claim(Enum):
    NOT_SO = strawberry.enum_value("not_so", description="It never happened, or is not about us.")
    OTHER_DAY = strawberry.enum_value("other_day", description="It was on another day: `saysOn`.")
    OTHER = strawberry.enum_value("other", description="As `words` say.")


@strawberry.enum(description="How a fact under review stands.")
class ReviewState(Enum):
    OPEN = "open"
    UPHELD = strawberry.enum_value("upheld", description="Its registry says that it is right.")
    CORRECTED = strawberry.enum_value(
        "corrected", description="Its registry says that it is wrong and corrects it."
    )


@strawberry.type(description="What the reader says instead of a fact. Nobody else is shown it.")
class MemberVersion:
    claim: ClaimName = strawberry.field(graphql_type=Claim)
    says_on: date | None
    words: str | None


@strawberry.type(description="A fact that is, or was, under review, because a member disputes it.")
class FactReview:
    state: StateName = strawberry.field(graphql_type=ReviewState)
    registry: str = strawberry.field(
        description="The id of the agency that has it now; `*` where it is not named."
    )
    registry_name: str
    since: date
    due_on: date = strawberry.field(description="The last day on which its answer is not overdue.")
    overdue: bool
    draft: bool = strawberry.field(
        description="The days that a registry has are not signed off yet. Say so where it is shown."
    )
    answered_on: date | None
    text: str = strawberry.field(description="All this in words.")
    mine: MemberVersion | None = strawberry.field(
        description="What the reader said; null for whoever did not dispute it."
    )


def review_of(
    review: Review, *, agencies: AgencyNames, today: date, language: Language
) -> FactReview:
    """What is shown of a review today."""
    said = review.said
    return FactReview(
        state=review.state,
        registry=review.registry,
        registry_name=source_name(agencies, review.registry, language),
        since=review.since_on,
        due_on=review.due_on,
        overdue=review.state == "open" and today > review.due_on,
        draft=review.is_draft,
        answered_on=review.answered_on,
        text=say_review(review, agencies=agencies, today=today, language=language),
        mine=None
        if said is None
        else MemberVersion(claim=said.claim, says_on=said.on, words=said.words),
    )
