"""Tables led by `person_id`, and the lookups by keyed hash that lead to one. Written by
`timeline`, and by `identity` and `sync` where a row says so.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from store.column import big, binary, instant, small

DUPLICATE_OPEN, DUPLICATE_JOINED, DUPLICATE_DISMISSED = 0, 1, 2


class PersonRow(SQLModel, table=True):
    """A person's names, sealed. Writer: `timeline/people.py`.

    `profile_version` is the facts version of the person's single circle that they follow from.
    """

    __tablename__ = "person"

    person_id: UUID = Field(primary_key=True)
    profile_version: int = Field(sa_column=big(default=0))
    sealed: bytes = Field(sa_column=binary())


class PersonCircleRow(SQLModel, table=True):
    """The circles a person's facts go to; `member` when they also have a stream there.

    Writer: `timeline/people.py`, always before the circle's own rows.
    """

    __tablename__ = "person_circle"

    person_id: UUID = Field(primary_key=True)
    circle_id: UUID = Field(primary_key=True)
    member: bool


class SuspectedDuplicateRow(SQLModel, table=True):
    """Two people who may be one, the lower id first. Writer: `timeline/duplicate.py`.

    `state` is one of the DUPLICATE_ constants.
    """

    __tablename__ = "suspected_duplicate"
    __table_args__ = (Index("suspected_duplicate_open", "state", "found_at"),)

    person_id: UUID = Field(primary_key=True)
    other_id: UUID = Field(primary_key=True)
    state: int = Field(sa_column=small())
    found_at: datetime = Field(sa_column=instant())
    decided_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class PersonOutcomeRow(SQLModel, table=True):
    """What became of a command with no valid circle. Writer: `timeline/outcome.py`."""

    __tablename__ = "person_outcome"

    person_id: UUID = Field(primary_key=True)
    command_id: UUID = Field(primary_key=True)
    sealed: bytes = Field(sa_column=binary())


class AccountRow(SQLModel, table=True):
    """What the identity provider last said of a person, sealed. Writer: `identity/account.py`."""

    __tablename__ = "account"

    person_id: UUID = Field(primary_key=True)
    sealed: bytes = Field(sa_column=binary())


class SessionRow(SQLModel, table=True):
    """One sign-in of a person on one device. Writer: `identity/session.py`.

    `generation` is that of the refresh token in force; `ended_at` is set once and for good.
    """

    __tablename__ = "session"

    person_id: UUID = Field(primary_key=True)
    session_id: UUID = Field(primary_key=True)
    generation: int = Field(sa_column=big(default=1))
    refreshed_at: datetime = Field(sa_column=instant())
    expires_at: datetime = Field(sa_column=instant())
    ended_at: datetime | None = Field(sa_column=instant(nullable=True))
    sealed: bytes = Field(sa_column=binary())


class DeviceRow(SQLModel, table=True):
    """A phone that a person enrolled, and its two public keys (P-256 points). Writer:
    `sync/device.py`.
    """

    __tablename__ = "device"

    person_id: UUID = Field(primary_key=True)
    device_id: UUID = Field(primary_key=True)
    signing_key: bytes = Field(sa_column=binary())
    agreement_key: bytes = Field(sa_column=binary())
    app: str
    enrolled_at: datetime = Field(sa_column=instant())


class CommandCounterRow(SQLModel, table=True):
    """How far a device's commands are settled. Writer: `sync/counter.py`.

    `failing_` is about the next command, while it meets an unexpected fault of ours: how often, by
    what type of error, since when.
    """

    __tablename__ = "command_counter"

    person_id: UUID = Field(primary_key=True)
    device_id: UUID = Field(primary_key=True)
    last_sequence: int = Field(sa_column=big(default=0))
    failing_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    failing_kind: str | None = None
    failing_since: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class DeviceOutcomeRow(SQLModel, table=True):
    """The outcome of a device's command, until the device has it. Writer: `sync/counter.py`."""

    __tablename__ = "device_outcome"

    person_id: UUID = Field(primary_key=True)
    device_id: UUID = Field(primary_key=True)
    sequence: int = Field(sa_column=big(primary_key=True))
    command_id: UUID
    sealed: bytes = Field(sa_column=binary())


class IdentifierRow(SQLModel, table=True):
    """Keyed hash of an identifier (its system is part of what is hashed) -> person id.

    Writer: `timeline/people.py`. Claimed first with ON CONFLICT; the person's row follows.
    """

    __tablename__ = "identifier"

    identifier_hash: bytes = Field(sa_column=binary(primary_key=True))
    person_id: UUID


class DisputeRow(SQLModel, table=True):
    """Keyed hash of a dispute's id -> the circle that asks about it. Writer: `gov/dispute.py`.

    The first circle to claim it keeps it, so that a registry is asked once.
    """

    __tablename__ = "dispute"

    dispute_hash: bytes = Field(sa_column=binary(primary_key=True))
    circle_id: UUID
