"""Notices: one thing to tell one person, once. Made from an effect; its id is the effect's act key.

What stands here are values. `push/make.py` keeps them, `push/plan.py` decides when and by which
channel, `push/deliver.py` sends.
"""

from datetime import date
from typing import Literal

import msgspec

from domain.card.record import Record
from domain.catalogue import Service
from domain.ids import ActKey, CircleId, EntryId, RecordKey
from store.keys import OwnerKeys
from store.seal import Place, SealBroken, open_

Channel = Literal["push", "sms", "email"]
NoticeClass = Literal["clinical", "service", "information", "campaign"]
"""What a notice is to its reader: a matter of health with a day, something to be done, something
to read, or what a campaign team wants said. Each has caps of its own (`push/budget.py`)."""

CHANNELS: tuple[Channel, ...] = ("push", "sms", "email")
CLASSES: tuple[NoticeClass, ...] = ("clinical", "service", "information", "campaign")
_CLINICAL_CALCULATORS = frozenset({"immunization", "pregnancy"})


class Notice(msgspec.Struct, frozen=True):
    """Of which card a person is to be told, in which days, and why now (`moment`).

    What its service chose, if it did: the words (`message`), channels besides the app, and the
    document that an e-mail carries. `emirate` is its reader's when it was made, for the funnel;
    empty where nobody may know.
    """

    id: ActKey
    circle_id: CircleId
    record_key: RecordKey
    entry: EntryId
    card: str
    moment: str
    notice_class: NoticeClass
    not_before_on: date
    not_after_on: date
    message: EntryId = EntryId("")
    channels: tuple[Channel, ...] = ()
    attachment: str | None = None
    emirate: str = ""


def class_of(service: Service) -> NoticeClass:
    """How a service's notices count: what medicine plans is clinical, what is only to be read is
    information, all else is a service.
    """
    if service.calculator is not None and service.calculator.name in _CLINICAL_CALCULATORS:
        return "clinical"
    return "information" if service.nature == "information" else "service"


def act_of(notice: Notice, record: Record) -> str:
    """What a phone's own reminder of the same card and moment calls it, so that whichever comes
    second is not shown: a moment, and of a card that was put off the day on which it came back.
    """
    window, moment = record.window, notice.moment
    if window is not None and moment == "visible" and window.visible_from >= window.due_from:
        moment = "due"  # due from the day it shows: a phone calls that due
    if record.snoozed_until is not None and record.snoozed_until == notice.not_before_on:
        return f"{moment}/{record.snoozed_until.isoformat()}"
    return moment


def encode_notice(notice: Notice) -> bytes:
    """A notice as it is sealed."""
    return msgspec.msgpack.encode(notice)


_notices = msgspec.msgpack.Decoder(Notice)


def decode_notice(body: bytes) -> Notice:
    """The notice that `encode_notice` wrote."""
    return _notices.decode(body)


def find_notice(keys: OwnerKeys, notice_id: ActKey, sealed: bytes) -> Notice | None:
    """The notice of a row of its reader's; None for one that nobody can open."""
    try:
        return decode_notice(open_(keys.for_("notice"), Place(keys.owner, notice_id), sealed))
    except (SealBroken, msgspec.DecodeError):
        return None
