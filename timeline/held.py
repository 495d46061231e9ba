"""What a circle holds before a refresh writes to it: members, streams, rows, effects, projections.

Read under the circle's lock, in two statements: one for each would be some fifteen.
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from domain.ids import ActKey, PersonId, RecordKey
from store.scope import CircleScope
from store.session import Unit
from timeline.stream import HeldRow, HeldStream, StreamHead

_MEMBERS = """
SELECT membership.person_id, membership.ended_on,
       stream.stream_id, stream.incarnation, stream.head, stream.digest, stream.live_count,
       stream.key_epoch, stream_key.sealed,
       audience.epoch, audience.content, (SELECT max(epoch) FROM projection_epoch)
FROM membership
LEFT JOIN stream ON stream.circle_id = $1 AND stream.person_id = membership.person_id
LEFT JOIN stream_key ON stream_key.circle_id = $1 AND stream_key.person_id = membership.person_id
    AND stream_key.key_epoch = stream.key_epoch
LEFT JOIN audience ON audience.circle_id = $1 AND audience.person_id = membership.person_id
WHERE membership.circle_id = $1
"""
_ROWS = """
SELECT person_id, record_key, number, content, rank FROM stream_record WHERE circle_id = $1
UNION ALL
SELECT NULL, act_key, state, content, kind FROM effect WHERE circle_id = $1
"""
FIRST_PROJECTION_EPOCH = 1


class HeldProjection(msgspec.Struct, frozen=True):
    """A member's row of the audience projection, by what tells a change."""

    epoch: int
    content: bytes


class HeldEffect(msgspec.Struct, frozen=True):
    """An effect by its state and kind (EFFECT_ constants), and by what tells a change."""

    state: int
    content: bytes
    kind: int


class Held(msgspec.Struct, frozen=True):
    """What the circle holds. `members` are those whose membership has not ended."""

    members: frozenset[PersonId]
    ended: Mapping[PersonId, date]
    streams: Mapping[PersonId, HeldStream]
    effects: Mapping[ActKey, HeldEffect]
    projections: Mapping[PersonId, HeldProjection]
    projection_epoch: int


async def read_held(unit: Unit[CircleScope]) -> Held:
    """Everything that a refresh compares with, under the lock the caller holds."""
    connection = await unit.raw()
    circle_id = unit.scope.circle_id
    members: set[PersonId] = set()
    ended: dict[PersonId, date] = {}
    heads: dict[PersonId, tuple[StreamHead, bytes]] = {}
    projections: dict[PersonId, HeldProjection] = {}
    epoch = FIRST_PROJECTION_EPOCH
    for person, ended_on, *stream, wrapped, was_epoch, content, now_epoch in await connection.fetch(
        _MEMBERS, circle_id
    ):
        epoch = now_epoch or FIRST_PROJECTION_EPOCH
        if ended_on is None:
            members.add(person)
        else:
            ended[person] = ended_on
        if stream[0] is not None:
            heads[person] = (StreamHead(*stream), wrapped)
        if content is not None:
            projections[person] = HeldProjection(was_epoch, content)
    rows: dict[PersonId, dict[RecordKey, HeldRow]] = {person: {} for person in heads}
    effects: dict[ActKey, HeldEffect] = {}
    for person, key, number, content, rank in await connection.fetch(_ROWS, circle_id):
        if person is None:
            effects[ActKey(key)] = HeldEffect(number, content, rank)
        else:
            rows[person][RecordKey(key)] = (number, content, rank)
    streams = {
        person: HeldStream(head, wrapped, rows[person]) for person, (head, wrapped) in heads.items()
    }
    return Held(frozenset(members), ended, streams, effects, projections, epoch)
