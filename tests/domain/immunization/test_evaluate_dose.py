"""What a dose counts for. Source: CDSi Logic Specification 4.6, chapter 6."""

from datetime import date

import pytest

from domain.immunization.forecast import forecast
from domain.immunization.history import GivenDose, PatientObservation
from domain.immunization.supporting_data import Age, Conflict, Interval, SeriesVaccine
from tests.domain.immunization.schedules import (
    OTHER_LIVE_VACCINE,
    VACCINE,
    after_previous,
    ages,
    dose,
    judge,
    known,
    person,
    schedule,
    series,
    span,
    verdicts,
)

BORN = date(2020, 1, 31)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # 12 months = 31 January 2021, less 4 days = 27 January; 4 years = 31 January 2024
        (date(2021, 1, 26), "not_valid: too_young"),
        (date(2021, 1, 27), "valid: grace_age"),
        (date(2021, 1, 30), "valid: grace_age"),
        (date(2021, 1, 31), "valid"),
        (date(2024, 1, 30), "valid"),
        (date(2024, 1, 31), "extraneous: too_old"),
    ],
)
def test_age_is_judged_by_table_6_15(given: date, expected: str) -> None:
    plan = schedule(
        series(dose(1, ages=ages("12 months - 4 days", "12 months", maximum="4 years")))
    )
    assert judge(person(BORN, given), plan) == [expected]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # from 1 March 2021: 24 days = 25 March; 28 days = 29 March
        (date(2021, 3, 24), "not_valid: too_soon"),
        (date(2021, 3, 25), "valid: grace_interval"),
        (date(2021, 3, 28), "valid: grace_interval"),
        (date(2021, 3, 29), "valid"),
    ],
)
def test_the_interval_is_judged_by_table_6_18(given: date, expected: str) -> None:
    spaced = after_previous("4 weeks - 4 days", "4 weeks")
    plan = schedule(series(dose(1), dose(2, intervals=(spaced,))))
    assert judge(person(BORN, date(2021, 3, 1), given), plan) == ["valid", expected]


def test_an_interval_runs_from_the_dose_before_even_if_that_did_not_count() -> None:
    # dose 2 on 15 March is too soon after 1 March; 29 March is 28 days after 1 March, but 14 after
    # the repeated dose: CALCDTINT-1 counts 'Valid' and 'Not Valid' doses.
    spaced = after_previous("4 weeks - 4 days", "4 weeks")
    plan = schedule(series(dose(1), dose(2, intervals=(spaced,))))
    history = person(BORN, date(2021, 3, 1), date(2021, 3, 15), date(2021, 3, 29))
    assert judge(history, plan) == ["valid", "not_valid: too_soon", "not_valid: too_soon"]


def test_an_interval_does_not_run_from_an_inadvertent_dose() -> None:
    spaced = after_previous("4 weeks - 4 days", "4 weeks")
    plan = schedule(series(dose(1), dose(2, intervals=(spaced,), inadvertent=frozenset({"05"}))))
    wrong = GivenDose(id="2", cvx="05", administered_on=date(2021, 3, 15))
    history = person(BORN, date(2021, 3, 1), wrong, date(2021, 3, 29))
    assert judge(history, plan) == ["valid", "not_valid: inadvertent", "valid"]


def test_all_preferable_intervals_must_be_kept() -> None:
    # from dose 1 (1 March) 16 weeks = 21 June; from dose 2 (1 April) 8 weeks = 27 May
    both = (
        after_previous("8 weeks"),
        Interval(from_target_dose=1, absolute_minimum=span("16 weeks")),
    )
    plan = schedule(series(dose(1), dose(2), dose(3, intervals=both)))
    first, second = date(2021, 3, 1), date(2021, 4, 1)
    early = judge(person(BORN, first, second, date(2021, 6, 20)), plan)
    assert early == ["valid", "valid", "not_valid: too_soon"]
    assert judge(person(BORN, first, second, date(2021, 6, 21)), plan)[2] == "valid"


def test_an_allowable_interval_saves_a_dose() -> None:
    spaced = after_previous("12 weeks - 4 days", "12 weeks")
    plan = schedule(
        series(
            dose(1), dose(2, intervals=(spaced,), allowable_intervals=(after_previous("4 weeks"),))
        )
    )
    first = date(2021, 3, 1)  # 4 weeks = 29 March
    assert judge(person(BORN, first, date(2021, 3, 28)), plan)[1] == "not_valid: too_soon"
    assert judge(person(BORN, first, date(2021, 3, 29)), plan)[1] == "valid"


def test_an_interval_may_run_from_a_vaccine_type_or_from_an_observation() -> None:
    from_vaccine = Interval(
        from_vaccines=frozenset({OTHER_LIVE_VACCINE}), absolute_minimum=span("8 weeks")
    )
    from_finding = Interval(from_observation="170", absolute_minimum=span("27 weeks"))
    plan = schedule(series(dose(1, intervals=(from_vaccine, from_finding))))
    other = GivenDose(id="x", cvx=OTHER_LIVE_VACCINE, administered_on=date(2021, 3, 1))
    found = (PatientObservation("170", date(2021, 1, 1)),)
    # 1 March + 8 weeks = 26 April; 1 January + 27 weeks = 9 July
    for given, expected in ((date(2021, 4, 25), "not_valid"), (date(2021, 4, 26), "valid")):
        answer = forecast(person(BORN, other, given), plan, on=date(2022, 1, 1))
        assert answer.doses[1].verdicts[0].status == expected
    for given, expected in ((date(2021, 7, 8), "not_valid"), (date(2021, 7, 9), "valid")):
        answer = forecast(person(BORN, given, observed=found), plan, on=date(2022, 1, 1))
        assert verdicts(answer)[0][0] == expected


@pytest.mark.parametrize(
    ("days_after", "expected"),
    [
        (0, "valid"),
        (1, "not_valid: vaccine_conflict"),
        (27, "not_valid: vaccine_conflict"),
        (28, "valid"),
    ],
)
def test_another_live_vaccine_conflicts_from_the_next_day_on(
    days_after: int, expected: str
) -> None:
    conflict = Conflict(
        OTHER_LIVE_VACCINE, VACCINE, known("1 day"), known("28 days"), known("28 days")
    )
    plan = schedule(series(dose(1)), conflicts=(conflict,))
    other = GivenDose(id="x", cvx=OTHER_LIVE_VACCINE, administered_on=date(2021, 3, 1))
    given = date.fromordinal(date(2021, 3, 1).toordinal() + days_after)
    answer = forecast(person(BORN, other, given), plan, on=date(2022, 1, 1))
    verdict = answer.doses[1].verdicts[0]
    assert ": ".join((verdict.status, *verdict.reasons)) == expected


def test_a_dose_that_did_not_count_conflicts_for_longer() -> None:
    # 24 days for a valid dose, 28 for one that was not (CALCDTCONFLICT-2): 1 March + 24 = 25 March
    conflict = Conflict(VACCINE, VACCINE, known("1 day"), known("24 days"), known("28 days"))
    plan = schedule(series(dose(1, ages=ages("12 months")), dose(2)), conflicts=(conflict,))
    valid_first = person(date(2020, 3, 1), date(2021, 3, 1), date(2021, 3, 25))
    assert judge(valid_first, plan) == ["valid", "valid"]
    young_first = person(date(2020, 3, 2), date(2021, 3, 1), date(2021, 3, 25))
    assert judge(young_first, plan) == ["not_valid: too_young", "not_valid: vaccine_conflict"]


@pytest.mark.parametrize(
    ("cvx", "given", "expected"),
    [
        (VACCINE, date(2024, 1, 31), "valid"),  # preferable from 4 years
        (VACCINE, date(2024, 1, 30), "not_valid: vaccine_outside_age"),
        ("05", date(2021, 1, 31), "valid"),  # allowable to 2 years
        ("05", date(2022, 1, 31), "not_valid: vaccine_outside_age"),
    ],
)
def test_the_vaccine_must_serve_at_that_age(cvx: str, given: date, expected: str) -> None:
    plan = schedule(
        series(
            dose(
                1,
                preferable=(SeriesVaccine(VACCINE, begin_age=span("4 years")),),
                allowable=(SeriesVaccine("05", end_age=span("2 years")),),
            )
        )
    )
    history = person(BORN, GivenDose(id="1", cvx=cvx, administered_on=given))
    assert judge(history, plan) == [expected]


def test_a_vaccine_of_no_list_does_not_count() -> None:
    plan = schedule(series(dose(1)))
    history = person(BORN, GivenDose(id="1", cvx="05", administered_on=date(2021, 3, 1)))
    assert judge(history, plan) == ["not_valid: wrong_vaccine"]


def test_a_product_asked_for_is_known_by_trade_name_or_maker() -> None:
    asked = SeriesVaccine(VACCINE, trade_name="PRIORIX", mvx="SKB")
    plan = schedule(series(dose(1, preferable=(asked,))))
    day = date(2021, 3, 1)
    for trade_name, mvx, expected in (
        ("Priorix", None, "valid"),
        (None, "SKB", "valid"),
        (None, "MSD", "not_valid: wrong_vaccine"),
        (None, None, "not_valid: wrong_vaccine"),
    ):
        given = GivenDose(id="1", cvx=VACCINE, administered_on=day, trade_name=trade_name, mvx=mvx)
        assert judge(person(BORN, given), plan) == [expected]


def test_less_than_the_volume_counts_and_is_said() -> None:
    plan = schedule(series(dose(1, preferable=(SeriesVaccine(VACCINE, volume_ml=0.5),))))
    given = GivenDose(id="1", cvx=VACCINE, administered_on=date(2021, 3, 1), volume_ml=0.25)
    assert judge(person(BORN, given), plan) == ["valid: low_volume"]


def test_a_spoilt_dose_is_sub_standard_and_no_interval_runs_from_it() -> None:
    day = date(2021, 3, 1)
    spaced = after_previous("4 weeks")
    plan = schedule(series(dose(1), dose(2, intervals=(spaced,))))
    recalled = GivenDose(id="1", cvx=VACCINE, administered_on=day, substandard=True)
    history = person(BORN, recalled, date(2021, 3, 2))
    assert judge(history, plan) == ["sub_standard: dose_condition", "valid"]
    for expiry, expected in ((date(2021, 2, 28), "sub_standard: lot_expired"), (day, "valid")):
        lot = GivenDose(id="1", cvx=VACCINE, administered_on=day, lot_expires_on=expiry)
        assert judge(person(BORN, lot), plan) == [expected]


def test_what_comes_after_the_last_dose_is_extra() -> None:
    plan = schedule(series(dose(1)))
    history = person(BORN, date(2021, 3, 1), date(2021, 6, 1))
    assert judge(history, plan) == ["valid", "extraneous: series_complete"]


def test_the_rows_of_the_day_of_the_dose_are_used() -> None:
    # RELEVANT-1: until 15 December 2016 three months, from the 16th on six.
    rows = (
        Age(absolute_minimum=span("3 months"), cessation_on=date(2016, 12, 15)),
        Age(absolute_minimum=span("6 months"), effective_on=date(2016, 12, 16)),
    )
    plan = schedule(series(dose(1, ages=rows)))
    born = date(2016, 8, 1)
    assert judge(person(born, date(2016, 12, 15)), plan) == ["valid"]
    assert judge(person(born, date(2016, 12, 16)), plan) == ["not_valid: too_young"]


def test_a_recurring_dose_comes_again() -> None:
    yearly = after_previous("1 year", "1 year")
    plan = schedule(series(dose(1, recurring=True, intervals=(yearly,))))
    history = person(BORN, date(2021, 3, 1), date(2022, 2, 28), date(2023, 2, 28))
    # 28 February 2022 is a day short of a year, so the year runs from it
    assert judge(history, plan) == ["valid", "not_valid: too_soon", "valid"]
    answer = forecast(history, plan, on=date(2023, 3, 1))
    assert answer.groups[0].dose_number == 3
    assert answer.groups[0].earliest_on == date(2024, 2, 28)
