"""When a dose need not be given. Source: CDSi Logic Specification 4.6, sections 6.2, 7.1, 7.6."""

from datetime import date

from domain.immunization.forecast import forecast
from domain.immunization.supporting_data import (
    ConditionalSkip,
    SkipCondition,
    SkipContext,
    SkipSet,
)
from tests.domain.immunization.schedules import (
    VACCINE,
    after_previous,
    ages,
    dose,
    judge,
    person,
    schedule,
    series,
    span,
)

BORN = date(2020, 1, 1)


def skip(
    *conditions: SkipCondition, context: SkipContext = "both", every: bool = True
) -> tuple[ConditionalSkip, ...]:
    return (ConditionalSkip(context, (SkipSet(conditions, every),)),)


def test_age_skips_from_the_day_it_is_reached() -> None:
    # 4 years = 1 January 2024
    old = skip(SkipCondition("age", begin_age=span("4 years")))
    plan = schedule(series(dose(1), dose(2, skips=old), dose(3)))
    first = date(2021, 1, 1)
    before = forecast(person(BORN, first, date(2023, 12, 31)), plan, on=date(2023, 12, 31))
    assert before.doses[1].verdicts[0].target == 2
    after = forecast(person(BORN, first, date(2024, 1, 1)), plan, on=date(2024, 1, 1))
    assert after.doses[1].verdicts[0].target == 3
    assert after.groups[0].status == "complete"


def test_context_parts_what_was_given_from_what_is_forecast() -> None:
    old = SkipCondition("age", begin_age=span("4 years"))
    given = date(2024, 6, 1)
    # in evaluation, dose 1 is skipped for the dose given, which satisfies dose 2
    plan = schedule(series(dose(1, skips=skip(old, context="evaluation")), dose(2)))
    answer = forecast(person(BORN, given), plan, on=given)
    assert (answer.doses[0].verdicts[0].target, answer.groups[0].status) == (2, "complete")
    # in forecast alone, it satisfies dose 1, and then dose 2 is skipped
    plan = schedule(series(dose(1), dose(2, skips=skip(old, context="forecast"))))
    answer = forecast(person(BORN, given, given), plan, on=given)
    assert [item.verdicts[0].target for item in answer.doses] == [1, 2]
    answer = forecast(person(BORN, given), plan, on=given)
    assert (answer.doses[0].verdicts[0].target, answer.groups[0].status) == (1, "complete")


def test_doses_are_counted_by_type_age_day_and_validity() -> None:
    # Valid doses of the vaccine after 12 months of age (1 January 2021): the one of 2020 is too
    # young, and the third was given before the second dose's interval was over.
    counted = SkipCondition(
        "vaccine_count",
        begin_age=span("12 months"),
        dose_count=1,
        comparison="greater",
        valid_only=True,
        vaccines=frozenset({VACCINE}),
    )
    spaced = after_previous("4 weeks")
    plan = schedule(
        series(
            dose(1, ages=ages("12 months")),
            dose(2, intervals=(spaced,)),
            dose(3, skips=skip(counted)),
        )
    )
    one = person(BORN, date(2020, 6, 1), date(2021, 3, 1), date(2021, 3, 2))
    answer = forecast(one, plan, on=date(2022, 1, 1))
    assert answer.groups[0].dose_number == 2
    two = person(BORN, date(2021, 3, 1), date(2021, 4, 1))
    assert forecast(two, plan, on=date(2022, 1, 1)).groups[0].status == "complete"


def test_the_dose_under_evaluation_is_not_counted_itself() -> None:
    none = SkipCondition("vaccine_count", dose_count=0, comparison="equal")
    plan = schedule(series(dose(1, skips=skip(none, context="evaluation")), dose(2)))
    answer = forecast(person(BORN, date(2021, 3, 1)), plan, on=date(2021, 3, 1))
    assert answer.doses[0].verdicts[0].target == 2


def test_an_interval_skips_when_it_is_over() -> None:
    # 6 months after 1 March = 1 September
    long_ago = skip(SkipCondition("interval", interval=span("6 months")), context="evaluation")
    plan = schedule(series(dose(1), dose(2, skips=long_ago), dose(3)))
    for given, target in ((date(2021, 8, 31), 2), (date(2021, 9, 1), 3)):
        answer = forecast(person(BORN, date(2021, 3, 1), given), plan, on=date(2022, 1, 1))
        assert answer.doses[1].verdicts[0].target == target


def test_sets_and_conditions_are_joined_as_the_tables_say() -> None:
    never = SkipCondition("age", begin_age=span("90 years"))
    always = SkipCondition("age", begin_age=span("0 days"))
    day = date(2021, 3, 1)
    cases = (
        (ConditionalSkip("both", (SkipSet((always, never), True),)), 1),  # AND
        (ConditionalSkip("both", (SkipSet((always, never), False),)), 2),  # OR
        (ConditionalSkip("both", (SkipSet((always,)), SkipSet((never,))), True), 1),
        (ConditionalSkip("both", (SkipSet((always,)), SkipSet((never,))), False), 2),
        (ConditionalSkip("both", (SkipSet((always,), True, date(2022, 1, 1)),)), 1),  # later
    )
    for rule, target in cases:
        plan = schedule(series(dose(1, skips=(rule,)), dose(2)))
        answer = forecast(person(BORN, day), plan, on=day)
        assert answer.doses[0].verdicts[0].target == target


def test_another_series_that_is_complete_skips() -> None:
    done = skip(SkipCondition("completed_series", series_groups=frozenset({"2"})))
    first = series(dose(1, skips=done), dose(2), name="asks", group="1")
    second = series(dose(1), name="asked", group="2")
    answer = forecast(person(BORN, date(2021, 3, 1)), schedule(first, second), on=date(2022, 1, 1))
    assert {item.series: item.target for item in answer.doses[0].verdicts} == {
        "asks": 2,
        "asked": 1,
    }


def test_series_that_ask_about_each_other_end() -> None:
    def asks(group: str) -> tuple[ConditionalSkip, ...]:
        return skip(SkipCondition("completed_series", series_groups=frozenset({group})))

    first = series(dose(1, skips=asks("2")), name="one", group="1")
    second = series(dose(1, skips=asks("1")), name="two", group="2")
    assert forecast(person(BORN), schedule(first, second), on=date(2021, 1, 1)).groups


def test_a_forecast_that_would_be_skipped_when_its_day_comes_is_made_again() -> None:
    # The example of section 7.6, Hib: the first dose at 11 months and a week (8 December 2020);
    # four weeks later is 5 January 2021, past 12 months (1 January), when dose 2 is skipped; so
    # dose 3 is forecast, eight weeks after the dose before: 2 February 2021.
    old = skip(SkipCondition("age", begin_age=span("12 months")))
    plan = schedule(
        series(
            dose(1),
            dose(2, intervals=(after_previous(minimum="4 weeks"),), skips=old),
            dose(3, intervals=(after_previous(minimum="8 weeks"),)),
        )
    )
    answer = forecast(person(BORN, date(2020, 12, 8)), plan, on=date(2020, 12, 8))
    assert answer.groups[0].earliest_on == date(2021, 2, 2)
    assert answer.groups[0].dose_number == 2
    early = forecast(person(BORN, date(2020, 12, 3)), plan, on=date(2020, 12, 3))
    assert early.groups[0].earliest_on == date(2020, 12, 31)


def test_a_series_of_which_nothing_was_given_and_all_is_skipped_is_not_recommended() -> None:
    old = skip(SkipCondition("age", begin_age=span("0 days")))
    answer = forecast(person(BORN), schedule(series(dose(1, skips=old))), on=date(2021, 1, 1))
    assert answer.groups[0].status == "not_recommended"
    assert judge(person(BORN, date(2020, 6, 1)), schedule(series(dose(1, skips=old)))) == [
        "extraneous: series_complete"
    ]
