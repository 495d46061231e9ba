"""After a publication: which circles are evaluated anew, and which take the version as they are.

What the new rules can touch is told by the audience projection. A circle that cannot be touched
takes the version without an evaluation: its records are those of the refresh that the log names,
so a replay stays true. Where only words changed, no circle is behind and nothing is written.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from domain.entry import Reach
from domain.family import family_of
from domain.horizon import Horizon
from domain.ids import CircleId, PersonId
from domain.projection import Projection
from domain.reach import is_within
from store.keys import KeyErased, OwnerKeys
from store.scope import CirclesScope, SweepScope
from store.session import Reading
from timeline.audience import open_projections
from timeline.catalogue import current_version
from timeline.ground import Ground
from timeline.refresh import read_snapshot

_VERSIONS = "SELECT circle_id, refreshed_catalogue FROM circle WHERE circle_id = ANY($1)"
_MEMBERS = """
SELECT membership.circle_id, membership.person_id, audience.epoch, audience.sealed,
       (SELECT coalesce(max(epoch), 1) FROM projection_epoch) AS in_force
FROM membership
LEFT JOIN audience ON audience.circle_id = membership.circle_id
    AND audience.person_id = membership.person_id
WHERE membership.circle_id = ANY($1) AND membership.ended_on IS NULL
"""
# Locked in order of ids, so that no two wait crosswise; only what is still as it was looked at.
_TAKE = """
WITH meant AS (
    SELECT circle_id FROM circle
    WHERE circle_id = ANY($1) AND refreshed_catalogue = $2 AND refreshed_version = facts_version
    ORDER BY circle_id FOR UPDATE
)
UPDATE circle SET refreshed_catalogue = $3 FROM meant WHERE circle.circle_id = meant.circle_id
"""


async def sift_behind(ground: Ground, circle_ids: Collection[CircleId]) -> tuple[CircleId, ...]:
    """Of circles that an older catalogue last saw, those to evaluate anew; the others take the
    version in force. A circle of whose members anything is not known is evaluated.
    """
    scope = CirclesScope(tuple(circle_ids))
    async with ground.database.read(CirclesScope(scope.circle_ids)) as session:
        connection = await session.raw()
        current = await current_version(session)
        versions = {
            CircleId(circle_id): version
            for circle_id, version in await connection.fetch(_VERSIONS, scope.circle_ids)
        }
        projections = await _read_projections(session, ground)
    touched: list[CircleId] = []
    untouched: dict[int, list[CircleId]] = {}
    for circle_id, version in versions.items():
        members = projections.get(circle_id, {})
        change = await ground.catalogues.change(version, current)
        known = [one for one in members.values() if one is not None]
        is_touched = len(known) < len(members) or change.concerns_anywhere(known)
        if is_touched or await _is_reached(ground, circle_id, change.reaches_of(known)):
            touched.append(circle_id)
        else:
            untouched.setdefault(version, []).append(circle_id)
    for version, circles in untouched.items():
        async with ground.database.unit(CirclesScope(tuple(circles))) as unit:
            connection = await unit.raw()
            await connection.execute(_TAKE, circles, version, current)
    return tuple(touched)


async def _is_reached(ground: Ground, circle_id: CircleId, reaches: Sequence[Reach]) -> bool:
    """Whether one of these holds for the circle today, by its facts: whom a service is for is more
    than the projection says. Outside all of them nothing but a fact brings it in, and then it is
    evaluated anew.
    """
    if not reaches:
        return False
    try:
        keys = await ground.keys.circle(circle_id)
    except KeyErased:
        return True
    snapshot = await read_snapshot(ground, circle_id, keys)
    if snapshot is None:
        return True
    family = await asyncio.to_thread(family_of, snapshot.state.circle, snapshot.facts)
    return any(is_within(reach, family, Horizon(snapshot.basis.today)) for reach in reaches)


async def count_behind(ground: Ground) -> int:
    """How many circles have still to be looked at for the version in force."""
    async with ground.database.read(SweepScope()) as session:
        since = await ground.catalogues.rules_since(await current_version(session))
        connection = await session.raw()
        count: int = await connection.fetchval(
            "SELECT count(*) FROM circle WHERE refreshed_catalogue < $1", since
        )
        return count


async def _read_projections(
    session: Reading[CirclesScope], ground: Ground
) -> Mapping[CircleId, Mapping[PersonId, Projection | None]]:
    """Every member of the scope's circles; None where their row does not open or is not there."""
    connection = await session.raw()
    rows = await connection.fetch(_MEMBERS, session.scope.circle_ids)
    numbers = await ground.catalogues.numbers()
    keys: OwnerKeys | None = None
    if rows:
        try:
            keys = await ground.keys.projection(rows[0]["in_force"])
        except KeyErased:
            keys = None
    sealed = [(*row[:2], row["sealed"]) for row in rows if row["epoch"] == row["in_force"]]
    opened = open_projections(sealed, keys, numbers.by_number) if keys is not None else {}
    found: dict[CircleId, dict[PersonId, Projection | None]] = {}
    for circle_id, person_id, *_ in rows:
        members = found.setdefault(CircleId(circle_id), {})
        members[PersonId(person_id)] = opened.get((CircleId(circle_id), PersonId(person_id)))
    return found
