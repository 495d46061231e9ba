"""Where a person is signed in, and signing out: of one device or of every device, at once.

A list of what stands, never of what ended. Whoever acts as a demonstration parent has no session,
so their list is empty.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from domain.error import NotFound, SignInRequired
from domain.people.actor import Actor
from identity.session import (
    Session,
    end_every_session,
    end_session,
    list_sessions,
)
from schema.act import NEXT_STEPS, NextStep
from schema.context import Asked, RequestContext
from schema.field import described
from schema.language import InLanguage, LanguageName, chosen
from schema.node import decode_id, encode_id
from timeline.step_up import StepUpRequired, require_fresh


@strawberry.type(description="One sign-in on one device.")
class SignInSession:
    id: strawberry.ID
    device_label: str = strawberry.field(description="What the device called itself; may be empty.")
    signed_in_at: datetime
    last_used_at: datetime = strawberry.field(description="When its tokens were last renewed.")
    expires_at: datetime
    current: bool = strawberry.field(description="Whether it is the one that asks.")


@strawberry.type(description="It was done; tokens of what ended are worth nothing from now on.")
class SignedOut:
    ended_count: int


@strawberry.type(description="It was not done, and sending it again will not do it.")
class SignOutRefused:
    code: str = strawberry.field(description="Stable and dotted, such as `not_found`.")
    message: str
    next_step: NextStep


SignOutOutcome = Annotated[SignedOut | SignOutRefused, strawberry.union("SignOutOutcome")]


@strawberry.type
class SessionQuery:
    @described("Where you are signed in, the last used first. Null before sign-in.")
    async def sessions(self, info: Asked) -> list[SignInSession] | None:
        actor = info.context.signed_in()
        held = await list_sessions(info.context.ground, actor.holder)
        return [_shown(session, actor.session_id) for session in held]


@strawberry.type
class SessionMutation:
    @described(
        "Signs out of one device: the one that asks, or another of `sessions`; for another, sign in"
        " once more within the last five minutes (`session.step_up`)."
    )
    async def sign_out(
        self, info: Asked, session: strawberry.ID | None = None, language: InLanguage = None
    ) -> SignOutOutcome:
        context = info.context
        if context.actor is None:
            return _refused(context, language, SignInRequired)
        session_id = context.actor.session_id
        if session is not None:
            raw = decode_id("Session", session)
            session_id = None if raw is None else UUID(bytes=raw)
        if session_id != context.actor.session_id and not _is_fresh(context, context.actor):
            return _refused(context, language, StepUpRequired)
        if session_id is None or not await end_session(
            context.ground, context.actor.holder, session_id
        ):
            return _refused(context, language, NotFound)
        return SignedOut(ended_count=1)

    @described(
        "Signs out everywhere, here too. Wants a sign-in of the last five minutes"
        " (`session.step_up`)."
    )
    async def sign_out_everywhere(self, info: Asked, language: InLanguage = None) -> SignOutOutcome:
        context = info.context
        if context.actor is None:
            return _refused(context, language, SignInRequired)
        if not _is_fresh(context, context.actor):
            return _refused(context, language, StepUpRequired)
        count = await end_every_session(context.ground, context.actor.holder)
        return SignedOut(ended_count=count)


def _shown(session: Session, current: UUID | None) -> SignInSession:
    return SignInSession(
        id=encode_id("Session", session.session_id.bytes),
        device_label=session.detail.label,
        signed_in_at=session.detail.signed_in_at,
        last_used_at=session.refreshed_at,
        expires_at=session.expires_at,
        current=session.session_id == current,
    )


def _is_fresh(context: RequestContext, actor: Actor) -> bool:
    """Whoever holds an unlocked phone must not end its owner's other sessions."""
    try:
        require_fresh(context.ground.clock, actor)
    except StepUpRequired:
        return False
    return True


def _refused(
    context: RequestContext,
    language: LanguageName | None,
    kind: type[NotFound] | type[SignInRequired] | type[StepUpRequired],
) -> SignOutRefused:
    context.refuse(kind)
    words = kind.ar if chosen(language, context.language) == "ar" else kind.en
    return SignOutRefused(code=kind.code, message=words, next_step=NEXT_STEPS[kind.code])
