"""What a channel answered to one message, and what follows from it. Values only.

The closed list of codes is kept with a delivery, so that whoever sent something sees why somebody
was not reached.
"""

from typing import Literal

import msgspec

AnswerKind = Literal["accepted", "retry", "dead_address", "refused", "project_fault", "unknown"]
"""`accepted`: the channel has it. `retry`: it may go through later. `dead_address`: this address
exists no more. `refused`: this message never goes through. `project_fault`: the channel refuses us,
whoever the message is for: nothing of it is the address's fault. `unknown`: it may have it."""

AnswerCode = Literal[
    "accepted",
    "unregistered",
    "sender_mismatch",
    "invalid_argument",
    "too_big",
    "credentials",
    "quota",
    "device_quota",
    "unavailable",
    "internal",
    "connection_lost",
    "timed_out",
    "address_invalid",
    "rejected",
    "gave_up",
    "changed",
    "outcome_unknown",
    "platform_credentials",
    "too_late",
    "text_missing",
    "document_missing",
]


class Answer(msgspec.Struct, frozen=True):
    """A channel's answer. `retry_after_seconds` is what it asked for, where it did."""

    kind: AnswerKind
    code: AnswerCode
    retry_after_seconds: int | None = None


ACCEPTED = Answer("accepted", "accepted")
