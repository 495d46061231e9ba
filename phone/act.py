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
from phone.photo import put_photo
from phone.record import Card, MemberSaid, Review
from phone.store import Store

ACKNOWLEDGE, SNOOZE, DISMISS, ATTACH, UNDO = (
    "card.acknowledge",
    "card.snooze",
    "card.dismiss",
    "card.attach_photo",
    "card.undo",
)
DISPUTE, WITHDRAW = "fact.dispute", "fact.withdraw_dispute"
WISHES = "wishes.change"


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


def attach_photo(store: Store, key: bytes, stream: bytes, body: bytes, *, now: datetime) -> UUID:
    """A photo for a card of a stream, kept here and sent before the act; the command's id.

    Raises: PhotoTooLarge; nothing is kept then.
    """
    with store.transaction():
        payload = {"key": key, "photo": put_photo(store, stream, body).bytes}
        return outbox.put(store, ATTACH, payload, made_at=now)


def undo(store: Store, key: bytes, number: int, *, now: datetime) -> UUID | None:
    """Takes back the last act on a card, whose row has this `number`.

    None when that act was never sent: it is gone, and nothing is left to send.
    """
    with store.transaction():
        before = [
            act
            for act in outbox.list_unsettled(store)
            if target(act) == key and act.name in (ACKNOWLEDGE, SNOOZE, DISMISS, ATTACH, UNDO)
        ]
        if before and outbox.withdraw(store, before[-1].id):
            return None
        payload: dict[str, object] = {"key": key, "seen_number": number}
        if before:
            payload["undoes"] = before[-1].id.bytes
        return outbox.put(store, UNDO, payload, made_at=now)


def dispute(
    store: Store,
    key: bytes,
    fact: bytes,
    claim: str,
    *,
    says_on: date | None = None,
    words: str | None = None,
    now: datetime,
) -> UUID:
    """A fact of a card's why is wrong: `fact` is its citation; the command's id."""
    payload: dict[str, object] = {"key": key, "fact": fact, "claim": claim}
    if says_on is not None:
        payload["says_on"] = says_on.isoformat()
    if words is not None:
        payload["words"] = words
    with store.transaction():
        return outbox.put(store, DISPUTE, payload, made_at=now)


def withdraw_dispute(store: Store, key: bytes, fact: bytes, *, now: datetime) -> UUID | None:
    """Takes a dispute back. None when it was never sent: nothing is left to send."""
    with store.transaction():
        before = [
            act
            for act in outbox.list_unsettled(store)
            if act.name == DISPUTE and (target(act), act.payload.get("fact")) == (key, fact)
        ]
        if before and outbox.withdraw(store, before[-1].id):
            return None
        return outbox.put(store, WITHDRAW, {"key": key, "fact": fact}, made_at=now)


def change_wishes(store: Store, *, now: datetime, **changed: object) -> UUID:
    """What its owner wishes to be told from now on: only what is named changes, None is the default
    again; the command's id.
    """
    with store.transaction():
        return outbox.put(store, WISHES, changed, made_at=now)


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
    if act.name == ATTACH:
        return msgspec.structs.replace(card, photo=act.payload["photo"])
    if act.name in (DISPUTE, WITHDRAW):
        return _with_review(card, act)
    if act.name != UNDO:
        return card
    if card.dismissed:
        return msgspec.structs.replace(card, dismissed=False)
    if card.snoozed_until is not None:
        return msgspec.structs.replace(card, snoozed_until=None)
    if card.photo is not None:
        return msgspec.structs.replace(card, photo=None)
    return msgspec.structs.replace(card, acknowledged=False)


def _with_review(card: Card, act: Act) -> Card:
    """The card with what its owner says of a fact, or without it again; the registry comes with the
    row that follows.
    """
    fact, facts = act.payload["fact"], range(len(card.why.facts))
    places = [place for place in facts if card.citation(place) == fact]
    if not places:
        return card
    place = places[0]
    known = next((one for one in card.reviews if one.place == place), None)
    others = tuple(one for one in card.reviews if one.place != place)
    if act.name == WITHDRAW:
        is_open = known is not None and known.state == "open" and known.said is not None
        return msgspec.structs.replace(card, reviews=others) if is_open else card
    on, words = act.payload.get("says_on"), act.payload.get("words")
    said = MemberSaid(
        str(act.payload["claim"]),
        None if on is None else date.fromisoformat(str(on)),
        None if words is None else str(words),
    )
    review = known or Review(place, "open", "", None, None, False, None, None)
    review = msgspec.structs.replace(review, said=said)
    return msgspec.structs.replace(card, reviews=(*others, review))
