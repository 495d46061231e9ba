"""The published catalogue, compiled and kept: the last four versions, immutable, by number.

`content` writes the tables and never holds this cache; `refresh`, reads and texts ask it.
"""

import asyncio
from collections import OrderedDict

import orjson
from sqlalchemy import func, select
from sqlmodel import col

from domain.catalogue import Catalogue
from domain.compile_catalogue import compile_catalogue
from store.reference_tables import CatalogueEntryRow, CatalogueVersionRow
from store.scope import ReferenceScope, Scope
from store.session import Database, Reading

VERSIONS_KEPT = 4  # a roll-out has two; a replay of last week asks for one or two more
NOTHING_PUBLISHED = 0


class Catalogues:
    """Compiled catalogues by version; one compile however many ask at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[int, Catalogue] = OrderedDict()
        self._compiling = asyncio.Lock()

    async def get(self, version: int) -> Catalogue:
        """The catalogue of one version; the empty catalogue when nothing is published (version
        0).
        """
        if version == NOTHING_PUBLISHED:
            return Catalogue(NOTHING_PUBLISHED, {})
        if version in self._kept:
            return self._kept[version]
        async with self._compiling:
            if version not in self._kept:
                self._kept[version] = await self._compile(version)
                if len(self._kept) > VERSIONS_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[version]

    async def current(self) -> Catalogue:
        """The catalogue published last."""
        async with self._database.read(ReferenceScope("catalogue")) as session:
            version = await current_version(session)
        return await self.get(version)

    async def _compile(self, version: int) -> Catalogue:
        async with self._database.read(ReferenceScope("catalogue")) as session:
            rows = await session.execute(
                select(col(CatalogueEntryRow.entry_id), col(CatalogueEntryRow.document))
                .where(col(CatalogueEntryRow.version) == version)
                .order_by(col(CatalogueEntryRow.entry_id))
            )
            documents = [(row.entry_id, orjson.loads(row.document)) for row in rows]
        return await asyncio.to_thread(compile_catalogue, documents, version=version)


async def current_version(session: Reading[Scope]) -> int:
    """The number of the version published last; 0 when there is none."""
    found = await session.execute(select(func.max(col(CatalogueVersionRow.version))))
    return int(found.scalar_one() or NOTHING_PUBLISHED)
