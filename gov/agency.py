"""Agencies and the public keys they sign with. The one writer of their two tables."""

from datetime import datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.fact import OWN_SOURCES
from domain.ids import AgencyId
from store.reference_tables import AgencyKeyRow, AgencyRow
from store.scope import ReferenceScope
from store.session import Database


class AgencyKey(msgspec.Struct, frozen=True):
    """A key that may sign: whose it is, and its SubjectPublicKeyInfo in DER."""

    key_id: str
    agency_id: AgencyId
    public_key: bytes


async def add_agency(
    database: Database, agency_id: AgencyId, *, name_ar: str, name_en: str
) -> None:
    """Makes an agency known, or renames it. Idempotent.

    Raises: ValueError for an id that means members, or the identity provider.
    """
    if agency_id in OWN_SOURCES:
        raise ValueError(f"{agency_id!r} is a source of our own: give the agency another id")
    async with database.unit(ReferenceScope("intake")) as unit:
        names = {"name_ar": name_ar, "name_en": name_en}
        await unit.execute(
            insert(AgencyRow)
            .values(agency_id=agency_id, **names)
            .on_conflict_do_update(index_elements=["agency_id"], set_=names)
        )


async def add_key(database: Database, key: AgencyKey, *, added_at: datetime) -> None:
    """Lets a key sign for its agency. Adding the same key again changes nothing."""
    async with database.unit(ReferenceScope("intake")) as unit:
        await unit.execute(
            insert(AgencyKeyRow)
            .values(added_at=added_at, **msgspec.structs.asdict(key))
            .on_conflict_do_nothing()
        )


async def revoke_key(database: Database, key_id: str, *, revoked_at: datetime) -> bool:
    """Ends a key at once; False when there is no such key, or it had ended before."""
    async with database.unit(ReferenceScope("intake")) as unit:
        ended = await unit.execute(
            update(AgencyKeyRow)
            .where(col(AgencyKeyRow.key_id) == key_id, col(AgencyKeyRow.revoked_at).is_(None))
            .values(revoked_at=revoked_at)
        )
        return ended.rowcount == 1


async def find_key(database: Database, key_id: str) -> AgencyKey | None:
    """The key with this id while it may sign, else None."""
    async with database.read(ReferenceScope("intake")) as session:
        found = await session.execute(
            select(
                col(AgencyKeyRow.key_id), col(AgencyKeyRow.agency_id), col(AgencyKeyRow.public_key)
            ).where(col(AgencyKeyRow.key_id) == key_id, col(AgencyKeyRow.revoked_at).is_(None))
        )
        row = found.one_or_none()
    if row is None:
        return None
    return AgencyKey(row.key_id, AgencyId(row.agency_id), row.public_key)
