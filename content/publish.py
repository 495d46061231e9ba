"""Publishing: a pack of documents becomes the next version of the catalogue, whole and immutable.

A version holds the pack's services and the medical tables. Every document is compiled before
anything is written; a pack equal to the version in force publishes nothing. Called by `osrati` at
start for the shipped pack.
"""

import hashlib
from pathlib import Path

import orjson
from sqlalchemy import insert, select, text
from sqlmodel import col

from content.schedule_entries import read_catalogue
from domain.compile_catalogue import compile_catalogue
from store.clock import Clock
from store.reference_tables import CatalogueEntryRow, CatalogueVersionRow
from store.scope import ReferenceScope
from store.session import Database

PUBLISH_LOCK = 7_301_502  # one publication at a time


async def publish_pack(database: Database, clock: Clock, directory: Path) -> int:
    """Publishes the pack in `directory`; the number of the version now in force.

    Raises: CatalogueError, naming every thing to mend; then nothing is published.
    """
    documents = read_catalogue(directory)
    compile_catalogue(documents, version=0)
    entries = sorted(
        (str(document["id"]), orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode())
        for _, document in documents
    )
    digest = hashlib.sha256(orjson.dumps(entries)).digest()
    async with database.unit(ReferenceScope("publish")) as unit:
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
