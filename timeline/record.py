"""Recording facts in a circle, under its row lock; and reading them back.

A fact is one row a circle however often it is delivered; recording one makes the circle dirty and
its waking day today, in the same commit.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any  # a Core row: its types are its columns'
from uuid import UUID

import msgspec
from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.fact import Fact, decode_fact, encode_fact
from domain.ids import CircleId, FactKey, PersonId
from domain.people.circle import Business, Circle, CircleKind, couple_members
from store.circle_tables import CircleRow, MembershipRow
from store.keys import KeyRing, OwnerKeys
from store.scope import CircleScope, CirclesScope
from store.seal import Place, open_, seal
from store.session import Glance, Reading, Unit
from timeline.ground import Ground

_circles = msgspec.json.Decoder(Circle)

_HELD = "SELECT fact_key FROM fact WHERE circle_id = $1 AND fact_key = ANY($2)"
_APPEND = """
INSERT INTO fact (circle_id, facts_version, fact_key, sealed)
SELECT $1, $2 + row.place, row.fact_key, row.sealed
FROM unnest($3::bytea[], $4::bytea[]) WITH ORDINALITY AS row(fact_key, sealed, place)
"""
# Facts and the waking day in one statement: what makes the circle dirty comes with what it holds.
_RECORD = f"""
WITH woken AS (
    UPDATE circle SET facts_version = $5, next_change_on = $6 WHERE circle_id = $1
)
{_APPEND}
"""  # noqa: S608 -- of constants


class CircleState(msgspec.Struct, frozen=True):
    """A circle with the numbers its evaluation depends on."""

    circle: Circle
    facts_version: int
    refreshed_version: int
    refresh_count: int


def single_circle(keys: KeyRing, person_id: PersonId) -> Circle:
    """A person's own circle, which holds every fact about them."""
    return Circle(_circle_id(keys, "single", person_id), "single", (person_id,))


def couple_circle(keys: KeyRing, one: PersonId, other: PersonId) -> Circle:
    """The circle of a couple: the same whoever is named first, and again if they marry again."""
    members = couple_members(one, other)
    return Circle(_circle_id(keys, "couple", *members), "couple", members)


def business_circle(keys: KeyRing, business: Business) -> Circle:
    """The circle of a business: the same whichever owner an event names."""
    named = business.number, business.emirate, business.reported_by
    digest = keys.hash("circle/business", *((part or "").encode() for part in named))
    circle_id = CircleId(UUID(bytes=digest))
    return Circle(circle_id, "business", (), *named)


def _circle_id(keys: KeyRing, kind: CircleKind, *people: PersonId) -> CircleId:
    digest = keys.hash(f"circle/{kind}", *(person.bytes for person in people))
    return CircleId(UUID(bytes=digest))


async def open_circle(ground: Ground, circle: Circle) -> None:
    """Makes the circle's row and its members' rows, if they are not there. Idempotent."""
    keys = await ground.keys.circle(circle.id)
    async with ground.database.unit(CircleScope(circle.id)) as unit:
        await _open(unit, keys, circle)


async def _open(unit: Unit[CircleScope], keys: OwnerKeys, circle: Circle) -> None:
    await unit.execute(
        insert(CircleRow)
        .values(
            circle_id=circle.id,
            refreshed_catalogue=0,
            sealed=seal(keys.for_("circle"), Place(circle.id), msgspec.json.encode(circle)),
        )
        .on_conflict_do_nothing()
    )
    for member in circle.members:
        await unit.execute(
            insert(MembershipRow)
            .values(circle_id=circle.id, person_id=member)
            .on_conflict_do_nothing()
        )


async def record_facts(ground: Ground, circle: Circle, facts: Iterable[Fact]) -> int:
    """Records what the circle does not hold yet, in one unit of work; how many were new. One that
    was never opened is opened in it.
    """
    circle_id = circle.id
    keys = await ground.keys.circle(circle_id)
    by_key = {fact_key(ground.keys, fact): fact for fact in facts}
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        state = await _find_locked(unit, keys)
        if state is None:  # whoever opens it at the same time is waited for
            await _open(unit, keys, circle)
            state = await lock_circle(unit, keys)
        connection = await unit.raw()
        held = await connection.fetch(_HELD, circle_id, list(by_key))
        known = {row[0] for row in held}
        missing = [key for key in by_key if key not in known]
        if not missing:
            return 0
        new = [(key, by_key[key]) for key in missing]
        await connection.execute(
            _RECORD,
            circle_id,
            state.facts_version,
            missing,
            _seal_facts(keys, circle_id, state.facts_version, new),
            state.facts_version + len(missing),
            ground.clock.today(),
        )
        return len(missing)


async def append_facts(
    unit: Unit[CircleScope], ground: Ground, keys: OwnerKeys, facts: Sequence[Fact], version: int
) -> None:
    """Inserts facts that the circle does not hold after `version`, under the lock the caller
    holds; whoever calls raises the circle's facts version.
    """
    if facts:
        fact_keys = [fact_key(ground.keys, fact) for fact in facts]
        connection = await unit.raw()
        await connection.execute(
            _APPEND,
            unit.scope.circle_id,
            version,
            fact_keys,
            _seal_facts(keys, unit.scope.circle_id, version, zip(fact_keys, facts, strict=True)),
        )


def _seal_facts(
    keys: OwnerKeys, circle_id: CircleId, version: int, facts: Iterable[tuple[FactKey, Fact]]
) -> list[bytes]:
    """The facts sealed, each as the next after `version`."""
    key = keys.for_("fact")
    return [
        seal(key, Place(circle_id, one, number), encode_fact(fact))
        for number, (one, fact) in enumerate(facts, version + 1)
    ]


async def mark_dirty(unit: Unit[CircleScope], ground: Ground, version: int) -> None:
    """Raises the facts version and wakes the circle today."""
    await unit.execute(
        update(CircleRow)
        .where(col(CircleRow.circle_id) == unit.scope.circle_id)
        .values(facts_version=version, next_change_on=ground.clock.today())
    )


async def wake(ground: Ground, circle_id: CircleId) -> None:
    """Has a circle that was opened evaluated anew, though it holds nothing new."""
    keys = await ground.keys.circle(circle_id)
    async with ground.database.unit(CircleScope(circle_id)) as unit:
        state = await lock_circle(unit, keys)
        await mark_dirty(unit, ground, state.facts_version)


def fact_key(keys: KeyRing, fact: Fact) -> FactKey:
    """The fact's identity: what it is by source, source id and part, whatever it says."""
    parts = (fact.source.encode(), fact.source_id.encode(), fact.part.encode())
    return FactKey(keys.hash("fact", *parts))


async def lock_circle(unit: Unit[CircleScope], keys: OwnerKeys) -> CircleState:
    """The circle's state with its row locked until the unit ends. The circle must exist."""
    state = await _find_locked(unit, keys)
    assert state is not None, "a circle is opened before anything is written to it"
    return state


async def _find_locked(unit: Unit[CircleScope], keys: OwnerKeys) -> CircleState | None:
    found = await unit.execute(_state_query(unit.scope.circle_id).with_for_update())
    row = found.one_or_none()
    return None if row is None else state_of(row, row.circle_id, keys)


async def find_facts_version(session: Glance[CircleScope]) -> int:
    """How many facts the scope's circle holds; 0 for one that was never opened."""
    connection = await session.raw()
    version: int | None = await connection.fetchval(
        "SELECT facts_version FROM circle WHERE circle_id = $1", session.scope.circle_id
    )
    return version or 0


async def find_circle(session: Reading[CircleScope], keys: OwnerKeys) -> Circle | None:
    """The circle, or None when it was never opened."""
    row = (await session.execute(_state_query(session.scope.circle_id))).one_or_none()
    return None if row is None else state_of(row, row.circle_id, keys).circle


def _state_query(circle_id: CircleId) -> Select[UUID, int, int, int, bytes]:
    return select(
        col(CircleRow.circle_id),
        col(CircleRow.facts_version),
        col(CircleRow.refreshed_version),
        col(CircleRow.refresh_count),
        col(CircleRow.sealed),
    ).where(col(CircleRow.circle_id) == circle_id)


def state_of(row: Any, circle_id: UUID, keys: OwnerKeys) -> CircleState:
    """The state that a row says, which has at least the columns of a `CircleState`."""
    circle = _circles.decode(open_(keys.for_("circle"), Place(circle_id), row.sealed))
    return CircleState(circle, row.facts_version, row.refreshed_version, row.refresh_count)


def fact_of(keys: OwnerKeys, circle_id: UUID, version: int, key: bytes, sealed: bytes) -> Fact:
    """The fact that a row holds."""
    return decode_fact(open_(keys.for_("fact"), Place(circle_id, key, version), sealed))


async def read_circles(
    session: Reading[CirclesScope], keys: Mapping[CircleId, OwnerKeys]
) -> Mapping[CircleId, Circle]:
    """Those of the scope's circles that were ever opened."""
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT circle_id, sealed FROM circle WHERE circle_id = ANY($1)", session.scope.circle_ids
    )
    return {
        CircleId(circle_id): _circles.decode(
            open_(keys[CircleId(circle_id)].for_("circle"), Place(circle_id), sealed)
        )
        for circle_id, sealed in rows
    }


async def read_facts_of(
    session: Reading[CirclesScope] | Glance[CirclesScope], keys: Mapping[CircleId, OwnerKeys]
) -> Mapping[CircleId, tuple[Fact, ...]]:
    """Every fact of each of the scope's circles, as `read_facts` gives those of one."""
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT circle_id, facts_version, fact_key, sealed FROM fact"
        " WHERE circle_id = ANY($1) ORDER BY circle_id, facts_version",
        session.scope.circle_ids,
    )
    found: dict[CircleId, list[Fact]] = {circle_id: [] for circle_id in session.scope.circle_ids}
    for circle_id, version, key, sealed in rows:
        place = Place(circle_id, key, version)
        found[CircleId(circle_id)].append(
            decode_fact(open_(keys[CircleId(circle_id)].for_("fact"), place, sealed))
        )
    return {circle_id: tuple(facts) for circle_id, facts in found.items()}


async def list_held(
    session: Reading[CirclesScope] | Glance[CirclesScope], fact_keys: Collection[FactKey]
) -> frozenset[tuple[CircleId, FactKey]]:
    """Which of these facts each of the scope's circles holds; nothing is opened."""
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT circle_id, fact_key FROM fact WHERE circle_id = ANY($1) AND fact_key = ANY($2)",
        session.scope.circle_ids,
        list(fact_keys),
    )
    return frozenset((CircleId(circle_id), FactKey(key)) for circle_id, key in rows)


async def read_facts(
    session: Reading[CircleScope] | Glance[CircleScope],
    keys: OwnerKeys,
    *,
    up_to: int | None = None,
) -> tuple[Fact, ...]:
    """Every fact of the scope's circle, opened, in the order they were recorded; with `up_to`, as
    the circle was at that facts version.
    """
    circle_id = session.scope.circle_id
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT facts_version, fact_key, sealed FROM fact"
        " WHERE circle_id = $1 AND ($2::bigint IS NULL OR facts_version <= $2)"
        " ORDER BY facts_version",
        circle_id,
        up_to,
    )
    return tuple(fact_of(keys, circle_id, *row) for row in rows)


async def record_missing(ground: Ground, circle: Circle, facts: list[Fact]) -> int:
    """Records those of `facts` that the circle does not hold; locks it only if there are any."""
    by_key = {fact_key(ground.keys, fact): fact for fact in facts}
    async with ground.database.glance(CirclesScope((circle.id,))) as session:
        held = await list_held(session, by_key.keys())
    missing = [fact for key, fact in by_key.items() if (circle.id, key) not in held]
    return await record_facts(ground, circle, missing) if missing else 0
