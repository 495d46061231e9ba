"""Photos and files on their way up: cut into chunks, kept sealed, sent until all are there.

A photo rests here until the server has the whole of it; a cut connection costs one chunk.
"""

import hashlib
from uuid import UUID, uuid4

from phone.store import Store
from phone.transport import Fault, Transport, TryLater

CHUNK_BYTES = 262_144
BLOB_BYTES_MAX = 20_971_520


class PhotoTooLarge(ValueError):
    """More than 20 MiB: nothing was kept."""


def keep_photo(store: Store, stream: bytes, body: bytes) -> UUID:
    """Keeps a photo for a card of a stream; its id, for the command that names it.

    Raises: PhotoTooLarge.
    """
    if not 0 < len(body) <= BLOB_BYTES_MAX:
        raise PhotoTooLarge(f"from 1 to {BLOB_BYTES_MAX} bytes")
    blob = uuid4()
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO photo (blob, stream, size, sha256, state) VALUES (?, ?, ?, ?, 'waiting')",
            (blob.bytes, stream, len(body), hashlib.sha256(body).digest()),
        )
        for n, start in enumerate(range(0, len(body), CHUNK_BYTES)):
            sealed = store.vault.seal(_place(blob, n), body[start : start + CHUNK_BYTES])
            connection.execute(
                "INSERT INTO photo_chunk (blob, n, sealed) VALUES (?, ?, ?)",
                (blob.bytes, n, sealed),
            )
    return blob


def photo_state(store: Store, blob: UUID) -> tuple[str, str]:
    """`waiting`, `sent` or `refused`, and why. Raises: KeyError for no photo of this phone."""
    row = store.connection.execute(
        "SELECT state, reason FROM photo WHERE blob = ?", (blob.bytes,)
    ).fetchone()
    if row is None:
        raise KeyError(blob)
    return str(row[0]), str(row[1])


async def send_photos(store: Store, transport: Transport) -> None:
    """Sends what waits, chunk by chunk. Raises: TryLater; what was sent is remembered."""
    waiting = store.connection.execute(
        "SELECT blob, stream, size, sha256 FROM photo WHERE state = 'waiting'"
    ).fetchall()
    for blob, stream, size, sha256 in waiting:
        try:
            await _send(store, transport, UUID(bytes=blob), UUID(bytes=stream), size, sha256)
        except TryLater:
            raise
        except Fault as fault:
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
            _end(store, blob.bytes, "sent", "")
            return


def _end(store: Store, blob: bytes, state: str, reason: str) -> None:
    """A photo that arrived needs no copy of its chunks here; a refused one keeps them."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE photo SET state = ?, reason = ? WHERE blob = ?", (state, reason, blob)
        )
        if state == "sent":
            connection.execute("DELETE FROM photo_chunk WHERE blob = ?", (blob,))


def _place(blob: UUID, n: int) -> str:
    return f"photo/{blob}/{n}"
