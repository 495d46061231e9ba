"""Suspected duplicates: people who may be one, listed for a person to decide; never joined by
themselves.

The one writer of its table: ids and states only. What is decided is a fact like any saying of who
is whom, so it can be taken back.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.error import Refusal
from domain.fact import OPERATOR_SOURCE, Fact
from domain.facts.person import IdentifierReplaced
from domain.ids import PersonId
from store.person_tables import (
    DUPLICATE_DISMISSED,
    DUPLICATE_JOINED,
    DUPLICATE_OPEN,
    SuspectedDuplicateRow,
)
from store.scope import PersonScope, SweepScope
from timeline.ground import Ground

DUPLICATES_LISTED_MAX = 500

Pair = tuple[PersonId, PersonId]


class Suspected(msgspec.Struct, frozen=True):
    """Two people who may be one: ids alone, and how it stands."""

    person_id: PersonId
    other_id: PersonId
    state: int
    found_at: datetime
    decided_at: datetime | None


class NotSuspected(Refusal):
    code = "duplicate.not_suspected"
    status = 404
    ar = "لا يوجد اشتباه مفتوح بين هذين الشخصين. راجع القائمة: osrati people duplicates list"
    en = "These two are not open as suspected. See `osrati people duplicates list`."


async def keep_suspicions(ground: Ground, pairs: Collection[Pair]) -> None:
    """Lists pairs that are not listed yet; a pair that was joined and is apart again is open.

    What a person dismissed stays dismissed. Idempotent.
    """
    for one, other in sorted(pairs, key=lambda pair: (pair[0].bytes, pair[1].bytes)):
        async with ground.database.unit(PersonScope(one)) as unit:
            await unit.execute(
                insert(SuspectedDuplicateRow)
                .values(
                    person_id=one,
                    other_id=other,
                    state=DUPLICATE_OPEN,
                    found_at=ground.clock.now_utc(),
                )
                .on_conflict_do_update(
                    index_elements=["person_id", "other_id"],
                    set_={"state": DUPLICATE_OPEN, "decided_at": None},
                    where=col(SuspectedDuplicateRow.state) == DUPLICATE_JOINED,
                )
            )


async def settle_joined(ground: Ground, people: Collection[PersonId]) -> None:
    """Marks what was open between people who are one now."""
    for person in sorted(people, key=lambda person: person.bytes):
        async with ground.database.unit(PersonScope(person)) as unit:
            await unit.execute(
                update(SuspectedDuplicateRow)
                .where(
                    col(SuspectedDuplicateRow.person_id) == person,
                    col(SuspectedDuplicateRow.other_id).in_(people),
                    col(SuspectedDuplicateRow.state) == DUPLICATE_OPEN,
                )
                .values(state=DUPLICATE_JOINED, decided_at=ground.clock.now_utc())
            )


async def list_suspected(ground: Ground, *, open_only: bool = True) -> tuple[Suspected, ...]:
    """Suspected duplicates, the oldest first, bounded."""
    statement = select(
        col(SuspectedDuplicateRow.person_id),
        col(SuspectedDuplicateRow.other_id),
        col(SuspectedDuplicateRow.state),
        col(SuspectedDuplicateRow.found_at),
        col(SuspectedDuplicateRow.decided_at),
    )
    if open_only:
        statement = statement.where(col(SuspectedDuplicateRow.state) == DUPLICATE_OPEN)
    async with ground.database.read(SweepScope()) as session:
        found = await session.execute(
            statement.order_by(col(SuspectedDuplicateRow.found_at)).limit(DUPLICATES_LISTED_MAX)
        )
        return tuple(
            Suspected(
                PersonId(row.person_id),
                PersonId(row.other_id),
                row.state,
                row.found_at,
                row.decided_at,
            )
            for row in found
        )


async def dismiss_suspicion(ground: Ground, one: PersonId, other: PersonId) -> None:
    """They are two: the pair is not suspected again. Raises: NotSuspected."""
    await _decide(ground, one, other, DUPLICATE_DISMISSED)


async def confirm_suspicion(ground: Ground, stays: PersonId, joins: PersonId) -> Fact:
    """They are one: the saying to be applied, by which `stays` survives. Raises: NotSuspected.

    The pair is settled when the saying is applied, so a crash in between leaves it open.
    """
    if not await _is_open(ground, stays, joins):
        raise NotSuspected
    return Fact(
        source=OPERATOR_SOURCE,
        source_id=f"{stays}/{joins}",
        part="",
        occurred_on=ground.clock.today(),
        asserted_at=ground.clock.now_utc(),
        payload=IdentifierReplaced(joins, stays, "newborn_numbered"),
        received_on=ground.clock.today(),
    )


async def _is_open(ground: Ground, one: PersonId, other: PersonId) -> bool:
    first, second = _ordered(one, other)
    async with ground.database.read(PersonScope(first)) as session:
        found = await session.execute(
            select(col(SuspectedDuplicateRow.state)).where(
                col(SuspectedDuplicateRow.person_id) == first,
                col(SuspectedDuplicateRow.other_id) == second,
            )
        )
        return found.scalar_one_or_none() == DUPLICATE_OPEN


async def _decide(ground: Ground, one: PersonId, other: PersonId, state: int) -> None:
    first, second = _ordered(one, other)
    async with ground.database.unit(PersonScope(first)) as unit:
        decided = await unit.execute(
            update(SuspectedDuplicateRow)
            .where(
                col(SuspectedDuplicateRow.person_id) == first,
                col(SuspectedDuplicateRow.other_id) == second,
                col(SuspectedDuplicateRow.state) == DUPLICATE_OPEN,
            )
            .values(state=state, decided_at=ground.clock.now_utc())
        )
        if decided.rowcount != 1:
            raise NotSuspected


def _ordered(one: PersonId, other: PersonId) -> Pair:
    return (one, other) if one.bytes < other.bytes else (other, one)
