"""Keeps a growth standard as one compressed file, and reads it back.

The file is gzip over JSON with no time of writing: the same tables give the same bytes. Their form
is that in which they are published, too (`domain/growth/packed_growth.py`).
"""

import gzip
import zlib
from pathlib import Path

import msgspec

from domain.growth.packed_growth import GrowthTablesError, PackedTables, unpack_growth
from domain.growth.standard import GrowthTables

SHIPPED_WHO = Path(__file__).parents[1] / "packs" / "who" / "who-growth.json.gz"

PACKED_BYTES_MAX = 4 * 1024 * 1024
UNPACKED_BYTES_MAX = 16 * 1024 * 1024


def pack_tables(tables: PackedTables) -> bytes:
    return gzip.compress(msgspec.json.encode(tables, order="deterministic"), mtime=0)


def read_growth_tables(file: Path = SHIPPED_WHO) -> GrowthTables:
    """The tables packed in `file`. Raises: GrowthTablesError when it holds anything else."""
    return unpack_growth(read_packed_growth(file))


def read_packed_growth(file: Path = SHIPPED_WHO) -> PackedTables:
    """What `file` packs, still packed. Raises: GrowthTablesError when it holds anything else."""
    with file.open("rb") as source:
        packed = source.read(PACKED_BYTES_MAX + 1)
    if len(packed) > PACKED_BYTES_MAX:
        raise GrowthTablesError(f"{file.name} is larger than {PACKED_BYTES_MAX} bytes")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(packed, UNPACKED_BYTES_MAX)
        if not unpacker.eof:
            raise GrowthTablesError(f"{file.name} is cut short or unpacks to too much")
        return msgspec.json.decode(body, type=PackedTables)
    except (zlib.error, msgspec.DecodeError) as error:
        raise GrowthTablesError(f"{file.name} holds no tables of growth: {error}") from error
