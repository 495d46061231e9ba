"""Publishing: a pack of documents becomes the next version of the catalogue, whole and immutable.

A version holds the pack's entries and the medical tables. Every document is compiled before
anything is written, and must be numbered anew where it changed; a pack equal to the version in
force publishes nothing. Called by `osrati` at start for the shipped pack, and by an operator.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
import orjson
from sqlalchemy import func, insert, select, text
from sqlmodel import col

from content.change import check_numbers, list_changes
from content.schedule_entries import Document, read_catalogue
from domain.calendar_date import local_date
from domain.compile.catalogue import compile_catalogue
from domain.compile.document import CatalogueError
from domain.error import Refusal
from store.clock import Clock
from store.reference_tables import CatalogueEntryRow, CatalogueVersionRow
from store.scope import ReferenceScope
from store.session import Database, Reading, Unit
from timeline.side import Sides, read_sides


class RolloutOpen(Refusal):
    code = "catalogue.rollout_open"
    status = 409
    ar = "يجري الآن طرح تدريجي، فلا يُنشر سوى تصحيح النصوص والسحب. أغلقه أو تراجع عنه أولًا."
    en = (
        "A roll-out is open: until it ends only words and withdrawals are published. Close it or"
        " take it back first."
    )


class Publication(msgspec.Struct, frozen=True):
    """The version with which an entry's rules and words first came, and its day in Dubai."""

    version: int
    published_on: date


PUBLISH_LOCK = 7_301_502  # one publication at a time


async def publish_pack(database: Database, clock: Clock, directory: Path) -> int:
    """Publishes the pack in `directory`; the number of the version now in force.

    Raises: CatalogueError, naming every thing to mend; then nothing is published.
    """
    documents = read_catalogue(directory)
    compile_catalogue(documents, version=0)
    async with database.unit(ReferenceScope("publish")) as unit:
        return await publish_documents(unit, clock, documents)


async def publish_documents(
    unit: Unit[ReferenceScope], clock: Clock, documents: Sequence[tuple[str, Document]]
) -> int:
    """Publishes documents that compile, within the caller's unit of work; the version in force.

    While a roll-out is open only words and withdrawals are published, to both of its sides.

    Raises: CatalogueError for what changed and was not numbered anew; RolloutOpen.
    """
    await lock_publishing(unit)
    sides = await read_sides(unit)
    if sides.candidate is not None:
        return await _publish_to_both(unit, clock, sides, documents)
    if await _digest_of(unit, sides.base) == _digest(documents):
        return sides.version
    await check_numbered(unit, sides, documents)
    return await add_version(unit, clock, documents)


async def lock_publishing(unit: Unit[ReferenceScope]) -> None:
    """One publication at a time, until the unit ends."""
    await unit.execute(text(f"SELECT pg_advisory_xact_lock({PUBLISH_LOCK})"))


async def check_numbered(
    unit: Unit[ReferenceScope], sides: Sides, documents: Sequence[tuple[str, Document]]
) -> None:
    """Raises: CatalogueError for what differs from what is in force, or from what was published
    last and taken back, under its numbers.
    """
    in_force = await read_version(unit, sides.base)
    problems = check_numbers(in_force, documents)
    changed = [pair for pair in documents if in_force.get(str(pair[1].get("id"))) != pair[1]]
    newest = await unit.execute(select(func.max(col(CatalogueEntryRow.version))))
    last = int(newest.scalar_one() or 0)
    if last > sides.base:
        problems += check_numbers(await read_version(unit, last), changed)
    if problems:
        raise CatalogueError(list(dict.fromkeys(problems)))


async def add_version(
    unit: Unit[ReferenceScope],
    clock: Clock,
    documents: Sequence[tuple[str, Document]],
    *,
    rollout: Mapping[str, object] | None = None,
) -> int:
    """The next version: of documents, or, with none, a step of a roll-out."""
    newest = await unit.execute(select(func.max(col(CatalogueVersionRow.version))))
    version = int(newest.scalar_one() or 0) + 1
    await unit.execute(
        insert(CatalogueVersionRow).values(
            version=version,
            published_at=clock.now_utc(),
            digest=_digest(documents),
            **(rollout or {}),
        )
    )
    if documents:
        await unit.execute(
            insert(CatalogueEntryRow),
            [
                {"version": version, "entry_id": entry_id, "document": document}
                for entry_id, document in _entries(documents)
            ],
        )
    return version


async def add_step(unit: Unit[ReferenceScope], clock: Clock, sides: Sides) -> int:
    """The next version, without documents of its own: the two sides of a roll-out."""
    step = {
        "base": sides.base,
        "candidate": sides.candidate,
        "percent": sides.percent,
        "scope": sides.scope,
        "salt": sides.salt,
    }
    return await add_version(unit, clock, (), rollout=step)


async def _publish_to_both(
    unit: Unit[ReferenceScope],
    clock: Clock,
    sides: Sides,
    documents: Sequence[tuple[str, Document]],
) -> int:
    """Words and withdrawals, on both sides. An entry whose rules differ between the sides has its
    new words on the candidate's side: they were written for its rules.
    """
    assert sides.candidate is not None
    before = await read_version(unit, sides.candidate)
    after = {str(document["id"]): document for _, document in documents}
    changes = list_changes(before, after)
    if not changes:
        return sides.version
    for change in changes:
        if change.how not in ("words", "withdrawn"):
            raise RolloutOpen(f"{change.entry_id}: {change.how}")
    problems = check_numbers(before, documents)
    if problems:
        raise CatalogueError(problems)
    base = await read_version(unit, sides.base)
    for change in changes:
        held, new = base.get(change.entry_id), after[change.entry_id]
        if held is not None and held == before[change.entry_id]:
            base[change.entry_id] = new
        elif held is not None and change.how == "withdrawn":
            base[change.entry_id] = held | {"withdrawn": True}
    pairs = sorted(base.items())
    compile_catalogue(pairs, version=0)
    new_base = await add_version(unit, clock, pairs)
    candidate = await add_version(unit, clock, documents)
    moved = msgspec.structs.replace(sides, base=new_base, candidate=candidate)
    return await add_step(unit, clock, moved)


async def _digest_of(unit: Unit[ReferenceScope], version: int) -> bytes | None:
    found = await unit.execute(
        select(col(CatalogueVersionRow.digest)).where(col(CatalogueVersionRow.version) == version)
    )
    digest: bytes | None = found.scalar_one_or_none()
    return digest


def _digest(documents: Sequence[tuple[str, Document]]) -> bytes:
    return hashlib.sha256(orjson.dumps(_entries(documents))).digest()


def _entries(documents: Sequence[tuple[str, Document]]) -> list[tuple[str, str]]:
    return sorted(
        (str(document["id"]), orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode())
        for _, document in documents
    )


async def read_version(session: Reading[ReferenceScope], version: int) -> dict[str, Document]:
    """The documents of a published version by id; empty when there is no such version."""
    rows = await session.execute(
        select(col(CatalogueEntryRow.entry_id), col(CatalogueEntryRow.document)).where(
            col(CatalogueEntryRow.version) == version
        )
    )
    return {row.entry_id: orjson.loads(row.document) for row in rows}


async def find_publication(
    session: Reading[ReferenceScope], entry_id: str, version: int, revision: int
) -> Publication | None:
    """When these rules and words of an entry were first published; None if they never were."""
    rows = await session.execute(
        select(
            col(CatalogueEntryRow.version),
            col(CatalogueEntryRow.document),
            col(CatalogueVersionRow.published_at),
        )
        .join(
            CatalogueVersionRow,
            col(CatalogueVersionRow.version) == col(CatalogueEntryRow.version),
        )
        .where(col(CatalogueEntryRow.entry_id) == entry_id)
        .order_by(col(CatalogueEntryRow.version))
    )
    for row in rows:
        document = orjson.loads(row.document)
        if (document["version"], document["revision"]) == (version, revision):
            return Publication(row.version, local_date(row.published_at))
    return None
