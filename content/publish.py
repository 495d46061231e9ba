"""Publishing: a pack of documents becomes the next version of the catalogue, whole and immutable.

A version holds the pack's entries and the medical tables. Every document is compiled before
anything is written, and must be numbered anew where it changed; a pack equal to the version in
force publishes nothing. Called by `osrati` at start for the shipped pack, and by an operator.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import orjson
from sqlalchemy import insert, select, text
from sqlmodel import col

from content.change import check_numbers
from content.schedule_entries import Document, read_catalogue
from domain.compile_catalogue import compile_catalogue
from domain.document import CatalogueError
from store.clock import Clock
from store.reference_tables import CatalogueEntryRow, CatalogueVersionRow
from store.scope import ReferenceScope
from store.session import Database, Reading, Unit

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

    Raises: CatalogueError for what changed and was not numbered anew.
    """
    entries = sorted(
        (str(document["id"]), orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode())
        for _, document in documents
    )
    digest = hashlib.sha256(orjson.dumps(entries)).digest()
    await unit.execute(text(f"SELECT pg_advisory_xact_lock({PUBLISH_LOCK})"))
    latest = (
        await unit.execute(
            select(col(CatalogueVersionRow.version), col(CatalogueVersionRow.digest))
            .order_by(col(CatalogueVersionRow.version).desc())
            .limit(1)
        )
    ).one_or_none()
    if latest is not None and latest.digest == digest:
        return int(latest.version)
    if latest is not None:
        problems = check_numbers(await read_version(unit, latest.version), documents)
        if problems:
            raise CatalogueError(problems)
    version = latest.version + 1 if latest is not None else 1
    await unit.execute(
        insert(CatalogueVersionRow).values(
            version=version, published_at=clock.now_utc(), digest=digest
        )
    )
    await unit.execute(
        insert(CatalogueEntryRow),
        [
            {"version": version, "entry_id": entry_id, "document": document}
            for entry_id, document in entries
        ],
    )
    return int(version)


async def read_version(session: Reading[ReferenceScope], version: int) -> dict[str, Document]:
    """The documents of a published version by id; empty when there is no such version."""
    rows = await session.execute(
        select(col(CatalogueEntryRow.entry_id), col(CatalogueEntryRow.document)).where(
            col(CatalogueEntryRow.version) == version
        )
    )
    return {row.entry_id: orjson.loads(row.document) for row in rows}
