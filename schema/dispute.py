"""The mutations: saying that a fact is wrong, and taking that back.

They answer as those of `schema/act.py` do, once per command id.
"""

from datetime import date
from uuid import UUID

import strawberry

from domain.error import NotFound
from schema.act import COMMAND_ID, Act, CardOutcome
from schema.context import Asked
from schema.field import described
from schema.language import InLanguage
from schema.node import decode_fact
from schema.review import Claim
from timeline.dispute import WORDS_CHARACTERS_MAX, DisputeFact, WithdrawDispute, WordsTooLong


@strawberry.input
class DisputeFactInput:
    command_id: UUID = strawberry.field(description=COMMAND_ID)
    card_id: strawberry.ID
    fact_id: strawberry.ID = strawberry.field(description="`id` of a fact of the card's `why`.")
    claim: Claim
    says_on: date | None = strawberry.field(
        default=None, description="A past day other than the recorded one."
    )
    words: str | None = strawberry.field(
        default=None, description=f"At most {WORDS_CHARACTERS_MAX} characters."
    )


@strawberry.input
class WithdrawDisputeInput:
    command_id: UUID = strawberry.field(description=COMMAND_ID)
    card_id: strawberry.ID
    fact_id: strawberry.ID


@strawberry.type
class DisputeMutation:
    @described("The parent says that a fact which a card rests on is wrong. Its registry is asked.")
    async def dispute_fact(
        self, info: Asked, input: DisputeFactInput, language: InLanguage = None
    ) -> CardOutcome:
        act = Act(info.context, language)
        fact = decode_fact(input.fact_id)
        if fact is None:
            return act.refused(NotFound)
        if input.words is not None and len(input.words) > WORDS_CHARACTERS_MAX:
            return act.refused(WordsTooLong)
        return await act.run(
            input,
            "fact.dispute",
            DisputeFact,
            fact=fact,
            claim=input.claim.value,
            says_on=input.says_on,
            words=input.words,
        )

    @described("The parent takes back what they disputed.")
    async def withdraw_dispute(
        self, info: Asked, input: WithdrawDisputeInput, language: InLanguage = None
    ) -> CardOutcome:
        act = Act(info.context, language)
        fact = decode_fact(input.fact_id)
        if fact is None:
            return act.refused(NotFound)
        return await act.run(input, "fact.withdraw_dispute", WithdrawDispute, fact=fact)
