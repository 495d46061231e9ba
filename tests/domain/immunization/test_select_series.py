"""Which path is the person's. Source: CDSi Logic Specification 4.6, chapters 5 and 8."""

from datetime import date

from domain.immunization.forecast import forecast
from domain.immunization.history import GivenDose, PatientObservation
from domain.immunization.supporting_data import Indication, Series, SeriesVaccine
from tests.domain.immunization.schedules import (
    after_previous,
    ages,
    dose,
    person,
    schedule,
    series,
    span,
)

BORN = date(2020, 1, 1)
TODAY = date(2024, 1, 1)
SEEN = (PatientObservation("055"),)


def other(*doses: object, **rows: object) -> Series:
    given: dict[str, object] = {"name": "other", "is_default": False, "preference": 2, **rows}
    return series(*doses, **given)  # type: ignore[arg-type]  # doses, as tests write them


def chosen(*all_series: Series, given: tuple[date, ...] = (), on: date = TODAY) -> list[str]:
    answer = forecast(person(BORN, *given, observed=SEEN), schedule(*all_series), on=on)
    return [name for item in answer.groups for name in item.series]


def test_without_doses_the_default_series_is_chosen() -> None:
    assert chosen(other(dose(1)), series(dose(1))) == ["the series"]


def test_without_doses_and_default_points_are_counted() -> None:
    # Table 8-11: "other" can start earliest (+1 against -1), else they are alike
    late = series(dose(1, ages=ages("2 years", "2 years")), is_default=False)
    early = other(dose(1, ages=ages("1 year", "1 year")))
    assert chosen(late, early) == ["other"]
    # alike in all: the better preference
    assert chosen(series(dose(1), is_default=False), other(dose(1))) == ["the series"]
    # a product path loses two points against one that is none
    product = series(dose(1), is_default=False, is_product_path=True)
    assert chosen(product, other(dose(1))) == ["other"]


def test_the_only_series_in_process_or_complete_is_chosen() -> None:
    late_start = other(dose(1, ages=ages("2 years")), dose(2))
    assert chosen(series(dose(1), dose(2)), late_start, given=(date(2021, 1, 1),)) == ["the series"]
    done = other(dose(1))
    assert chosen(series(dose(1), dose(2)), done, given=(date(2021, 1, 1),)) == ["other"]


def test_of_two_complete_series_the_one_with_more_valid_doses_is_chosen() -> None:
    days = (date(2021, 1, 1), date(2021, 6, 1))
    assert chosen(series(dose(1)), other(dose(1), dose(2)), given=days) == ["other"]


def test_of_two_series_in_process_the_nearest_to_its_end_is_chosen() -> None:
    # Table 8-9: closest to completion is worth +2 against -2
    three = series(dose(1), dose(2), dose(3))
    two = other(dose(1), dose(2))
    assert chosen(three, two, given=(date(2021, 1, 1),)) == ["other"]


def test_a_series_that_can_still_be_finished_is_chosen() -> None:
    # dose 2 of "the series" could come on 1 January 2025, past its maximum of 4 years and a half
    spaced = (after_previous("1 year", "1 year"),)
    closing = series(
        dose(1, ages=ages(maximum="6 years")),
        dose(2, ages=ages(maximum="6 years")),
        dose(3, ages=ages(maximum="54 months"), intervals=spaced),
    )
    open_ended = other(dose(1), dose(2), dose(3, intervals=spaced))
    assert chosen(closing, open_ended, given=(date(2024, 1, 1),)) == ["other"]


def test_a_series_begun_too_late_is_left() -> None:
    # SELECTSCORE-2: the first valid dose must come before the maximum age to start
    early_only = series(dose(1), dose(2), max_age_to_start=span("1 year"), is_default=True)
    any_time = other(dose(1), dose(2))
    assert chosen(early_only, any_time, given=(date(2020, 12, 31),)) == ["the series"]
    assert chosen(early_only, any_time, given=(date(2021, 1, 1),)) == ["other"]


def test_a_risk_series_needs_its_indication_at_that_age() -> None:
    risk = other(
        dose(1),
        dose(2),
        kind="risk",
        group="2",
        indications=(Indication("055", begin_age=span("2 years"), end_age=span("4 years")),),
    )
    standard = series(dose(1))
    for on, names in (
        (date(2021, 12, 31), ["the series"]),
        (date(2022, 1, 1), ["the series", "other"]),
        (date(2023, 12, 31), ["the series", "other"]),
        (date(2024, 1, 1), ["the series"]),
    ):
        assert chosen(standard, risk, on=on) == names


def test_the_greater_priority_goes_first_among_risks() -> None:
    holds = (Indication("055"),)
    low = other(dose(1), kind="risk", priority="B", indications=holds, preference=1)
    high = series(dose(1), kind="risk", priority="A", indications=holds, preference=2)
    assert chosen(low, high) == ["the series"]


def test_an_equivalent_risk_series_takes_the_place_of_the_standard_one() -> None:
    # Table 8-14, third column
    risk = other(dose(1), dose(2), kind="risk", group="2", indications=(Indication("055"),))
    standard = series(dose(1), equivalent_groups=frozenset({"2"}))
    assert chosen(standard, risk) == ["other"]
    # but a complete series stays
    assert chosen(standard, risk, given=(date(2021, 1, 1),)) == ["the series", "other"]


def test_an_evaluation_only_series_shows_when_it_is_complete() -> None:
    foreign = other(
        dose(1, preferable=(SeriesVaccine("05"),)), kind="evaluation_only", is_default=False
    )
    plan = schedule(series(dose(1)), foreign)
    given = GivenDose(id="1", cvx="05", administered_on=date(2021, 1, 1))
    done = forecast(person(BORN, given), plan, on=TODAY)
    assert [(item.series, item.status) for item in done.groups] == [(("other",), "complete")]
    none = forecast(person(BORN), plan, on=TODAY)
    assert [item.series for item in none.groups] == [("the series",)]


def test_a_series_for_one_sex_is_for_that_sex() -> None:
    men = series(dose(1), sexes=frozenset({"male"}))
    women = other(dose(1), sexes=frozenset({"female", "unknown"}), is_default=True)
    assert chosen(men, women) == ["other"]
