"""What is due and when. Source: CDSi Logic Specification 4.6, chapter 7."""

from datetime import date

import pytest

from domain.immunization.forecast import forecast
from domain.immunization.group_forecast import GroupForecast
from domain.immunization.history import GivenDose, History, PatientObservation
from domain.immunization.schedule import Schedule
from domain.immunization.supporting_data import (
    BirthDateImmunity,
    Conflict,
    Contraindication,
    SeriesVaccine,
)
from tests.domain.immunization.schedules import (
    OTHER_LIVE_VACCINE,
    VACCINE,
    after_previous,
    ages,
    dose,
    known,
    person,
    schedule,
    series,
    span,
)

BORN = date(2025, 1, 31)
FIRST = dose(1, ages=ages("12 months - 4 days", "12 months", "15 months", "16 months + 4 weeks"))
TODAY = date(2025, 6, 1)


def only(history: History, plan: Schedule, on: date = TODAY) -> GroupForecast:
    (found,) = forecast(history, plan, on=on).groups
    return found


def test_the_first_dose_is_due_by_age() -> None:
    # 12 months = 31 January 2026; 15 months: there is no 31 April, so 1 May 2026;
    # 16 months = 31 May, and four weeks = 28 June: late after the 27th.
    found = only(person(BORN), schedule(series(FIRST)))
    assert found.status == "not_complete"
    assert (found.dose_number, found.reasons) == (1, ("due_by_age",))
    assert found.earliest_on == date(2026, 1, 31)
    assert found.recommended_on == date(2026, 5, 1)
    assert found.past_due_on == date(2026, 6, 27)
    assert found.latest_on is None


def test_a_late_child_is_due_by_the_interval() -> None:
    # first dose on 1 May 2029, at four: 28 days = 29 May 2029. Recommended at 4 years = 31 January
    # 2029 and late after 7 years: both not before the earliest date (FORECASTDT-5 and -6).
    second = dose(
        2,
        ages=ages(None, "13 months", "4 years", "4 years + 4 weeks"),
        intervals=(after_previous("24 days", "28 days", "3 years"),),
    )
    found = only(person(BORN, date(2029, 5, 1)), schedule(series(FIRST, second)), date(2029, 5, 1))
    assert (found.dose_number, found.reasons) == (2, ("due_by_interval",))
    assert found.earliest_on == found.recommended_on == found.past_due_on == date(2029, 5, 29)


def test_intervals_say_what_ages_do_not() -> None:
    # FORECASTDT-2 and -3: from 1 May 2026 three months = 1 August, four = 1 September less a day
    second = dose(2, intervals=(after_previous("24 days", "28 days", "3 months", "4 months"),))
    found = only(person(BORN, date(2026, 5, 1)), schedule(series(FIRST, second)), date(2026, 5, 1))
    assert found.earliest_on == date(2026, 5, 29)
    assert found.recommended_on == date(2026, 8, 1)
    assert found.past_due_on == date(2026, 8, 31)


def test_a_repeat_waits_for_the_dose_that_did_not_count() -> None:
    spaced = dose(1, ages=ages("12 months"), intervals=(after_previous("24 days", "28 days"),))
    early = date(2026, 1, 30)  # a day before 12 months; 28 days later is 27 February
    found = only(person(BORN, early), schedule(series(spaced)), early)
    assert found.earliest_on == date(2026, 2, 27)
    assert found.reasons == ("due_by_interval_after_invalid",)


def test_a_dose_is_not_forecast_before_the_last_one_given() -> None:
    # FORECASTDTCAN-1: an extra early dose, with no interval to keep
    plan = schedule(series(dose(1, ages=ages("12 months", "12 months", "12 months"))))
    young = date(2025, 8, 1)
    assert only(person(BORN, young), plan, young).earliest_on == date(2026, 1, 31)
    inadvertent = schedule(series(dose(1, inadvertent=frozenset({VACCINE}))))
    assert only(person(BORN, young), inadvertent, young).earliest_on == young


def test_another_live_vaccine_delays() -> None:
    conflict = Conflict(
        OTHER_LIVE_VACCINE, VACCINE, known("1 day"), known("24 days"), known("28 days")
    )
    plan = schedule(series(FIRST), conflicts=(conflict,))
    other = GivenDose(id="x", cvx=OTHER_LIVE_VACCINE, administered_on=date(2026, 5, 1))
    found = only(person(BORN, other), plan, date(2026, 5, 1))
    assert found.earliest_on == found.recommended_on == date(2026, 5, 29)
    assert found.reasons == ("due_by_conflict",)


@pytest.mark.parametrize(
    ("on", "status"), [(date(2026, 6, 30), "not_complete"), (date(2026, 7, 1), "not_recommended")]
)
def test_a_season_begins_and_ends(on: date, status: str) -> None:
    season = dose(1, season_start_on=date(2025, 7, 1), season_end_on=date(2026, 6, 30))
    found = only(person(BORN), schedule(series(season)), on)
    assert found.status == status
    if status == "not_complete":
        assert (found.earliest_on, found.reasons) == (date(2025, 7, 1), ("due_by_season",))
    else:
        assert found.reasons == ("season_over",)


def test_doses_of_an_earlier_season_are_not_numbered() -> None:
    # FORECASTDN-1
    rows = {"season_start_on": date(2025, 7, 1), "season_end_on": date(2026, 6, 30)}
    plan = schedule(series(dose(1, **rows), dose(2, **rows)))
    assert only(person(date(2020, 1, 1), date(2024, 10, 1)), plan).dose_number == 1
    assert (
        only(person(date(2020, 1, 1), date(2025, 10, 1)), plan, date(2025, 10, 1)).dose_number == 2
    )


@pytest.mark.parametrize(
    ("on", "reason"),
    [(date(2029, 1, 30), None), (date(2029, 1, 31), "too_old")],
)
def test_past_the_maximum_age_nothing_is_due(on: date, reason: str | None) -> None:
    plan = schedule(series(dose(1, ages=ages("12 months", "12 months", maximum="4 years"))))
    found = only(person(BORN), plan, on)
    if reason is None:
        assert (found.status, found.latest_on) == ("not_complete", date(2029, 1, 30))
    else:
        assert (found.status, found.reasons) == ("aged_out", (reason,))


def test_a_dose_that_could_only_come_too_late_is_not_forecast() -> None:
    # given 5 January 2029: 28 days later is 2 February, past 4 years (31 January 2029)
    second = dose(
        2, ages=ages(maximum="4 years"), intervals=(after_previous("24 days", "28 days"),)
    )
    given = date(2029, 1, 5)
    found = only(person(BORN, given), schedule(series(dose(1), second)), given)
    assert (found.status, found.reasons) == ("aged_out", ("cannot_finish",))


def test_evidence_of_immunity_ends_the_need() -> None:
    plan = schedule(
        series(FIRST),
        immunity_observations=frozenset({"018"}),
        birth_date_immunities=(
            BirthDateImmunity(date(1957, 1, 1), None, frozenset({"055"})),
            BirthDateImmunity(date(1980, 1, 1), "U.S."),
        ),
    )
    seen = (PatientObservation("018"),)
    assert only(person(BORN, observed=seen), plan).reasons == ("immune",)
    assert only(person(date(1956, 12, 31)), plan).status == "immune"
    assert only(person(date(1957, 1, 1)), plan).status == "not_complete"
    health_worker = (PatientObservation("055"),)
    assert only(person(date(1956, 12, 31), observed=health_worker), plan).status == "not_complete"
    assert only(person(date(1979, 12, 31), country="U.S."), plan).status == "immune"
    assert only(person(date(1979, 12, 31), country="AE"), plan).status == "not_complete"


def test_a_contraindication_holds_within_its_ages() -> None:
    forbids = Contraindication("080", begin_age=span("6 months"), end_age=span("2 years"))
    plan = schedule(series(FIRST), contraindications=(forbids,))
    seen = (PatientObservation("080"),)
    # 6 months = 31 July 2025; 2 years = 31 January 2027
    for on, status in (
        (date(2025, 7, 30), "not_complete"),
        (date(2025, 7, 31), "contraindicated"),
        (date(2027, 1, 30), "contraindicated"),
        (date(2027, 1, 31), "not_complete"),
    ):
        assert only(person(BORN, observed=seen), plan, on).status == status
    assert only(person(BORN), plan, date(2026, 1, 1)).status == "not_complete"


def test_a_series_is_contraindicated_when_all_its_vaccines_are() -> None:
    vaccines = (SeriesVaccine(VACCINE, forecast=True), SeriesVaccine("05", forecast=True))
    seen = (PatientObservation("080"),)
    for forbidden, status, named in (
        ((SeriesVaccine("05"),), "not_complete", (VACCINE,)),
        ((SeriesVaccine("05"), SeriesVaccine(VACCINE)), "contraindicated", ()),
    ):
        plan = schedule(
            series(dose(1, preferable=vaccines)),
            vaccine_contraindications=(Contraindication("080", vaccines=forbidden),),
        )
        found = only(person(BORN, observed=seen), plan)
        assert (found.status, found.vaccines) == (status, named)


def test_an_adult_with_no_rows_of_age_is_due_since_birth_not_before() -> None:
    found = only(person(BORN), schedule(series(dose(1))))
    assert found.earliest_on == found.recommended_on == BORN
    assert found.past_due_on is None
