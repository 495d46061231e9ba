"""Waking: circles whose day has come or that are dirty, found by one index, refreshed in batches.

No timer scans the population. Recording a fact sets a circle's waking day to today, so this one
query is wake and sweeper both: a lost hint costs a few seconds, never a family's card.
"""

from collections.abc import Collection
from uuid import uuid4

import msgspec
from sqlalchemy import ARRAY, ColumnElement, Uuid, all_, literal, select
from sqlmodel import col

from domain.ids import CircleId
from store.circle_tables import CircleRow
from store.scope import SweepScope
from store.session import Reading
from timeline.catalogue import current_version
from timeline.catch_up import sift_behind
from timeline.ground import Ground

WAKE_BATCH_MAX = 500


class Waking(msgspec.Struct, frozen=True):
    """A batch: the circles to refresh now, and whether there may be more behind it."""

    circles: tuple[CircleId, ...]
    is_full: bool


async def list_waking_circles(
    ground: Ground, *, limit: int = WAKE_BATCH_MAX, passing_over: Collection[CircleId] = ()
) -> tuple[CircleId, ...]:
    """The circles of one batch, as `find_waking` says."""
    return (await find_waking(ground, limit=limit, passing_over=passing_over)).circles


async def find_waking(
    ground: Ground, *, limit: int = WAKE_BATCH_MAX, passing_over: Collection[CircleId] = ()
) -> Waking:
    """Circles to refresh now, the longest due first; found without a lock, at most a batch.

    What is left of the batch goes to circles that other rules last saw: those that the new ones
    cannot touch take the version at once and are not among the found, though they fill the batch.
    Those of `passing_over` (they keep failing) are left out, so that they keep no other waiting.
    """
    others = _others(passing_over)
    limit = min(limit, WAKE_BATCH_MAX)
    async with ground.database.read(SweepScope()) as session:
        woken = await session.execute(
            select(col(CircleRow.circle_id))
            .where(col(CircleRow.next_change_on) <= ground.clock.today(), others)
            .order_by(col(CircleRow.next_change_on), col(CircleRow.circle_id))
            .limit(limit)
        )
        circles = [CircleId(circle_id) for circle_id in woken.scalars()]
        behind: list[CircleId] = []
        if len(circles) < limit:
            since = await ground.catalogues.rules_since(await current_version(session))
            behind = await _list_behind(session, since, limit - len(circles), others)
    is_full = len(circles) + len(behind) >= limit
    if behind:
        circles += await sift_behind(ground, behind)
    return Waking(tuple(dict.fromkeys(circles)), is_full)


def _others(passing_over: Collection[CircleId]) -> ColumnElement[bool]:
    """Every circle but those: one array, however many they are."""
    left_out = literal(sorted(passing_over), ARRAY(Uuid()))
    return col(CircleRow.circle_id) != all_(left_out)


async def _list_behind(
    session: Reading[SweepScope], version: int, limit: int, others: ColumnElement[bool]
) -> list[CircleId]:
    """Circles of an older catalogue, from a place by chance on, so that no failing one leads."""
    behind = select(col(CircleRow.circle_id)).where(
        col(CircleRow.refreshed_catalogue) < version,
        col(CircleRow.refreshed_version) >= col(CircleRow.facts_version),  # the dirty wake by day
        others,
    )
    start = uuid4()
    found: list[CircleId] = []
    for part in (col(CircleRow.circle_id) >= start, col(CircleRow.circle_id) < start):
        if len(found) < limit:
            rows = await session.execute(behind.where(part).limit(limit - len(found)))
            found += [CircleId(circle_id) for circle_id in rows.scalars()]
    return found
