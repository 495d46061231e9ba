"""Tables led by `person_id` that tell people things, and the lookup of push tokens. Written by
`push` alone.

In clear are ids, keyed hashes, instants and states of work; what a notice is about, an address and
a wish lie in `sealed`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from store.column import big, binary, flag, instant, small

NOTICE_WAITING, NOTICE_TOLD, NOTICE_FINISHED, NOTICE_CLOSED = 0, 1, 2, 3
DELIVERY_QUEUED, DELIVERY_SENDING = 0, 1
DELIVERY_ACCEPTED, DELIVERY_FAILED, DELIVERY_UNKNOWN, DELIVERY_WITHDRAWN = 2, 3, 4, 5
CHANNEL_PUSH, CHANNEL_SMS, CHANNEL_EMAIL, CHANNEL_REMOVE = 0, 1, 2, 3
# What the funnel has not counted as far as it has come: an index of these alone.
UNCOUNTED = (
    "counted = 0 OR (counted = 1 AND told_with IS NOT NULL)"
    " OR (counted < 3 AND read_at IS NOT NULL)"
)
# What no message could be made of: few, and listed for operators.
UNMADE = "reason IN ('failing', 'unreadable', 'words_missing')"


class NoticeRow(SQLModel, table=True):
    """One thing to tell one person, once: its id is the act key.

    Writer: `push/make.py`, `push/tell.py`, `push/reopen.py`, `push/recall.py`, `push/receipt.py`,
    `push/funnel.py`, `push/set_aside.py`, `push/dead.py`.

    `state` is one of the NOTICE_ constants; `due_at` when it is looked at next. `reason` is a code
    of `push/reason.py`: why it waits, or why it was closed. `told_with` is the
    notice whose message told of it: itself, or the first of several. `delivered_at`, `read_at` and
    `acted_at` are when a phone's receipts came; `counted` how far the funnel has counted it.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index("notice_due", "state", "due_at"),
        Index("notice_uncounted", "person_id", "notice_id", postgresql_where=text(UNCOUNTED)),
        Index("notice_unmade", "reason", postgresql_where=text(UNMADE)),
    )

    person_id: UUID = Field(primary_key=True)
    notice_id: bytes = Field(sa_column=binary(primary_key=True))
    circle_id: UUID
    state: int = Field(sa_column=small())
    reason: str | None = None
    made_at: datetime = Field(sa_column=instant())
    due_at: datetime = Field(sa_column=instant())
    told_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    read_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    told_with: bytes | None = Field(default=None, sa_column=binary(nullable=True))
    delivered_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    acted_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    counted: int = Field(sa_column=small(default=0))
    sealed: bytes = Field(sa_column=binary())


class DeliveryRow(SQLModel, table=True):
    """One message by one channel to one address.

    Writer: `push/tell.py`, `push/retract.py`, `push/lease.py`, `push/dead.py`, `push/recall.py`,
    `push/receipt.py`.

    `notice_id` is the first of the notices that it tells of. `device_id` is the phone, and for SMS
    and e-mail all zeros. `channel` and `state` are constants; `reason` is a code of
    `push/answer.py`. `begun`: an SMS or an e-mail whose sending was begun under its lease.
    """

    __tablename__ = "delivery"
    __table_args__ = (Index("delivery_due", "channel", "state", "next_at"),)

    person_id: UUID = Field(primary_key=True)
    notice_id: bytes = Field(sa_column=binary(primary_key=True))
    channel: int = Field(sa_column=small(primary_key=True))
    device_id: UUID = Field(primary_key=True)
    state: int = Field(sa_column=small())
    reason: str | None = None
    attempt_count: int = Field(default=0)
    made_at: datetime = Field(sa_column=instant())
    next_at: datetime = Field(sa_column=instant())
    lease_id: UUID | None = None
    begun: bool = Field(default=False, sa_column=flag())
    settled_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    sealed: bytes = Field(sa_column=binary())


class RegistrationRow(SQLModel, table=True):
    """Where a phone's pushes go. Writer: `push/registration.py`.

    `counter` numbers its pushes; `confirmed_at` is when the phone last said that the token is
    its own.
    """

    __tablename__ = "registration"

    person_id: UUID = Field(primary_key=True)
    device_id: UUID = Field(primary_key=True)
    token_hash: bytes = Field(sa_column=binary())
    counter: int = Field(sa_column=big(default=0))
    confirmed_at: datetime = Field(sa_column=instant())
    sealed: bytes = Field(sa_column=binary())


class PushTokenRow(SQLModel, table=True):
    """Keyed hash of a push token -> whose phone has it now. Writer: `push/registration.py`."""

    __tablename__ = "push_token"

    token_hash: bytes = Field(sa_column=binary(primary_key=True))
    person_id: UUID
    device_id: UUID


class NoticePreferenceRow(SQLModel, table=True):
    """What a person wishes to be told, and how. Writer: `push/prefer.py`."""

    __tablename__ = "notice_preference"

    person_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=big())
    sealed: bytes = Field(sa_column=binary())
