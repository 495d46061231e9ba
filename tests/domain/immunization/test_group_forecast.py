"""Antigens that are given together. Source: CDSi Logic Specification 4.6, chapter 9."""

from datetime import date

import pytest

from domain.immunization.group_forecast import GroupForecast, forecast_group
from domain.immunization.headline import choose_headline
from domain.immunization.history import History
from domain.immunization.patient import Patient
from domain.immunization.patient_series import PatientSeries, SeriesForecast
from domain.immunization.reason import SeriesStatus
from domain.immunization.supporting_data import SeriesKind, VaccineGroup
from domain.immunization.today import Today
from tests.domain.immunization.schedules import dose, schedule, series

PLAN = schedule(series(dose(1)))
BORN = date(2020, 1, 1)
TWO = VaccineGroup("DTaP/Tdap/Td", ("Diphtheria", "Tetanus"))


def run(**rows: object) -> PatientSeries:
    patient = Patient(History(born_on=BORN), schedule=PLAN, doses=(), today=Today(BORN))
    antigen = PLAN.data.antigens[0]
    made = PatientSeries(patient, antigen=antigen, series=antigen.series[0], places=[])
    given: dict[str, object] = {"status": "not_complete", **rows}
    made.forecast = SeriesForecast(**given)  # type: ignore[arg-type]  # rows by name
    return made


def due(
    earliest: date, recommended: date, past_due: date | None = None, number: int = 1
) -> PatientSeries:
    return run(
        earliest_on=earliest, recommended_on=recommended, past_due_on=past_due, dose_number=number
    )


def test_several_antigens_wait_for_the_last_of_them() -> None:
    # MULTIANTVG-1, FORECASTVG-2 and -3
    early = due(date(2021, 1, 1), date(2021, 2, 1), date(2021, 3, 1), 2)
    late = due(date(2021, 2, 10), date(2021, 4, 1), date(2021, 5, 1), 4)
    found = forecast_group(TWO, [early, late], last_given_on=None)
    assert found.earliest_on == date(2021, 2, 10)  # the latest of the earliest dates
    assert found.recommended_on == date(2021, 2, 10)  # 1 February is before it
    assert found.past_due_on == date(2021, 3, 1)
    assert found.dose_number == 4  # FORECASTDN-2: not the whole group, so the greatest
    whole = VaccineGroup("MMR", ("Measles", "Mumps"), whole=True)
    assert forecast_group(whole, [early, late], last_given_on=None).dose_number == 2


def test_an_interval_with_priority_brings_the_group_forward() -> None:
    early = run(
        earliest_on=date(2021, 1, 1), recommended_on=date(2021, 1, 1), overrides=True, dose_number=1
    )
    late = due(date(2021, 6, 1), date(2021, 6, 1))
    found = forecast_group(TWO, [early, late], last_given_on=None)
    assert found.earliest_on == date(2021, 1, 1)
    given = forecast_group(TWO, [early, late], last_given_on=date(2021, 1, 20))
    assert given.earliest_on == date(2021, 1, 20)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("contraindicated", "aged_out"), "contraindicated"),
        (("aged_out", "not_recommended"), "aged_out"),
        (("not_recommended", "not_complete"), "not_recommended"),
        (("not_complete", "complete"), "not_complete"),
        (("immune", "immune"), "immune"),
        (("immune", "complete"), "complete"),
        (("complete", "complete"), "complete"),
    ],
)
def test_the_status_of_several_antigens_is_that_of_table_9_4(
    statuses: tuple[SeriesStatus, ...], expected: SeriesStatus
) -> None:
    runs = [run(status=status) for status in statuses]
    assert forecast_group(TWO, runs, last_given_on=None).status == expected


def made(
    status: SeriesStatus, earliest: date | None = None, kind: SeriesKind = "standard"
) -> GroupForecast:
    found = run(status=status, earliest_on=earliest, recommended_on=earliest, dose_number=1)
    answer = forecast_group(VaccineGroup("PCV", ("PCV",)), [found], last_given_on=None)
    return GroupForecast(
        **{name: getattr(answer, name) for name in answer.__struct_fields__ if name != "kind"},
        kind=kind,
    )


def test_the_forecast_to_show_first_is_what_matters_today() -> None:
    today = date(2026, 1, 1)
    now, in_fifty_years = (
        made("not_complete", date(2025, 1, 1)),
        made("not_complete", date(2075, 1, 1)),
    )
    done, gone = made("complete"), made("aged_out")
    assert choose_headline([in_fifty_years, done], on=today) == done
    assert choose_headline([now, done, in_fifty_years], on=today) == now
    assert choose_headline([gone, in_fifty_years], on=today) == in_fifty_years
    assert choose_headline([gone, done], on=today) == done
    risk = made("not_complete", date(2026, 2, 1), kind="risk")
    assert choose_headline([done, risk], on=today) == risk
    assert choose_headline([], on=today) is None
