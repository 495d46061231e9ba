"""The tables of a growth standard as typed values, and the look-up of one row.

The values come from the catalogue (`content/packs/who/`); nothing here knows an age or a length.
"""

from collections.abc import Mapping
from math import floor
from typing import Literal

import msgspec

from domain.growth.lms import Lms

TableSex = Literal["female", "male"]
Indicator = Literal[
    "weight_for_age",
    "length_for_age",
    "weight_for_length",
    "bmi_for_age",
    "head_for_age",
    "arm_for_age",
    "triceps_for_age",
    "subscapular_for_age",
]
# What the rows of a table are counted in. Length lying and standing are tables of their own.
Scale = Literal["day", "month", "lying_mm", "standing_mm"]


class LmsTable(msgspec.Struct, frozen=True, kw_only=True):
    """Rows for one sex, `step` apart from `first` on; three columns of one length."""

    indicator: Indicator
    sex: TableSex
    scale: Scale
    first: int
    step: int
    powers: tuple[float, ...]
    medians: tuple[float, ...]
    variations: tuple[float, ...]

    @property
    def last(self) -> int:
        return self.first + self.step * (len(self.medians) - 1)


class GrowthTables(msgspec.Struct, frozen=True, kw_only=True):
    """All tables of a standard, with where they come from."""

    version: str
    source: str
    tables: tuple[LmsTable, ...]


class GrowthStandard(msgspec.Struct, frozen=True):
    """The same tables, found by what they are for. Made once for each version."""

    version: str
    found: Mapping[tuple[Indicator, TableSex, Scale], LmsTable]

    def find_lms(
        self, indicator: Indicator, sex: TableSex, scale: Scale, *, at: float
    ) -> Lms | None:
        """The row at `at`, or what lies between two rows in proportion; None outside the table."""
        table = self.found.get((indicator, sex, scale))
        return None if table is None else _row(table, at)

    def find_table(self, indicator: Indicator, sex: TableSex, scale: Scale) -> LmsTable | None:
        return self.found.get((indicator, sex, scale))


def make_standard(tables: GrowthTables) -> GrowthStandard:
    return GrowthStandard(
        tables.version,
        {(table.indicator, table.sex, table.scale): table for table in tables.tables},
    )


def _row(table: LmsTable, at: float) -> Lms | None:
    # Rounded: 110.0 cm in millimetres must not fall behind the last row by a bit of a float.
    place = round((at - table.first) / table.step, 9)
    low = floor(place)
    part = place - low
    if low == len(table.medians) - 1 and table.scale == "month":
        # The last month counts until it is over: ages up to, not including, 121 and 229 months.
        # Source: WHO R package anthroplus 1.1.0; igrowup 2007 does the same.
        part = 0
    if low < 0 or low + part > len(table.medians) - 1:
        return None
    if part == 0:
        return Lms(table.powers[low], table.medians[low], table.variations[low])
    return Lms(
        _between(table.powers, low, part),
        _between(table.medians, low, part),
        _between(table.variations, low, part),
    )


def _between(column: tuple[float, ...], low: int, part: float) -> float:
    return column[low] + part * (column[low + 1] - column[low])
