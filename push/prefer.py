"""What a person wishes to be told, kept and read. The one writer of `notice_preference`."""

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from push.preference import NO_PREFERENCES, Preferences
from store.keys import OwnerKeys
from store.notice_tables import NoticePreferenceRow
from store.scope import PersonScope
from store.seal import Place, open_, seal
from store.session import Reading, Unit

_preferences = msgspec.json.Decoder(Preferences)


async def read_preferences(session: Reading[PersonScope], keys: OwnerKeys) -> Preferences:
    """The wishes of the scope's person; none were said by most."""
    person_id = session.scope.person_id
    found = await session.execute(
        select(col(NoticePreferenceRow.version), col(NoticePreferenceRow.sealed)).where(
            col(NoticePreferenceRow.person_id) == person_id
        )
    )
    row = found.one_or_none()
    if row is None:
        return NO_PREFERENCES
    place = Place(person_id, number=row.version)
    return _preferences.decode(open_(keys.for_("notice_preference"), place, row.sealed))


async def keep_preferences(
    unit: Unit[PersonScope], keys: OwnerKeys, preferences: Preferences
) -> None:
    """Makes these the wishes of the scope's person, in the unit of the act that says them."""
    person_id = unit.scope.person_id
    found = await unit.execute(
        select(col(NoticePreferenceRow.version))
        .where(col(NoticePreferenceRow.person_id) == person_id)
        .with_for_update()
    )
    version = (found.scalar_one_or_none() or 0) + 1
    place = Place(person_id, number=version)
    sealed = seal(keys.for_("notice_preference"), place, msgspec.json.encode(preferences))
    kept = {"version": version, "sealed": sealed}
    await unit.execute(
        insert(NoticePreferenceRow)
        .values(person_id=person_id, **kept)
        .on_conflict_do_update(index_elements=["person_id"], set_=kept)
    )
