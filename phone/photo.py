"""Photos on their way up: cut into chunks, kept sealed, sent until all are there.

A cut connection costs one chunk. A photo rests here until the act that names it is applied: the
server drops what no act names, and then the phone sends it once more (`phone/photo_act.py`).
"""

import hashlib
from uuid import UUID, uuid4

from phone.store import Store
from phone.transport import Fault, SignInRequired, TooLarge, Transport, TryLater

CHUNK_BYTES = 262_144
BLOB_BYTES_MAX = 20_971_520
_TOO_MANY, _TOO_LARGE = "blob.too_many", "blob.too_large"
_AGAIN = "again"  # why a photo waits that was sent before


class PhotoTooLarge(ValueError):
    """More than 20 MiB: nothing was kept."""


def keep_photo(store: Store, stream: bytes, body: bytes) -> UUID:
    """Keeps a photo for a card of a stream; its id, for the command that names it.

    Raises: PhotoTooLarge.
    """
    with store.transaction():
        return put_photo(store, stream, body)


def put_photo(store: Store, stream: bytes, body: bytes) -> UUID:
    """As `keep_photo`, as a part of a transaction. Raises: PhotoTooLarge."""
    if not 0 < len(body) <= BLOB_BYTES_MAX:
        raise PhotoTooLarge(f"from 1 to {BLOB_BYTES_MAX} bytes")
    blob = uuid4()
    store.connection.execute(
        "INSERT INTO photo (blob, stream, size, sha256, state) VALUES (?, ?, ?, ?, 'waiting')",
        (blob.bytes, stream, len(body), hashlib.sha256(body).digest()),
    )
    for n, start in enumerate(range(0, len(body), CHUNK_BYTES)):
        sealed = store.vault.seal(_place(blob, n), body[start : start + CHUNK_BYTES])
        store.connection.execute(
            "INSERT INTO photo_chunk (blob, n, sealed) VALUES (?, ?, ?)", (blob.bytes, n, sealed)
        )
    return blob


def photo_state(store: Store, blob: UUID) -> tuple[str, str]:
    """`waiting`, `sent`, `held` or `refused`, and why. Raises: KeyError for no photo of this
    phone.
    """
    row = store.connection.execute(
        "SELECT state, reason FROM photo WHERE blob = ?", (blob.bytes,)
    ).fetchone()
    if row is None:
        raise KeyError(blob)
    return str(row[0]), str(row[1])


def drop_photo(store: Store, blob: UUID) -> None:
    """Forgets a photo, as a part of a transaction: its act is done, or was taken back."""
    store.connection.execute("DELETE FROM photo_chunk WHERE blob = ?", (blob.bytes,))
    store.connection.execute("DELETE FROM photo WHERE blob = ?", (blob.bytes,))


def send_again(store: Store, blob: UUID) -> bool:
    """Has a photo that the server lost sent from its first chunk, as a part of a transaction; False
    where that was done before, or the photo is not here.
    """
    renewed = store.connection.execute(
        "UPDATE photo SET state = 'waiting', reason = ? WHERE blob = ? AND reason != ?",
        (_AGAIN, blob.bytes, _AGAIN),
    )
    store.connection.execute("UPDATE photo_chunk SET sent = 0 WHERE blob = ?", (blob.bytes,))
    return renewed.rowcount == 1


def release_photo(store: Store, blob: UUID) -> None:
    """Has a photo that was held go on, as a part of a transaction."""
    store.connection.execute(
        "UPDATE photo SET state = 'waiting' WHERE blob = ? AND state = 'held'", (blob.bytes,)
    )


async def send_photos(store: Store, transport: Transport) -> None:
    """Sends what waits, chunk by chunk. Raises: TryLater, SignInRequired; what was sent is
    remembered.
    """
    waiting = store.connection.execute(
        "SELECT blob, stream, size, sha256 FROM photo WHERE state = 'waiting'"
    ).fetchall()
    for blob, stream, size, sha256 in waiting:
        try:
            await _send(store, transport, UUID(bytes=blob), UUID(bytes=stream), size, sha256)
        except (TryLater, SignInRequired):
            raise
        except Fault as fault:
            if fault.code == _TOO_MANY:  # acts that name those before go first
                return
            if isinstance(fault, TooLarge) and fault.code != _TOO_LARGE:
                _end(store, blob, "held", None)  # no word of the server: a chunk was too large
                continue
            _end(store, blob, "refused", fault.code)


async def _send(
    store: Store, transport: Transport, blob: UUID, stream: UUID, size: int, sha256: bytes
) -> None:
    chunks = store.connection.execute(
        "SELECT n, sealed FROM photo_chunk WHERE blob = ? AND NOT sent ORDER BY n", (blob.bytes,)
    ).fetchall()
    for n, sealed in chunks:
        chunk = store.vault.open(_place(blob, n), sealed)
        answer = await transport.put_chunk(blob, n, chunk, stream=stream, size=size, sha256=sha256)
        with store.transaction() as connection:
            connection.executemany(
                "UPDATE photo_chunk SET sent = 1 WHERE blob = ? AND n = ?",
                [(blob.bytes, received) for received in answer.received],
            )
        if answer.complete:
            _end(store, blob.bytes, "sent", None)
            return


def _end(store: Store, blob: bytes, state: str, reason: str | None) -> None:
    """Its chunks stay. Without a reason the one that is there does."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE photo SET state = ?, reason = coalesce(?, reason) WHERE blob = ?",
            (state, reason, blob),
        )


def _place(blob: UUID, n: int) -> str:
    return f"photo/{blob}/{n}"
