"""The runner of measured children counts what differs, and refuses what it does not know."""

import csv
from pathlib import Path

import pytest

from content.growth.cases import main, run_growth_cases
from content.growth.packed import read_growth_tables
from domain.growth.packed_growth import GrowthTablesError

TABLES = read_growth_tables()
CASES = Path(__file__).parents[1] / "domain" / "growth" / "cases"


def rows_of(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((CASES / name).read_text(encoding="utf-8-sig").splitlines()))


def write(directory: Path, rows: list[dict[str, str]]) -> Path:
    file = directory / "cases.csv"
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


ROW = rows_of("igrowup_survey_z_st.csv")[0]


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("_ZWEI", "-0.73", "weight_for_age"),
        ("_ZLEN", "", "length_for_age"),
        ("_ZAC", "1", "arm_for_age"),
        ("_CBMI", "16.05", "bmi"),
        ("_CLENHEI", "67.7", "length"),
        ("_FWFL", "1", "weight_for_length flag"),
        ("_ZHC", "0", "head_for_age"),  # no head was measured
    ],
)
def test_each_value_that_differs_is_named(
    tmp_path: Path, column: str, value: str, field: str
) -> None:
    whole = run_growth_cases(write(tmp_path, [ROW]), TABLES)
    assert whole.differences == ()
    report = run_growth_cases(write(tmp_path, [ROW | {column: value}]), TABLES)
    assert [(item.row, item.field) for item in report.differences] == [(1, field)]
    count = sum(report.compared.values())
    assert report.render().splitlines()[-1] == f"{count - 1} of {count} values"
    assert report.render().startswith(f"row 1 {field}: ")


def test_equal_means_two_decimals(tmp_path: Path) -> None:
    rows = [ROW | {"_ZWEI": "-0.7249"}, ROW | {"_ZWEI": "-0.7251"}]
    report = run_growth_cases(write(tmp_path, rows), TABLES)
    assert [item.row for item in report.differences] == [2]


def test_a_file_without_flags_leaves_out_what_is_implausible(tmp_path: Path) -> None:
    row = next(row for row in rows_of("test_dataset.csv") if row["_zhc"])
    wrong = row | {"head": "150", "_zhc": ""}
    assert run_growth_cases(write(tmp_path, [wrong]), TABLES).differences == ()
    right = row | {"_zhc": ""}
    report = run_growth_cases(write(tmp_path, [right]), TABLES)
    assert [item.field for item in report.differences] == ["head_for_age"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("_agedays", "young"), ("_agedays", ""), ("GENDER", "3"), ("WEIGHT", "x"), ("measure", "q")],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, column: str, value: str) -> None:
    with pytest.raises(GrowthTablesError, match="row 2"):
        run_growth_cases(write(tmp_path, [ROW, ROW | {column: value}]), TABLES)


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    for body in (b"", b"name,age\n", b"name,age\nx,3\n", b"\xff\xfe\x00"):
        file.write_bytes(body)
        with pytest.raises(GrowthTablesError, match=r"other\.csv"):
            run_growth_cases(file, TABLES)


def test_the_command_fails_when_a_value_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(write(tmp_path, [ROW]))]) == 0
    assert main([str(write(tmp_path, [ROW | {"_ZWEI": "3"}]))]) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith(" values")
