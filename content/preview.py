"""The preview of a publication: a pack's documents against the version in force.

Called by `osrati catalogue preview`. Nothing is published; what it reads of families is counted and
recorded by `timeline/preview.py`.
"""

from collections.abc import Sequence

from content.publish import read_version
from content.schedule_entries import Document
from domain.catalogue_change import find_rule_change
from domain.compile.catalogue import compile_catalogue
from store.scope import ReferenceScope
from timeline.ground import Ground
from timeline.preview import SAMPLE_DEFAULT, Impact, preview_impact
from timeline.side import read_sides


async def preview_publication(
    ground: Ground,
    documents: Sequence[tuple[str, Document]],
    *,
    purpose: str,
    reader: str,
    sample: int | None = SAMPLE_DEFAULT,
) -> Impact:
    """What publishing these documents for everybody would do. Raises: CatalogueError."""
    proposed = compile_catalogue(documents, version=0)
    after = {str(document["id"]): document for _, document in documents}
    async with ground.database.read(ReferenceScope("catalogue")) as session:
        sides = await read_sides(session)
        before = await read_version(session, sides.base)
        change = find_rule_change(before, after)
        if sides.candidate is not None:
            other = find_rule_change(await read_version(session, sides.candidate), after)
            change = change.joined(other)
    return await preview_impact(
        ground, proposed, change, purpose=purpose, reader=reader, sample=sample
    )
