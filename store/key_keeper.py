"""KeyKeeper: who holds the master key. A file for development, a KMS in production.

The house asks it at its start (to unwrap the shard keys), never on a family's path.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from uuid import UUID

from store.seal import KEY_BYTES, Place, new_key, open_, seal, sealing_key

MASTER_OWNER = UUID(int=0)
PRIVATE_MODE = 0o600


class KeyKeeper(Protocol):
    """Wraps and unwraps small keys under the master key, which never leaves it."""

    def wrap(self, name: bytes, key: bytes) -> bytes:
        """`key` wrapped, bound to its 16-byte name."""
        ...

    def unwrap(self, name: bytes, wrapped: bytes) -> bytes:
        """The key wrapped under that name. Raises: SealBroken."""
        ...


class FileKeyKeeper:
    """The development keeper: 32 bytes in a 0600 file. Production refuses it."""

    def __init__(self, path: Path) -> None:
        """Reads the key, or makes it on first use.

        Raises: PermissionError when others may read the file; ValueError when it is not a key.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
        if path.stat().st_mode & 0o077:
            raise PermissionError(f"{path}: others may read the master key; chmod 600 it")
        master = path.read_bytes()
        if len(master) != KEY_BYTES:
            raise ValueError(f"{path}: not a master key of {KEY_BYTES} bytes; restore it")
        self._key = sealing_key(master, "master")

    def wrap(self, name: bytes, key: bytes) -> bytes:
        return seal(self._key, Place(MASTER_OWNER, name), key)

    def unwrap(self, name: bytes, wrapped: bytes) -> bytes:
        return open_(self._key, Place(MASTER_OWNER, name), wrapped)


def _make_key(path: Path) -> None:
    """Writes a fresh key whole, then names it: of two processes that race, one's key is kept."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(
        os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_MODE), "wb"
    ) as file:
        file.write(new_key())
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
