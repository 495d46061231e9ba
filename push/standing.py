"""Whether a notice still stands: asked when it is planned, and again in the last second.

A notice is of a card. It stands while a circle of its reader shows that card and the card would
still be told of; else the reason says what happened meanwhile.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import msgspec

from domain.card.record import Record
from domain.catalogue import Catalogue
from domain.ids import ActKey, CircleId, PersonId, RecordKey
from domain.plan_effects import plan_effects
from push.notice import Notice
from store.scope import MemberScope, SweepScope
from timeline.due import refresh_if_due
from timeline.ground import Ground
from timeline.read import member_circles
from timeline.stream import HeldRecord, read_stream

GoneReason = Literal["withdrawn", "done_elsewhere", "dismissed", "acknowledged", "changed", "lost"]


class Part(msgspec.Struct, frozen=True):
    """The card of a notice as it stood when the message was made: where it lay, and its number
    there. While the number stands, so does what was decided from it. `wish` is the version of its
    reader's wishes then (0: none said).
    """

    notice_id: ActKey
    circle_id: CircleId
    record_key: RecordKey
    number: int
    wish: int = 0


class Standing(msgspec.Struct, frozen=True):
    """A notice's card where it is now, or why the notice stands no more."""

    part: Part | None = None
    record: Record | None = None
    gone: GoneReason | None = None


async def find_standings(
    ground: Ground, person_id: PersonId, notices: Iterable[Notice]
) -> dict[ActKey, Standing]:
    """How each notice of one person stands today; circles whose day has come are refreshed."""
    held: dict[RecordKey, tuple[CircleId, HeldRecord]] = {}
    for circle_id in await member_circles(ground, person_id):
        await refresh_if_due(ground, circle_id)
        keys = await ground.keys.circle(circle_id)
        async with ground.database.read(MemberScope(circle_id, person_id)) as session:
            for each in await read_stream(session, keys):
                held.setdefault(each.record.key, (circle_id, each))
    catalogue = await ground.catalogues.current()
    secret = ground.keys.record_secret()
    return {notice.id: _standing(notice, held, catalogue, secret) for notice in notices}


def _standing(
    notice: Notice,
    held: Mapping[RecordKey, tuple[CircleId, HeldRecord]],
    catalogue: Catalogue,
    secret: bytes,
) -> Standing:
    found = held.get(notice.record_key)
    if found is None:
        return Standing(gone="withdrawn")
    circle_id, card = found
    record = card.record
    if catalogue.find_service(record.entry, record.version) is None:
        return Standing(gone="withdrawn")
    if notice.id in {effect.key for effect in plan_effects(record, catalogue, secret)}:
        part = Part(notice.id, circle_id, record.key, card.number)
        return Standing(part, record)
    if record.resolved_on is not None:
        return Standing(gone="done_elsewhere")
    if record.dismissed:
        return Standing(gone="dismissed")
    return Standing(gone="acknowledged" if record.acknowledged else "changed")


_UNCHANGED = """
SELECT asked.place
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bigint[], $6::bigint[], $7::bytea[])
    WITH ORDINALITY AS asked(circle_id, person_id, record_key, number, wish, notice_id, place)
JOIN stream_record AS row USING (circle_id, person_id, record_key)
JOIN circle USING (circle_id)
LEFT JOIN notice_preference AS wished ON wished.person_id = asked.person_id
WHERE row.number = asked.number AND row.sealed IS NOT NULL
    AND coalesce(wished.version, 0) = asked.wish
    AND NOT EXISTS (
        SELECT 1 FROM notice
        WHERE notice.person_id = asked.person_id AND notice.notice_id = asked.notice_id
            AND notice.read_at IS NOT NULL
    )
    AND circle.refreshed_version >= circle.facts_version
    AND (circle.next_change_on IS NULL OR circle.next_change_on > $5)
"""


async def list_unchanged(
    ground: Ground, asked: Collection[tuple[PersonId, Part]]
) -> frozenset[ActKey]:
    """Of many cards those that are exactly as they were when their messages were made, in circles
    where nothing waits to be weighed, for readers who wish what they wished then and have not read
    the notice meanwhile: one statement, over numbers alone.
    """
    parts = list(asked)
    async with ground.database.glance(SweepScope()) as session:
        connection = await session.raw()
        found = await connection.fetch(
            _UNCHANGED,
            [part.circle_id for _, part in parts],
            [person_id for person_id, _ in parts],
            [part.record_key for _, part in parts],
            [part.number for _, part in parts],
            ground.clock.today(),
            [part.wish for _, part in parts],
            [part.notice_id for _, part in parts],
        )
    return frozenset(parts[row["place"] - 1][1].notice_id for row in found)
