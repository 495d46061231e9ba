"""The runner of case files counts what differs, and refuses what is no case file."""

import csv
from pathlib import Path

import pytest

from content.schedule.cases import run_cases
from content.schedule.packed import read_supporting_data
from content.schedule.xml_text import ScheduleError

DATA = read_supporting_data()
CASES = Path(__file__).parents[1] / "domain" / "immunization" / "cases" / "cdsi-cases-healthy.csv"
ROWS = list(csv.DictReader(CASES.read_text(encoding="utf-8-sig").splitlines()))


def write(directory: Path, row: dict[str, str]) -> Path:
    file = directory / "cases.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(row))
        writer.writeheader()
        writer.writerow(row)
    return file


def test_a_case_passes_and_fails_by_each_thing_it_expects(tmp_path: Path) -> None:
    row = next(row for row in ROWS if row["Evaluation_Reason_1"] and row["Past_Due_Date"])
    assert run_cases(write(tmp_path, row), DATA).failed == ()
    for field, value in (
        ("Series_Status", "Immune"),
        ("Forecast_#", "9"),
        ("Earliest_Date", "1999-01-01"),
        ("Recommended_Date", "1999-01-01"),
        ("Past_Due_Date", ""),
        ("Evaluation_Status_1", "Valid"),
        ("Evaluation_Reason_1", "Age: Too Old"),
    ):
        report = run_cases(write(tmp_path, row | {field: value}), DATA)
        assert [item.field for item in report.results[0].differences] == [field]
        assert report.render().splitlines()[-1] == "0 of 1 cases"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("DOB", "soon"),
        ("Vaccine_Group", "Lemon"),
        ("Assessment_Date", ""),
        ("Date_Administered_1", "x"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, field: str, value: str) -> None:
    with pytest.raises(ScheduleError, match="row 1"):
        run_cases(write(tmp_path, ROWS[5] | {field: value}), DATA)


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    for body in ("", "name,age\nx,3\n"):
        file.write_text(body)
        with pytest.raises(ScheduleError, match="not a file of cases"):
            run_cases(file, DATA)
