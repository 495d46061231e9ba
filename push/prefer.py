"""What a person wishes to be told, kept and read, and the command that changes it. The one writer
of `notice_preference`.

A change is one commit: the wishes, what was queued under the old ones taken back, and the
command's outcome. Its version is what a message remembers of the wishes it was made under.
"""

from typing import Any  # Any: the tuple holds handlers of every payload type

import msgspec
from msgspec import UNSET
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.people.actor import Actor
from push.preference import NO_PREFERENCES, Preferences
from push.recall import recall_messages
from push.registration import forget_phones
from push.wish import REFUSALS, ChangeWishes, changed
from store.keys import OwnerKeys
from store.notice_tables import NoticePreferenceRow
from store.scope import PersonScope
from store.seal import Place, open_, seal
from store.session import Reading, Unit
from timeline.command import Command, PersonCommandType
from timeline.ground import Ground
from timeline.step_up import StepUpRequired, require_fresh

_preferences = msgspec.json.Decoder(Preferences)


class Wishes(msgspec.Struct, frozen=True):
    """What a person wishes, and the version that says whether it changed since; 0: never said."""

    version: int
    preferences: Preferences


async def read_wishes(session: Reading[PersonScope], keys: OwnerKeys) -> Wishes:
    """The wishes of the scope's person; none were said by most."""
    return await _read(session, keys, lock=False)


async def read_own_wishes(ground: Ground, actor: Actor) -> Preferences:
    """What the actor wishes."""
    keys = await ground.keys.person(actor.person_id)
    async with ground.database.read(PersonScope(actor.person_id)) as session:
        return (await read_wishes(session, keys)).preferences


async def hold_version(unit: Unit[PersonScope]) -> int:
    """The version of the wishes, which nobody changes before this unit has ended; 0: none said,
    and the first may be said meanwhile.
    """
    found = await unit.execute(
        select(col(NoticePreferenceRow.version))
        .where(col(NoticePreferenceRow.person_id) == unit.scope.person_id)
        .with_for_update(read=True)
    )
    return found.scalar_one_or_none() or 0


async def _read(session: Reading[PersonScope], keys: OwnerKeys, *, lock: bool) -> Wishes:
    person_id = session.scope.person_id
    asked = select(col(NoticePreferenceRow.version), col(NoticePreferenceRow.sealed)).where(
        col(NoticePreferenceRow.person_id) == person_id
    )
    row = (await session.execute(asked.with_for_update() if lock else asked)).one_or_none()
    if row is None:
        return Wishes(0, NO_PREFERENCES)
    place = Place(person_id, number=row.version)
    opened = open_(keys.for_("notice_preference"), place, row.sealed)
    return Wishes(row.version, _preferences.decode(opened))


async def _change(
    unit: Unit[PersonScope],
    ground: Ground,
    keys: OwnerKeys,
    actor: Actor,
    command: Command[ChangeWishes],
) -> None:
    """Raises: StepUpRequired, NumberInvalid, ServiceUnknown."""
    asked = command.payload
    if asked.sms_number is not UNSET:  # whoever holds an unlocked phone must not turn SMS away
        require_fresh(ground.clock, actor)
    person_id = unit.scope.person_id
    # A row to lock: two first wishes at once would else each begin from nothing.
    await unit.execute(
        insert(NoticePreferenceRow)
        .values(person_id=person_id, **_sealed(keys, unit.scope, Wishes(0, NO_PREFERENCES)))
        .on_conflict_do_nothing()
    )
    before = await _read(unit, keys, lock=True)
    catalogue = await ground.catalogues.current()
    wished = changed(
        before.preferences,
        asked,
        today=ground.clock.today(),
        services=catalogue.services,
    )
    if wished == before.preferences:
        return
    now = Wishes(before.version + 1, wished)
    await unit.execute(
        update(NoticePreferenceRow)
        .where(col(NoticePreferenceRow.person_id) == person_id)
        .values(**_sealed(keys, unit.scope, now))
    )
    await recall_messages(unit, ground, keys, wished)
    if wished.opt_out == "forget":
        await forget_phones(unit)


def _sealed(keys: OwnerKeys, scope: PersonScope, wishes: Wishes) -> dict[str, object]:
    place = Place(scope.person_id, number=wishes.version)
    body = msgspec.json.encode(wishes.preferences)
    return {
        "version": wishes.version,
        "sealed": seal(keys.for_("notice_preference"), place, body),
    }


COMMANDS: tuple[PersonCommandType[Any], ...] = (
    PersonCommandType("wishes.change", ChangeWishes, (*REFUSALS, StepUpRequired), _change),
)
