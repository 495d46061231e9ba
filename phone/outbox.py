"""The outbox: what its owner did, kept until the server has said what became of it.

Every act has a state, a reason and an exit. It is durable before it shows, is sent in the order
in which it was done, and is numbered when it is first sent. Its id is made here, once: sent
again, even by a new installation under another number, it is not a second act.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Literal
from uuid import UUID, uuid4

import cbor2
import msgspec

from phone.photo import drop_photo, release_photo
from phone.store import Store
from phone.wire import COMMANDS_MAX, PAYLOAD_BYTES_MAX, SentCommand, SentOutcome

ActState = Literal["waiting", "sent", "held", "applied", "refused", "quarantined"]
"""waiting: not sent yet, or its photo was not; may be withdrawn. sent: on its way, or its answer
was lost; is sent again. held: something on the way does not let it through, however alone; goes
again when its owner says so or the app is another, or may be withdrawn. applied: done. refused: for
good, with the reason; may be put away. quarantined: the server failed on it over and over and looks
into it; may be put away.
"""

APPLIED, QUARANTINED = "applied", "command.quarantined"
TOO_MANY_PHOTOS = "blob.too_many_photos"
# No server's word: our server takes every single act (`PAYLOAD_BYTES_MAX`), a network may not.
HELD = "phone.too_large_for_network"
HELD_AR = (
    "لم تسمح الشبكة بمرور هذا الإجراء لكبر حجمه، وهو محفوظ في هاتفك. "
    "انتقل إلى شبكة أخرى أو حدِّث التطبيق، ثم أعد إرساله."
)
HELD_EN = (
    "The network does not let this through, it is too large for it. It is kept on your phone: "
    "change to another network or update the app, then send it again."
)
OVERHEAD_BYTES = 160  # of a command beside its payload: number, id, name, the map itself
BATCH_BYTES_MAX = 196_608  # leaves a quarter of a request to cursors

_LAST = "outbox/last_sequence"


class Act(msgspec.Struct, frozen=True):
    """One act of its owner, and what became of it so far."""

    position: int
    id: UUID
    sequence: int | None
    state: ActState
    settled: bool
    name: str
    payload: dict[str, Any]  # Any: by name, `commands.json`
    made_at: datetime
    reason: str = ""
    words_ar: str = ""
    words_en: str = ""


class Body(msgspec.Struct, frozen=True):
    """The sealed part of an act."""

    name: str
    payload: dict[str, Any]  # Any: by name, `commands.json`
    made_at: datetime
    reason: str = ""
    words_ar: str = ""
    words_en: str = ""


class PayloadTooLarge(ValueError):
    """An act that no server would take: say it in fewer words."""


def put(store: Store, name: str, payload: Mapping[str, Any], *, made_at: datetime) -> UUID:
    """Keeps an act durably; its id. Inside a transaction it is part of it.

    Raises: PayloadTooLarge.
    """
    if len(cbor2.dumps(payload)) > PAYLOAD_BYTES_MAX:
        raise PayloadTooLarge(f"at most {PAYLOAD_BYTES_MAX} bytes")
    command_id = uuid4()
    body = Body(name, dict(payload), made_at)
    store.connection.execute(
        "INSERT INTO outbox (command, state, sealed) VALUES (?, 'waiting', ?)",
        (command_id.bytes, _seal(store, command_id, body)),
    )
    return command_id


def amend(store: Store, act: Act, payload: Mapping[str, Any]) -> bool:
    """Says more in an act that was never sent; False when it is too late for that."""
    body = Body(act.name, dict(payload), act.made_at)
    kept = store.connection.execute(
        "UPDATE outbox SET sealed = ? WHERE command = ? AND state = 'waiting'",
        (_seal(store, act.id, body), act.id.bytes),
    )
    return kept.rowcount == 1


def clear_ended(store: Store, name: str) -> None:
    """Puts away every act of a name that has ended and that the server heard is kept here."""
    for act in list_acts(store):
        if act.name == name:
            put_away(store, act.id)


def list_acts(store: Store) -> list[Act]:
    """Every act that was not put away, oldest first."""
    return [_act(store, row) for row in store.connection.execute(f"{_SELECT} ORDER BY position")]


def list_unsettled(store: Store) -> list[Act]:
    """Acts whose effect is not in the rows yet: they are shown on top of them, in this order."""
    found = store.connection.execute(
        f"{_SELECT} WHERE state IN ('waiting', 'sent', 'held')"
        " OR (state = 'applied' AND NOT settled)"
        " ORDER BY position"
    )
    return [_act(store, row) for row in found]


def find_act(store: Store, command_id: UUID) -> Act | None:
    """One act, or None when it was put away or never was."""
    row = store.connection.execute(f"{_SELECT} WHERE command = ?", (command_id.bytes,)).fetchone()
    return None if row is None else _act(store, row)


def withdraw(store: Store, command_id: UUID) -> bool:
    """Takes an act back that was never sent, or never let through, with its photo; False when it is
    too late for that.
    """
    act = find_act(store, command_id)
    gone = store.connection.execute(
        "DELETE FROM outbox WHERE command = ? AND state IN ('waiting', 'held')", (command_id.bytes,)
    )
    if gone.rowcount == 1 and act is not None:
        _drop_photo_of(store, act)
    return gone.rowcount == 1


def put_away(store: Store, command_id: UUID) -> bool:
    """Clears an act from the list whose end its owner has read, with its photo; False while it has
    none.
    """
    act = find_act(store, command_id)
    gone = store.connection.execute(
        "DELETE FROM outbox WHERE command = ? AND settled AND acked"
        " AND state IN ('applied', 'refused', 'quarantined')",
        (command_id.bytes,),
    )
    if gone.rowcount == 1 and act is not None:
        _drop_photo_of(store, act)
    return gone.rowcount == 1


def photo_of(act: Act) -> UUID | None:
    """The photo that an act names."""
    photo = act.payload.get("photo")
    return UUID(bytes=photo) if isinstance(photo, bytes) else None


def _drop_photo_of(store: Store, act: Act) -> None:
    photo = photo_of(act)
    if photo is not None:
        drop_photo(store, photo)


def put_again(store: Store, act: Act) -> None:
    """An act that was refused, once more in its place: under a new id, since the refusal is kept
    for the old one.
    """
    command_id, body = uuid4(), Body(act.name, act.payload, act.made_at)
    store.connection.execute(
        "UPDATE outbox SET command = ?, sequence = NULL, state = 'waiting', acked = 0, settled = 0,"
        " sealed = ? WHERE position = ?",
        (command_id.bytes, _seal(store, command_id, body), act.position),
    )


def _ready(store: Store) -> Iterator[Act]:
    """The oldest acts without an outcome, but for those that are held or wait for a photo, and
    those after them on the same card.
    """
    unsent = {
        row[0] for row in store.connection.execute("SELECT blob FROM photo WHERE state != 'sent'")
    }
    waiting: set[object] = set()
    for row in store.connection.execute(
        f"{_SELECT} WHERE state IN ('waiting', 'sent', 'held') ORDER BY position"
    ):
        act = _act(store, row)
        about = _about(act)
        is_waiting = act.payload.get("photo") in unsent or about in waiting
        if act.state == "held" or (act.state == "waiting" and is_waiting):
            waiting.add(about)
        else:
            yield act


def _about(act: Act) -> object:
    """What an act is about: what is about the same keeps its order. A card, or its owner."""
    return act.payload.get("key", act.name)


def claim_batch(store: Store, *, count_max: int = COMMANDS_MAX) -> tuple[SentCommand, ...]:
    """The oldest acts that are ready to go, numbered and marked as sent, in order; as many as fit
    one request.
    """
    batch: list[SentCommand] = []
    size = 0
    for act in list(islice(_ready(store), count_max)):
        size += len(cbor2.dumps(act.payload)) + OVERHEAD_BYTES
        if batch and size > BATCH_BYTES_MAX:
            break
        sequence = act.sequence
        if sequence is None:
            sequence = store.find_number(_LAST) + 1
            store.set_number(_LAST, sequence)
            store.connection.execute(
                "UPDATE outbox SET sequence = ?, state = 'sent' WHERE position = ?",
                (sequence, act.position),
            )
        batch.append(SentCommand(sequence, act.id.bytes, act.name, act.payload))
    return tuple(batch)


def take_outcomes(store: Store, outcomes: Iterable[SentOutcome]) -> None:
    """Writes down what became of acts. Known ones are passed over: an outcome never changes."""
    for outcome in outcomes:
        act = find_act(store, UUID(bytes=outcome.id))
        if act is None or act.state not in ("waiting", "sent", "held"):
            continue
        if outcome.code == APPLIED:
            end(store, act, "applied")
        elif outcome.code == QUARANTINED:
            end(store, act, "quarantined", outcome)
        else:
            end(store, act, "refused", outcome)


def end(store: Store, act: Act, state: ActState, outcome: SentOutcome | None = None) -> None:
    """An act's last state. What was never numbered needs no acknowledgement."""
    body = Body(act.name, act.payload, act.made_at)
    if outcome is not None:
        body = Body(act.name, act.payload, act.made_at, outcome.code, outcome.ar, outcome.en)
    store.connection.execute(
        "UPDATE outbox SET state = ?, settled = ?, acked = ?, sealed = ? WHERE position = ?",
        (
            state,
            state != "applied",
            act.sequence is None,
            _seal(store, act.id, body),
            act.position,
        ),
    )


def hold(store: Store, command_id: UUID) -> None:
    """Keeps an act back that something on the way does not let through, and those after it on the
    same card; the others go on with their numbers.
    """
    act = find_act(store, command_id)
    if act is None or act.state not in ("waiting", "sent"):
        return
    body = Body(act.name, act.payload, act.made_at, HELD, HELD_AR, HELD_EN)
    store.connection.execute(
        "UPDATE outbox SET state = 'held', sequence = NULL, sealed = ? WHERE position = ?",
        (_seal(store, act.id, body), act.position),
    )
    if act.sequence is None:
        return
    for later in list_acts(store):
        if later.state == "sent" and later.position > act.position and _about(later) == _about(act):
            store.connection.execute(
                "UPDATE outbox SET state = 'waiting', sequence = NULL WHERE position = ?",
                (later.position,),
            )
    _renumber_pending(store, act.sequence)


def send_again(store: Store, command_id: UUID) -> bool:
    """Has an act that was held go again, in its place and under its id; or one that found too many
    photos kept, under a new one. False for any other.
    """
    act = find_act(store, command_id)
    if act is not None and (act.state, act.reason) == ("refused", TOO_MANY_PHOTOS):
        put_again(store, act)
        return True
    if act is None or act.state != "held":
        return False
    body = Body(act.name, act.payload, act.made_at)
    store.connection.execute(
        "UPDATE outbox SET state = 'waiting', acked = 0, sealed = ? WHERE position = ?",
        (_seal(store, act.id, body), act.position),
    )
    photo = photo_of(act)
    if photo is not None:
        release_photo(store, photo)
    return True


def send_held_again(store: Store) -> None:
    """As `send_again`, of every act that is held: another app may say it in less."""
    for act in list_acts(store):
        if act.state == "held":
            send_again(store, act.id)


def settle(store: Store) -> None:
    """Every stream is at its head: the rows show what was applied."""
    store.connection.execute("UPDATE outbox SET settled = 1 WHERE state = 'applied'")


def has_pending(store: Store) -> bool:
    """Whether an act is to be sent that waits for no photo."""
    return next(_ready(store), None) is not None


def acknowledged_sequence(store: Store) -> int:
    """Up to which number every outcome is kept here: the server may forget those."""
    (first_open,) = store.connection.execute(
        "SELECT min(sequence) FROM outbox WHERE state = 'sent'"
    ).fetchone()
    return store.find_number(_LAST) if first_open is None else int(first_open) - 1


def mark_acknowledged(store: Store, sequence: int) -> None:
    """The server heard that outcomes up to `sequence` are kept here."""
    store.connection.execute(
        "UPDATE outbox SET acked = 1 WHERE sequence <= ? AND state NOT IN ('waiting', 'sent')",
        (sequence,),
    )


def renumber(store: Store, expected: int) -> None:
    """Numbers what was sent and has no outcome anew, from what the server expects, in order.

    A restored server, a restored phone and a new installation all come to this. The ids stay, so
    nothing is done twice.
    """
    # Numbers that ended acts bear are the old count's: they are no longer asked for.
    store.connection.execute(
        "UPDATE outbox SET acked = 1, sequence = NULL WHERE state NOT IN ('waiting', 'sent')"
    )
    _renumber_pending(store, expected)


def _renumber_pending(store: Store, first: int) -> None:
    connection = store.connection
    pending = connection.execute(
        "SELECT position FROM outbox WHERE state = 'sent' ORDER BY sequence"
    ).fetchall()
    connection.execute("UPDATE outbox SET sequence = NULL WHERE state = 'sent'")
    for step, (position,) in enumerate(pending):
        connection.execute(
            "UPDATE outbox SET sequence = ? WHERE position = ?", (first + step, position)
        )
    store.set_number(_LAST, first + len(pending) - 1)


_SELECT = "SELECT position, command, sequence, state, settled, sealed FROM outbox"
_bodies = msgspec.msgpack.Decoder(Body)


def _act(
    store: Store, row: sqlite3.Row | tuple[int, bytes, int | None, ActState, int, bytes]
) -> Act:
    position, command, sequence, state, settled, sealed = row
    body = _bodies.decode(store.vault.open(f"outbox/{command.hex()}", sealed))
    return Act(
        position,
        UUID(bytes=command),
        sequence,
        state,
        bool(settled),
        body.name,
        body.payload,
        body.made_at,
        body.reason,
        body.words_ar,
        body.words_en,
    )


def _seal(store: Store, command_id: UUID, body: Body) -> bytes:
    return store.vault.seal(f"outbox/{command_id.hex}", msgspec.msgpack.encode(body))
