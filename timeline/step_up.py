"""What asks for a sign-in of the last minutes, however long the session has stood.

Called before an act that whoever holds an unlocked phone must not do for its owner. A refresh is no
sign-in. Source: RFC 9470.
"""

from datetime import timedelta

from domain.error import Refusal
from domain.people.actor import Actor
from store.clock import Clock

STEP_UP_SECONDS = 300


class StepUpRequired(Refusal):
    code = "session.step_up"
    status = 401
    ar = "لإتمام هذا الإجراء أكِّد هويتك: سجِّل الدخول مرة أخرى ثم أعد المحاولة."
    en = "To do this, confirm who you are: sign in once more, then try again."


def require_fresh(clock: Clock, actor: Actor) -> None:
    """Raises: StepUpRequired unless the person signed in within STEP_UP_SECONDS."""
    signed_in_at = actor.signed_in_at
    if signed_in_at is None or clock.now_utc() - signed_in_at > timedelta(seconds=STEP_UP_SECONDS):
        raise StepUpRequired
