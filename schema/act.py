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

from domain.error import NotFound, Refusal, SignInRequired
from domain.ids import CommandId, RecordKey
from domain.people.actor import Actor
from push.wish import REFUSALS as WISH_REFUSALS
from push.wish import NumberInvalid, NumberTooLong, ServiceUnknown, TooManyWishes
from schema.card import Card, card_of
from schema.context import Asked, RequestContext
from schema.field import described
from schema.language import InLanguage, LanguageName, chosen
from schema.load_card import find_loaded, load_timeline
from schema.node import decode_id
from timeline.act import (
    REFUSALS,
    AcknowledgeCard,
    AttachPhoto,
    DismissCard,
    NothingToUndo,
    PhotoTooLate,
    SnoozeCard,
    SnoozeOutOfRange,
    Superseded,
    TooLate,
    UndoCard,
)
from timeline.command import Command, CommandUnknown, run_command
from timeline.dispute import REFUSALS as DISPUTE_REFUSALS
from timeline.dispute import (
    AlreadyAnswered,
    AlreadyDisputed,
    DisputeFact,
    NotDisputable,
    NothingToWithdraw,
    SaysNothing,
    TooManyDisputes,
    WithdrawDispute,
    WordsTooLong,
)
from timeline.outcome import APPLIED
from timeline.picture import BlobIncomplete, BlobMissing, NotAPicture, TooManyPhotos
from timeline.step_up import StepUpRequired


@strawberry.enum(description="What to do after a refusal.")
class NextStep(Enum):
    REFRESH = strawberry.enum_value("refresh", description="Read the timeline again.")
    CHOOSE_ANOTHER_DAY = "choose_another_day"
    CORRECT_INPUT = strawberry.enum_value("correct_input", description="Say more, or less.")
    SEND_PHOTO = strawberry.enum_value(
        "send_photo", description="Send a photo, whole, then this under a new command id."
    )
    UNDO = strawberry.enum_value("undo", description="Take back what was done before.")
    UPDATE_APP = "update_app"
    SIGN_IN = "sign_in"


_REFUSALS: tuple[type[Refusal], ...] = (
    *REFUSALS,
    *DISPUTE_REFUSALS,
    NotFound,
    CommandUnknown,
    SignInRequired,
    StepUpRequired,
    WordsTooLong,
    *WISH_REFUSALS,
    NumberTooLong,
    TooManyWishes,
)
REFUSAL_TYPES: Mapping[str, type[Refusal]] = MappingProxyType(
    {kind.code: kind for kind in _REFUSALS}
)

NEXT_STEPS: Mapping[str, NextStep] = MappingProxyType(
    {
        NotFound.code: NextStep.REFRESH,
        Superseded.code: NextStep.REFRESH,
        TooLate.code: NextStep.REFRESH,
        NothingToUndo.code: NextStep.REFRESH,
        PhotoTooLate.code: NextStep.REFRESH,
        BlobMissing.code: NextStep.SEND_PHOTO,
        BlobIncomplete.code: NextStep.SEND_PHOTO,
        NotAPicture.code: NextStep.SEND_PHOTO,
        TooManyPhotos.code: NextStep.UNDO,
        SnoozeOutOfRange.code: NextStep.CHOOSE_ANOTHER_DAY,
        NotDisputable.code: NextStep.UNDO,
        SaysNothing.code: NextStep.CORRECT_INPUT,
        WordsTooLong.code: NextStep.CORRECT_INPUT,
        AlreadyDisputed.code: NextStep.REFRESH,
        AlreadyAnswered.code: NextStep.REFRESH,
        TooManyDisputes.code: NextStep.REFRESH,
        NothingToWithdraw.code: NextStep.REFRESH,
        NumberInvalid.code: NextStep.CORRECT_INPUT,
        NumberTooLong.code: NextStep.CORRECT_INPUT,
        TooManyWishes.code: NextStep.CORRECT_INPUT,
        ServiceUnknown.code: NextStep.REFRESH,
        CommandUnknown.code: NextStep.UPDATE_APP,
        SignInRequired.code: NextStep.SIGN_IN,
        StepUpRequired.code: NextStep.SIGN_IN,
    }
)

COMMAND_ID = "Made by the app, one an act. Sent again, it gives the first answer again."


@strawberry.input
class AcknowledgeCardInput:
    command_id: UUID = strawberry.field(description=COMMAND_ID)
    card_id: strawberry.ID


@strawberry.input
class SnoozeCardInput:
    command_id: UUID = strawberry.field(description=COMMAND_ID)
    card_id: strawberry.ID
    until: date = strawberry.field(description="From tomorrow up to 30 days from today.")


@strawberry.input
class DismissCardInput:
    command_id: UUID = strawberry.field(description=COMMAND_ID)
    card_id: strawberry.ID


@strawberry.input
class AttachPhotoInput:
    command_id: UUID = strawberry.field(description=COMMAND_ID)
    card_id: strawberry.ID
    photo: UUID = strawberry.field(
        description="The blob that the photo was sent as before, whole: JPEG, PNG or HEIC."
    )


@strawberry.input
class UndoCardInput:
    command_id: UUID = strawberry.field(description=COMMAND_ID)
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
    message: str = strawberry.field(
        description="The cause and the next step, in words for the parent."
    )
    next_step: NextStep


CardOutcome = Annotated[CardChanged | CardRefused, strawberry.union("CardOutcome")]


class _Asked(Protocol):
    """What every input of a mutation has."""

    command_id: UUID
    card_id: strawberry.ID


@strawberry.type
class Mutation:
    @described("The parent has read the card.")
    async def acknowledge_card(
        self, info: Asked, input: AcknowledgeCardInput, language: InLanguage = None
    ) -> CardOutcome:
        act = Act(info.context, language)
        return await act.run(input, "card.acknowledge", AcknowledgeCard)

    @described("The parent wants to see the card again on a later day.")
    async def snooze_card(
        self, info: Asked, input: SnoozeCardInput, language: InLanguage = None
    ) -> CardOutcome:
        act = Act(info.context, language)
        return await act.run(input, "card.snooze", SnoozeCard, until=input.until)

    @described("The parent puts the card away.")
    async def dismiss_card(
        self, info: Asked, input: DismissCardInput, language: InLanguage = None
    ) -> CardOutcome:
        act = Act(info.context, language)
        return await act.run(input, "card.dismiss", DismissCard)

    @described("The parent adds a photo to the card, or puts another in its place.")
    async def attach_photo(
        self, info: Asked, input: AttachPhotoInput, language: InLanguage = None
    ) -> CardOutcome:
        act = Act(info.context, language)
        return await act.run(input, "card.attach_photo", AttachPhoto, photo=input.photo)

    @described("Takes back what the parent last did to the card.")
    async def undo_card(
        self, info: Asked, input: UndoCardInput, language: InLanguage = None
    ) -> CardOutcome:
        act = Act(info.context, language)
        return await act.run(input, "card.undo", UndoCard, seen_number=input.seen_number)


class Act:
    """One mutation: who asks, and the language that its outcome comes in."""

    def __init__(self, context: RequestContext, language: LanguageName | None) -> None:
        self._context = context
        self._language = chosen(language, context.language)

    async def run(
        self,
        asked: _Asked,
        name: str,
        payload: type[
            AcknowledgeCard
            | SnoozeCard
            | DismissCard
            | AttachPhoto
            | UndoCard
            | DisputeFact
            | WithdrawDispute
        ],
        **more: Any,
    ) -> CardChanged | CardRefused:
        context = self._context
        if context.actor is None:
            return self.refused(SignInRequired)
        key = decode_id("Card", asked.card_id)
        if key is None:
            return self.refused(NotFound)
        command = Command(CommandId(asked.command_id), name, payload(RecordKey(key), **more))
        outcome = await run_command(context.ground, context.registry, context.actor, command)
        if outcome.code != APPLIED:
            return self.refused(REFUSAL_TYPES[outcome.code])
        return await self._changed(context.actor, RecordKey(key))

    async def _changed(self, actor: Actor, key: RecordKey) -> CardChanged:
        timeline = await load_timeline(self._context.ground, actor)
        loaded = find_loaded(timeline, key)
        return CardChanged(
            card=None if loaded is None else card_of(timeline, loaded, self._language)
        )

    def refused(self, kind: type[Refusal]) -> CardRefused:
        """A refusal in words; `run` gives those of the command itself."""
        self._context.refuse(kind)
        message = kind.ar if self._language == "ar" else kind.en
        return CardRefused(code=kind.code, message=message, next_step=NEXT_STEPS[kind.code])
