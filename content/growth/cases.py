"""Runs files of measured children against a standard, and names each value that differs.

`osrati growth --cases FILE.csv` calls `run_growth_cases`. A row is a child at one measurement with
the results of a reference program beside it; each file is told by its own columns. A value counts
when it is equal at two decimals; nothing here knows any row.
"""

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec

from content.growth.packed import read_growth_tables
from domain.calendar_date import Sex
from domain.growth.age import GrowthAge, age_of_days, age_of_months
from domain.growth.assess import GrowthAssessment, assess_at_age
from domain.growth.child import Measurement, Position
from domain.growth.packed_growth import GrowthTablesError
from domain.growth.standard import GrowthStandard, GrowthTables, Indicator, make_standard

CASES_MAX = 50_000
FILE_BYTES_MAX = 32 * 1024 * 1024
_DECIMALS = 2

_SEXES: dict[str, Sex] = {"1": "male", "2": "female", "male": "male", "female": "female"}
_POSITIONS: dict[str, Position | None] = {"l": "lying", "h": "standing", "": None}
_SOME_DAY = date(2000, 1, 1)  # the files tell ages; the day itself means nothing to the calculator


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Which column holds what. `scores` and `flags` may name several columns for one indicator:
    the one that is filled counts."""

    name: str
    sex: str
    age_days: str | None = None
    age_months: str | None = None
    weight: str
    length: str
    position: str | None = None
    head: str | None = None
    arm: str | None = None
    triceps: str | None = None
    subscapular: str | None = None
    oedema: str | None = None
    converted_length: str | None = None
    bmi: str
    scores: tuple[tuple[Indicator, tuple[str, ...]], ...]
    flags: tuple[tuple[Indicator, str], ...] = ()


LAYOUTS = (
    Layout(
        name="igrowup",
        sex="GENDER",
        age_days="_agedays",
        weight="WEIGHT",
        length="HEIGHT",
        position="measure",
        head="HEAD",
        arm="MUAC",
        triceps="TRI",
        subscapular="SUB",
        oedema="oedema",
        converted_length="_CLENHEI",
        bmi="_CBMI",
        scores=(
            ("weight_for_age", ("_ZWEI",)),
            ("length_for_age", ("_ZLEN",)),
            ("weight_for_length", ("_ZWFL",)),
            ("bmi_for_age", ("_ZBMI",)),
            ("head_for_age", ("_ZHC",)),
            ("arm_for_age", ("_ZAC",)),
            ("triceps_for_age", ("_ZTS",)),
            ("subscapular_for_age", ("_ZSS",)),
        ),
        flags=(
            ("weight_for_age", "_FWEI"),
            ("length_for_age", "_FLEN"),
            ("weight_for_length", "_FWFL"),
            ("bmi_for_age", "_FBMI"),
            ("head_for_age", "_FHC"),
            ("arm_for_age", "_FAC"),
            ("triceps_for_age", "_FTS"),
            ("subscapular_for_age", "_FSS"),
        ),
    ),
    Layout(
        name="anthroplus",
        sex="sex",
        age_months="age.mo",
        weight="weight",
        length="height",
        oedema="oedema",
        bmi="cbmi",
        scores=(
            ("weight_for_age", ("zwfa",)),
            ("length_for_age", ("zhfa",)),
            ("bmi_for_age", ("zbfa",)),
        ),
        flags=(("weight_for_age", "fwfa"), ("length_for_age", "fhfa"), ("bmi_for_age", "fbfa")),
    ),
    Layout(
        name="both standards",
        sex="sex",
        age_months="_agemons",
        weight="weight",
        length="height",
        head="head",
        bmi="_cbmi",
        scores=(
            ("weight_for_age", ("_zwei", "_zwfa")),
            ("length_for_age", ("_zlen", "_zhfa")),
            ("weight_for_length", ("_zwfl",)),
            ("bmi_for_age", ("_zbmi", "_zbfa")),
            ("head_for_age", ("_zhc",)),
        ),
    ),
)


class ValueDifference(msgspec.Struct, frozen=True):
    """`row` counts from 1 after the header."""

    row: int
    field: str
    expected: str
    found: str


class GrowthCasesReport(msgspec.Struct, frozen=True):
    """How many values were compared for each field, and those that differ, in the file's order."""

    layout: str
    compared: Mapping[str, int]
    differences: tuple[ValueDifference, ...]

    @property
    def passed(self) -> int:
        return sum(self.compared.values()) - len(self.differences)

    def render(self) -> str:
        """The differences, then a line for each field; the last line is `N of M values`."""
        lines = [
            f"row {item.row} {item.field}: {item.found}, not {item.expected}"
            for item in self.differences
        ]
        for field, count in self.compared.items():
            wrong = sum(item.field == field for item in self.differences)
            lines.append(f"{field:32}{f'{count - wrong}/{count}':>14}")
        return "\n".join([*lines, f"{self.passed} of {sum(self.compared.values())} values"])


def run_growth_cases(path: Path, tables: GrowthTables) -> GrowthCasesReport:
    """Compares each row of the CSV at `path`. Raises: GrowthTablesError for any other file."""
    with path.open("rb") as source:
        body = source.read(FILE_BYTES_MAX + 1)
    if len(body) > FILE_BYTES_MAX:
        raise GrowthTablesError(f"{path.name} is larger than {FILE_BYTES_MAX} bytes")
    try:
        rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise GrowthTablesError(f"{path.name} is not a CSV: {error}") from error
    if not 1 <= len(rows) <= CASES_MAX:
        raise GrowthTablesError(f"{path.name} has {len(rows)} rows, not 1 to {CASES_MAX}")
    for layout in LAYOUTS:
        if _columns(layout) <= set(rows[0]):
            return check_rows(rows, layout, make_standard(tables))
    raise GrowthTablesError(f"{path.name} has the columns of no known file of measured children")


def check_rows(
    rows: Iterable[Mapping[str, str]], layout: Layout, standard: GrowthStandard
) -> GrowthCasesReport:
    """Raises: GrowthTablesError naming the row that cannot be read."""
    compared: dict[str, int] = {}
    differences: list[ValueDifference] = []
    for number, row in enumerate(rows, start=1):
        try:
            answer = _assess(row, layout, standard)
            values = _list_values(row, layout, answer)
        except (KeyError, ValueError, TypeError) as error:
            raise GrowthTablesError(f"row {number} cannot be read: {error!r}") from error
        for field, expected, found in values:
            if expected is None and found is None:
                continue
            compared[field] = compared.get(field, 0) + 1
            if expected is None or found is None or _differ(expected, found):
                differences.append(ValueDifference(number, field, _words(expected), _words(found)))
    return GrowthCasesReport(layout.name, compared, tuple(differences))


def _columns(layout: Layout) -> set[str]:
    single = (getattr(layout, field.name) for field in msgspec.structs.fields(Layout)[1:])
    return {
        *(name for name in single if isinstance(name, str)),
        *(name for _, names in layout.scores for name in names),
        *(name for _, name in layout.flags),
    }


def _assess(row: Mapping[str, str], layout: Layout, standard: GrowthStandard) -> GrowthAssessment:
    measurement = Measurement(
        measured_on=_SOME_DAY,
        weight_kg=_number(row, layout.weight),
        length_cm=_number(row, layout.length),
        position=_POSITIONS[row[layout.position].lower()] if layout.position else None,
        head_cm=_number(row, layout.head),
        arm_cm=_number(row, layout.arm),
        triceps_mm=_number(row, layout.triceps),
        subscapular_mm=_number(row, layout.subscapular),
        oedema=layout.oedema is not None and row[layout.oedema].lower() == "y",
    )
    sex = _SEXES[row[layout.sex].lower()]
    return assess_at_age(sex, _age(row, layout), measurement=measurement, standard=standard)


def _age(row: Mapping[str, str], layout: Layout) -> GrowthAge:
    if layout.age_days is not None:
        return age_of_days(int(row[layout.age_days]))
    months = _number(row, layout.age_months)
    if months is None:
        raise ValueError("there is no age")
    return age_of_months(months)


def _list_values(
    row: Mapping[str, str], layout: Layout, answer: GrowthAssessment
) -> list[tuple[str, float | None, float | None]]:
    """Field, what is expected and what was found."""
    values: list[tuple[str, float | None, float | None]] = []
    if layout.converted_length:
        expected = _number(row, layout.converted_length)
        values.append(("length", expected, answer.length_cm))
    values.append(("bmi", _number(row, layout.bmi), answer.bmi))
    for indicator, columns in layout.scores:
        expected = next((_number(row, name) for name in columns if row[name].strip()), None)
        finding = answer.find(indicator)
        found = finding.z if finding is not None else None
        # A file without flags leaves out the scores that its program flagged.
        hidden = not layout.flags and finding is not None and "implausible" in finding.flags
        values.append((indicator, expected, None if hidden else found))
    for indicator, column in layout.flags:
        finding = answer.find(indicator)
        flag = None
        if finding is not None and finding.z is not None:
            flag = float("implausible" in finding.flags)
        values.append((f"{indicator} flag", _number(row, column), flag))
    return values


def _number(row: Mapping[str, str], column: str | None) -> float | None:
    words = row[column].strip() if column is not None else ""
    return float(words) if words else None


def _differ(expected: float, found: float) -> bool:
    return _shown(expected) != _shown(found)


def _shown(value: float) -> float:
    # First at six decimals: the files hold 32-bit numbers, whose ties (16.875) are often not ties.
    return round(round(value, 6), _DECIMALS)


def _words(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.{_DECIMALS}f}"


def main(arguments: Sequence[str]) -> int:
    """`python -m content.growth.cases FILE.csv...`: 0 when every value is equal."""
    tables = read_growth_tables()
    failed = False
    for argument in arguments:
        report = run_growth_cases(Path(argument), tables)
        print(report.render())
        failed = failed or bool(report.differences)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
