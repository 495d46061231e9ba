"""Why CDC's cases differ where they do: the rows of supporting data 4.64 that docs/immunization.md
gives as proof, each read from the data. When a row changes, its explanation must change, too.
"""

from datetime import date

from content.schedule.packed import read_supporting_data
from domain.immunization.duration import Duration, add_duration
from domain.immunization.supporting_data import Indication, Series

DATA = read_supporting_data()
ANTIGENS = {antigen.name: antigen for antigen in DATA.antigens}
SERIES = [(antigen.name, series) for antigen in DATA.antigens for series in antigen.series]


def series(antigen: str, name: str) -> Series:
    (found,) = (item for item in ANTIGENS[antigen].series if item.name == name)
    return found


def indicated(observation: str, antigen: str | None = None) -> list[tuple[Series, Indication]]:
    return [
        (item, row)
        for name, item in SERIES
        for row in item.indications
        if row.observation == observation and antigen in (None, name)
    ]


def test_2018_0022_no_hepb_series_names_an_inadvertent_vaccine() -> None:
    doses = [dose for item in ANTIGENS["HepB"].series for dose in item.doses]
    assert not any(dose.inadvertent for dose in doses)
    rows = [v for dose in doses for v in (*dose.preferable, *dose.allowable) if v.cvx == "189"]
    begins = {row.begin_age for row in rows}
    assert begins == {Duration(years=18), Duration(years=18, days=-4)}
    # Given five days before 18 years: a day before any of them.
    born = date(2000, 6, 6)
    given = add_duration(born, Duration(years=18, days=-5))
    assert all(given < add_duration(born, begin) for begin in begins if begin is not None)


def test_2016_uc_0003_every_preferable_vaccine_of_pertussis_is_forbidden() -> None:
    (rule,) = (
        item
        for item in ANTIGENS["Pertussis"].vaccine_contraindications
        if item.observation == "079"
    )
    forbidden = {vaccine.cvx for vaccine in rule.vaccines}
    assert forbidden == {"20", "106", "110", "115", "120", "130", "146"}
    for item in ANTIGENS["Pertussis"].series:
        assert {v.cvx for dose in item.doses for v in dose.preferable} <= forbidden
    # Diphtheria and tetanus keep vaccines of their own; table 9-4 asks for one forecast only.
    for name in ("Diphtheria", "Tetanus"):
        kept = {
            v.cvx for item in ANTIGENS[name].series for dose in item.doses for v in dose.preferable
        }
        assert kept - forbidden


def test_2016_uc_0032_no_risk_series_has_the_latest_interval_that_is_expected() -> None:
    expected = Duration(years=6, days=28)
    assert add_duration(date(2015, 4, 30), expected) == date(2021, 5, 28)  # less one day
    second = series("Measles", "Measles 2-dose series").doses[1]
    assert second.intervals[0].latest_recommended == expected
    (skip,) = second.skips
    (condition,) = (c for group in skip.sets for c in group.conditions)
    assert condition.begin_age == Duration(years=19, days=-4)
    risk = series("Measles", "Measles risk 2-dose series").doses[1]
    assert [row.latest_recommended for row in risk.intervals] == [None]


def test_2016_uc_0057_no_risk_series_of_hib_begins_before_a_year() -> None:
    begins = [row.begin_age for _, row in indicated("151", "Hib")]
    assert begins == [Duration(months=12)]


def test_2016_uc_0060_the_series_of_a_transplant_has_four_weeks_between_doses() -> None:
    ((item, _),) = indicated("004", "Hib")
    assert [row.minimum for row in item.doses[2].intervals] == [Duration(days=28)]


def test_2016_uc_0093_a_dose_at_six_months_serves_the_risk_series_alone() -> None:
    standard = series("Measles", "Measles 2-dose series")
    assert standard.doses[0].ages[0].absolute_minimum == Duration(months=12, days=-4)
    assert len(series("Measles", "Measles risk 1-dose series").doses) == 1


def test_2016_uc_0153_the_risk_series_takes_no_dose_before_two_years() -> None:
    concerned = [
        item for item, row in indicated("011", "Pneumococcal") if row.begin_age == Duration(years=2)
    ]
    assert len(concerned) == 3
    for item in concerned:
        (age,) = item.doses[0].ages
        assert age.absolute_minimum is not None
        assert add_duration(date(2013, 1, 8), age.absolute_minimum) > date(2013, 5, 8)


def test_2016_uc_0178_the_fourth_dose_is_counted_from_the_one_before_it() -> None:
    item = series(
        "Pneumococcal", "Pneumococcal risk 19+ years immunocompromised PPSV-PPSV-PCV series"
    )
    (row,) = item.doses[3].intervals
    assert (row.from_previous, row.minimum) == (True, Duration(years=5))


def test_2016_uc_0198_the_first_of_two_risk_series_has_no_end_and_goes_before() -> None:
    rows = {item.name: (item.priority, row.end_age) for item, row in indicated("164")}
    assert rows == {
        "Meningococcal ACWY risk 2-23 month": ("A", None),
        "Meningococcal ACWY risk 1-dose series": ("B", None),
    }


def test_observations_that_drive_no_series() -> None:
    for observation in ("177", "235"):  # 2020-UC-0003; 2022-UC-0030 and 2022-UC-0031
        assert indicated(observation) == []


def test_dengue_s_indication_begins_at_nine_years() -> None:
    ((_, row),) = indicated("211")  # 2022-UC-0001, 2022-UC-0005
    assert row.begin_age == Duration(years=9)


def test_2023_uc_0047_the_season_of_2023_is_not_in_the_data() -> None:
    item = series("RSV", "RSV risk under 20 months series")
    assert {dose.season_start_on for dose in item.doses} == {date(2025, 10, 1)}
    assert {age.maximum for dose in item.doses for age in dose.ages} == {Duration(months=20)}


def test_2025_uc_0015_expects_a_day_more_than_2017_uc_0004_of_the_same_rule() -> None:
    (third,) = (dose for dose in series("HPV", "HPV risk 3-dose series").doses if dose.number == 3)
    latest = {row.latest_recommended for row in third.intervals if row.from_target_dose == 1}
    assert latest == {Duration(months=7, days=28)}
    (length,) = latest
    assert length is not None
    assert (add_duration(date(2017, 1, 8), length) - date(2017, 9, 4)).days == 1
    assert (add_duration(date(2024, 11, 2), length) - date(2025, 6, 30)).days == 0
