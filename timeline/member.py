"""Who has a stream in a circle, kept as `evaluate` says; one who is a member no more is closed out.

Written under the circle's lock, in the commit that empties their stream.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import select
from sqlmodel import col

from domain.ids import PersonId
from store.circle_tables import MembershipRow
from store.scope import CircleScope, MemberScope
from store.session import Reading, Unit

_KEEP = """
WITH ended AS (
    UPDATE membership SET ended_on = $3
    WHERE circle_id = $1 AND ended_on IS NULL AND person_id <> ALL($2::uuid[])
)
INSERT INTO membership (circle_id, person_id)
SELECT $1, unnest($2::uuid[])
ON CONFLICT (circle_id, person_id) DO UPDATE SET ended_on = NULL
WHERE membership.ended_on IS NOT NULL
"""


async def keep_members(
    unit: Unit[CircleScope], members: Collection[PersonId], *, today: date
) -> None:
    """Makes these the circle's members; whoever was one and is no more ended today. Idempotent."""
    connection = await unit.raw()
    await connection.execute(_KEEP, unit.scope.circle_id, list(members), today)


async def find_ended_on(session: Reading[MemberScope]) -> date | None:
    """The day on which the scope's person stopped being a member there; None while they are."""
    scope = session.scope
    found = await session.execute(
        select(col(MembershipRow.ended_on)).where(
            col(MembershipRow.circle_id) == scope.circle_id,
            col(MembershipRow.person_id) == scope.person_id,
        )
    )
    ended_on: date | None = found.scalar_one_or_none()
    return ended_on
