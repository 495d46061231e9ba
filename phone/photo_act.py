"""Acts that name a photo, and their photos: neither is lost while the other is on its way.

An act waits until its photo is with the server; what came of either ends both. Called within the
transaction of an answer, and after photos were sent.
"""

from uuid import UUID

from phone import outbox
from phone.outbox import Act
from phone.photo import drop_photo, photo_state, send_again
from phone.store import Store
from phone.wire import SentOutcome

LOST = ("blob.missing", "blob.incomplete")


def settle_photos(store: Store) -> None:
    """By what became of acts: of those that are applied the photo is dropped here; one whose photo
    the server had lost goes again with it, under a new id, once.
    """
    for act, blob in _naming(store):
        if act.state == "applied":
            drop_photo(store, blob)
        elif act.state == "refused" and act.reason in LOST and send_again(store, blob):
            outbox.put_again(store, act)


def end_refused(store: Store) -> None:
    """Acts whose photo was refused for good end with its reason; with one that was not let through
    they are held.
    """
    with store.transaction():
        for act, blob in _naming(store):
            state, reason = photo_state(store, blob)
            if act.state == "waiting" and state == "refused":
                outbox.end(store, act, "refused", SentOutcome(0, act.id.bytes, reason))
            if act.state == "waiting" and state == "held":
                outbox.hold(store, act.id)


def _naming(store: Store) -> list[tuple[Act, UUID]]:
    """The acts that name a photo which is here."""
    held = {row[0] for row in store.connection.execute("SELECT blob FROM photo")}
    if not held:
        return []
    named = [(act, outbox.photo_of(act)) for act in outbox.list_acts(store)]
    return [(act, blob) for act, blob in named if blob is not None and blob.bytes in held]
