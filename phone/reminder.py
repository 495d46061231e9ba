"""The phone's own reminders: raised from the dates it holds, with no network and no push.

A reminder and a notice of the server about the same card and moment have one name; whichever
comes second is not shown.
"""

from datetime import date
from typing import Literal

import msgspec

from phone.card_state import OPEN_STATES
from phone.record import Card
from phone.store import Store
from phone.timeline import read_timeline

Moment = Literal["visible", "due"]


class Reminder(msgspec.Struct, frozen=True):
    """One thing to tell its owner once."""

    card: Card
    moment: Moment

    @property
    def name(self) -> bytes:
        """A card that was put off past the moment is told of again: that is another reminder."""
        window, until = self.card.window, self.card.snoozed_until
        assert window is not None
        day = window.visible_from if self.moment == "visible" else window.due_from
        again = until is not None and until > day
        return reminder_name(self.card.key, self.moment, until if again else None)


def reminder_name(key: bytes, moment: Moment, snoozed_until: date | None = None) -> bytes:
    """What a reminder and the server's notice of the same card and moment share."""
    act = moment if snoozed_until is None else f"{moment}/{snoozed_until}"
    return key + act.encode()


def take_reminders(store: Store, today: date) -> list[Reminder]:
    """What is to be shown today and was not shown yet; it counts as shown from now on."""
    taken: list[Reminder] = []
    for shown in read_timeline(store, today):
        if shown.state not in OPEN_STATES or shown.card.quiet:
            continue
        reminder = Reminder(shown.card, "visible" if shown.state == "upcoming" else "due")
        if reminder.moment == "visible" and shown.card.acknowledged:
            continue
        if show_once(store, reminder.name, today):
            taken.append(reminder)
    return taken


def show_once(store: Store, name: bytes, today: date) -> bool:
    """True the first time a name is asked for, false ever after."""
    with store.transaction() as connection:
        kept = connection.execute(
            "INSERT INTO shown VALUES (?, ?) ON CONFLICT DO NOTHING", (name, today.isoformat())
        )
        return kept.rowcount == 1
