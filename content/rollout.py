"""Roll-outs: a candidate for some circles first, widened, closed, or taken back in one step.

Each step is a version of the catalogue with two sides (`timeline/side.py`), so circles find it as
they find any other. Called by `osrati catalogue rollout`.
"""

import secrets
from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlmodel import col

from content.publish import (
    RolloutOpen,
    add_step,
    add_version,
    check_numbered,
    lock_publishing,
    read_version,
)
from content.schedule_entries import Document
from domain.error import Refusal
from domain.ids import EntryId
from store.clock import Clock
from store.reference_tables import CatalogueVersionRow
from store.scope import ReferenceScope
from store.session import Unit
from timeline.side import PERCENT_MAX, Sides, read_sides

SALT_BYTES = 16


class NoRollout(Refusal):
    code = "catalogue.no_rollout"
    status = 409
    ar = "لا يوجد طرح تدريجي مفتوح. افتح واحدًا أولًا."
    en = "No roll-out is open. Open one first."


class NothingBefore(Refusal):
    code = "catalogue.nothing_before"
    status = 409
    ar = "لا توجد نسخة سابقة يُرجع إليها."
    en = "There is no earlier version to go back to."


class ScopeUnknown(Refusal):
    code = "catalogue.scope_unknown"
    status = 400
    ar = "هذا النطاق ليس من مدخلات الفهرس المطروح. انشر وثيقة نطاق بهذا الاسم ضمنه."
    en = "The candidate has no scope of that name. Put a document of kind scope into its pack."


async def open_rollout(
    unit: Unit[ReferenceScope],
    clock: Clock,
    documents: Sequence[tuple[str, Document]],
    *,
    percent: int,
    scope: EntryId | None,
) -> Sides:
    """Lets documents that compile be the rules of some circles. Raises: RolloutOpen, ScopeUnknown,
    CatalogueError.
    """
    await lock_publishing(unit)
    sides = await read_sides(unit)
    if sides.candidate is not None:
        raise RolloutOpen
    await check_numbered(unit, sides, documents)
    if scope is not None and not _has_scope(dict(_by_id(documents)), scope):
        raise ScopeUnknown(scope)
    candidate = await add_version(unit, clock, documents)
    opened = Sides(0, sides.base, candidate, percent, scope, secrets.token_bytes(SALT_BYTES))
    return await _step(unit, clock, opened)


async def widen_rollout(
    unit: Unit[ReferenceScope], clock: Clock, *, percent: int, scope: EntryId | None
) -> Sides:
    """Another percent or scope of the roll-out that is open; who was in stays in as it grows.

    Raises: NoRollout, ScopeUnknown.
    """
    sides = await _get_open(unit)
    assert sides.candidate is not None
    if scope is not None and not _has_scope(await read_version(unit, sides.candidate), scope):
        raise ScopeUnknown(scope)
    return await _step(unit, clock, msgspec.structs.replace(sides, percent=percent, scope=scope))


async def close_rollout(unit: Unit[ReferenceScope], clock: Clock) -> Sides:
    """The candidate is everybody's. Raises: NoRollout."""
    sides = await _get_open(unit)
    assert sides.candidate is not None
    return await _step(unit, clock, Sides(0, sides.candidate, salt=sides.salt))


async def take_back(unit: Unit[ReferenceScope], clock: Clock) -> Sides:
    """One step back: out of the roll-out that is open, else to what was in force before.

    Raises: NothingBefore.
    """
    await lock_publishing(unit)
    sides = await read_sides(unit)
    if sides.candidate is not None:
        return await _step(unit, clock, Sides(0, sides.base))
    before = await _base_before(unit, sides)
    return await _step(unit, clock, Sides(0, before))


async def _base_before(unit: Unit[ReferenceScope], sides: Sides) -> int:
    """What was in force for everybody before `sides.base` was."""
    found = await unit.execute(
        select(col(CatalogueVersionRow.version))
        .where(col(CatalogueVersionRow.version) < sides.version)
        .order_by(col(CatalogueVersionRow.version).desc())
    )
    candidates: set[int] = set()
    for version in found.scalars().all():
        earlier = await read_sides(unit, version)
        if earlier.candidate is not None:
            candidates.add(earlier.candidate)
        if version not in candidates and earlier.base != sides.base:
            return earlier.base  # a candidate's own documents were nobody's by themselves
    raise NothingBefore


async def _get_open(unit: Unit[ReferenceScope]) -> Sides:
    await lock_publishing(unit)
    sides = await read_sides(unit)
    if sides.candidate is None:
        raise NoRollout
    return sides


async def _step(unit: Unit[ReferenceScope], clock: Clock, sides: Sides) -> Sides:
    assert 0 <= sides.percent <= PERCENT_MAX
    return msgspec.structs.replace(sides, version=await add_step(unit, clock, sides))


def _by_id(documents: Sequence[tuple[str, Document]]) -> list[tuple[str, Document]]:
    return [(str(document["id"]), document) for _, document in documents]


def _has_scope(documents: dict[str, Document], scope: EntryId) -> bool:
    return documents.get(scope, {}).get("kind") == "scope"
