"""Reading: a person's timeline, merged from the streams of their circles, refreshed first if its
day has come.

Everything starts from an `Actor` and goes by their own circles; there is no way to ask for
another's.
"""

from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import select
from sqlmodel import col

from domain.card.record import Record
from domain.card.state import CardState, card_state
from domain.ids import CircleId, PersonId, RecordKey
from domain.people.actor import Actor
from store.circle_tables import CircleRow
from store.scope import CircleScope, MemberScope, PersonScope
from timeline.catalogue import current_version
from timeline.catch_up import sift_behind
from timeline.ground import Ground
from timeline.member import find_ended_on
from timeline.people import list_circles
from timeline.refresh import refresh
from timeline.stream import HeldRecord, find_head, read_stream


class TimelineCard(msgspec.Struct, frozen=True):
    """A record as its reader finds it today: where it lies, its number there, its state."""

    record: Record
    circle_id: CircleId
    number: int
    state: CardState

    @property
    def order(self) -> tuple[int, date, bytes]:
        """Rank, then the day it is due, then key: the order of a timeline and its cursor."""
        window = self.record.window
        return (self.record.rank, window.due_from if window else date.max, self.record.key)


async def read_timeline(ground: Ground, actor: Actor) -> tuple[TimelineCard, ...]:
    """Every card of the actor, in timeline order, one for each key.

    A child in two circles is one card; the circle with the lower id is where it is acted on.
    """
    today = ground.clock.today()
    cards: dict[RecordKey, TimelineCard] = {}
    for circle_id in await member_circles(ground, actor.person_id):
        for held in await _read_member(ground, circle_id, actor.person_id):
            if held.record.is_card and held.record.key not in cards:
                state = card_state(held.record, today)
                cards[held.record.key] = TimelineCard(held.record, circle_id, held.number, state)
    return tuple(sorted(cards.values(), key=lambda card: card.order))


async def read_vaccination_records(ground: Ground, actor: Actor) -> tuple[Record, ...]:
    """The vaccination record of every child whom the actor's circles show, by key."""
    found: dict[RecordKey, Record] = {}
    for circle_id in await member_circles(ground, actor.person_id):
        for held in await _read_member(ground, circle_id, actor.person_id):
            if not held.record.is_card:
                found.setdefault(held.record.key, held.record)
    return tuple(found[key] for key in sorted(found))


async def find_card(ground: Ground, actor: Actor, key: RecordKey) -> TimelineCard | None:
    """The actor's card with this key, or None: missing and another's look alike."""
    return next(
        (card for card in await read_timeline(ground, actor) if card.record.key == key), None
    )


async def member_circles(ground: Ground, person_id: PersonId) -> tuple[CircleId, ...]:
    """The circles in which a person has a stream, sorted."""
    async with ground.database.read(PersonScope(person_id)) as session:
        return await list_circles(session, members_only=True)


async def list_closed(ground: Ground, person_id: PersonId) -> tuple[CircleId, ...]:
    """The circles in which a person had a stream and is a member no more, sorted.

    As of the last refresh of each: read the timeline first, which refreshes those whose day came.
    """
    closed = []
    for circle_id in await member_circles(ground, person_id):
        async with ground.database.read(MemberScope(circle_id, person_id)) as session:
            if await find_ended_on(session) is not None:
                closed.append(circle_id)
    return tuple(closed)


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


async def _read_member(
    ground: Ground, circle_id: CircleId, person_id: PersonId
) -> Iterable[HeldRecord]:
    await refresh_if_due(ground, circle_id)
    keys = await ground.keys.circle(circle_id)
    async with ground.database.read(MemberScope(circle_id, person_id)) as session:
        head = await find_head(session)
        if head is None:
            return ()
        held = ground.opened.get(head.stream_id, head.incarnation, head.head)
        if held is None:
            held = await read_stream(session, keys)
            ground.opened.put(head.stream_id, head.incarnation, head.head, held)
        return held
