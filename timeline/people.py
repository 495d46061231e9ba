"""Persons: found by the keyed hash of an identifier, never by the identifier itself.

The identifier is claimed first (ON CONFLICT), the person's row follows, each step idempotent: two
agencies that report one stranger at once end with one person. Only this file writes the person
group.
"""

from collections.abc import Collection, Mapping
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.ids import CircleId, PersonId
from store.person_tables import IdentifierRow, PersonCircleRow, PersonRow
from store.scope import LookupScope, PeopleScope, PersonScope
from store.seal import Place, open_, seal
from store.session import Glance, Reading, Unit
from timeline.ground import Ground


class Profile(msgspec.Struct, frozen=True):
    """What a person is called; None where nobody said."""

    name_ar: str | None = None
    name_en: str | None = None


_profiles = msgspec.json.Decoder(Profile)


async def identify(ground: Ground, *, system: str, value: str) -> PersonId:
    """The person whose identifier this is; a new one when nobody has reported it before.

    `value` is canonical already (the edge saw to it). Idempotent and safe under concurrent first
    reports.
    """
    identifier_hash = ground.keys.hash("identifier", system.encode(), value.encode())
    async with ground.database.unit(LookupScope()) as unit:
        await unit.execute(
            insert(IdentifierRow)
            .values(identifier_hash=identifier_hash, person_id=uuid4())
            .on_conflict_do_nothing()
        )
        found = await unit.execute(
            select(col(IdentifierRow.person_id)).where(
                col(IdentifierRow.identifier_hash) == identifier_hash
            )
        )
        return PersonId(found.scalar_one())


async def identify_all(
    ground: Ground, identifiers: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], PersonId]:
    """The persons of several identifiers (system, canonical value), as `identify` finds each."""
    found = await find_people(ground, identifiers)
    new = [one for one in dict.fromkeys(identifiers) if one not in found]
    return {
        **found,
        **{one: await identify(ground, system=one[0], value=one[1]) for one in new},
    }


async def find_people(
    ground: Ground, identifiers: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], PersonId]:
    """The persons of those identifiers that are known; nothing is written."""
    hashes = {
        ground.keys.hash("identifier", system.encode(), value.encode()): (system, value)
        for system, value in identifiers
    }
    async with ground.database.read(LookupScope()) as session:
        rows = await session.execute(
            select(col(IdentifierRow.identifier_hash), col(IdentifierRow.person_id)).where(
                col(IdentifierRow.identifier_hash).in_(hashes)
            )
        )
        return {hashes[bytes(row.identifier_hash)]: PersonId(row.person_id) for row in rows}


async def claim_identifier(
    ground: Ground, person_id: PersonId, *, system: str, value: str
) -> PersonId:
    """Makes an identifier one of a known person's; whose it is now (another's if they came first).

    Idempotent.
    """
    identifier_hash = ground.keys.hash("identifier", system.encode(), value.encode())
    async with ground.database.unit(LookupScope()) as unit:
        await unit.execute(
            insert(IdentifierRow)
            .values(identifier_hash=identifier_hash, person_id=person_id)
            .on_conflict_do_nothing()
        )
        found = await unit.execute(
            select(col(IdentifierRow.person_id)).where(
                col(IdentifierRow.identifier_hash) == identifier_hash
            )
        )
        return PersonId(found.scalar_one())


async def find_person(ground: Ground, *, system: str, value: str) -> PersonId | None:
    """The person whose identifier this is, or None; nothing is written."""
    identifier_hash = ground.keys.hash("identifier", system.encode(), value.encode())
    async with ground.database.read(LookupScope()) as session:
        found = await session.execute(
            select(col(IdentifierRow.person_id)).where(
                col(IdentifierRow.identifier_hash) == identifier_hash
            )
        )
        person_id = found.scalar_one_or_none()
    return PersonId(person_id) if person_id else None


async def keep_profile(
    ground: Ground, person_id: PersonId, profile: Profile, *, version: int
) -> None:
    """Keeps what a person is called, as of a facts version of their single circle.

    An older view never overwrites a newer one, whichever is written last.
    """
    keys = await ground.keys.person(person_id)
    sealed = seal(keys.for_("person"), Place(person_id), msgspec.json.encode(profile))
    statement = insert(PersonRow).values(
        person_id=person_id, profile_version=version, sealed=sealed
    )
    async with ground.database.unit(PersonScope(person_id)) as unit:
        await unit.execute(
            statement.on_conflict_do_update(
                index_elements=["person_id"],
                set_={"profile_version": version, "sealed": sealed},
                where=col(PersonRow.profile_version) <= version,
            )
        )


async def profile_of(
    ground: Ground, session: Reading[PersonScope] | Glance[PersonScope]
) -> Profile:
    """What the scope's person is called; an empty profile when nobody said."""
    person_id = session.scope.person_id
    connection = await session.raw()
    sealed: bytes | None = await connection.fetchval(
        "SELECT sealed FROM person WHERE person_id = $1", person_id
    )
    if sealed is None:
        return Profile()
    keys = await ground.keys.person(person_id)
    return _profiles.decode(open_(keys.for_("person"), Place(person_id), sealed))


async def link(ground: Ground, person_id: PersonId, *circle_ids: CircleId, member: bool) -> None:
    """Makes circles a person's: as a member, or as ones their facts go to. Idempotent."""
    async with ground.database.unit(PersonScope(person_id)) as unit:
        for circle_id in circle_ids:
            await _link(unit, circle_id, member=member)


async def _link(unit: Unit[PersonScope], circle_id: UUID, *, member: bool) -> None:
    statement = insert(PersonCircleRow).values(
        person_id=unit.scope.person_id, circle_id=circle_id, member=member
    )
    if member:
        statement = statement.on_conflict_do_update(
            index_elements=["person_id", "circle_id"], set_={"member": True}
        )
    else:
        statement = statement.on_conflict_do_nothing()
    await unit.execute(statement)


async def circles_of(ground: Ground, person_id: PersonId) -> tuple[CircleId, ...]:
    """Every circle a person's facts go to, sorted."""
    async with ground.database.glance(PersonScope(person_id)) as session:
        return await list_circles(session, members_only=False)


async def list_links(session: Reading[PeopleScope]) -> Mapping[PersonId, frozenset[CircleId]]:
    """Every circle that the facts of each of the scope's people go to."""
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT person_id, circle_id FROM person_circle WHERE person_id = ANY($1)",
        session.scope.person_ids,
    )
    found: dict[PersonId, set[CircleId]] = {person: set() for person in session.scope.person_ids}
    for person_id, circle_id in rows:
        found[PersonId(person_id)].add(CircleId(circle_id))
    return {person: frozenset(circles) for person, circles in found.items()}


async def list_circles(session: Glance[PersonScope], *, members_only: bool) -> tuple[CircleId, ...]:
    """The scope's person's circles, sorted; with `members_only`, those where they have a stream."""
    connection = await session.raw()
    rows = await connection.fetch(
        "SELECT circle_id FROM person_circle WHERE person_id = $1 AND (member OR NOT $2)"
        " ORDER BY circle_id",
        session.scope.person_id,
        members_only,
    )
    return tuple(CircleId(circle_id) for (circle_id,) in rows)
