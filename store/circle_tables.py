"""Tables led by `circle_id`: a circle's life. Written by `timeline` alone.

In clear are only opaque ids, keyed hashes, numbers, days of waking and states of delivery; the one
`sealed` column of each table holds the rest (`tests/shape/test_clear_columns.py` lists every
column). Every key leads with `circle_id`, so that the group distributes.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.column import big, binary, instant, small

EFFECT_PENDING, EFFECT_CLAIMED, EFFECT_DONE, EFFECT_CANCELLED = 0, 1, 2, 3
EFFECT_REVERSED, EFFECT_RETRACTED = 4, 5  # done, and wanted no more; and what was done of it undone
EFFECT_TELL, EFFECT_LOOK_UP, EFFECT_SUBMIT, EFFECT_DISPUTE = 0, 1, 2, 3
CALL_OPEN, CALL_DONE, CALL_DEAD = 0, 1, 2


class CircleRow(SQLModel, table=True):
    """One circle. Writer: `timeline/record.py`, `timeline/refresh.py`, `timeline/catch_up.py`.

    `facts_version` counts facts; a circle whose `refreshed_version` is lower is dirty.
    """

    __tablename__ = "circle"
    __table_args__ = (
        Index("circle_wake", "next_change_on"),
        Index("circle_catalogue", "refreshed_catalogue", "circle_id"),
    )

    circle_id: UUID = Field(primary_key=True)
    facts_version: int = Field(sa_column=big(default=0))
    refreshed_version: int = Field(sa_column=big(default=0))
    refreshed_catalogue: int = Field(default=0)
    refreshed_on: date | None = None
    next_change_on: date | None = None
    refresh_count: int = Field(sa_column=big(default=0))
    sealed: bytes = Field(sa_column=binary())


class MembershipRow(SQLModel, table=True):
    """Who is a member of a circle: has a stream there.

    Writer: `timeline/record.py`, `timeline/member.py`.
    `ended_on` is the day on which that was over, null while it is not; it may begin again.
    """

    __tablename__ = "membership"

    circle_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    ended_on: date | None = None


class FactRow(SQLModel, table=True):
    """What happened, append-only. Writer: `timeline/record.py`.

    `fact_key` is a keyed hash of (source, source id, part): a fact delivered twice is one row.
    """

    __tablename__ = "fact"
    __table_args__ = (UniqueConstraint("circle_id", "fact_key"),)

    circle_id: UUID = Field(primary_key=True)
    facts_version: int = Field(sa_column=big(primary_key=True))
    fact_key: bytes = Field(sa_column=binary())
    sealed: bytes = Field(sa_column=binary())


class StreamRow(SQLModel, table=True):
    """The head of what one member sees of one circle. Writer: `timeline/stream.py`.

    `digest` is the XOR over live rows of the first 64 bits of SHA-256(key | number), as a signed
    number. `tombstone_floor` is the highest number of a tombstone that was cleared away: a phone
    that was complete below it starts over.
    """

    __tablename__ = "stream"

    circle_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    stream_id: UUID
    incarnation: UUID
    head: int = Field(sa_column=big())
    digest: int = Field(sa_column=big())
    live_count: int
    key_epoch: int
    tombstone_floor: int = Field(sa_column=big(default=0))


class StreamKeyRow(SQLModel, table=True):
    """A stream's key of one generation, wrapped under the circle's key. Writer:
    `timeline/stream_key.py`.
    """

    __tablename__ = "stream_key"

    circle_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    key_epoch: int = Field(primary_key=True)
    sealed: bytes = Field(sa_column=binary())


class StreamRecordRow(SQLModel, table=True):
    """One record of a stream, the latest state only. Writer: `timeline/stream.py`.

    `content` is a keyed digest of the body (null on a tombstone); `removed_on` is set on a
    tombstone.
    """

    __tablename__ = "stream_record"
    __table_args__ = (
        Index("stream_record_number", "circle_id", "person_id", "number", "record_key"),
        Index(
            "stream_record_rank",
            "circle_id",
            "person_id",
            "rank",
            "record_key",
            postgresql_where=text("sealed IS NOT NULL"),
        ),
        Index(
            "stream_record_removed",
            "removed_on",
            postgresql_where=text("removed_on IS NOT NULL"),
        ),
    )

    circle_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    record_key: bytes = Field(sa_column=binary(primary_key=True))
    number: int = Field(sa_column=big())
    rank: int = Field(sa_column=small())
    content: bytes | None = Field(sa_column=binary(nullable=True))
    removed_on: date | None = None
    sealed: bytes | None = Field(sa_column=binary(nullable=True))


class EffectRow(SQLModel, table=True):
    """Something a refresh wants done elsewhere, once.

    Writer: `timeline/effect.py`, `timeline/effect_lease.py`.

    Claimed by a lease with a compare-and-set, by the feature of its `kind`; both that and `state`
    are EFFECT_ constants.
    """

    __tablename__ = "effect"
    __table_args__ = (Index("effect_due", "kind", "state", "not_before_on"),)

    circle_id: UUID = Field(primary_key=True)
    act_key: bytes = Field(sa_column=binary(primary_key=True))
    kind: int = Field(sa_column=small(default=0))
    state: int = Field(sa_column=small())
    not_before_on: date
    not_after_on: date
    content: bytes = Field(sa_column=binary())
    lease_id: UUID | None = None
    lease_until: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    sealed: bytes = Field(sa_column=binary())


class RegistryCallRow(SQLModel, table=True):
    """How the carrying out of an effect at a registry went. Writer: `gov/registry/call.py`.

    `state` is one of the CALL_ constants; `reason` a code of the closed list in
    `gov/registry/error.py`, of the last attempt that failed.
    """

    __tablename__ = "registry_call"
    __table_args__ = (Index("registry_call_state", "state", "attempted_at"),)

    circle_id: UUID = Field(primary_key=True)
    act_key: bytes = Field(sa_column=binary(primary_key=True))
    state: int = Field(sa_column=small())
    attempt_count: int
    reason: str | None = None
    attempted_at: datetime = Field(sa_column=instant())


class OutcomeRow(SQLModel, table=True):
    """What became of a circle command. Writer: `timeline/outcome.py`."""

    __tablename__ = "outcome"

    circle_id: UUID = Field(primary_key=True)
    command_id: UUID = Field(primary_key=True)
    sealed: bytes = Field(sa_column=binary())


class RefreshLogRow(SQLModel, table=True):
    """One row a refresh: enough to evaluate that day again. Writer: `timeline/refresh.py`.

    The sealed body holds a digest for each member's records.
    """

    __tablename__ = "refresh_log"

    circle_id: UUID = Field(primary_key=True)
    refresh_number: int = Field(sa_column=big(primary_key=True))
    facts_version: int = Field(sa_column=big())
    catalogue_version: int
    engine_version: int
    evaluated_on: date
    written_at: datetime = Field(sa_column=instant())
    sealed: bytes = Field(sa_column=binary())


class BlobRow(SQLModel, table=True):
    """A file that a command will name, as far as it has come.

    Writer: `timeline/blob.py`, `timeline/picture.py`.

    It is whose phone sent it. Sealed is the SHA-256 it must have. `claimed_at` is set when a
    command names it; one that none names is an orphan, swept by its last chunk's instant.
    """

    __tablename__ = "blob"
    __table_args__ = (
        Index("blob_orphan", "touched_at", postgresql_where=text("claimed_at IS NULL")),
    )

    circle_id: UUID = Field(primary_key=True)
    blob_id: UUID = Field(primary_key=True)
    person_id: UUID
    size_bytes: int
    complete: bool
    touched_at: datetime = Field(sa_column=instant())
    claimed_at: datetime | None = Field(default=None, sa_column=instant(nullable=True))
    sealed: bytes = Field(sa_column=binary())


class BlobChunkRow(SQLModel, table=True):
    """One chunk of a blob. Writer: `timeline/blob.py`."""

    __tablename__ = "blob_chunk"

    circle_id: UUID = Field(primary_key=True)
    blob_id: UUID = Field(primary_key=True)
    chunk_number: int = Field(primary_key=True)
    sealed: bytes = Field(sa_column=binary())


class AudienceRow(SQLModel, table=True):
    """What the audience projection says of one member, 125 bytes. Writer: `timeline/audience.py`.

    Sealed under a key of its own generation (`epoch`), not under the circle's: publishing opens
    many. `content` is a keyed digest by which a refresh sees that nothing changed. Left out of
    backups; `osrati projection rebuild` makes it anew.
    """

    __tablename__ = "audience"

    circle_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    epoch: int
    content: bytes = Field(sa_column=binary())
    sealed: bytes = Field(sa_column=binary())
