"""The state of a card follows from its dates: the rule of `mobile-contract/card-state/`."""

from datetime import date
from typing import Literal, Protocol

from phone.record import Window

CardState = Literal[
    "waiting", "scheduled", "upcoming", "due", "overdue", "expired", "done", "dismissed", "snoozed"
]
OPEN_STATES: tuple[CardState, ...] = ("overdue", "due", "upcoming")


class Dated(Protocol):
    """What the rule reads of a card."""

    @property
    def waiting(self) -> bool: ...
    @property
    def window(self) -> Window | None: ...
    @property
    def resolved_on(self) -> date | None: ...
    @property
    def dismissed(self) -> bool: ...
    @property
    def snoozed_until(self) -> date | None: ...


def state_of(card: Dated, today: date) -> CardState:
    """The state on a local day: the first line of the contract's table that fits.

    Source: `mobile-contract/card-state/README.md`, "The rule".
    """
    window = card.window
    if card.waiting or window is None:
        return "waiting"
    rest_until = card.snoozed_until or window.visible_from
    table: tuple[tuple[bool, CardState], ...] = (
        (card.resolved_on is not None, "done"),
        (card.dismissed, "dismissed"),
        (today < window.visible_from, "scheduled"),
        (today > window.expires_on, "expired"),
        (today < rest_until, "snoozed"),
        (today < window.due_from, "upcoming"),
        (today <= window.due_until, "due"),
    )
    return next((state for fits, state in table if fits), "overdue")
