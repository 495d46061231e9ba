"""The rule by which a card's state follows from its dates. Whoever reads applies it; nobody
stores it.

The contract states it for apps, with vectors: `mobile-contract/card-state/`.
"""

from datetime import date
from typing import Literal

from domain.card.record import Record

CardState = Literal[
    "waiting", "scheduled", "upcoming", "due", "overdue", "expired", "done", "dismissed", "snoozed"
]

OPEN_STATES: frozenset[CardState] = frozenset({"upcoming", "due", "overdue"})


def card_state(record: Record, today: date) -> CardState:
    """The state of a card on a local day; the first rule that fits wins.

    waiting: its conditions are not all met. done: it is resolved. dismissed: its reader put it
    away. scheduled: before `visible_from`. expired: after `expires_on`. snoozed: before the day
    its reader chose. Then upcoming before `due_from`, due through `due_until`, overdue after.
    """
    if record.waiting or record.window is None:
        return "waiting"
    if record.resolved_on is not None:
        return "done"
    if record.dismissed:
        return "dismissed"
    window = record.window
    if today < window.visible_from:
        return "scheduled"
    if today > window.expires_on:
        return "expired"
    if record.snoozed_until is not None and today < record.snoozed_until:
        return "snoozed"
    if today < window.due_from:
        return "upcoming"
    return "due" if today <= window.due_until else "overdue"
