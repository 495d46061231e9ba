"""The mutations: what a parent does to a card of theirs, once per command id.

A refusal is an answer, not an error: its words, its code and the next step. A resend with the same
command id gives the first answer again.
"""

from collections.abc import Mapping
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Any, Protocol  # Any: a command's payload is its registry's affair
from uuid import UUID

import strawberry

from domain.actor import Actor
from domain.error import NotFound, Refusal
from domain.ids import CommandId, RecordKey
from domain.text import Language
from schema.card import Card, card_of
from schema.context import Asked, RequestContext, SignInRequired
from schema.field import described
from schema.language import InLanguage, chosen
from schema.load_card import find_loaded, load_timeline
from schema.node import decode_id
from timeline.act import (
    REFUSALS,
    AcknowledgeCard,
    DismissCard,
    NothingToUndo,
    SnoozeCard,
    SnoozeOutOfRange,
    Superseded,
    TooLate,
    UndoCard,
)
from timeline.command import APPLIED, Command, CommandUnknown, run_command


@strawberry.enum(description="What to do after a refusal.")
class NextStep(Enum):
    REFRESH = strawberry.enum_value("refresh", description="Read the timeline again.")
    CHOOSE_ANOTHER_DAY = "choose_another_day"
    UPDATE_APP = "update_app"
    SIGN_IN = "sign_in"


_REFUSALS: tuple[type[Refusal], ...] = (*REFUSALS, NotFound, CommandUnknown, SignInRequired)
REFUSAL_TYPES: Mapping[str, type[Refusal]] = MappingProxyType(
    {kind.code: kind for kind in _REFUSALS}
)

NEXT_STEPS: Mapping[str, NextStep] = MappingProxyType(
    {
        NotFound.code: NextStep.REFRESH,
        Superseded.code: NextStep.REFRESH,
        TooLate.code: NextStep.REFRESH,
        NothingToUndo.code: NextStep.REFRESH,
        SnoozeOutOfRange.code: NextStep.CHOOSE_ANOTHER_DAY,
        CommandUnknown.code: NextStep.UPDATE_APP,
        SignInRequired.code: NextStep.SIGN_IN,
    }
)

_COMMAND_ID = "Made by the app, one an act. Sent again, it gives the first answer again."


@strawberry.input
class AcknowledgeCardInput:
    command_id: UUID = strawberry.field(description=_COMMAND_ID)
    card_id: strawberry.ID


@strawberry.input
class SnoozeCardInput:
    command_id: UUID = strawberry.field(description=_COMMAND_ID)
    card_id: strawberry.ID
    until: date = strawberry.field(description="From tomorrow up to 30 days from today.")


@strawberry.input
class DismissCardInput:
    command_id: UUID = strawberry.field(description=_COMMAND_ID)
    card_id: strawberry.ID


@strawberry.input
class UndoCardInput:
    command_id: UUID = strawberry.field(description=_COMMAND_ID)
    card_id: strawberry.ID
    seen_number: int = strawberry.field(description="`number` of the card as the parent saw it.")


@strawberry.type(description="It was done.")
class CardChanged:
    card: Card | None = strawberry.field(
        description="The card as it is now; null when it has left the timeline since."
    )


@strawberry.type(description="It was not done, and sending it again will not do it.")
class CardRefused:
    code: str = strawberry.field(description="Stable and dotted, such as `card.too_late`.")
    next_step: NextStep
    language: strawberry.Private[Language]

    @described("The cause and the next step, in words for the parent.")
    def message(self, language: InLanguage = None) -> str:
        kind = REFUSAL_TYPES[self.code]
        return kind.ar if chosen(language, self.language) == "ar" else kind.en


CardOutcome = Annotated[CardChanged | CardRefused, strawberry.union("CardOutcome")]


class _Act(Protocol):
    command_id: UUID
    card_id: strawberry.ID


@strawberry.type
class Mutation:
    @described("The parent has read the card.")
    async def acknowledge_card(self, info: Asked, input: AcknowledgeCardInput) -> CardOutcome:
        return await _act(info, input, "card.acknowledge", AcknowledgeCard)

    @described("The parent wants to see the card again on a later day.")
    async def snooze_card(self, info: Asked, input: SnoozeCardInput) -> CardOutcome:
        return await _act(info, input, "card.snooze", SnoozeCard, until=input.until)

    @described("The parent puts the card away.")
    async def dismiss_card(self, info: Asked, input: DismissCardInput) -> CardOutcome:
        return await _act(info, input, "card.dismiss", DismissCard)

    @described("Takes back what the parent last did to the card.")
    async def undo_card(self, info: Asked, input: UndoCardInput) -> CardOutcome:
        return await _act(info, input, "card.undo", UndoCard, seen_number=input.seen_number)


async def _act(
    info: Asked,
    asked: _Act,
    name: str,
    payload: type[AcknowledgeCard | SnoozeCard | DismissCard | UndoCard],
    **more: Any,
) -> CardChanged | CardRefused:
    context = info.context
    if context.actor is None:
        return _refused(context, SignInRequired.code)
    key = decode_id("Card", asked.card_id)
    if key is None:
        return _refused(context, NotFound.code)
    command = Command(CommandId(asked.command_id), name, payload(RecordKey(key), **more))
    outcome = await run_command(context.ground, context.registry, context.actor, command)
    if outcome.code != APPLIED:
        return _refused(context, outcome.code)
    return await _changed(context, context.actor, RecordKey(key))


async def _changed(context: RequestContext, actor: Actor, key: RecordKey) -> CardChanged:
    timeline = await load_timeline(context.ground, actor)
    loaded = find_loaded(timeline, key)
    return CardChanged(card=None if loaded is None else card_of(timeline, loaded))


def _refused(context: RequestContext, code: str) -> CardRefused:
    return CardRefused(code=code, next_step=NEXT_STEPS[code], language=context.language)
