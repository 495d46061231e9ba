"""WHO's own text tables of L, M and S, as its programs anthro and anthroplus publish them.

A directory holds the twelve files, tab-separated with a line of headings: `sex` (1 male, 2
female), `age` (days; months from five years) or `length` or `height` (centimetres), `l`, `m`, `s`;
a further column says how length was measured. Called by `content/growth/import_who.py`.

Source: World Health Organization, packages anthro and anthroplus, `data-raw/growthstandards`.
"""

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path

from domain.growth.packed_growth import GrowthTablesError, PackedTable, pack_column
from domain.growth.standard import Indicator, Scale, TableSex

TEXT_BYTES_MAX = 1024 * 1024  # the longest file has 0.12 MB
MM_PER_CM = 10

_SEXES: Mapping[TableSex, str] = {"male": "1", "female": "2"}

# Each file: its table, the column of its rows, its first and last row as the scale counts them.
_FILES: tuple[tuple[str, Indicator, Scale, str, int, int], ...] = (
    ("weianthro.txt", "weight_for_age", "day", "age", 0, 1856),
    ("lenanthro.txt", "length_for_age", "day", "age", 0, 1856),
    ("bmianthro.txt", "bmi_for_age", "day", "age", 0, 1856),
    ("hcanthro.txt", "head_for_age", "day", "age", 0, 1856),
    ("acanthro.txt", "arm_for_age", "day", "age", 91, 1856),
    ("tsanthro.txt", "triceps_for_age", "day", "age", 91, 1856),
    ("ssanthro.txt", "subscapular_for_age", "day", "age", 91, 1856),
    ("wflanthro.txt", "weight_for_length", "lying_mm", "length", 450, 1100),
    ("wfhanthro.txt", "weight_for_length", "standing_mm", "height", 650, 1200),
    ("wfawho2007.txt", "weight_for_age", "month", "age", 61, 120),
    ("hfawho2007.txt", "length_for_age", "month", "age", 61, 228),
    ("bfawho2007.txt", "bmi_for_age", "month", "age", 61, 228),
)

Rows = dict[int, tuple[Decimal, Decimal, Decimal]]
"""L, M and S by the row's place."""


def read_text_tables(directory: Path) -> Iterator[PackedTable]:
    """Every table of both sexes. Raises: GrowthTablesError, which names the file; OSError.

    WHO's files from five years on repeat a row before and after; these are left out.
    """
    for name, indicator, scale, column, first, last in _FILES:
        by_sex = _read(directory / name, column, is_length=scale not in ("day", "month"))
        for sex, written in _SEXES.items():
            rows = by_sex.get(written, {})
            places = [place for place in sorted(rows) if first <= place <= last]
            if places != list(range(first, last + 1)):
                raise GrowthTablesError(f"{name} has not each row from {first} to {last} ({sex})")
            powers, medians, variations = zip(*(rows[place] for place in places), strict=True)
            yield PackedTable(
                indicator=indicator,
                sex=sex,
                scale=scale,
                first=first,
                step=1,
                powers=pack_column(powers),
                medians=pack_column(medians),
                variations=pack_column(variations),
            )


def list_text_files(directory: Path) -> tuple[Path, ...]:
    """The files that `read_text_tables` reads, in its order."""
    return tuple(directory / name for name, *_ in _FILES)


def _read(path: Path, column: str, *, is_length: bool) -> dict[str, Rows]:
    """The rows of each sex as written. Raises: GrowthTablesError."""
    with path.open("rb") as file:
        body = file.read(TEXT_BYTES_MAX + 1)
    if len(body) > TEXT_BYTES_MAX:
        raise GrowthTablesError(f"{path.name} is larger than {TEXT_BYTES_MAX} bytes")
    try:
        lines = csv.DictReader(StringIO(body.decode("ascii")), delimiter="\t")
        if not {"sex", column, "l", "m", "s"} <= set(lines.fieldnames or ()):
            raise GrowthTablesError(f"{path.name} lacks a column: sex, {column}, l, m, s")
        found: dict[str, Rows] = {}
        for line in lines:
            place, row = _row(line, column, is_length=is_length)
            if found.setdefault(line["sex"], {}).setdefault(place, row) is not row:
                raise GrowthTablesError(f"{path.name}, line {lines.line_num}: the row stands twice")
    except (UnicodeDecodeError, InvalidOperation, ValueError, TypeError) as error:
        if isinstance(error, GrowthTablesError):
            raise
        raise GrowthTablesError(f"{path.name} is not a table of numbers") from error
    return found


def _row(
    line: dict[str, str], column: str, *, is_length: bool
) -> tuple[int, tuple[Decimal, Decimal, Decimal]]:
    place = Decimal(line[column]) * (MM_PER_CM if is_length else 1)
    numbers = (Decimal(line["l"]), Decimal(line["m"]), Decimal(line["s"]))
    if place != int(place) or not all(number.is_finite() for number in numbers):
        raise ValueError(column)
    return int(place), numbers
