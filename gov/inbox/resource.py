"""FHIR resources in the inbox: the parcels of a message in one commit, and the versions of one.

With `gov/inbox/row.py` the writer of its table. A resource is a row for each version of it; the
rows of one resource are found by a keyed hash of its sender and its key.
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.ids import AgencyId, InboxId
from gov.fhir.parcel import Parcel
from gov.fhir.read import UNDERSTOOD_TYPES
from gov.fhir.reason import TypeUnused
from gov.inbox.row import Kept, Message, hash_event
from gov.inbox.seal import open_body
from store.keys import KeyErased
from store.reference_tables import INBOX_HELD, INBOX_RECEIVED, InboxRow
from store.scope import ReferenceScope
from store.seal import Place, seal
from timeline.ground import Ground

# PostgreSQL takes 32,767 parameters in a statement; a row has ten.
ROWS_OF_STATEMENT_MAX = 1_000
VERSIONS_MAX = 50  # of one resource that are looked at: the latest


async def keep_parcels(
    ground: Ground, agency_id: AgencyId, parcels: Sequence[Parcel]
) -> dict[str, Kept]:
    """Keeps what is new of a message, all or none; how each stands, by its version id.

    A type that nothing here understands is held at once: it needs no worker.
    """
    hashes = {hash_event(ground, agency_id, parcel.version_id): parcel for parcel in parcels}
    rows = await _rows(ground, agency_id, hashes)
    async with ground.database.unit(ReferenceScope("intake")) as unit:
        fresh: set[UUID] = set()
        for start in range(0, len(rows), ROWS_OF_STATEMENT_MAX):
            inserted = await unit.execute(
                insert(InboxRow)
                .values(rows[start : start + ROWS_OF_STATEMENT_MAX])
                .on_conflict_do_nothing(index_elements=["message_hash"])
                .returning(col(InboxRow.inbox_id))
            )
            fresh |= set(inserted.scalars())
        found = await unit.execute(
            select(
                col(InboxRow.inbox_id),
                col(InboxRow.state),
                col(InboxRow.reason),
                col(InboxRow.message_hash),
            ).where(col(InboxRow.message_hash).in_(list(hashes)))
        )
        return {
            hashes[bytes(row.message_hash)].version_id: Kept(
                InboxId(row.inbox_id),
                row.state,
                row.reason,
                is_new=row.inbox_id in fresh,
                is_same_body=True,
            )
            for row in found
        }


async def _rows(
    ground: Ground, agency_id: AgencyId, hashes: dict[bytes, Parcel]
) -> list[dict[str, object]]:
    now = ground.clock.now_utc()
    month = f"{now:%Y-%m}"
    key = (await ground.keys.month(month)).for_("inbox")
    rows: list[dict[str, object]] = []
    for message_hash, parcel in sorted(hashes.items()):  # in one order: no two wait crosswise
        inbox_id = uuid4()
        is_used = parcel.resource_type in UNDERSTOOD_TYPES
        rows.append(
            {
                "inbox_id": inbox_id,
                "message_hash": message_hash,
                "body_hash": ground.keys.hash("body", parcel.body),
                "agency_id": agency_id,
                "month": month,
                "state": INBOX_RECEIVED if is_used else INBOX_HELD,
                "reason": None if is_used else TypeUnused.code,
                "attempt_count": 0,
                "received_at": now,
                "resource_hash": hash_resource(ground, agency_id, parcel.resource_key),
                "settled_at": None if is_used else now,
                "sealed": seal(key, Place(inbox_id), parcel.body),
            }
        )
    return rows


def hash_resource(ground: Ground, agency_id: AgencyId, resource_key: str) -> bytes:
    """The keyed hash by which the versions of an agency's resource ("Type/id") are found."""
    return ground.keys.hash("resource", agency_id.encode(), resource_key.encode())


async def list_versions(ground: Ground, resource_hash: bytes) -> tuple[Message, ...]:
    """The versions of one resource, opened, the latest to arrive first; at most VERSIONS_MAX.

    One that was erased is left out, as if it had never come.
    """
    async with ground.database.read(ReferenceScope("intake")) as session:
        found = await session.execute(
            select(
                col(InboxRow.inbox_id),
                col(InboxRow.agency_id),
                col(InboxRow.message_hash),
                col(InboxRow.state),
                col(InboxRow.attempt_count),
                col(InboxRow.received_at),
                col(InboxRow.month),
                col(InboxRow.resource_hash),
                col(InboxRow.sealed),
            )
            .where(col(InboxRow.resource_hash) == resource_hash)
            .order_by(col(InboxRow.received_at).desc(), col(InboxRow.inbox_id))
            .limit(VERSIONS_MAX)
        )
        rows = found.all()
    versions = []
    for row in rows:
        try:
            body = await open_body(ground, row.inbox_id, row.month, row.sealed)
        except KeyErased:
            continue
        versions.append(
            Message(
                inbox_id=InboxId(row.inbox_id),
                agency_id=AgencyId(row.agency_id),
                message_hash=row.message_hash,
                state=row.state,
                attempt_count=row.attempt_count,
                received_at=row.received_at,
                body=body,
                resource_hash=row.resource_hash,
            )
        )
    return tuple(versions)
