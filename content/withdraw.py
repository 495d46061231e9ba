"""Withdrawing an entry: published no more, by marking it in the version in force.

What still refers to it keeps it: the compiler says where. Called by `osrati catalogue withdraw`.
"""

from content.publish import publish_documents, read_version
from domain.compile.catalogue import compile_catalogue
from domain.ids import EntryId
from store.clock import Clock
from store.scope import ReferenceScope
from store.session import Unit
from timeline.side import read_sides


class NoSuchEntry(Exception):
    """Nothing of that id is published."""


async def withdraw(unit: Unit[ReferenceScope], clock: Clock, entry_id: EntryId) -> int:
    """Publishes the version in force without the entry; the next version.

    Raises: NoSuchEntry; CatalogueError naming what still refers to it, and then nothing changed.
    """
    sides = await read_sides(unit)
    documents = await read_version(unit, sides.candidate or sides.base)
    document = documents.get(entry_id)
    if document is None or document.get("withdrawn") or "version" not in document:
        raise NoSuchEntry(entry_id)
    version = document["version"]
    assert isinstance(version, int)
    gone = document | {"withdrawn": True, "version": version + 1}
    pairs = sorted((documents | {entry_id: gone}).items())
    compile_catalogue(pairs, version=0)
    return await publish_documents(unit, clock, pairs)
