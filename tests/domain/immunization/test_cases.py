"""CDC's own cases: all pass but those that docs/immunization.md lists with their proof.

The case files are works of the United States government, in the public domain: part of CDSi's
test cases, healthy 4.45 (513 cases) and underlying conditions 4.6 (162 cases).
"""

from pathlib import Path

import pytest

from content.schedule.cases import CasesReport, run_cases
from content.schedule.packed import read_supporting_data

CASES = Path(__file__).parent / "cases"
DOCUMENT = Path(__file__).parents[3] / "docs" / "immunization.md"

DIFFERENT = {
    "cdsi-cases-healthy.csv": {"2018-0022"},
    "cdsi-cases-conditions.csv": {
        "2016-UC-0003",
        "2016-UC-0032",
        "2016-UC-0057",
        "2016-UC-0060",
        "2016-UC-0093",
        "2016-UC-0153",
        "2016-UC-0178",
        "2016-UC-0198",
        "2020-UC-0003",
        "2022-UC-0001",
        "2022-UC-0005",
        "2022-UC-0030",
        "2022-UC-0031",
        "2023-UC-0047",
        "2025-UC-0015",
    },
}
COUNTS = {"cdsi-cases-healthy.csv": 513, "cdsi-cases-conditions.csv": 162}


@pytest.fixture(scope="module", params=sorted(DIFFERENT))
def report(request: pytest.FixtureRequest) -> tuple[str, CasesReport]:
    name: str = request.param
    return name, run_cases(CASES / name, read_supporting_data())


def test_exactly_the_documented_cases_differ(report: tuple[str, CasesReport]) -> None:
    name, found = report
    assert len(found.results) == COUNTS[name]
    assert set(found.failed) == DIFFERENT[name]


def test_each_difference_is_explained_in_the_document(report: tuple[str, CasesReport]) -> None:
    name, found = report
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [case for case in found.failed if f"`{case}`" not in text] == []
    assert f"{COUNTS[name] - len(DIFFERENT[name])} of {COUNTS[name]}" in text


def test_the_report_ends_with_the_count_and_names_each_difference(
    report: tuple[str, CasesReport],
) -> None:
    name, found = report
    lines = found.render().splitlines()
    assert lines[-1] == f"{COUNTS[name] - len(DIFFERENT[name])} of {COUNTS[name]} cases"
    for case in DIFFERENT[name]:
        assert sum(line.startswith(f"{case} ") for line in lines) == 1
