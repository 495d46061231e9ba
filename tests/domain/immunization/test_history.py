"""Bad input gets an answer with a flag or a coded refusal: nothing is dropped, nothing crashes."""

from datetime import date, timedelta

import pytest

from content.schedule.packed import read_supporting_data
from domain.immunization.forecast import forecast
from domain.immunization.history import (
    DOSES_MAX,
    GivenDose,
    History,
    HistoryTooLong,
    NotYetBorn,
    PatientObservation,
)
from domain.immunization.schedule import make_schedule
from tests.domain.immunization.schedules import dose, judge, person, schedule, series

CDSI = make_schedule(read_supporting_data())
BORN, TODAY = date(2024, 1, 1), date(2026, 1, 1)


def given(day: date, cvx: str = "03", id: str = "1") -> GivenDose:
    return GivenDose(id=id, cvx=cvx, administered_on=day)


@pytest.mark.parametrize(
    ("item", "flag"),
    [
        (given(date(2023, 12, 31)), "before_birth"),
        (given(BORN), None),
        (given(TODAY), None),
        (given(date(2026, 1, 2)), "after_assessment"),
        (given(date(2025, 1, 1), cvx="999"), "unknown_vaccine"),
        (given(date(2025, 1, 1), cvx=""), "unknown_vaccine"),
        (given(date(2025, 1, 1), cvx="05"), None),  # measles alone: retired, and still counted
    ],
)
def test_a_dose_that_cannot_be_counted_is_kept_and_flagged(
    item: GivenDose, flag: str | None
) -> None:
    answer = forecast(person(BORN, item), CDSI, on=TODAY)
    assert [(kept.id, kept.flag) for kept in answer.doses] == [("1", flag)]
    assert bool(answer.doses[0].verdicts) == (flag is None)


def test_a_dose_of_tomorrow_changes_the_answer_tomorrow() -> None:
    tomorrow = TODAY + timedelta(days=1)
    answer = forecast(person(BORN, tomorrow), CDSI, on=TODAY)
    assert answer.changes_on == tomorrow
    assert forecast(person(BORN, tomorrow), CDSI, on=tomorrow).doses[0].flag is None


def test_of_two_doses_on_one_day_one_counts() -> None:
    answer = forecast(person(BORN, date(2025, 2, 1), date(2025, 2, 1)), CDSI, on=TODAY)
    statuses = sorted(item.verdicts[0].status for item in answer.doses)
    assert statuses == ["not_valid", "valid"]


def test_doses_with_one_id_keep_their_own_verdicts() -> None:
    first, again = given(date(2025, 2, 1)), given(date(2025, 2, 2))
    assert judge(person(BORN, first, again), schedule(series(dose(1)))) == [
        "valid",
        "extraneous: series_complete",
    ]


def test_sixty_doses_and_a_hundred_and_thirty_years_are_answered() -> None:
    born = date(1896, 2, 29)
    codes = ("03", "20", "08", "10", "133", "21", "140", "115", "33", "19")
    doses = tuple(
        given(born + timedelta(days=700 * n), codes[n % len(codes)], str(n)) for n in range(60)
    )
    answer = forecast(History(born_on=born, doses=doses), CDSI, on=TODAY)
    assert len(answer.doses) == 60
    assert answer.groups


def test_every_observation_at_once_is_answered() -> None:
    codes = tuple(PatientObservation(item.code, BORN) for item in CDSI.data.observations)
    assert forecast(person(BORN, observed=codes), CDSI, on=TODAY).groups


@pytest.mark.parametrize(("count", "refused"), [(DOSES_MAX, False), (DOSES_MAX + 1, True)])
def test_a_record_has_a_greatest_length(count: int, refused: bool) -> None:
    history = person(BORN, *(given(TODAY, cvx="999", id=str(n)) for n in range(count)))
    if refused:
        with pytest.raises(HistoryTooLong):
            forecast(history, CDSI, on=TODAY)
    else:
        assert len(forecast(history, CDSI, on=TODAY).doses) == count


def test_one_who_is_not_born_is_refused_and_a_newborn_is_not() -> None:
    with pytest.raises(NotYetBorn):
        forecast(person(TODAY + timedelta(days=1)), CDSI, on=TODAY)
    assert forecast(person(TODAY), CDSI, on=TODAY).groups


def test_the_latest_of_an_observation_s_days_is_kept() -> None:
    days = (date(2025, 1, 1), None, date(2025, 6, 1), date(2025, 3, 1))
    observed = tuple(PatientObservation("170", day) for day in days)
    forward = forecast(person(BORN, observed=observed), CDSI, on=TODAY)
    backward = forecast(person(BORN, observed=observed[::-1]), CDSI, on=TODAY)
    assert forward == backward
