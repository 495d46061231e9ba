"""Runs CDC's case files against a schedule, and explains each difference.

`osrati forecast --cases FILE.csv` calls `run_cases`. A case is one row: a person, doses with the
evaluation that is expected of each, and what is expected of one vaccine group. It passes when
all that it expects is equal. Nothing here knows any case by its name.
"""

import csv
import io
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec

from content.schedule.packed import read_supporting_data
from content.schedule.xml_text import ScheduleError
from domain.calendar_date import Sex
from domain.immunization.forecast import AntigenVerdict, DoseVerdict, Forecast, forecast
from domain.immunization.group_forecast import GroupForecast
from domain.immunization.headline import choose_headline
from domain.immunization.history import GivenDose, History, PatientObservation
from domain.immunization.reason import EvaluationReason
from domain.immunization.schedule import Schedule, make_schedule
from domain.immunization.supporting_data import SupportingData

CASES_MAX = 20_000  # CDC publishes about 1,200
FILE_BYTES_MAX = 32 * 1024 * 1024
DOSES_OF_CASE = 7  # columns Date_Administered_1 to _7
OBSERVATIONS_OF_CASE = 3

# CDC's test patients were born where its schedule applies; the files have no column for it.
_BIRTH_COUNTRY = "U.S."

_SEXES: dict[str, Sex] = {"F": "female", "M": "male"}

# What the case files call a vaccine group, where the schedule calls it otherwise.
_GROUPS = {
    "dtap": "DTaP/Tdap/Td",
    "flu": "Influenza",
    "ipol": "Polio",
    "mcv": "Meningococcal",
    "menb": "Meningococcal B",
    "pcv": "Pneumococcal",
    "pol": "Polio",
    "rota": "Rotavirus",
    "var": "Varicella",
}

_REASONS: dict[str, tuple[EvaluationReason, ...]] = {
    "age: too young": ("too_young",),
    "age: too old": ("too_old",),
    "interval: too soon": ("too_soon",),
    "interval too soon": ("too_soon",),
    "inadvertent vaccine": ("inadvertent",),
    "live virus conflict": ("vaccine_conflict",),
    "not a preferable or allowable vaccine": ("wrong_vaccine", "vaccine_outside_age"),
    "series already complete": ("series_complete",),
}

_FIELDS = ("Series_Status", "Forecast_#", "Earliest_Date", "Recommended_Date", "Past_Due_Date")


class Difference(msgspec.Struct, frozen=True):
    field: str
    expected: str
    found: str


class CaseResult(msgspec.Struct, frozen=True):
    """`compared` are the fields of the case, `because` what the calculator answered and why."""

    id: str
    name: str
    group: str
    compared: tuple[str, ...]
    differences: tuple[Difference, ...]
    because: str


class CasesReport(msgspec.Struct, frozen=True):
    """Every case of a file in its order."""

    results: tuple[CaseResult, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        return tuple(result.id for result in self.results if result.differences)

    def render(self) -> str:
        """The differences, then a table by vaccine group; the last line is `N of M cases`."""
        lines: list[str] = []
        for result in self.results:
            if result.differences:
                lines.append(f"{result.id} {result.group}: {result.name}")
                lines += [f"    {d.field}: {d.found}, not {d.expected}" for d in result.differences]
                lines.append(f"    {result.because}")
        lines += self._table()
        passed = len(self.results) - len(self.failed)
        return "\n".join([*lines, f"{passed} of {len(self.results)} cases"])

    def _table(self) -> list[str]:
        groups: dict[str, list[CaseResult]] = defaultdict(list)
        for result in self.results:
            groups[result.group].append(result)
        kinds = ("status", "doses", "number", "earliest", "recommended", "past due", "cases")
        heads = "".join(f"{kind:>13}" for kind in kinds)
        rows = [(name, groups[name]) for name in sorted(groups)]
        return [
            f"{'':22}{heads}",
            *(f"{name:22}{_row(members)}" for name, members in rows),
            f"{'all':22}{_row(self.results)}",
        ]


def _row(results: Sequence[CaseResult]) -> str:
    cells: list[str] = []
    for column in ("Series_Status", "Evaluation", *_FIELDS[1:]):
        compared = sum(field.startswith(column) for r in results for field in r.compared)
        wrong = sum(d.field.startswith(column) for r in results for d in r.differences)
        cells.append(f"{compared - wrong}/{compared}")
    cells.append(f"{sum(not result.differences for result in results)}/{len(results)}")
    return "".join(f"{cell:>13}" for cell in cells)


def run_cases(path: Path, data: SupportingData) -> CasesReport:
    """Runs each row of CDC's CSV at `path`. Raises: ScheduleError for a file that is not one."""
    with path.open("rb") as source:
        body = source.read(FILE_BYTES_MAX + 1)
    if len(body) > FILE_BYTES_MAX:
        raise ScheduleError(f"{path.name} is larger than {FILE_BYTES_MAX} bytes")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    if not 1 <= len(rows) <= CASES_MAX or "CDC_Test_ID" not in rows[0]:
        raise ScheduleError(f"{path.name} is not a file of cases: it needs a column CDC_Test_ID")
    return check_rows(rows, make_schedule(data))


def check_rows(rows: Iterable[Mapping[str, str]], schedule: Schedule) -> CasesReport:
    """Raises: ScheduleError naming the row that cannot be read."""
    groups = {name.lower(): name for name in schedule.groups} | _GROUPS
    results: list[CaseResult] = []
    for number, row in enumerate(rows, start=1):
        try:
            history = read_history(row)
            group = groups[row["Vaccine_Group"].lower()]
            assessed_on = date.fromisoformat(row["Assessment_Date"])
        except (KeyError, ValueError) as error:
            raise ScheduleError(f"row {number} cannot be read: {error}") from error
        answer = forecast(history, schedule, on=assessed_on)
        results.append(_compare(row, answer, group))
    return CasesReport(tuple(results))


def read_history(row: Mapping[str, str]) -> History:
    """The person of one row."""
    numbers = range(1, DOSES_OF_CASE + 1)
    doses = tuple(
        GivenDose(
            id=str(number),
            cvx=row[f"CVX_{number}"].zfill(2),
            administered_on=date.fromisoformat(given),
            mvx=row[f"MVX_{number}"] or None,
            trade_name=row[f"Vaccine_Name_{number}"] or None,
        )
        for number in numbers
        if (given := row[f"Date_Administered_{number}"])
    )
    observations = tuple(
        PatientObservation(code, date.fromisoformat(day) if day else None)
        for number in range(1, OBSERVATIONS_OF_CASE + 1)
        if (code := row.get(f"Observation_Code_{number}", ""))
        for day in [row[f"Observation_Date_{number}"]]
    )
    return History(
        born_on=date.fromisoformat(row["DOB"]),
        sex=_SEXES.get(row.get("gender") or row.get("Gender") or "", "unknown"),
        doses=doses,
        observations=observations,
        birth_country=_BIRTH_COUNTRY,
    )


def _compare(row: Mapping[str, str], answer: Forecast, group: str) -> CaseResult:
    found = _find_forecast(answer, group, row)
    compared = [(field, row[field].strip(), _read(found, field)) for field in _FIELDS]
    for item in answer.doses:
        compared += _list_evaluations(row, item, group)
    return CaseResult(
        id=row["CDC_Test_ID"],
        name=row["Test_Case_Name"],
        group=group,
        compared=tuple(field for field, _, _ in compared),
        differences=tuple(
            Difference(field, expected or "nothing", mine or "nothing")
            for field, expected, mine in compared
            if _plain(expected) != _plain(mine)
        ),
        because=_explain(answer, group),
    )


def _list_evaluations(
    row: Mapping[str, str], item: DoseVerdict, group: str
) -> list[tuple[str, str, str]]:
    """Field, what is expected and what was found for one dose; its reason where one is expected.

    Where a dose counts for other groups alone, the case speaks of what it counts for there.
    """
    mine = [v for v in item.verdicts if v.group == group] or list(item.verdicts)
    kind = row.get(f"Series_Type_{item.id}", "").lower()
    mine = [v for v in mine if v.kind == kind] or mine
    status = f"Evaluation_Status_{item.id}"
    compared = [(status, row[status], _status(mine))]
    reason = row[f"Evaluation_Reason_{item.id}"].strip()
    if reason:
        codes = [code for verdict in mine for code in verdict.reasons]
        known = any(code in codes for code in _REASONS.get(reason.lower(), ()))
        said = reason if known else ", ".join(dict.fromkeys(codes)) or "no reason"
        compared.append((f"Evaluation_Reason_{item.id}", reason, said))
    return compared


def _plain(words: str) -> str:
    return "" if words == "-" else words.lower()


def _find_forecast(answer: Forecast, group: str, row: Mapping[str, str]) -> GroupForecast | None:
    """The forecast that a case speaks of: by the one kind of series to which it holds its doses,
    else the one to show first."""
    found = [item for item in answer.groups if item.group == group]
    named = {row.get(f"Series_Type_{n}", "").lower() for n in range(1, DOSES_OF_CASE + 1)} - {""}
    same = [item for item in found if named == {item.kind}]
    return choose_headline(same or found, on=answer.assessed_on)


def _read(found: GroupForecast | None, field: str) -> str:
    if found is None:
        return "no series concerns the person"
    values: dict[str, object] = {
        "Series_Status": found.status.replace("_", " "),
        "Forecast_#": found.dose_number,
        "Earliest_Date": found.earliest_on,
        "Recommended_Date": found.recommended_on,
        "Past_Due_Date": found.past_due_on,
    }
    return "" if values[field] is None else str(values[field])


def _status(verdicts: Sequence[AntigenVerdict]) -> str:
    """One status for a dose that counts for several antigens of a group: the best of them."""
    statuses = {verdict.status for verdict in verdicts}
    for status in ("valid", "not_valid", "extraneous", "sub_standard"):
        if status in statuses:
            return status.replace("_", " ").replace("sub standard", "sub-standard")
    return ""


def _explain(answer: Forecast, group: str) -> str:
    forecasts = [
        f"{'/'.join(item.series)} is {item.status} ({', '.join(item.reasons)})"
        for item in answer.groups
        if item.group == group
    ]
    doses = [
        f"dose {dose.id} {v.antigen} {v.status} for dose {v.target} ({', '.join(v.reasons)})"
        for dose in answer.doses
        for v in dose.verdicts
        if v.group == group
    ]
    return "; ".join([*forecasts, *doses])


def main(arguments: Sequence[str]) -> int:
    """`python -m content.schedule.cases FILE.csv...`: 0 when every case passes."""
    data = read_supporting_data()
    failed = False
    for argument in arguments:
        report = run_cases(Path(argument), data)
        print(report.render())
        failed = failed or bool(report.failed)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
