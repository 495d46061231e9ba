"""What is given out between the steps of a sign-in: sealed, short-lived, each for its own purpose.

Nothing is stored for a stranger: the state of a sign-in travels with the browser, and a code is
used up by opening the session whose id it carries. Source: RFC 6749, 4.1; RFC 7636; RFC 9700.
"""

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec

from domain.ids import PersonId
from domain.text.message import Language
from identity.opaque import Opaque
from identity.profile import Assurance
from store.keys import KeyRing

SIGN_IN_SECONDS = 600  # to find one's phone and approve
CODE_SECONDS = 60


class SignIn(msgspec.Struct, frozen=True):
    """A sign-in on its way: which app asked, and in which browser. `verifier` is ours to UAE PASS,
    `challenge` the app's to us.
    """

    client_id: str
    redirect_uri: str
    app_state: str
    challenge: str
    verifier: str
    browser: bytes  # SHA-256 of the browser's cookie
    language: Language
    asked_at: datetime
    key_thumbprint: str | None = None


class Code(msgspec.Struct, frozen=True):
    """Who signed in, for the app that asked. The session it opens has this id."""

    session_id: UUID
    person_id: PersonId
    assurance: Assurance
    client_id: str
    redirect_uri: str
    challenge: str
    signed_in_at: datetime
    key_thumbprint: str | None = None


class Refresh(msgspec.Struct, frozen=True):
    """One generation of one session's refresh token."""

    person_id: PersonId
    session_id: UUID
    generation: int


States: TypeAlias = Opaque[SignIn]
Codes: TypeAlias = Opaque[Code]
RefreshTokens: TypeAlias = Opaque[Refresh]


def states(keys: KeyRing) -> States:
    """Seals and opens the state that goes through the identity provider."""
    return Opaque(keys, "sign_in_state", SignIn)


def codes(keys: KeyRing) -> Codes:
    """Seals and opens authorization codes."""
    return Opaque(keys, "authorization_code", Code)


def refresh_tokens(keys: KeyRing) -> RefreshTokens:
    """Seals and opens refresh tokens."""
    return Opaque(keys, "refresh_token", Refresh)
