"""A person's streams with their heads, in one statement: the idle poll, and how a pull begins.

The same statement says whether a circle's day has come; such a circle is refreshed, and the heads
are read again. It says as well whether anything new is known of the person: who was found joined
with nobody, and has no new fact since, is themselves. `sync` calls it, and has what it knows of a
phone read with it; nothing is opened here.
"""

from datetime import date
from typing import Any  # a row of the driver
from uuid import UUID

import msgspec

from domain.ids import CircleId, PersonId
from domain.people.actor import Actor
from store.scope import PersonScope
from timeline.due import is_due, refresh_if_due
from timeline.ground import Ground
from timeline.known import resolve_actor
from timeline.record import single_circle

MEMBER_STREAM_COLUMNS = (
    "stream.circle_id, stream.stream_id, stream.incarnation, stream.head, stream.digest,"
    " stream.live_count, stream.tombstone_floor, stream.key_epoch"
)
_STREAMS = f"""
SELECT {MEMBER_STREAM_COLUMNS}, mine.circle_id AS mine,
       circle.facts_version, circle.refreshed_version, circle.refreshed_catalogue,
       circle.refreshed_on, circle.next_change_on, published.catalogue,
       (SELECT facts_version FROM circle WHERE circle_id = $2) AS own_version{{beside}}
FROM (SELECT coalesce(max(version), 0) AS catalogue FROM catalogue_version) AS published
LEFT JOIN person_circle AS mine ON mine.person_id = $1 AND mine.member
LEFT JOIN circle ON circle.circle_id = mine.circle_id
LEFT JOIN membership ON membership.circle_id = mine.circle_id
    AND membership.person_id = mine.person_id
LEFT JOIN stream ON stream.circle_id = mine.circle_id AND stream.person_id = mine.person_id
    AND membership.ended_on IS NULL
ORDER BY mine.circle_id
"""  # noqa: S608 -- of constants


class MemberStream(msgspec.Struct, frozen=True):
    """One stream of a person, as its row stands."""

    circle_id: CircleId
    stream_id: UUID
    incarnation: UUID
    head: int
    digest: int
    live_count: int
    tombstone_floor: int
    key_epoch: int


class MemberStreams(msgspec.Struct, frozen=True):
    """Every stream of a person, sorted by circle, and the version of the catalogue in force."""

    streams: tuple[MemberStream, ...]
    catalogue: int
    beside: tuple[Any, ...] = ()


class Beside(msgspec.Struct, frozen=True):
    """What a caller has read in the same statement: columns, each one value over `$1`, the person,
    and `$3`, what is given here. A statement of their own would cost as much as the streams'.
    """

    columns: tuple[str, ...]
    given: UUID


async def list_actor_streams(
    ground: Ground, named: Actor, beside: Beside | None = None
) -> tuple[Actor, MemberStreams]:
    """The actor as whom they are read, as `resolve_actor` says, and that person's streams."""
    rows, actor = await _read(ground, named.person_id, beside), named
    if not ground.alone.holds(named.person_id, rows[0]["own_version"] or 0):
        actor = await resolve_actor(ground, named)
        if actor.person_id != named.person_id:
            rows = await _read(ground, actor.person_id, beside)
    return actor, await _refreshed(ground, actor.person_id, rows, beside)


async def list_member_streams(ground: Ground, person_id: PersonId) -> MemberStreams:
    """The person's streams; circles whose day has come are refreshed first.

    A circle without a record yet has no stream and is left out; so is one whose member they are no
    more: its stream is closed to them.
    """
    return await _refreshed(ground, person_id, await _read(ground, person_id))


async def _refreshed(
    ground: Ground, person_id: PersonId, rows: list[Any], beside: Beside | None = None
) -> MemberStreams:
    since = await ground.catalogues.rules_since(rows[0]["catalogue"])
    due = [row["mine"] for row in rows if _is_due(row, since, ground.clock.today())]
    if due:
        for circle_id in due:
            await refresh_if_due(ground, CircleId(circle_id))
        rows = await _read(ground, person_id, beside)
    streams = tuple(MemberStream(*row[:8]) for row in rows if row["stream_id"] is not None)
    found = () if beside is None else tuple(rows[0][-len(beside.columns) :])
    return MemberStreams(streams, rows[0]["catalogue"], found)


async def _read(ground: Ground, person_id: PersonId, beside: Beside | None = None) -> list[Any]:
    given = [person_id, single_circle(ground.keys, person_id).id]
    columns = ""
    if beside is not None:
        given.append(beside.given)
        columns = "".join(f", ({column})" for column in beside.columns)
    async with ground.database.glance(PersonScope(person_id)) as session:
        connection = await session.raw()
        rows: list[Any] = await connection.fetch(_STREAMS.format(beside=columns), *given)
        return rows


def _is_due(row: Any, since: int, today: date) -> bool:
    return row["facts_version"] is not None and is_due(
        facts_version=row["facts_version"],
        refreshed_version=row["refreshed_version"],
        refreshed_catalogue=row["refreshed_catalogue"],
        refreshed_on=row["refreshed_on"],
        next_change_on=row["next_change_on"],
        rules_since=since,
        today=today,
    )
