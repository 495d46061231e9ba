"""The phone's one SQLite file: rows as pulled, and everything else sealed by the vault.

A transaction is the unit of everything: an answer's rows and its cursor, an act and its place in
the outbox. `synchronous=FULL`: what the owner was told is done survives the battery.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phone.vault import Vault

SCHEMA_VERSION = 1
BUSY_SECONDS = 10  # another process of this phone: a push that woke it while the app is open

_TABLES = """
CREATE TABLE setting (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE stream (
    stream BLOB PRIMARY KEY,
    cursor BLOB,             -- opaque; NULL: to be loaded from the beginning
    load INTEGER NOT NULL,   -- raised by each start from the beginning
    complete INTEGER NOT NULL DEFAULT 0,
    restarted_on TEXT,       -- the day of the last start over because it did not fit
    unreadable INTEGER NOT NULL DEFAULT 0, -- a row did not open: ask for the keys again
    alarm INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE stream_key (
    stream BLOB, epoch INTEGER, sealed BLOB NOT NULL, PRIMARY KEY (stream, epoch)
) WITHOUT ROWID;
CREATE TABLE record (
    stream BLOB, key BLOB, number INTEGER NOT NULL, load INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (stream, key)
) WITHOUT ROWID;
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    command BLOB NOT NULL UNIQUE,
    sequence INTEGER UNIQUE, -- given when first sent; NULL before, and for what never was
    state TEXT NOT NULL,
    acked INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0, -- the rows that follow from it are here
    sealed BLOB NOT NULL
);
CREATE INDEX outbox_state ON outbox (state, position);
CREATE TABLE shown (name BLOB PRIMARY KEY, shown_on TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE photo (
    blob BLOB PRIMARY KEY, stream BLOB NOT NULL, size INTEGER NOT NULL, sha256 BLOB NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE photo_chunk (
    blob BLOB, n INTEGER, sent INTEGER NOT NULL DEFAULT 0, sealed BLOB NOT NULL,
    PRIMARY KEY (blob, n)
) WITHOUT ROWID;
CREATE TABLE service (
    locale TEXT, id TEXT, version INTEGER, revision INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (locale, id, version)
) WITHOUT ROWID;
"""


class Store:
    """The database of one phone. `path` None keeps it in memory."""

    def __init__(self, path: Path | None, vault: Vault) -> None:
        self.vault = vault
        self.path = path
        self.connection = sqlite3.connect(
            path if path is not None else ":memory:", timeout=BUSY_SECONDS, isolation_level=None
        )
        if path is not None:
            path.chmod(0o600)
            self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("PRAGMA secure_delete=ON")
        with self.transaction() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _TABLES.split(";\n"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def close(self) -> None:
        """Close the file; everything committed is durable already."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or none, however the process ends."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def find_setting(self, name: str) -> bytes | None:
        """A setting's value, opened, or None."""
        row = self.connection.execute(
            "SELECT sealed FROM setting WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else self.vault.open(f"setting/{name}", row[0])

    def set_setting(self, name: str, value: bytes) -> None:
        """Keeps a setting. Inside a transaction it is part of it."""
        self.connection.execute(
            "INSERT OR REPLACE INTO setting VALUES (?, ?)",
            (name, self.vault.seal(f"setting/{name}", value)),
        )

    def find_number(self, name: str, default: int = 0) -> int:
        """A setting that is a number."""
        value = self.find_setting(name)
        return default if value is None else int.from_bytes(value, "big", signed=True)

    def set_number(self, name: str, value: int) -> None:
        """Keeps a number."""
        self.set_setting(name, value.to_bytes(8, "big", signed=True))

    def forget_everything(self) -> None:
        """What a wipe leaves: an empty database, its pages overwritten (`secure_delete`)."""
        with self.transaction() as connection:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall():
                connection.execute(f"DELETE FROM {name}")  # noqa: S608 -- a table of ours
        if self.path is not None:
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
