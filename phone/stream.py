"""Streams as the phone holds them: pages applied, closed streams deleted, digests compared.

Every function works inside a transaction of the store that its caller opened, so that an answer's
rows and cursors are one commit.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date

from phone.envelope import EnvelopeBroken, HeldRow, StreamKeys
from phone.store import Store
from phone.wire import Page, Row, split_rows

DIGEST_BYTES = 8


def cursors(store: Store) -> dict[bytes, bytes]:
    """The cursor of every stream that has one."""
    return dict(
        store.connection.execute("SELECT stream, cursor FROM stream WHERE cursor IS NOT NULL")
    )


def held_streams(store: Store) -> frozenset[bytes]:
    """Every stream of which anything is held."""
    return frozenset(stream for (stream,) in store.connection.execute("SELECT stream FROM stream"))


def held_rows(store: Store) -> Iterator[HeldRow]:
    """Every live row of every stream."""
    for row in store.connection.execute("SELECT stream, key, number, sealed FROM record"):
        yield HeldRow(*row)


def is_complete(store: Store) -> bool:
    """Whether every stream was at its head when last heard of."""
    (behind,) = store.connection.execute(
        "SELECT count(*) FROM stream WHERE NOT complete"
    ).fetchone()
    return bool(behind == 0)


def alarmed_streams(store: Store) -> frozenset[bytes]:
    """Streams that did not fit twice in one day: a person must look."""
    return frozenset(
        stream for (stream,) in store.connection.execute("SELECT stream FROM stream WHERE alarm")
    )


def apply_page(store: Store, keys: StreamKeys, stream: bytes, page: Page, today: date) -> None:
    """Puts a page onto what is held.

    A row counts only if its number is not lower than the one held of this load. After a reset the
    old rows stay readable until the new load is at the head; then what it did not bring goes.
    Raises: Malformed.
    """
    connection = store.connection
    found = connection.execute("SELECT load FROM stream WHERE stream = ?", (stream,)).fetchone()
    load = 1 if found is None else found[0] + (1 if page.reset is not None else 0)
    connection.execute(
        "INSERT INTO stream (stream, cursor, load) VALUES (?, ?, ?) ON CONFLICT (stream)"
        " DO UPDATE SET cursor = excluded.cursor, load = excluded.load, complete = 0",
        (stream, page.next, load),
    )
    if page.reset is not None:
        connection.execute("UPDATE stream SET unreadable = 0 WHERE stream = ?", (stream,))
    for row in split_rows(page.rows):
        _apply_row(store, keys, stream, row, load)
    if not page.more:
        _arrive(store, stream, page, load, today)


def close_stream(store: Store, stream: bytes) -> None:
    """Deletes a stream's rows and keys: its owner may no longer see them."""
    for table in ("record", "stream_key", "stream"):
        statement = f"DELETE FROM {table} WHERE stream = ?"  # noqa: S608 -- one of those above
        store.connection.execute(statement, (stream,))


def start_over(store: Store, stream: bytes) -> None:
    """Forgets the cursor: the next request loads the stream from its beginning."""
    store.connection.execute(
        "UPDATE stream SET cursor = NULL, complete = 0 WHERE stream = ?", (stream,)
    )


def digest_of(rows: Iterable[tuple[bytes, int]]) -> bytes:
    """XOR over (key, number) of the first 64 bits of SHA-256(key | number)."""
    digest = 0
    for key, number in rows:
        hashed = hashlib.sha256(key + number.to_bytes(8, "big")).digest()
        digest ^= int.from_bytes(hashed[:DIGEST_BYTES], "big")
    return digest.to_bytes(DIGEST_BYTES, "big")


def _apply_row(store: Store, keys: StreamKeys, stream: bytes, row: Row, load: int) -> None:
    connection = store.connection
    if row.sealed is None:
        connection.execute(
            "DELETE FROM record WHERE stream = ? AND key = ? AND (load < ? OR number <= ?)",
            (stream, row.key, load, row.number),
        )
        return
    try:
        keys.open(HeldRow(stream, row.key, row.number, row.sealed))
    except EnvelopeBroken:
        connection.execute("UPDATE stream SET unreadable = 1 WHERE stream = ?", (stream,))
        return
    connection.execute(
        "INSERT INTO record (stream, key, number, load, sealed) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (stream, key) DO UPDATE SET number = excluded.number,"
        " load = excluded.load, sealed = excluded.sealed"
        " WHERE record.load < excluded.load OR record.number <= excluded.number",
        (stream, row.key, row.number, load, row.sealed),
    )


def _arrive(store: Store, stream: bytes, page: Page, load: int, today: date) -> None:
    """At the head: what no page of this load brought goes; then everything must fit."""
    connection = store.connection
    connection.execute("DELETE FROM record WHERE stream = ? AND load < ?", (stream, load))
    connection.execute("UPDATE stream SET complete = 1 WHERE stream = ?", (stream,))
    held = connection.execute(
        "SELECT key, number FROM record WHERE stream = ?", (stream,)
    ).fetchall()
    restarted_on, unreadable = connection.execute(
        "SELECT restarted_on, unreadable FROM stream WHERE stream = ?", (stream,)
    ).fetchone()
    fits = page.digest in (None, digest_of(held)) and page.count in (None, len(held))
    if fits and not unreadable:
        connection.execute("UPDATE stream SET alarm = 0 WHERE stream = ?", (stream,))
    elif restarted_on == today.isoformat():
        connection.execute("UPDATE stream SET alarm = 1 WHERE stream = ?", (stream,))
    else:
        start_over(store, stream)
        connection.execute(
            "UPDATE stream SET restarted_on = ? WHERE stream = ?", (today.isoformat(), stream)
        )
