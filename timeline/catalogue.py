"""The published catalogue, compiled and kept: the last four versions, immutable, by number.

`content` writes the tables and never holds this cache; `refresh`, reads and texts ask it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec
import orjson
from sqlalchemy import func, select
from sqlmodel import col

from domain.catalogue import Catalogue
from domain.catalogue_change import EVERYTHING, RuleChange, find_rule_change
from domain.compile.catalogue import compile_catalogue
from domain.fact import Fact
from domain.family import family_of
from domain.horizon import Horizon
from domain.ids import EntryId
from domain.people.circle import Circle
from domain.reach import is_within
from store.reference_tables import CatalogueEntryRow, CatalogueVersionRow, ServiceNumberRow
from store.scope import ReferenceScope, Scope
from store.session import Database, Reading
from timeline.side import Side, Sides, is_drawn, read_sides

VERSIONS_KEPT = 4  # a roll-out has two; a replay of last week asks for one or two more
CHANGES_KEPT = 64  # pairs of versions: the last, against each that a circle may still be at
NOTHING_PUBLISHED = 0
NUMBERS_LOCK = 7_301_503  # one at a time gives numbers

_GIVE_NUMBERS = """
INSERT INTO service_number (entry_id, number)
SELECT entry_id, (SELECT coalesce(max(number), -1) FROM service_number)
    + row_number() OVER (ORDER BY entry_id)
FROM unnest($1::text[]) AS entry_id
WHERE NOT EXISTS (SELECT 1 FROM service_number AS known WHERE known.entry_id = entry_id.entry_id)
"""


class ServiceNumbers(msgspec.Struct, frozen=True):
    """Every service's number in the audience projection, and back."""

    by_entry: Mapping[EntryId, int]
    by_number: Mapping[int, EntryId]


class Catalogues:
    """Compiled catalogues by version; one compile however many ask at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[int, Catalogue] = OrderedDict()
        self._compiling = asyncio.Lock()
        self._numbers = ServiceNumbers({}, {})
        self._changes: OrderedDict[tuple[int, int], RuleChange] = OrderedDict()
        self._comparing = asyncio.Lock()
        self._rules_since: tuple[int, int] | None = None  # a version, and the first like it
        self._sides: dict[int, Sides] = {}

    async def get(self, version: int) -> Catalogue:
        """The catalogue of one version; the empty catalogue when nothing is published (version
        0).
        """
        if version == NOTHING_PUBLISHED:
            return Catalogue(NOTHING_PUBLISHED, {})
        if version in self._kept:
            self._kept.move_to_end(version)
            return self._kept[version]
        async with self._compiling:
            if version not in self._kept:
                self._kept[version] = await self._compile(version)
                if len(self._kept) > VERSIONS_KEPT:
                    self._kept.popitem(last=False)
            return self._kept[version]

    async def numbers_of(self, catalogue: Catalogue) -> ServiceNumbers:
        """The numbers of services, at least of every one of this catalogue: one that has none yet
        is given the next.
        """
        if not catalogue.services.keys() <= self._numbers.by_entry.keys():
            self._numbers = await self._give_numbers(sorted(catalogue.services))
        return self._numbers

    async def numbers(self) -> ServiceNumbers:
        """The numbers of every service that ever was in a circle's catalogue."""
        self._numbers = await self._give_numbers(())
        return self._numbers

    async def _give_numbers(self, entries: Iterable[EntryId]) -> ServiceNumbers:
        async with self._database.unit(ReferenceScope("catalogue")) as unit:
            connection = await unit.raw()
            if entries:
                await connection.execute(f"SELECT pg_advisory_xact_lock({NUMBERS_LOCK})")
                await connection.execute(_GIVE_NUMBERS, list(entries))
            found = await unit.execute(
                select(col(ServiceNumberRow.entry_id), col(ServiceNumberRow.number))
            )
            by_entry = {EntryId(row.entry_id): int(row.number) for row in found}
        return ServiceNumbers(by_entry, {number: entry for entry, number in by_entry.items()})

    async def change(self, before: int, after: int) -> RuleChange:
        """What of a circle evaluated by one version can differ by another; one comparison however
        many ask at once.
        """
        if before == after:
            return RuleChange()
        if (before, after) not in self._changes:
            async with self._comparing:
                if (before, after) not in self._changes:
                    self._changes[before, after] = await self._compare(before, after)
                    if len(self._changes) > CHANGES_KEPT:
                        self._changes.popitem(last=False)
        return self._changes[before, after]

    async def _compare(self, before: int, after: int) -> RuleChange:
        old, new = await self._read(before), await self._read(after)
        if not old or not new:
            return EVERYTHING
        return await asyncio.to_thread(find_rule_change, dict(old), dict(new))

    async def rules_since(self, version: int) -> int:
        """The first version by which every circle sees what it sees by this one: since then only
        words have changed, and no circle that saw it is behind.

        Each version is compared with the one before: what words alone tell apart is alike in turn.
        """
        known = self._rules_since
        if known is not None and known[0] == version:
            return known[1]
        first = version
        while first > 1 and (await self.change(first - 1, first)).is_nothing:
            first -= 1
            if known is not None and known[0] == first:
                first = known[1]
                break
        self._rules_since = (version, first)
        return first

    async def whole(self, version: int) -> Catalogue:
        """A version with both its sides: what can be said of any circle's records."""
        sides = await self._sides_of(version)
        base = await self.get(sides.base)
        other = await self.get(sides.candidate) if sides.candidate is not None else None
        return msgspec.structs.replace(base, version=version, other=other)

    async def side_of(
        self, version: int, circle: Circle, facts: tuple[Fact, ...], today: date
    ) -> Side:
        """What a circle is evaluated by in a version: one side of a roll-out, or all there is."""
        sides = await self._sides_of(version)
        if sides.candidate is None:
            return Side(await self.get(sides.base))
        base, candidate = await self.get(sides.base), await self.get(sides.candidate)
        reach = candidate.entries.scopes.get(sides.scope) if sides.scope is not None else None
        if not is_drawn(sides, circle.id) or (reach is None and sides.scope is not None):
            return Side(base)
        if reach is None:
            return Side(candidate)
        horizon = Horizon(today)
        family = await asyncio.to_thread(family_of, circle, facts)
        is_in = is_within(reach, family, horizon)
        return Side(candidate if is_in else base, horizon.next_change_on)

    async def _sides_of(self, version: int) -> Sides:
        """Immutable, so kept for as long as the process lives: some tens of them."""
        if version not in self._sides:
            async with self._database.read(ReferenceScope("catalogue")) as session:
                self._sides[version] = await read_sides(session, version)
        return self._sides[version]

    async def current(self) -> Catalogue:
        """The catalogue published last, with both sides while a roll-out is open."""
        async with self._database.read(ReferenceScope("catalogue")) as session:
            version = await current_version(session)
        return await self.whole(version)

    async def _compile(self, version: int) -> Catalogue:
        documents = await self._read(version)
        return await asyncio.to_thread(compile_catalogue, documents, version=version)

    async def _read(self, version: int) -> list[tuple[str, dict[str, object]]]:
        async with self._database.read(ReferenceScope("catalogue")) as session:
            rows = await session.execute(
                select(col(CatalogueEntryRow.entry_id), col(CatalogueEntryRow.document))
                .where(col(CatalogueEntryRow.version) == version)
                .order_by(col(CatalogueEntryRow.entry_id))
            )
            return [(row.entry_id, orjson.loads(row.document)) for row in rows]


async def current_version(session: Reading[Scope]) -> int:
    """The number of the version published last; 0 when there is none."""
    found = await session.execute(select(func.max(col(CatalogueVersionRow.version))))
    return int(found.scalar_one() or NOTHING_PUBLISHED)
