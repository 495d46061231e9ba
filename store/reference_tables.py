"""Tables that belong to no family: the catalogue, agencies, and the inbox before it is
understood.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.column import big, binary, instant, small

INBOX_RECEIVED, INBOX_APPLIED, INBOX_WAITING, INBOX_HELD = 0, 1, 2, 3


class CatalogueVersionRow(SQLModel, table=True):
    """One published version of the whole catalogue, immutable. Writer: `content/publish.py`.

    With a `base` it has no documents of its own: it is a step of a roll-out from `base` to
    `candidate`, for that percent of those in `scope`, drawn by `salt`.
    """

    __tablename__ = "catalogue_version"

    version: int = Field(primary_key=True)
    published_at: datetime = Field(sa_column=instant())
    digest: bytes = Field(sa_column=binary())
    base: int | None = None
    candidate: int | None = None
    percent: int | None = None
    scope: str | None = None
    salt: bytes | None = Field(default=None, sa_column=binary(nullable=True))


class CatalogueEntryRow(SQLModel, table=True):
    """One document of one version, as JSON text. Writer: `content/publish.py`."""

    __tablename__ = "catalogue_entry"

    version: int = Field(primary_key=True)
    entry_id: str = Field(primary_key=True)
    document: str


class SigningKeyRow(SQLModel, table=True):
    """The key that signs access tokens in one period, sealed. Writer: `identity/signing_key.py`."""

    __tablename__ = "signing_key"

    period: int = Field(sa_column=big(primary_key=True))
    sealed: bytes = Field(sa_column=binary())


class StaffSessionRow(SQLModel, table=True):
    """One sign-in of one member of staff, found by the hash of a cookie.

    Writer: `identity/staff_session.py`.
    """

    __tablename__ = "staff_session"
    __table_args__ = (Index("staff_session_expires", "expires_at"),)

    session_hash: bytes = Field(sa_column=binary(primary_key=True))
    used_at: datetime = Field(sa_column=instant())
    expires_at: datetime = Field(sa_column=instant())
    ended_at: datetime | None = Field(sa_column=instant(nullable=True))
    sealed: bytes = Field(sa_column=binary())


class AgencyRow(SQLModel, table=True):
    """An agency; `rights` is what it may report, as JSON. Writer: `gov/agency.py`."""

    __tablename__ = "agency"

    agency_id: str = Field(primary_key=True)
    name_ar: str
    name_en: str
    rights: str = Field(default="{}", sa_column_kwargs={"server_default": "{}"})


class AgencyKeyRow(SQLModel, table=True):
    """An agency's public key (P-256, SubjectPublicKeyInfo DER). Writer: `gov/agency.py`.

    It may sign from `valid_from` on and before `valid_until`, and not once it is revoked.
    """

    __tablename__ = "agency_key"

    key_id: str = Field(primary_key=True)
    agency_id: str
    public_key: bytes = Field(sa_column=binary())
    added_at: datetime = Field(sa_column=instant())
    revoked_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    valid_from: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    valid_until: datetime | None = Field(default=None, sa_column=instant(nullable=True))


class OperationRow(SQLModel, table=True):
    """What an operator did by the command line. Append-only. Writer: `gov/operation.py`."""

    __tablename__ = "operation"
    __table_args__ = (Index("operation_done", "done_at"),)

    operation_id: UUID = Field(primary_key=True)
    done_at: datetime = Field(sa_column=instant())
    sealed: bytes = Field(sa_column=binary())


class InboxRow(SQLModel, table=True):
    """What an agency sent, raw and sealed.

    Writer: `gov/inbox/row.py`, `gov/inbox/resource.py`, `gov/inbox/upkeep.py`.

    `month` names the month's key it is sealed under; null: it is sealed for the circles it
    concerns (`gov/inbox/seal.py`).

    `message_hash` is a keyed hash of (agency, event id): one row an event, however often it is
    sent. `body_hash` tells a repeat from another body under one id. `waits_for` is the hash of
    the event that this one needs first. `reason` is a code of the closed list in `gov/reason.py`.
    `resource_hash` is set for a FHIR resource alone: a keyed hash of (agency, type, id), the same
    for all its versions.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("message_hash"),
        Index("inbox_open", "state", "received_at"),
        Index("inbox_waits", "waits_for"),
        Index("inbox_resource", "resource_hash"),
        Index("inbox_month", "month"),
    )

    inbox_id: UUID = Field(primary_key=True)
    message_hash: bytes = Field(sa_column=binary())
    body_hash: bytes = Field(sa_column=binary())
    agency_id: str
    month: str | None = None
    state: int = Field(sa_column=small())
    reason: str | None = None
    attempt_count: int = 0
    waits_for: bytes | None = Field(default=None, sa_column=binary(nullable=True))
    received_at: datetime = Field(sa_column=instant())
    settled_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    resource_hash: bytes | None = Field(default=None, sa_column=binary(nullable=True))
    sealed: bytes = Field(sa_column=binary())


class ServiceNumberRow(SQLModel, table=True):
    """A service's number in the audience projection, for ever. Writer: `timeline/catalogue.py`."""

    __tablename__ = "service_number"
    __table_args__ = (UniqueConstraint("number"),)

    entry_id: str = Field(primary_key=True)
    number: int


class FunnelCountRow(SQLModel, table=True):
    """How many notices of a service in an emirate came as far as a stage. Writer: `push/funnel.py`.

    `stage` is one of `push/funnel.py`; an empty `emirate` is one that nobody may know. Counts are
    shown in tens and hidden under ten, never as they stand here.
    """

    __tablename__ = "funnel_count"

    entry_id: str = Field(primary_key=True)
    emirate: str = Field(primary_key=True)
    stage: int = Field(sa_column=small(primary_key=True))
    count: int = Field(sa_column=big())


class ProjectionEpochRow(SQLModel, table=True):
    """One generation of the audience projection's keys, and how far its making has come.

    Writer: `timeline/rebuild.py`. The latest is in force. `through` is the circle that was made
    last, in order of ids.
    """

    __tablename__ = "projection_epoch"

    epoch: int = Field(sa_column=big(primary_key=True))
    begun_at: datetime = Field(sa_column=instant())
    ended_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    through: UUID | None = None
    circle_count: int = Field(sa_column=big())


class PopulationReadRow(SQLModel, table=True):
    """Who read the audience projection, what for, and when. Append-only.

    Writer: `timeline/population.py`.
    """

    __tablename__ = "population_read"
    __table_args__ = (Index("population_read_done", "done_at"),)

    read_id: UUID = Field(primary_key=True)
    done_at: datetime = Field(sa_column=instant())
    sealed: bytes = Field(sa_column=binary())


class ChannelPauseRow(SQLModel, table=True):
    """Until when a channel is left alone by every worker, and by which answer of it. Writer:
    `push/lease.py`.

    `channel` is one of the CHANNEL_ constants of `store/notice_tables.py`; `reason` is a code of
    `push/answer.py`. A row whose instant has passed says nothing.
    """

    __tablename__ = "channel_pause"

    channel: int = Field(sa_column=small(primary_key=True))
    until_at: datetime = Field(sa_column=instant())
    reason: str
