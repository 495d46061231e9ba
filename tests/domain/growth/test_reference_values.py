"""WHO's own results: every value is equal at two decimals, and no difference is left.

The files are test oracles; `cases/README.md` says where they come from.
"""

from pathlib import Path

import pytest

from content.growth.cases import GrowthCasesReport, run_growth_cases
from content.growth.packed import read_growth_tables

CASES = Path(__file__).parent / "cases"
DOCUMENT = Path(__file__).parents[3] / "docs" / "growth.md"

COUNTS = {
    "igrowup_survey_z_st.csv": {
        "length": 231,
        "bmi": 230,
        "weight_for_age": 239,
        "length_for_age": 231,
        "weight_for_length": 227,
        "bmi_for_age": 227,
        "head_for_age": 44,
        "arm_for_age": 219,
        "triceps_for_age": 217,
        "subscapular_for_age": 215,
        "weight_for_age flag": 239,
        "length_for_age flag": 231,
        "weight_for_length flag": 227,
        "bmi_for_age flag": 227,
        "head_for_age flag": 44,
        "arm_for_age flag": 219,
        "triceps_for_age flag": 217,
        "subscapular_for_age flag": 215,
    },
    "anthroplus_survey_who2007_z.csv": {
        "bmi": 456,
        "weight_for_age": 122,
        "length_for_age": 456,
        "bmi_for_age": 453,
        "weight_for_age flag": 122,
        "length_for_age flag": 456,
        "bmi_for_age flag": 453,
    },
    "test_dataset.csv": {
        "bmi": 2827,
        "weight_for_age": 2601,
        "length_for_age": 2721,
        "weight_for_length": 2209,
        "bmi_for_age": 2760,
        "head_for_age": 2120,
    },
}


@pytest.fixture(scope="module", params=sorted(COUNTS))
def report(request: pytest.FixtureRequest) -> tuple[str, GrowthCasesReport]:
    name: str = request.param
    return name, run_growth_cases(CASES / name, read_growth_tables())


def test_every_value_is_equal(report: tuple[str, GrowthCasesReport]) -> None:
    name, found = report
    assert found.differences == ()
    assert found.compared == COUNTS[name]


def test_the_report_ends_with_the_count_that_the_document_tells(
    report: tuple[str, GrowthCasesReport],
) -> None:
    name, found = report
    count = sum(COUNTS[name].values())
    assert found.render().splitlines()[-1] == f"{count} of {count} values"
    assert f"{count:,} of {count:,}" in DOCUMENT.read_text(encoding="utf-8")
