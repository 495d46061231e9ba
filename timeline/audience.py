"""The audience projection: one small sealed row of each circle's member, written by every refresh
in its commit.

It exists so that publishing, previews and campaigns need not open the facts of everybody. Sealed
under keys of its own, by shard and generation, and left out of backups: `timeline/rebuild.py` makes
it anew. Across circles it is read by `timeline/population.py` alone; of one member's own row their
emirate, for the funnel.
"""

from collections.abc import Iterable, Mapping
from typing import Any  # rows of the driver

from domain.ids import CircleId, EntryId, PersonId
from domain.projection import Projection, decode_projection, emirate_in, encode_projection
from store.keys import KeyErased, OwnerKeys
from store.scope import CircleScope
from store.seal import Place, SealBroken, open_, seal
from store.session import Unit
from timeline.catalogue import ServiceNumbers
from timeline.ground import Ground
from timeline.held import Held, HeldProjection

_WRITE = """
INSERT INTO audience (circle_id, person_id, epoch, content, sealed)
SELECT $1, row.person_id, $2, row.content, row.sealed
FROM unnest($3::uuid[], $4::bytea[], $5::bytea[]) AS row(person_id, content, sealed)
ON CONFLICT (circle_id, person_id) DO UPDATE
SET epoch = excluded.epoch, content = excluded.content, sealed = excluded.sealed
"""
_OWN = """
SELECT epoch, sealed FROM audience
WHERE circle_id = $1 AND person_id = $2
    AND epoch = (SELECT coalesce(max(epoch), 1) FROM projection_epoch)
"""
_DROP = "DELETE FROM audience WHERE circle_id = $1 AND person_id = ANY($2::uuid[])"
_DROP_CIRCLE = "DELETE FROM audience WHERE circle_id = $1"
PURPOSE = "audience"


async def write_projections(
    unit: Unit[CircleScope],
    ground: Ground,
    keys: OwnerKeys,
    projections: Mapping[PersonId, Projection],
    numbers: ServiceNumbers,
    held: Held,
) -> int:
    """Makes the circle's rows say exactly this, under the lock the caller holds; how many rows were
    written. Whoever is a member no more has none.
    """
    circle_id, epoch = unit.scope.circle_id, held.projection_epoch
    rows: list[tuple[PersonId, bytes, bytes]] = []
    for person, projection in projections.items():
        body = encode_projection(projection, numbers.by_entry)
        content = keys.digest(body)
        if held.projections.get(person) != HeldProjection(epoch, content):
            rows.append((person, content, body))
    gone = [person for person in held.projections if person not in projections]
    connection = await unit.raw()
    if rows:
        key = (await ground.keys.projection(epoch)).of_shard(PURPOSE, circle_id)
        people, contents, bodies = zip(*rows, strict=True)
        sealed = [
            seal(key, Place(circle_id, person.bytes), body)
            for person, body in zip(people, bodies, strict=True)
        ]
        await connection.execute(_WRITE, circle_id, epoch, people, contents, sealed)
    if gone:
        await connection.execute(_DROP, circle_id, gone)
    return len(rows) + len(gone)


def open_projections(
    rows: Iterable[Any], keys: OwnerKeys, by_number: Mapping[int, EntryId]
) -> dict[tuple[CircleId, PersonId], Projection]:
    """The rows (circle, person, sealed) of one generation that open; the others have to be made."""
    found: dict[tuple[CircleId, PersonId], Projection] = {}
    for circle_id, person_id, sealed in rows:
        try:
            key = keys.of_shard(PURPOSE, circle_id)
            body = open_(key, Place(circle_id, person_id.bytes), sealed)
        except SealBroken:
            continue
        projection = decode_projection(body, by_number)
        if projection is not None:
            found[CircleId(circle_id), PersonId(person_id)] = projection
    return found


async def find_emirate(ground: Ground, circle_id: CircleId, person_id: PersonId) -> str | None:
    """The emirate of a member, as their circle's last refresh knew it; None where nobody may say,
    or the projection is being made anew.
    """
    async with ground.database.glance(CircleScope(circle_id)) as session:
        connection = await session.raw()
        row = await connection.fetchrow(_OWN, circle_id, person_id)
    if row is None:
        return None
    try:
        keys = await ground.keys.projection(row["epoch"])
        key = keys.of_shard(PURPOSE, circle_id)
        return emirate_in(open_(key, Place(circle_id, person_id.bytes), row["sealed"]))
    except (KeyErased, SealBroken):
        return None


async def drop_projections(unit: Unit[CircleScope]) -> None:
    """Leaves nothing of the scope's circle in the projection."""
    connection = await unit.raw()
    await connection.execute(_DROP_CIRCLE, unit.scope.circle_id)
