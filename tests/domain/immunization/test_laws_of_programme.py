"""The same laws on the programme of the Emirates, whose tables differ by birthday and emirate."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.schedule.read_programme import read_programme
from domain.immunization.duration import add_duration
from domain.immunization.forecast import Forecast, forecast
from domain.immunization.history import GivenDose, History
from domain.immunization.programme import find_edition

pytestmark = pytest.mark.slow

UAE = read_programme()
TODAY = date(2026, 11, 21)
# What the programme gives, what other countries gave, what is retired, what nobody knows.
CODES = (*(product.cvx for product in UAE.products), "01", "02", "22", "41", "178", "999", "")
EXCHANGES = (None, "urn:riayati", "urn:malaffi")
LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def histories(draw: st.DrawFn) -> History:
    age_days = draw(st.one_of(st.integers(0, 2_500), st.integers(0, 40_000)))
    born_on = TODAY - timedelta(days=age_days)
    day = st.integers(-3, age_days + 3).map(lambda days: born_on + timedelta(days=days))
    doses = tuple(
        GivenDose(
            id=str(n),
            cvx=draw(st.sampled_from(CODES)),
            administered_on=draw(day),
            reported_by=draw(st.sampled_from(EXCHANGES)),
            entered_in_error=draw(st.integers(0, 9)) == 0,
        )
        for n in range(draw(st.integers(0, 12)))
    )
    return History(
        born_on=born_on, sex=draw(st.sampled_from(["male", "female", "unknown"])), doses=doses
    )


def ask(history: History, on: date = TODAY) -> Forecast:
    found = find_edition(UAE, born_on=history.born_on)
    return forecast(history, found.schedule, on=on, repeats=UAE.repeats)


@LAW
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_telling_means_nothing_and_twice_is_the_same(
    history: History, chance: object
) -> None:
    order = list(range(len(history.doses)))
    chance.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    shuffled = msgspec.structs.replace(
        history, doses=tuple(history.doses[place] for place in order)
    )
    told, again = ask(history), ask(shuffled)
    assert ask(history) == told
    assert again.groups == told.groups
    assert {item.id: item for item in again.doses} == {item.id: item for item in told.doses}


@LAW
@given(histories())
def test_every_dose_is_kept_and_no_date_lies_before_birth(history: History) -> None:
    answer = ask(history)
    assert [item.id for item in answer.doses] == [item.id for item in history.doses]
    for item in answer.groups:
        days = (item.earliest_on, item.recommended_on, item.past_due_on, item.latest_on)
        assert all(day >= history.born_on for day in days if day is not None)


@LAW
@given(histories(), st.sampled_from([product.cvx for product in UAE.products]))
def test_a_valid_dose_never_brings_the_next_one_before_its_interval(
    history: History, cvx: str
) -> None:
    new = GivenDose(id="new", cvx=cvx, administered_on=TODAY)
    answer = ask(msgspec.structs.replace(history, doses=(*history.doses, new)))
    schedule = find_edition(UAE, born_on=history.born_on).schedule
    series = {item.name: item for antigen in schedule.data.antigens for item in antigen.series}
    for verdict in answer.doses[-1].verdicts:
        for item in answer.groups:
            alone = (verdict.series,) == item.series
            if not alone or verdict.status != "valid" or item.earliest_on is None:
                continue
            assert item.earliest_on >= TODAY
            later = [
                [row.minimum for row in dose.intervals if row.from_previous and row.minimum]
                for dose in series[verdict.series].doses
                if dose.number >= (verdict.target or 0)
            ]
            if all(later):
                soonest = min(add_duration(TODAY, length) for rows in later for length in rows)
                assert item.earliest_on >= soonest
