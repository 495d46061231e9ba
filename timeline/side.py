"""The two sides of a roll-out: which of two published versions a circle's rules are.

While none is open a version is its own documents. A step of a roll-out is a version, too, with no
documents and two sides: so whoever compares a circle's version with the one in force, or replays a
day, needs to know no more. Which side a circle is on follows from the step, the circle's id and, in
a roll-out by scope, its facts and the day.
"""

import hashlib
from datetime import date

import msgspec
from sqlalchemy import func, select
from sqlmodel import col

from domain.catalogue import Catalogue
from domain.ids import CircleId, EntryId
from store.reference_tables import CatalogueVersionRow
from store.scope import Scope
from store.session import Reading

PERCENT_MAX = 100
_PARTS = 10_000  # a hundredth of a percent


class Sides(msgspec.Struct, frozen=True):
    """One published version. Without a candidate it is `base`, for everybody."""

    version: int
    base: int
    candidate: int | None = None
    percent: int = PERCENT_MAX
    scope: EntryId | None = None
    salt: bytes = b""


class Side(msgspec.Struct, frozen=True):
    """What a circle is evaluated by, and the day on which that may be the other side."""

    catalogue: Catalogue
    changes_on: date | None = None


async def read_sides(session: Reading[Scope], version: int | None = None) -> Sides:
    """The sides of a version; of the latest where none is named. Nothing published is version 0."""
    wanted = (
        select(func.max(col(CatalogueVersionRow.version))).scalar_subquery()
        if version is None
        else version
    )
    found = await session.execute(
        select(
            col(CatalogueVersionRow.version),
            col(CatalogueVersionRow.base),
            col(CatalogueVersionRow.candidate),
            col(CatalogueVersionRow.percent),
            col(CatalogueVersionRow.scope),
            col(CatalogueVersionRow.salt),
        ).where(col(CatalogueVersionRow.version) == wanted)
    )
    row = found.one_or_none()
    if row is None:
        return Sides(version or 0, version or 0)
    if row.base is None:
        return Sides(row.version, row.version)
    return Sides(
        version=row.version,
        base=row.base,
        candidate=row.candidate,
        percent=row.percent,
        scope=EntryId(row.scope) if row.scope is not None else None,
        salt=row.salt,
    )


def is_drawn(sides: Sides, circle_id: CircleId) -> bool:
    """Whether the circle is among the percent: the same at every look, and at a larger percent."""
    digest = hashlib.sha256(sides.salt + circle_id.bytes).digest()
    return int.from_bytes(digest[:8]) % _PARTS < sides.percent * _PARTS // PERCENT_MAX
