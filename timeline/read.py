"""Reading: a person's timeline, merged from the streams of their circles, refreshed first if its
day has come.

Everything starts from an `Actor` and goes by their own circles; there is no way to ask for
another's.
"""

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.card.record import Record
from domain.card.state import CardState, card_state
from domain.ids import CircleId, PersonId, RecordKey
from domain.people.actor import Actor
from store.scope import MemberScope, PersonScope
from timeline.ground import Ground
from timeline.member import find_ended_on
from timeline.member_stream import MemberStream, list_member_streams
from timeline.people import list_circles
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
    cards, _ = await read_published_timeline(ground, actor)
    return cards


async def read_published_timeline(
    ground: Ground, actor: Actor
) -> tuple[tuple[TimelineCard, ...], int]:
    """As `read_timeline`, and the version of the catalogue that was in force then."""
    today = ground.clock.today()
    mine = await list_member_streams(ground, actor.person_id)
    cards: dict[RecordKey, TimelineCard] = {}
    for stream in mine.streams:
        for held in await _read_member(ground, stream, actor.person_id):
            if held.record.is_card and held.record.key not in cards:
                state = card_state(held.record, today)
                cards[held.record.key] = TimelineCard(
                    held.record, stream.circle_id, held.number, state
                )
    return tuple(sorted(cards.values(), key=lambda card: card.order)), mine.catalogue


async def read_vaccination_records(ground: Ground, actor: Actor) -> tuple[Record, ...]:
    """The vaccination record of every child whom the actor's circles show, by key."""
    found: dict[RecordKey, Record] = {}
    for stream in (await list_member_streams(ground, actor.person_id)).streams:
        for held in await _read_member(ground, stream, actor.person_id):
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
    async with ground.database.glance(PersonScope(person_id)) as session:
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


async def _read_member(
    ground: Ground, stream: MemberStream, person_id: PersonId
) -> Iterable[HeldRecord]:
    held = ground.opened.get(stream.stream_id, stream.incarnation, stream.head)
    if held is not None:
        return held
    keys = await ground.keys.circle(stream.circle_id)
    async with ground.database.read(MemberScope(stream.circle_id, person_id)) as session:
        head = await find_head(session)  # of this snapshot: it may have been raised meanwhile
        if head is None:
            return ()
        held = await read_stream(session, keys, head)
        ground.opened.put(head.stream_id, head.incarnation, head.head, held)
        return held
