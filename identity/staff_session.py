"""Sessions of staff: one sign-in in one browser, found by the hash of a cookie. The one writer of
`staff_session`.

Nobody who reads the table can make the cookie, and what it says of whom is sealed.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.keyed_hash import KEY_BYTES
from domain.text.message import Language
from identity.staff_provider import StaffProfile
from store.reference_tables import StaffSessionRow
from store.scope import ReferenceScope
from store.seal import Place, SealingKey, open_, seal
from timeline.ground import Ground

STAFF_SESSION_HOURS = 8  # a working day; then the provider says again who it is, and in which role
STAFF_IDLE_MINUTES = 30
STAFF_TOUCH_SECONDS = 60  # a session that is used is written to no more often
STAFF_ENDED_DAYS = 1  # after which the row of one that ended is dropped
TOKEN_CHARACTERS = 43


class StaffSession(msgspec.Struct, frozen=True):
    """Who is signed in: as the provider said at the sign-in."""

    profile: StaffProfile
    language: Language
    signed_in_at: datetime
    expires_at: datetime


_log = structlog.get_logger("osrati.identity")
_sessions = msgspec.json.Decoder(StaffSession)


async def open_staff_session(ground: Ground, profile: StaffProfile, language: Language) -> str:
    """Opens a session; the cookie's value, which is kept nowhere else."""
    token, now = secrets.token_urlsafe(32), ground.clock.now_utc()
    expires_at = now + timedelta(hours=STAFF_SESSION_HOURS)
    session = StaffSession(profile, language, now, expires_at)
    hashed = _hash(token)
    async with ground.database.unit(ReferenceScope("identify")) as unit:
        gone = now - timedelta(days=STAFF_ENDED_DAYS)
        await unit.execute(delete(StaffSessionRow).where(col(StaffSessionRow.expires_at) < gone))
        await unit.execute(
            insert(StaffSessionRow).values(
                session_hash=hashed,
                used_at=now,
                expires_at=expires_at,
                ended_at=None,
                sealed=seal(_key(ground), _place(hashed), msgspec.json.encode(session)),
            )
        )
    _log.info("staff_session_opened", session_id=_named(hashed))
    return token


async def find_staff_session(ground: Ground, token: str) -> StaffSession | None:
    """The session while it stands and is used, else None."""
    if len(token) != TOKEN_CHARACTERS or not token.isascii():
        return None
    hashed, now = _hash(token), ground.clock.now_utc()
    async with ground.database.read(ReferenceScope("identify")) as reading:
        found = await reading.execute(
            select(col(StaffSessionRow.sealed), col(StaffSessionRow.used_at)).where(
                col(StaffSessionRow.session_hash) == hashed,
                col(StaffSessionRow.ended_at).is_(None),
                col(StaffSessionRow.expires_at) > now,
                col(StaffSessionRow.used_at) > now - timedelta(minutes=STAFF_IDLE_MINUTES),
            )
        )
        row = found.one_or_none()
    if row is None:
        return None
    if row.used_at <= now - timedelta(seconds=STAFF_TOUCH_SECONDS):
        await _set(ground, hashed, used_at=now)
    return _sessions.decode(open_(_key(ground), _place(hashed), bytes(row.sealed)))


async def end_staff_session(ground: Ground, token: str) -> None:
    """Ends it for good; one that is not there is ended already."""
    hashed = _hash(token)
    await _set(ground, hashed, ended_at=ground.clock.now_utc())
    _log.info("staff_session_ended", session_id=_named(hashed))


async def _set(ground: Ground, hashed: bytes, **values: datetime) -> None:
    async with ground.database.unit(ReferenceScope("identify")) as unit:
        await unit.execute(
            update(StaffSessionRow)
            .where(
                col(StaffSessionRow.session_hash) == hashed,
                col(StaffSessionRow.ended_at).is_(None),
            )
            .values(**values)
        )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8")).digest()


def _named(hashed: bytes) -> str:
    """The session as a log names it: the first of its hash's bytes, which open nothing."""
    return hashed[:8].hex()


def _key(ground: Ground) -> SealingKey:
    return ground.keys.house("staff_session")


def _place(hashed: bytes) -> Place:
    return Place(UUID(int=0), hashed[:KEY_BYTES])
