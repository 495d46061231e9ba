"""A family that was there before anybody here heard of it: what its first load tells.

Its facts reach us long after they were said (a registry was asked, an archive was read). What they
make due on that day would be a flood of notices, so each member is told of one card, the first in
rank; the others are there to be read, and tell of what comes later as any card does.
"""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from domain.calendar_date import local_date
from domain.card.record import Effect, Record
from domain.catalogue import Catalogue
from domain.fact import Fact
from domain.ids import ActKey, PersonId
from domain.plan_effects import plan_effects
from domain.situation import Situation

LOADED_AFTER_DAYS = 7  # what an agency said a week ago and sends now was not news to it


class Loaded(msgspec.Struct, frozen=True):
    """A record whose start was loaded, before its reader's acts, and the day of loading."""

    record: Record
    on: date


def loaded_on(situation: Situation) -> date | None:
    """The day a situation was loaded, or None when it was told of as it happened."""
    return situation.known_on if all(_came_late(fact) for fact in situation.facts) else None


def _came_late(fact: Fact) -> bool:
    if fact.received_on is None:
        return False
    return fact.received_on > local_date(fact.asserted_at) + timedelta(days=LOADED_AFTER_DAYS)


def untold(loaded: Iterable[Loaded], catalogue: Catalogue, secret: bytes) -> frozenset[ActKey]:
    """The acts of which nobody is told: all that were due on the day of loading, but one a member.

    Which one is the same whatever is done to the cards later, so that no second one follows it.
    """
    acts: dict[PersonId, list[tuple[int, bytes, ActKey]]] = {}
    for one in loaded:
        record = one.record
        if record.resolved_on is not None and record.resolved_on <= one.on:
            continue
        open_then = msgspec.structs.replace(record, resolved_on=None)
        for effect in plan_effects(open_then, catalogue, secret):
            if effect.not_before_on <= one.on <= effect.not_after_on:
                acts.setdefault(record.recipient, []).append(_order(record, effect))
    return frozenset(act for held in acts.values() for _, _, act in sorted(held)[1:])


def _order(record: Record, effect: Effect) -> tuple[int, bytes, ActKey]:
    return (record.rank, record.key, effect.key)
