"""Keeps a growth standard as one compressed file, and reads it back.

The file is gzip over JSON with no time of writing: the same tables give the same bytes. A column
is whole numbers, the first value and then each step to the next, divided by 10 to the power of
its decimals: neighbouring rows differ little, so 86,000 numbers fit in 23 kB.
"""

import gzip
import zlib
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path

import msgspec

from domain.growth.standard import GrowthTables, Indicator, LmsTable, Scale, TableSex

SHIPPED_WHO = Path(__file__).parents[1] / "packs" / "who" / "who-growth.json.gz"

PACKED_BYTES_MAX = 4 * 1024 * 1024
UNPACKED_BYTES_MAX = 16 * 1024 * 1024
ROWS_MAX = 10_000  # of one table; the longest has 1,857
_DECIMALS_MAX = 6  # a finer power than a millionth would drown in the rounding of floats


class GrowthTablesError(ValueError):
    """A file that holds no sound tables of growth; the message says which and why."""


class PackedColumn(msgspec.Struct, frozen=True, array_like=True):
    decimals: int
    steps: tuple[int, ...]


class PackedTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    indicator: Indicator
    sex: TableSex
    scale: Scale
    first: int
    step: int
    powers: PackedColumn
    medians: PackedColumn
    variations: PackedColumn


class PackedTables(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: str
    source: str
    tables: tuple[PackedTable, ...]


def pack_column(values: Sequence[Decimal]) -> PackedColumn:
    """Exact: the decimals as written are kept, so that no digit is lost or made up."""
    decimals = max((max(0, -int(value.as_tuple().exponent)) for value in values), default=0)
    whole = [int(value.scaleb(decimals)) for value in values]
    return PackedColumn(decimals, (whole[0], *(b - a for a, b in pairwise(whole))))


def pack_tables(tables: PackedTables) -> bytes:
    return gzip.compress(msgspec.json.encode(tables, order="deterministic"), mtime=0)


def read_growth_tables(file: Path = SHIPPED_WHO) -> GrowthTables:
    """The tables packed in `file`. Raises: GrowthTablesError when it holds anything else."""
    with file.open("rb") as source:
        packed = source.read(PACKED_BYTES_MAX + 1)
    if len(packed) > PACKED_BYTES_MAX:
        raise GrowthTablesError(f"{file.name} is larger than {PACKED_BYTES_MAX} bytes")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(packed, UNPACKED_BYTES_MAX)
        if not unpacker.eof:
            raise GrowthTablesError(f"{file.name} is cut short or unpacks to too much")
        found = msgspec.json.decode(body, type=PackedTables)
    except (zlib.error, msgspec.DecodeError) as error:
        raise GrowthTablesError(f"{file.name} holds no tables of growth: {error}") from error
    return GrowthTables(
        version=found.version,
        source=found.source,
        tables=tuple(_unpack(table) for table in found.tables),
    )


def _unpack(table: PackedTable) -> LmsTable:
    rows = len(table.medians.steps)
    if not 1 <= rows <= ROWS_MAX or table.step < 1:
        raise GrowthTablesError(f"{table.indicator} has {rows} rows of step {table.step}")
    for column in (table.powers, table.variations):
        if len(column.steps) != rows:
            raise GrowthTablesError(f"{table.indicator} has columns of different length")
    unpacked = LmsTable(
        indicator=table.indicator,
        sex=table.sex,
        scale=table.scale,
        first=table.first,
        step=table.step,
        powers=_values(table.powers),
        medians=_values(table.medians),
        variations=_values(table.variations),
    )
    for power, median, variation in zip(
        unpacked.powers, unpacked.medians, unpacked.variations, strict=True
    ):
        # Otherwise 3 standard deviations away there would be no measurement at all.
        if median <= 0 or variation <= 0 or abs(power) * variation * 3 >= 1:
            raise GrowthTablesError(f"{table.indicator} has a row that is no row of LMS")
    return unpacked


def _values(column: PackedColumn) -> tuple[float, ...]:
    if not 0 <= column.decimals <= _DECIMALS_MAX:
        raise GrowthTablesError(f"a column has {column.decimals} decimals")
    scale = 10**column.decimals
    return tuple(whole / scale for whole in accumulate(column.steps))
