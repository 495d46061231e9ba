"""Agencies, what they may report, and the public keys they sign with.

The one writer of their two tables. Every look goes to the tables, so a change counts from the next
request on, in every process.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any  # a Core row: its types are its columns'

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.error import Refusal
from domain.fact import OWN_SOURCES
from domain.ids import AgencyId
from gov.agency_right import NOTHING, Rights, decode_rights, encode_rights
from store.reference_tables import AgencyKeyRow, AgencyRow
from store.scope import ReferenceScope
from store.session import Database, Reading, Unit

_AGENCY_COLUMNS = tuple(col(getattr(AgencyRow, name)) for name in AgencyRow.model_fields)
_KEY_COLUMNS = tuple(col(getattr(AgencyKeyRow, name)) for name in AgencyKeyRow.model_fields)
AGENCIES_MAX = 1_000  # shown at once; the country has some three hundred that could report


class Agency(msgspec.Struct, frozen=True):
    """An agency that is known."""

    agency_id: AgencyId
    name_ar: str
    name_en: str
    rights: Rights


class AgencyKey(msgspec.Struct, frozen=True):
    """A key and when it may sign: from `valid_from` on, before `valid_until`; None is no bound.

    `public_key` is a SubjectPublicKeyInfo in DER (P-256).
    """

    key_id: str
    agency_id: AgencyId
    public_key: bytes
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class KnownKey(AgencyKey, frozen=True, kw_only=True):
    """A key with what became of it."""

    added_at: datetime
    revoked_at: datetime | None

    def state(self, now_utc: datetime) -> str:
        """`revoked`, `expired`, `not yet` or `may sign`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.valid_until is not None and now_utc >= self.valid_until:
            return "expired"
        if self.valid_from is not None and now_utc < self.valid_from:
            return "not yet"
        return "may sign"


class Signer(msgspec.Struct, frozen=True):
    """A key that may sign now, whose it is, and what that agency may report."""

    key_id: str
    agency_id: AgencyId
    public_key: bytes
    rights: Rights


class KeyIdTaken(Refusal):
    code = "agency.key_id_taken"
    status = 409
    ar = "معرِّف المفتاح هذا مسجَّل لمفتاح آخر. اختر معرِّفًا لم يُستخدم من قبل."
    en = "This key id names another key already. Choose one that was never used."


async def add_agency(
    database: Database,
    agency_id: AgencyId,
    *,
    name_ar: str,
    name_en: str,
    rights: Rights = NOTHING,
) -> None:
    """Makes an agency known, or changes its names and rights. Idempotent.

    Raises: ValueError for an id that means members, or the identity provider.
    """
    async with database.unit(ReferenceScope("intake")) as unit:
        await put_agency(unit, Agency(agency_id, name_ar, name_en, rights))


async def put_agency(unit: Unit[ReferenceScope], agency: Agency) -> None:
    """As `add_agency`, within the caller's unit of work."""
    if agency.agency_id in OWN_SOURCES:
        raise ValueError(f"{agency.agency_id!r} is a source of our own: give it another id")
    changed = {
        "name_ar": agency.name_ar,
        "name_en": agency.name_en,
        "rights": encode_rights(agency.rights),
    }
    await unit.execute(
        insert(AgencyRow)
        .values(agency_id=agency.agency_id, **changed)
        .on_conflict_do_update(index_elements=["agency_id"], set_=changed)
    )


async def add_key(database: Database, key: AgencyKey, *, added_at: datetime) -> None:
    """Lets a key sign for its agency. Adding the same key again changes nothing.

    Raises: KeyIdTaken.
    """
    async with database.unit(ReferenceScope("intake")) as unit:
        await put_key(unit, key, added_at=added_at)


async def put_key(unit: Unit[ReferenceScope], key: AgencyKey, *, added_at: datetime) -> bool:
    """As `add_key`, within the caller's unit of work; False when it was there. Raises: KeyIdTaken.

    An id is never used for a second key: what was signed under it stays attributable.
    """
    inserted = await unit.execute(
        insert(AgencyKeyRow)
        .values(added_at=added_at, **msgspec.structs.asdict(key))
        .on_conflict_do_nothing()
    )
    if inserted.rowcount == 1:
        return True
    found = await unit.execute(
        select(col(AgencyKeyRow.agency_id), col(AgencyKeyRow.public_key)).where(
            col(AgencyKeyRow.key_id) == key.key_id
        )
    )
    row = found.one()
    if (row.agency_id, row.public_key) != (key.agency_id, key.public_key):
        raise KeyIdTaken(key.key_id)
    return False


async def end_keys(
    unit: Unit[ReferenceScope], agency_id: AgencyId, *, but: str, at: datetime
) -> tuple[str, ...]:
    """Lets every other key of the agency end at an instant, unless it ends sooner; which."""
    ended = await unit.execute(
        update(AgencyKeyRow)
        .where(
            col(AgencyKeyRow.agency_id) == agency_id,
            col(AgencyKeyRow.key_id) != but,
            col(AgencyKeyRow.revoked_at).is_(None),
            col(AgencyKeyRow.valid_until).is_(None) | (col(AgencyKeyRow.valid_until) > at),
        )
        .values(valid_until=at)
        .returning(col(AgencyKeyRow.key_id))
    )
    return tuple(sorted(ended.scalars()))


async def revoke_key(database: Database, key_id: str, *, revoked_at: datetime) -> bool:
    """Ends a key at once; False when there is no such key, or it had ended before."""
    async with database.unit(ReferenceScope("intake")) as unit:
        return bool(await revoke_keys(unit, [key_id], revoked_at=revoked_at))


async def revoke_keys(
    unit: Unit[ReferenceScope], key_ids: Sequence[str], *, revoked_at: datetime
) -> tuple[str, ...]:
    """Ends keys at once and for good; those that had not been revoked before."""
    ended = await unit.execute(
        update(AgencyKeyRow)
        .where(col(AgencyKeyRow.key_id).in_(key_ids), col(AgencyKeyRow.revoked_at).is_(None))
        .values(revoked_at=revoked_at)
        .returning(col(AgencyKeyRow.key_id))
    )
    return tuple(sorted(ended.scalars()))


async def find_key(database: Database, key_id: str, *, now_utc: datetime) -> Signer | None:
    """The key with this id while it may sign, else None."""
    valid_from, valid_until = col(AgencyKeyRow.valid_from), col(AgencyKeyRow.valid_until)
    async with database.read(ReferenceScope("intake")) as session:
        found = await session.execute(
            select(
                col(AgencyKeyRow.key_id),
                col(AgencyKeyRow.agency_id),
                col(AgencyKeyRow.public_key),
                col(AgencyRow.rights),
            )
            .join(AgencyRow, col(AgencyRow.agency_id) == col(AgencyKeyRow.agency_id))
            .where(
                col(AgencyKeyRow.key_id) == key_id,
                col(AgencyKeyRow.revoked_at).is_(None),
                valid_from.is_(None) | (valid_from <= now_utc),
                valid_until.is_(None) | (valid_until > now_utc),
            )
        )
        row = found.one_or_none()
    if row is None:
        return None
    return Signer(row.key_id, AgencyId(row.agency_id), row.public_key, decode_rights(row.rights))


async def find_agency(
    session: Reading[ReferenceScope], agency_id: AgencyId
) -> tuple[Agency, tuple[KnownKey, ...]] | None:
    """An agency with every key it ever had, the latest first; None when it is not known."""
    found = await session.execute(
        select(*_AGENCY_COLUMNS).where(col(AgencyRow.agency_id) == agency_id)
    )
    row = found.one_or_none()
    if row is None:
        return None
    keys = await session.execute(
        select(*_KEY_COLUMNS)
        .where(col(AgencyKeyRow.agency_id) == agency_id)
        .order_by(col(AgencyKeyRow.added_at).desc(), col(AgencyKeyRow.key_id))
    )
    return _agency(row), tuple(KnownKey(**key._mapping) for key in keys)


async def list_agencies(session: Reading[ReferenceScope]) -> tuple[Agency, ...]:
    """Every agency by its id, at most AGENCIES_MAX."""
    found = await session.execute(
        select(*_AGENCY_COLUMNS).order_by(col(AgencyRow.agency_id)).limit(AGENCIES_MAX)
    )
    return tuple(_agency(row) for row in found)


def _agency(row: Any) -> Agency:
    return Agency(AgencyId(row.agency_id), row.name_ar, row.name_en, decode_rights(row.rights))
