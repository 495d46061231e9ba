"""What every resolver is given: the ground, the commands, who asks.

`schema/http.py` makes one a request, the page one in process. It holds no session: root fields run
side by side, and each function of the timeline opens its own short one.
"""

from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from strawberry.types import Info

from domain.error import OsratiError, SignInRequired
from domain.people.actor import Actor
from domain.text.message import Language
from timeline.command import CommandRegistry
from timeline.ground import Ground
from timeline.refused import note_refused

LANGUAGE_BEFORE_SIGN_IN: Language = "ar"
LOCAL_ISSUER = (
    "https://osrati.example"  # of documents made in process: no reader can fetch its keys
)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request. `request` is None when the page asks in process; `origin` is the public address
    where a proxy stands before the server."""

    ground: Ground
    registry: CommandRegistry
    actor: Actor | None
    request: Request | None = None
    origin: str | None = None

    @property
    def language(self) -> Language:
        """The language of whoever asks."""
        return self.actor.language if self.actor else LANGUAGE_BEFORE_SIGN_IN

    @property
    def issuer(self) -> str:
        """The address under which signed documents name us, without a slash at its end."""
        if self.origin is not None:
            return self.origin.rstrip("/")
        return LOCAL_ISSUER if self.request is None else str(self.request.base_url).rstrip("/")

    def refuse(self, refusal: type[OsratiError]) -> None:
        """Notes a refusal that is an answer and no error, or a thing that looks as if missing."""
        if self.request is not None:
            note_refused(self.request, refusal.code)

    def signed_in(self) -> Actor:
        """Who asks. Raises: SignInRequired when nobody is signed in."""
        if self.actor is None:
            raise SignInRequired
        return self.actor


Asked: TypeAlias = Info[RequestContext, None]
