"""Writes imported tables: whole or not at all, once, and only if they are the ones expected.

Both importers (`content/schedule/import_cdsi.py`, `content/growth/import_who.py`) end here.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable
from pathlib import Path


class ImportRefused(ValueError):
    """The tables are not those that were expected; the message says both hashes."""


def write_tables(
    file: Path, packed: bytes, *, sources: Iterable[Path], expected_sha256: str | None
) -> str:
    """Writes `packed` by one rename, unless `file` holds the same; says which, with hashes.

    The hash is of what is packed: another version of zlib packs the same into other bytes.

    Raises: ImportRefused when `packed` has another hash than expected; OSError.
    """
    found = hashlib.sha256(gzip.decompress(packed)).hexdigest()
    if expected_sha256 is not None and found != expected_sha256.strip().lower():
        raise ImportRefused(
            f"{file.name} is not written: the tables have sha-256 {found}, expected was "
            f"{expected_sha256}. Check that the source is the published one and whole."
        )
    if _hash_of(file) == found:
        said = "unchanged"
    else:
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.write_bytes(packed)
        draft.replace(file)
        said = "written"
    read = hashlib.sha256()
    for source in sources:
        read.update(hashlib.sha256(source.read_bytes()).digest())
    return f"{said}, sha-256 {found}, from sources {read.hexdigest()[:16]}"


def _hash_of(file: Path) -> str | None:
    """Of what a file packs; None when it is not there, or packs nothing."""
    try:
        return hashlib.sha256(gzip.decompress(file.read_bytes())).hexdigest()
    except (EOFError, OSError, zlib.error):
        return None
