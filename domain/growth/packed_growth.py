"""A growth standard as it is published: 86,000 numbers in some 23 kB.

A column is whole numbers, the first value and then each step to the next, divided by 10 to the
power of its decimals: neighbouring rows differ little. `content` packs what WHO publishes,
`domain/compile/schedule.py` reads it back.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, pairwise

import msgspec

from domain.growth.standard import GrowthTables, Indicator, LmsTable, Scale, TableSex

ROWS_MAX = 10_000  # of one table; the longest has 1,857
_DECIMALS_MAX = 6  # a finer power than a millionth would drown in the rounding of floats


class GrowthTablesError(ValueError):
    """No sound tables of growth; the message says which and why."""


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


def unpack_growth(packed: PackedTables) -> GrowthTables:
    """The tables with their values. Raises: GrowthTablesError when they can be no tables of LMS."""
    tables = tuple(_unpack(table) for table in packed.tables)
    if len({(table.indicator, table.sex, table.scale) for table in tables}) != len(tables):
        raise GrowthTablesError("two tables are for the same")
    return GrowthTables(version=packed.version, source=packed.source, tables=tables)


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
