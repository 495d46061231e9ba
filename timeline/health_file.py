"""Finding a person's health file for whoever asks: by the asker's own circles, and no others."""

from domain.family import family_of
from domain.health_file import HealthFile, file_of_child, file_of_oneself
from domain.ids import CircleId, PersonId
from domain.people.actor import Actor
from timeline.ground import Ground
from timeline.read import member_circles
from timeline.record import single_circle
from timeline.refresh import Snapshot, read_snapshot


async def find_health_file(ground: Ground, actor: Actor, person_id: PersonId) -> HealthFile | None:
    """The file of the actor, or of a child of theirs; None for anybody else's."""
    if person_id == actor.person_id:
        own = await _read(ground, single_circle(ground.keys, actor.person_id).id)
        return None if own is None else file_of_oneself(person_id, own.facts)
    for circle_id in await member_circles(ground, actor.person_id):
        snapshot = await _read(ground, circle_id)
        if snapshot is None:
            continue
        family = family_of(snapshot.state.circle, snapshot.facts)
        today = ground.clock.today()
        file = file_of_child(family, person_id, actor.person_id, snapshot.facts, today)
        if file is not None:
            return file
    return None


async def _read(ground: Ground, circle_id: CircleId) -> Snapshot | None:
    return await read_snapshot(ground, circle_id, await ground.keys.circle(circle_id))
