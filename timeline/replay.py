"""Replay: what a member saw on a past day, made again from what it was made from then (law 1).

Facts are append-only and catalogues immutable, so the refresh log's versions are enough: the day is
evaluated again and compared, member by member, with the digests of that day. What differs is
named. Nothing is written here; `api/operate/replay.py` records who asked, and why.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec
from sqlalchemy import select
from sqlmodel import col

from domain.card.record import Record
from domain.compile.document import CatalogueError
from domain.evaluate import ENGINE_VERSION, evaluate
from domain.ids import CircleId, PersonId, RecordKey
from domain.people.identity import names_of
from store.keys import KeyErased
from store.reference_tables import CatalogueVersionRow
from store.scope import CircleScope, ReferenceScope
from timeline.ground import Ground
from timeline.read import member_circles
from timeline.record import find_circle, read_facts, single_circle
from timeline.refresh import bodies_of
from timeline.refresh_log import (
    LoggedRefresh,
    Seen,
    find_refresh,
    record_digest,
    seen_of,
    split_records,
)
from timeline.stream import Body

DifferenceKind = Literal[
    "circle_erased",
    "facts_gone",
    "catalogue_gone",
    "catalogue_unreadable",
    "engine_changed",
    "member_differs",
    "record_differs",
    "records_missing",
]


class Difference(msgspec.Struct, frozen=True):
    """One thing by which the day is not made again as it was. `member` and `record` say whose and
    which, where it is about one.
    """

    kind: DifferenceKind
    detail: str = ""
    member: PersonId | None = None
    record: RecordKey | None = None


class Replayed(msgspec.Struct, frozen=True):
    """One circle of the member on that day. `records` is what the member saw, as it is made now;
    it is what they saw where `is_exact`.
    """

    circle_id: CircleId
    logged: LoggedRefresh | None
    records: tuple[Record, ...]
    differences: tuple[Difference, ...]

    @property
    def is_exact(self) -> bool:
        """Whether every member's records are, to the byte, those of that day. Another version of
        the engine that makes the same is named, and is no difference of what was seen.
        """
        return all(one.kind == "engine_changed" for one in self.differences)


async def replay_member(
    ground: Ground, person_id: PersonId, *, on: date
) -> tuple[PersonId, tuple[Replayed, ...]]:
    """Whom the person was read as on that day, and what that member saw, circle by circle.

    A circle in which nobody had seen anything yet is left out.
    """
    reader = await _read_as(ground, person_id, on)
    replayed = [
        await _replay(ground, circle_id, reader, on)
        for circle_id in await member_circles(ground, reader)
    ]
    return reader, tuple(one for one in replayed if one.logged is not None or one.differences)


async def _read_as(ground: Ground, person_id: PersonId, on: date) -> PersonId:
    """Whom the person was read as, by what their own circle knew on that day: a join that came
    later, or was taken back since, changes nothing of it.
    """
    own = single_circle(ground.keys, person_id).id
    try:
        keys = await ground.keys.circle(own)
    except KeyErased:
        return person_id
    async with ground.database.read(CircleScope(own)) as session:
        logged = await find_refresh(session, keys, on=on)
        if logged is None:
            return person_id
        facts = await read_facts(session, keys, up_to=logged.facts_version)
    return names_of(facts).survivor(person_id)


async def _replay(ground: Ground, circle_id: CircleId, reader: PersonId, on: date) -> Replayed:
    try:
        keys = await ground.keys.circle(circle_id)
    except KeyErased:
        return Replayed(circle_id, None, (), (Difference("circle_erased"),))
    async with ground.database.read(CircleScope(circle_id)) as session:
        logged = await find_refresh(session, keys, on=on)
        if logged is None:
            return Replayed(circle_id, None, (), ())
        circle = await find_circle(session, keys)
        facts = await read_facts(session, keys, up_to=logged.facts_version)
    differences: list[Difference] = []
    if logged.engine_version != ENGINE_VERSION:
        said = f"made by engine {logged.engine_version}, replayed by {ENGINE_VERSION}"
        differences.append(Difference("engine_changed", said))
    if len(facts) < logged.facts_version:
        said = f"{len(facts)} of {logged.facts_version} facts are there"
        differences.append(Difference("facts_gone", said))
    unreadable = await _find_unreadable(ground, logged.catalogue_version)
    if unreadable is not None or circle is None:
        differences += [unreadable] if unreadable is not None else []
        return Replayed(circle_id, logged, (), tuple(differences))
    version, day = logged.catalogue_version, logged.evaluated_on
    side = await ground.catalogues.side_of(version, circle, facts, day)
    evaluation = await asyncio.to_thread(
        evaluate, circle, facts, side.catalogue, day, ground.keys.record_secret()
    )
    bodies = bodies_of(evaluation)
    for member in sorted({*bodies, *logged.seen}, key=lambda one: one.bytes):
        differences += _compare(member, bodies.get(member, ()), logged.seen.get(member))
    records = tuple(record for record, _ in bodies.get(reader, ()))
    return Replayed(circle_id, logged, records, tuple(differences))


def _compare(member: PersonId, bodies: Sequence[Body], was: Seen | None) -> list[Difference]:
    """How a member's records differ from those of the day: by the record, as far as is known."""
    now = seen_of(bodies)
    if was is not None and now.digest == was.digest:
        return []
    found = [Difference("member_differs", f"{len(bodies)} records are made now", member)]
    before = split_records(was) if was is not None else ()
    if before is None:
        return found
    left = Counter(before)
    for record, image in bodies:
        digest = record_digest(image)
        if left[digest]:
            left[digest] -= 1
        else:
            said = f"{record.entry} {record.occurrence}"
            found.append(Difference("record_differs", said, member, record.key))
    if missing := left.total():
        found.append(Difference("records_missing", f"{missing} were seen as they are not", member))
    return found


async def _find_unreadable(ground: Ground, version: int) -> Difference | None:
    """Why a version of the catalogue cannot be evaluated by any more, if it cannot."""
    async with ground.database.read(ReferenceScope("catalogue")) as session:
        found = await session.execute(
            select(col(CatalogueVersionRow.version)).where(
                col(CatalogueVersionRow.version) == version
            )
        )
        if version and found.scalar_one_or_none() is None:
            return Difference("catalogue_gone", f"version {version}")
    try:
        await ground.catalogues.whole(version)
    except CatalogueError:
        return Difference("catalogue_unreadable", f"version {version}")
    return None
