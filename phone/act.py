"""What its owner does to a card, offline or not: kept as a command, shown at once.

An act shows on top of the rows until the rows say it themselves. Undoing what was never sent
takes it back here; undoing what is on its way names that act's command, because the row that says
so is not here yet.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec

from phone import outbox
from phone.outbox import Act
from phone.record import Card
from phone.store import Store

ACKNOWLEDGE, SNOOZE, DISMISS, UNDO = (
    "card.acknowledge",
    "card.snooze",
    "card.dismiss",
    "card.undo",
)


def acknowledge(store: Store, key: bytes, *, now: datetime) -> UUID:
    """Done: its owner has seen to it; the command's id."""
    with store.transaction():
        return outbox.put(store, ACKNOWLEDGE, {"key": key}, made_at=now)


def snooze(store: Store, key: bytes, until: date, *, now: datetime) -> UUID:
    """Not before that day; the command's id."""
    with store.transaction():
        payload = {"key": key, "until": until.isoformat()}
        return outbox.put(store, SNOOZE, payload, made_at=now)


def dismiss(store: Store, key: bytes, *, now: datetime) -> UUID:
    """Put away; the command's id."""
    with store.transaction():
        return outbox.put(store, DISMISS, {"key": key}, made_at=now)


def undo(store: Store, key: bytes, number: int, *, now: datetime) -> UUID | None:
    """Takes back the last act on a card, whose row has this `number`.

    None when that act was never sent: it is gone, and nothing is left to send.
    """
    with store.transaction():
        before = [act for act in outbox.list_unsettled(store) if target(act) == key]
        if before and outbox.withdraw(store, before[-1].id):
            return None
        payload: dict[str, object] = {"key": key, "seen_number": number}
        if before:
            payload["undoes"] = before[-1].id.bytes
        return outbox.put(store, UNDO, payload, made_at=now)


def target(act: Act) -> object:
    """The key of the card an act is about."""
    return act.payload.get("key")


def with_act(card: Card, act: Act) -> Card:
    """The card as it will be, once the act is applied; unknown acts change nothing that shows.

    The server keeps which act came last; where several stand, the phone takes back the one that
    hides most. The row that follows sets it right.
    """
    if act.name == ACKNOWLEDGE:
        return msgspec.structs.replace(card, acknowledged=True)
    if act.name == SNOOZE:
        until = date.fromisoformat(str(act.payload["until"]))
        return msgspec.structs.replace(card, snoozed_until=until)
    if act.name == DISMISS:
        return msgspec.structs.replace(card, dismissed=True)
    if act.name != UNDO:
        return card
    if card.dismissed:
        return msgspec.structs.replace(card, dismissed=False)
    if card.snoozed_until is not None:
        return msgspec.structs.replace(card, snoozed_until=None)
    return msgspec.structs.replace(card, acknowledged=False)
