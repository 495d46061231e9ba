"""The inbox as its operators see it: how many rows stand how, which ones, and in what order.

Reads clear columns alone; a kind is known only by opening a body, which `kinds_of` does in batches.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any  # SQLAlchemy's conditions and rows
from uuid import UUID

import msgspec
import orjson
from sqlalchemy import ColumnElement, func, select, tuple_
from sqlmodel import col

from gov.inbox.seal import open_bodies
from store.reference_tables import (
    INBOX_APPLIED,
    INBOX_HELD,
    INBOX_RECEIVED,
    INBOX_WAITING,
    InboxRow,
)
from store.scope import ReferenceScope
from store.session import Reading
from timeline.ground import Ground

LIST_BATCH_MAX = 500
GROUPS_MAX = 5_000  # states x reasons x agencies x months
STATES: Mapping[str, int] = {
    "received": INBOX_RECEIVED,
    "applied": INBOX_APPLIED,
    "waiting": INBOX_WAITING,
    "held": INBOX_HELD,
}
STATE_NAMES = {number: name for name, number in STATES.items()}
ERASED_KIND, OTHER_KIND = "(erased)", "(no event)"


class Chosen(msgspec.Struct, frozen=True):
    """Which rows are meant; None is any."""

    states: tuple[int, ...] = ()
    reason: str | None = None
    agency_id: str | None = None
    received_before: datetime | None = None


class Listed(msgspec.Struct, frozen=True):
    """A row without its body."""

    inbox_id: UUID
    agency_id: str
    state: int
    reason: str | None
    attempt_count: int
    received_at: datetime
    settled_at: datetime | None
    month: str | None
    sealed: bytes


class Counted(msgspec.Struct, frozen=True):
    """How many rows share a state, a reason, an agency and the month in which they came (UTC)."""

    state: int
    reason: str | None
    agency_id: str
    month: str
    count: int


def _where(chosen: Chosen) -> list[ColumnElement[bool]]:
    found: list[Any] = []
    if chosen.states:
        found.append(col(InboxRow.state).in_(chosen.states))
    if chosen.reason is not None:
        found.append(col(InboxRow.reason) == chosen.reason)
    if chosen.agency_id is not None:
        found.append(col(InboxRow.agency_id) == chosen.agency_id)
    if chosen.received_before is not None:
        found.append(col(InboxRow.received_at) < chosen.received_before)
    return found


async def count_rows(session: Reading[ReferenceScope], chosen: Chosen) -> tuple[Counted, ...]:
    """Counts by state, reason, agency and month of arrival."""
    month = func.to_char(func.timezone("UTC", col(InboxRow.received_at)), "YYYY-MM").label("month")
    groups = (col(InboxRow.state), col(InboxRow.reason), col(InboxRow.agency_id), month)
    found = await session.execute(
        select(*groups, func.count().label("rows"))
        .where(*_where(chosen))
        .group_by(*groups)
        .order_by(*groups)
        .limit(GROUPS_MAX)
    )
    return tuple(
        Counted(row.state, row.reason, row.agency_id, row.month, row.rows) for row in found
    )


async def list_rows(
    session: Reading[ReferenceScope],
    chosen: Chosen,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = LIST_BATCH_MAX,
) -> tuple[Listed, ...]:
    """One batch of rows, oldest first, past the one given."""
    columns = [col(getattr(InboxRow, name)) for name in Listed.__struct_fields__]
    place = tuple_(col(InboxRow.received_at), col(InboxRow.inbox_id))
    statement = select(*columns).where(*_where(chosen))
    if after is not None:
        statement = statement.where(place > after)
    found = await session.execute(
        statement.order_by(col(InboxRow.received_at), col(InboxRow.inbox_id)).limit(
            min(limit, LIST_BATCH_MAX)
        )
    )
    return tuple(_listed(row) for row in found)


async def find_row(session: Reading[ReferenceScope], inbox_id: UUID) -> Listed | None:
    """One row by its id, or None."""
    columns = [col(getattr(InboxRow, name)) for name in Listed.__struct_fields__]
    found = await session.execute(select(*columns).where(col(InboxRow.inbox_id) == inbox_id))
    row = found.one_or_none()
    return None if row is None else _listed(row)


def _listed(row: Any) -> Listed:
    return msgspec.convert(dict(row._mapping), Listed)


async def kinds_of(ground: Ground, rows: Sequence[Listed]) -> tuple[str, ...]:
    """The kind of each row, in their order, by opening it; what was erased has none."""
    bodies = await open_bodies(ground, [(row.inbox_id, row.month, row.sealed) for row in rows])
    kinds = []
    for body in bodies:
        if body is None:
            kinds.append(ERASED_KIND)
            continue
        kind = orjson.loads(body).get("kind")
        kinds.append(kind if isinstance(kind, str) else OTHER_KIND)
    return tuple(kinds)
