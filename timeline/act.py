"""What a member does to a card of theirs: acknowledge, snooze, dismiss, attach a photo, undo.

Each is a fact about that member's own card: the other parent's stream shows nothing of it.
"""

from datetime import date, timedelta
from typing import (  # Any: the tuple holds handlers of every payload type
    Annotated,
    Any,
    Literal,
    TypeAlias,
)
from uuid import UUID

import msgspec

from domain.card.act import standing_acts
from domain.card.state import card_state
from domain.error import Refusal
from domain.fact import MEMBER_SOURCE, Fact
from domain.facts.act import CardAct
from domain.ids import CommandId, RecordKey
from domain.keyed_hash import KEY_BYTES
from domain.people.actor import Actor
from domain.standing import standing_facts
from store.clock import Clock
from timeline.command import Command, CommandType, Standing
from timeline.picture import BlobIncomplete, BlobMissing, NotAPicture, TooManyPhotos

SNOOZE_DAYS_MAX = 30  # longer would let a vaccination slip past its window unseen


# Checked where a phone's bytes become a payload; GraphQL's ids are decoded before.
Key: TypeAlias = Annotated[RecordKey, msgspec.Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]


class AcknowledgeCard(msgspec.Struct, frozen=True):
    key: Key


class SnoozeCard(msgspec.Struct, frozen=True):
    key: Key
    until: date


class DismissCard(msgspec.Struct, frozen=True):
    key: Key


class AttachPhoto(msgspec.Struct, frozen=True):
    """`photo` is a blob that the member's phone has sent whole; the one before it goes out of
    sight.
    """

    key: Key
    photo: UUID


class UndoCard(msgspec.Struct, frozen=True):
    """`seen_number` is the number of the card that the member saw when asking to undo.

    A phone without a network has not seen the row that its own act led to: it names the command of
    that act in `undoes` instead, and the undo holds while that act is the latest that stands.
    """

    key: Key
    seen_number: int
    undoes: CommandId | None = None


class Superseded(Refusal):
    code = "card.superseded"
    status = 409
    ar = "تغيّرت هذه البطاقة بعد أن رأيتها. حدِّث القائمة ثم قرِّر من جديد."
    en = "This card has changed since you saw it. Refresh the list and decide again."


class TooLate(Refusal):
    code = "card.too_late"
    status = 409
    ar = "لم يعد تأجيل هذه البطاقة ممكنًا: أُنجزت أو انتهت مدتها. حدِّث القائمة لترى ما بعدها."
    en = "This card can no longer be put off: it is done or has ended. Refresh to see what is next."


class PhotoTooLate(Refusal):
    code = "card.photo_too_late"
    status = 409
    ar = "لا تُرفق صورة بهذه البطاقة الآن: أُنجزت أو انتهت مدتها أو لم تكتمل شروطها. حدِّث القائمة."
    en = "This card takes no photo now: it is done, has ended, or waits. Refresh the list."


class SnoozeOutOfRange(Refusal):
    code = "card.snooze_out_of_range"
    ar = "اختر يومًا من الغد وحتى ثلاثين يومًا، وقبل أن يفوت موعد البطاقة."
    en = "Choose a day from tomorrow up to thirty days from today, before the card is overdue."


class NothingToUndo(Refusal):
    code = "card.nothing_to_undo"
    status = 409
    ar = "لا يوجد إجراء على هذه البطاقة للتراجع عنه."
    en = "There is nothing done to this card that could be undone."


def _fact(
    clock: Clock,
    actor: Actor,
    command: Command[Any],
    standing: Standing,
    act: Literal["acknowledged", "snoozed", "dismissed", "photo_attached", "undone"],
    *,
    snoozed_until: date | None = None,
    photo: UUID | None = None,
) -> Fact:
    return Fact(
        source=MEMBER_SOURCE,
        source_id=_source_id(actor, command.id),
        part="",
        occurred_on=clock.today(),
        asserted_at=clock.now_utc(),
        payload=CardAct(
            actor.person_id, standing.held.record.key, act, standing.sequence, snoozed_until, photo
        ),
    )


def _acknowledge(
    clock: Clock, actor: Actor, command: Command[AcknowledgeCard], standing: Standing
) -> Fact:
    return _fact(clock, actor, command, standing, "acknowledged")


def _snooze(clock: Clock, actor: Actor, command: Command[SnoozeCard], standing: Standing) -> Fact:
    today = clock.today()
    if not today < command.payload.until <= today + timedelta(days=SNOOZE_DAYS_MAX):
        raise SnoozeOutOfRange("until")
    record = standing.held.record
    state = card_state(record, today)
    if state in ("done", "expired", "waiting", "dismissed"):
        raise TooLate()
    assert record.window is not None
    # An overdue card may rest until it goes; any other must come back before it is overdue.
    last_on = record.window.expires_on if state == "overdue" else record.window.due_until
    if command.payload.until > last_on:
        raise SnoozeOutOfRange("until")
    return _fact(clock, actor, command, standing, "snoozed", snoozed_until=command.payload.until)


def _dismiss(clock: Clock, actor: Actor, command: Command[DismissCard], standing: Standing) -> Fact:
    return _fact(clock, actor, command, standing, "dismissed")


def _attach_photo(
    clock: Clock, actor: Actor, command: Command[AttachPhoto], standing: Standing
) -> Fact:
    if card_state(standing.held.record, clock.today()) in ("done", "expired", "waiting"):
        raise PhotoTooLate()
    return _fact(clock, actor, command, standing, "photo_attached", photo=command.payload.photo)


def _undo(clock: Clock, actor: Actor, command: Command[UndoCard], standing: Standing) -> Fact:
    record = standing.held.record
    undoes = command.payload.undoes
    if undoes is not None:
        if _latest_act(actor, standing) != _source_id(actor, undoes):
            raise Superseded()
    elif command.payload.seen_number != standing.held.number:
        raise Superseded()
    if not (record.acknowledged or record.dismissed or record.snoozed_until or record.photo):
        raise NothingToUndo()
    return _fact(clock, actor, command, standing, "undone")


def _source_id(actor: Actor, command_id: CommandId) -> str:
    return f"{actor.person_id}/{command_id}"


def _latest_act(actor: Actor, standing: Standing) -> str | None:
    """The source id of the latest act that stands on the actor's card."""
    acts = standing_acts(standing_facts(standing.facts))
    mine = acts.get((actor.person_id, standing.held.record.key))
    if not mine:
        return None
    latest = mine[-1]
    return next(fact.source_id for fact in standing.facts if fact.payload is latest)


COMMANDS: tuple[CommandType[Any], ...] = (
    CommandType("card.acknowledge", AcknowledgeCard, lambda payload: payload.key, _acknowledge),
    CommandType("card.snooze", SnoozeCard, lambda payload: payload.key, _snooze),
    CommandType("card.dismiss", DismissCard, lambda payload: payload.key, _dismiss),
    CommandType(
        "card.attach_photo",
        AttachPhoto,
        lambda payload: payload.key,
        _attach_photo,
        photo=lambda payload: payload.photo,
    ),
    CommandType("card.undo", UndoCard, lambda payload: payload.key, _undo),
)
"""Every refusal they raise is in `REFUSALS`, with its words."""

REFUSALS: tuple[type[Refusal], ...] = (
    Superseded,
    TooLate,
    SnoozeOutOfRange,
    NothingToUndo,
    PhotoTooLate,
    BlobMissing,
    BlobIncomplete,
    NotAPicture,
    TooManyPhotos,
)
