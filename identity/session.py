"""Sessions: one sign-in of a person on one device. The one writer of their table.

A refresh token names a session and a generation; using one makes the next. The generation before
may come once more within a few seconds (a second tab, an answer that was lost); any older one means
that somebody else has it, and the session ends. Source: RFC 9700, 4.14.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any  # a row's types are the statement's, which Core does not carry
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.ids import PersonId
from identity.access_token import Access, TokenRefused
from identity.profile import Assurance
from store.person_tables import SessionRow
from store.scope import PersonScope
from store.seal import Place, SealingKey, open_, seal
from store.session import Reading, Unit
from timeline.ground import Ground

SESSION_DAYS = 30  # without a sign-in; sync.md: the local database key needs contact every 30 days
IDLE_DAYS = 30  # without a refresh
IDLE = timedelta(days=IDLE_DAYS)
SESSIONS_MAX = 20  # of one person; past it the one longest unused ends
SAME_AGAIN_SECONDS = 20  # in which the generation before may come once more
LABEL_CHARACTERS_MAX = 100

_log = structlog.get_logger("osrati.identity")


class SessionDetail(msgspec.Struct, frozen=True):
    """What is sealed of a session."""

    client_id: str
    label: str  # what the device calls itself, as its owner sees it in the list
    assurance: Assurance
    signed_in_at: datetime
    key_thumbprint: str | None = None


class Session(msgspec.Struct, frozen=True):
    """One session that stands."""

    session_id: UUID
    generation: int
    refreshed_at: datetime
    expires_at: datetime
    detail: SessionDetail

    def access(self, person_id: PersonId) -> Access:
        """What an access token of it says."""
        return Access(
            person_id=person_id,
            session_id=self.session_id,
            client_id=self.detail.client_id,
            assurance=self.detail.assurance,
            signed_in_at=self.detail.signed_in_at,
            key_thumbprint=self.detail.key_thumbprint,
        )


_details = msgspec.json.Decoder(SessionDetail)
# Of each request: as it is sent, since making it of its parts cost more than the answer did.
_STANDING = """
SELECT session_id, generation, refreshed_at, expires_at, sealed FROM session
WHERE person_id = $1 AND session_id = $2
    AND ended_at IS NULL AND expires_at > $3 AND refreshed_at > $4
"""
_SELECT = select(
    col(SessionRow.session_id),
    col(SessionRow.generation),
    col(SessionRow.refreshed_at),
    col(SessionRow.expires_at),
    col(SessionRow.sealed),
)


async def open_session(
    ground: Ground, person_id: PersonId, session_id: UUID, detail: SessionDetail
) -> Session | None:
    """A new session; None when that id was used before, and then whatever it opened ends.

    The id comes from an authorization code, so that a code opens one session at most.
    """
    key = await _key(ground, person_id)
    now = ground.clock.now_utc()
    session = Session(session_id, 1, now, now + timedelta(days=SESSION_DAYS), detail)
    async with ground.database.unit(PersonScope(person_id)) as unit:
        opened = await unit.execute(
            insert(SessionRow)
            .values(
                person_id=person_id,
                session_id=session_id,
                generation=1,
                refreshed_at=now,
                expires_at=session.expires_at,
                ended_at=None,
                sealed=seal(key, _place(person_id, session_id), msgspec.json.encode(detail)),
            )
            .on_conflict_do_nothing()
        )
        if opened.rowcount == 0:
            await _end(unit, now, [session_id])
            _log.warning("code_used_again", session_id=str(session_id))
            return None
        standing = await _list(unit, key, now)
        await _end(unit, now, [old.session_id for old in standing[SESSIONS_MAX:]])
    _log.info("session_opened", session_id=str(session_id))
    return session


async def find_session(ground: Ground, person_id: PersonId, session_id: UUID) -> Session | None:
    """The session while it stands, else None."""
    key = await _key(ground, person_id)
    now = ground.clock.now_utc()
    async with ground.database.glance(PersonScope(person_id)) as session:
        connection = await session.raw()
        row = await connection.fetchrow(_STANDING, person_id, session_id, now, now - IDLE)
    return None if row is None else _read(person_id, key, row)


async def list_sessions(ground: Ground, person_id: PersonId) -> tuple[Session, ...]:
    """Every session of a person that stands, the last used first; SESSIONS_MAX at most."""
    key = await _key(ground, person_id)
    async with ground.database.read(PersonScope(person_id)) as reading:
        return await _list(reading, key, ground.clock.now_utc())


async def refresh_session(
    ground: Ground,
    person_id: PersonId,
    session_id: UUID,
    *,
    generation: int,
    client_id: str,
    key_thumbprint: str | None,
) -> Session:
    """The session one generation on, or as it is when the one before came once more in time.

    Raises: TokenRefused when it ended; when another app or device key asks (it goes on for its
    own); when an older generation came: then it ends here.
    """
    key = await _key(ground, person_id)
    now = ground.clock.now_utc()
    async with ground.database.unit(PersonScope(person_id)) as unit:
        held = await _find(unit, key, session_id, now, lock=True)
        if held is not None and (held.detail.client_id, held.detail.key_thumbprint) != (
            client_id,
            key_thumbprint,
        ):
            raise TokenRefused
        if held is not None and generation == held.generation:
            await unit.execute(
                update(SessionRow)
                .where(_is(person_id, session_id))
                .values(generation=generation + 1, refreshed_at=now)
            )
            _log.info("session_refreshed", session_id=str(session_id))
            return msgspec.structs.replace(held, generation=generation + 1, refreshed_at=now)
        same_again = now - timedelta(seconds=SAME_AGAIN_SECONDS)
        if (
            held is not None
            and generation == held.generation - 1
            and held.refreshed_at >= same_again
        ):
            return held
        if held is not None:
            await _end(unit, now, [session_id])
            _log.warning("refresh_token_used_again", session_id=str(session_id))
    raise TokenRefused


async def end_session(ground: Ground, person_id: PersonId, session_id: UUID) -> bool:
    """Ends one session for good; False when there was none that stood."""
    async with ground.database.unit(PersonScope(person_id)) as unit:
        ended = await _end(unit, ground.clock.now_utc(), [session_id]) > 0
    if ended:
        _log.info("session_ended", session_id=str(session_id))
    return ended


async def end_every_session(ground: Ground, person_id: PersonId) -> int:
    """Ends every session of a person; how many."""
    async with ground.database.unit(PersonScope(person_id)) as unit:
        count = await _end(unit, ground.clock.now_utc(), None)
    _log.info("sessions_ended", count=count)
    return count


async def _key(ground: Ground, person_id: PersonId) -> SealingKey:
    return (await ground.keys.person(person_id)).for_("session")


def _place(person_id: PersonId, session_id: UUID) -> Place:
    return Place(person_id, session_id.bytes)


def _is(person_id: PersonId, session_id: UUID) -> ColumnElement[bool]:
    return and_(col(SessionRow.person_id) == person_id, col(SessionRow.session_id) == session_id)


async def _find(
    reading: Reading[PersonScope],
    key: SealingKey,
    session_id: UUID,
    now: datetime,
    *,
    lock: bool = False,
) -> Session | None:
    statement = _SELECT.where(_is(reading.scope.person_id, session_id), _stands(now))
    row = (await reading.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return None if row is None else _read(reading.scope.person_id, key, row)


async def _list(
    reading: Reading[PersonScope], key: SealingKey, now: datetime
) -> tuple[Session, ...]:
    person_id = reading.scope.person_id
    rows = await reading.execute(
        _SELECT.where(col(SessionRow.person_id) == person_id, _stands(now))
        .order_by(col(SessionRow.refreshed_at).desc(), col(SessionRow.session_id))
        .limit(SESSIONS_MAX + 1)
    )
    return tuple(_read(person_id, key, row) for row in rows)


def _stands(now: datetime) -> ColumnElement[bool]:
    return and_(
        col(SessionRow.ended_at).is_(None),
        col(SessionRow.expires_at) > now,
        col(SessionRow.refreshed_at) > now - IDLE,
    )


def _read(person_id: PersonId, key: SealingKey, row: Iterable[Any]) -> Session:
    session_id, generation, refreshed_at, expires_at, sealed = row
    body = open_(key, _place(person_id, session_id), bytes(sealed))
    return Session(session_id, generation, refreshed_at, expires_at, _details.decode(body))


async def _end(unit: Unit[PersonScope], now: datetime, session_ids: list[UUID] | None) -> int:
    statement = (
        update(SessionRow)
        .where(
            col(SessionRow.person_id) == unit.scope.person_id, col(SessionRow.ended_at).is_(None)
        )
        .values(ended_at=now)
    )
    if session_ids is not None:
        statement = statement.where(col(SessionRow.session_id).in_(session_ids))
    return (await unit.execute(statement)).rowcount
