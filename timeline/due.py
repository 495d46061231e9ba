"""Whether a circle is to be evaluated again before anybody reads it, and doing so.

Every reading begins here: of a timeline, of a phone, of what somebody is about to be told.
"""

from datetime import date

from sqlalchemy import select
from sqlmodel import col

from domain.ids import CircleId
from store.circle_tables import CircleRow
from store.scope import CircleScope
from timeline.catalogue import current_version
from timeline.catch_up import sift_behind
from timeline.ground import Ground
from timeline.refresh import refresh


async def refresh_if_due(ground: Ground, circle_id: CircleId) -> None:
    """Refreshes a circle that is dirty, whose day has come, or that other rules last saw and the
    new ones can touch.
    """
    async with ground.database.read(CircleScope(circle_id)) as session:
        found = await session.execute(
            select(
                col(CircleRow.facts_version),
                col(CircleRow.refreshed_version),
                col(CircleRow.refreshed_catalogue),
                col(CircleRow.refreshed_on),
                col(CircleRow.next_change_on),
            ).where(col(CircleRow.circle_id) == circle_id)
        )
        row = found.one_or_none()
        catalogue = await current_version(session)
    if row is None:
        return
    since = await ground.catalogues.rules_since(catalogue)
    today = ground.clock.today()
    is_due_anyway, is_due_by_rules = (
        is_due(
            facts_version=row.facts_version,
            refreshed_version=row.refreshed_version,
            refreshed_catalogue=row.refreshed_catalogue,
            refreshed_on=row.refreshed_on,
            next_change_on=row.next_change_on,
            rules_since=first,
            today=today,
        )
        for first in (0, since)
    )
    if is_due_anyway or (is_due_by_rules and await sift_behind(ground, (circle_id,))):
        await refresh(ground, circle_id)


def is_due(
    *,
    facts_version: int,
    refreshed_version: int,
    refreshed_catalogue: int,
    refreshed_on: date | None,
    next_change_on: date | None,
    rules_since: int,
    today: date,
) -> bool:
    """Whether a circle is dirty, its day has come, or other rules last saw it: those of a catalogue
    before `rules_since`.
    """
    waking = next_change_on is not None and next_change_on <= today
    set_back = refreshed_on is not None and refreshed_on > today  # a day of development
    return (
        waking or set_back or refreshed_version < facts_version or refreshed_catalogue < rules_since
    )
