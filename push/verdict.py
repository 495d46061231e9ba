"""What follows from a channel's answer: how a delivery stands, why, and when it is due next. Pure.

Called by `push/settling.py`.
"""

from datetime import datetime, timedelta

from push.answer import Answer
from push.lease import Claimed, Settled
from store.notice_tables import (
    DELIVERY_ACCEPTED,
    DELIVERY_FAILED,
    DELIVERY_QUEUED,
    DELIVERY_UNKNOWN,
    DELIVERY_WITHDRAWN,
)

ATTEMPTS_MAX = 8
RETRY_SECONDS = 10  # doubled each time: given up after some twenty minutes
RETRY_SECONDS_MAX = 3_600
RETRY_DOUBLINGS_MAX = 10
PROJECT_PAUSE_SECONDS = 300
# What is no fault of the message is tried until its last day: an evening without FCM costs nobody
# their notice; and not so rarely that they wait for long after it.
PATIENT_CODES = frozenset(
    {"connection_lost", "unavailable", "platform_credentials", "quota", "device_quota"}
)
OUTAGE_RETRY_SECONDS_MAX = 300
WITHDRAWN_CODES = frozenset({"changed", "too_late"})


def resends(each: Claimed, *, resends_unknown: bool) -> bool:
    """Whether what may have gone is sent again: where its reader sees it once, or must see it."""
    return resends_unknown or each.letter.notice_class == "clinical"


def verdict_of(each: Claimed, answer: Answer, *, resends_unknown: bool, now: datetime) -> Settled:
    """What the delivery's row is to say."""
    wait = 0
    reason: str | None = answer.code
    match answer.kind:
        case "accepted":
            state, reason = DELIVERY_ACCEPTED, None
        case "refused" if answer.code in WITHDRAWN_CODES:
            state = DELIVERY_WITHDRAWN
        case "refused" | "dead_address":
            state = DELIVERY_FAILED
        case "unknown" if not resends(each, resends_unknown=resends_unknown):
            state = DELIVERY_UNKNOWN
        case "project_fault":
            state, wait = DELIVERY_QUEUED, PROJECT_PAUSE_SECONDS
        case _:
            is_patient = answer.kind == "retry" and answer.code in PATIENT_CODES
            if each.attempt >= ATTEMPTS_MAX and not is_patient:
                state, reason = DELIVERY_FAILED, "gave_up"
            else:
                most = OUTAGE_RETRY_SECONDS_MAX if is_patient else RETRY_SECONDS_MAX
                own = min(RETRY_SECONDS * 2 ** min(each.attempt - 1, RETRY_DOUBLINGS_MAX), most)
                state, wait = DELIVERY_QUEUED, max(own, answer.retry_after_seconds or 0)
    next_at = now + timedelta(seconds=wait)
    return Settled(each.person_id, each.notice_id, each.device_id, state, reason, next_at)


def pause_seconds(answer: Answer) -> int:
    """How long the channel is to be left alone by everyone, whoever the next message is for: a
    device that had too many delays nobody else.
    """
    if answer.kind == "project_fault":
        return PROJECT_PAUSE_SECONDS
    return (answer.retry_after_seconds or 0) if answer.code == "quota" else 0
