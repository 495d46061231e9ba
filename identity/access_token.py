"""Access tokens: JWTs of five minutes, signed ES256, bound to a device's key where it has one.

They name a person by id and a session, and nothing else. Whoever reads one still asks whether its
session stands. Source: RFC 9068 (JWT profile), RFC 9449 (`cnf.jkt`), RFC 8725 (what to refuse).
"""

from datetime import UTC, datetime, timedelta
from typing import Any  # claims as JOSE gives them
from uuid import UUID, uuid4

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import extract_compact

from domain.error import Refusal
from domain.ids import PersonId
from identity.profile import Assurance
from identity.signing_key import SigningKeys
from store.clock import Clock

ACCESS_SECONDS = 300
SKEW_SECONDS = 30  # between our own machines' clocks
TOKEN_CHARACTERS_MAX = 2_048
AUDIENCE = "osrati"
TYPE = "at+jwt"
ALGORITHM = "ES256"


class TokenRefused(Refusal):
    """Expired, ended, forged, of another environment: all look alike."""

    code = "session.ended"
    status = 401
    ar = "انتهت جلستك. سجِّل الدخول من جديد؛ ما لم يُرسَل محفوظ في هاتفك."
    en = "Your session has ended. Sign in again; what was not sent is kept on your phone."


class Access(msgspec.Struct, frozen=True):
    """Whom a token stands for. `key_thumbprint` is the device key's (RFC 7638), if it has one."""

    person_id: PersonId
    session_id: UUID
    client_id: str
    assurance: Assurance
    signed_in_at: datetime
    key_thumbprint: str | None = None


class _Confirmation(msgspec.Struct, frozen=True):
    jkt: str


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str
    sub: UUID
    sid: UUID
    client_id: str
    acr: Assurance
    auth_time: int
    iat: int
    exp: int
    cnf: _Confirmation | None = None


class AccessTokens:
    """Makes and reads them for one issuer."""

    def __init__(self, keys: SigningKeys, clock: Clock, *, issuer: str) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer

    async def make(self, access: Access) -> str:
        """A token for ACCESS_SECONDS from now."""
        now = self._clock.now_utc()
        key = await self._keys.current()
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(access.person_id),
            "sid": str(access.session_id),
            "client_id": access.client_id,
            "acr": access.assurance,
            "auth_time": int(access.signed_in_at.timestamp()),
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(seconds=ACCESS_SECONDS)).timestamp()),
            "jti": str(uuid4()),
        }
        if access.key_thumbprint is not None:
            claims["cnf"] = {"jkt": access.key_thumbprint}
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    async def read(self, token: str) -> Access:
        """Whom a token stands for. Raises: TokenRefused."""
        if len(token) > TOKEN_CHARACTERS_MAX or not token.isascii():
            raise TokenRefused
        try:
            header = extract_compact(token.encode("ascii")).headers()
            key = await self._keys.find(header.get("kid"))
            if key is None or header.get("typ") != TYPE:
                raise TokenRefused
            read = jwt.decode(token, key, algorithms=[ALGORITHM])
            claims = msgspec.convert(read.claims, _Claims, strict=False)
        except (JoseError, ValueError):
            raise TokenRefused from None
        now = self._clock.now_utc().timestamp()
        if (
            claims.iss != self._issuer
            or claims.aud != AUDIENCE
            or not claims.iat - SKEW_SECONDS <= now < claims.exp
        ):
            raise TokenRefused
        return Access(
            person_id=PersonId(claims.sub),
            session_id=claims.sid,
            client_id=claims.client_id,
            assurance=claims.acr,
            signed_in_at=datetime.fromtimestamp(claims.auth_time, UTC),
            key_thumbprint=None if claims.cnf is None else claims.cnf.jkt,
        )
