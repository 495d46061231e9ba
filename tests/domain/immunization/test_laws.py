"""Laws of the calculator, on the whole schedule and histories of all kinds."""

from datetime import date, timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.schedule.packed import read_supporting_data
from domain.immunization.duration import add_duration
from domain.immunization.forecast import Forecast, forecast
from domain.immunization.history import GivenDose, History, PatientObservation
from domain.immunization.schedule import make_schedule

CDSI = make_schedule(read_supporting_data())
TODAY = date(2025, 11, 10)
CODES = sorted(CDSI.vaccines)
SERIES = {series.name: series for antigen in CDSI.data.antigens for series in antigen.series}
CHILDHOOD = ("03", "08", "10", "20", "21", "48", "49", "83", "110", "116", "133", "140", "146")
LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def histories(draw: st.DrawFn) -> History:
    age_days = draw(st.one_of(st.integers(0, 2_500), st.integers(0, 40_000)))
    born_on = TODAY - timedelta(days=age_days)
    day = st.integers(-3, age_days + 3).map(lambda days: born_on + timedelta(days=days))
    cvx = st.one_of(st.sampled_from(CHILDHOOD), st.sampled_from([*CODES, "999"]))
    doses = [
        GivenDose(
            id=str(n),
            cvx=draw(cvx),
            administered_on=draw(day),
            substandard=draw(st.integers(0, 9)) == 0,
        )
        for n in range(draw(st.integers(0, 12)))
    ]
    codes = st.sampled_from([item.code for item in CDSI.data.observations])
    return History(
        born_on=born_on,
        sex=draw(st.sampled_from(["male", "female", "unknown"])),
        doses=tuple(doses),
        observations=tuple(
            PatientObservation(code, draw(st.one_of(st.none(), day)))
            for code in draw(st.lists(codes, max_size=3))
        ),
    )


def timeless(answer: Forecast) -> Forecast:
    return msgspec.structs.replace(answer, assessed_on=TODAY, changes_on=None)


@LAW
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_telling_means_nothing(history: History, chance: object) -> None:
    order = list(range(len(history.doses)))
    chance.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    shuffled = msgspec.structs.replace(
        history,
        doses=tuple(history.doses[place] for place in order),
        observations=history.observations[::-1],
    )
    told, again = forecast(history, CDSI, on=TODAY), forecast(shuffled, CDSI, on=TODAY)
    assert again.groups == told.groups
    assert again.changes_on == told.changes_on
    assert {item.id: item for item in again.doses} == {item.id: item for item in told.doses}


@LAW
@given(histories())
def test_the_same_is_answered_twice_and_every_dose_is_kept(history: History) -> None:
    answer = forecast(history, CDSI, on=TODAY)
    assert forecast(history, CDSI, on=TODAY) == answer
    assert [item.id for item in answer.doses] == [item.id for item in history.doses]


@LAW
@given(histories())
def test_dates_come_after_birth_and_in_their_order(history: History) -> None:
    for item in forecast(history, CDSI, on=TODAY).groups:
        if item.status != "not_complete":
            assert (item.earliest_on, item.recommended_on, item.dose_number) == (None, None, None)
            continue
        assert item.earliest_on is not None
        assert item.recommended_on is not None
        assert history.born_on <= item.earliest_on <= item.recommended_on
        assert item.past_due_on is None or item.earliest_on <= item.past_due_on


@LAW
@given(histories(), st.sampled_from(CHILDHOOD))
def test_a_valid_dose_never_brings_the_next_one_before_its_interval(
    history: History, cvx: str
) -> None:
    new = GivenDose(id="new", cvx=cvx, administered_on=TODAY)
    told = msgspec.structs.replace(history, doses=(*history.doses, new))
    answer = forecast(told, CDSI, on=TODAY)
    for verdict in answer.doses[-1].verdicts:
        for item in answer.groups:
            alone = (verdict.series,) == item.series
            if not alone or verdict.status != "valid" or item.earliest_on is None:
                continue
            assert item.earliest_on >= TODAY
            later = [
                [row.minimum for row in dose.intervals if row.from_previous and row.minimum]
                for dose in SERIES[verdict.series].doses
                if dose.number >= (verdict.target or 0)
            ]
            if all(later):
                soonest = min(add_duration(TODAY, length) for rows in later for length in rows)
                assert item.earliest_on >= soonest


@LAW
@given(histories(), st.data())
def test_the_answer_holds_until_the_day_it_names(history: History, data: st.DataObject) -> None:
    answer = forecast(history, CDSI, on=TODAY)
    ahead = 20_000 if answer.changes_on is None else (answer.changes_on - TODAY).days - 1
    assert ahead >= 0
    later = TODAY + timedelta(days=data.draw(st.integers(0, ahead)))
    for day in (later, TODAY + timedelta(days=ahead)):
        held = forecast(history, CDSI, on=day)
        assert timeless(held) == timeless(answer)
        assert held.changes_on == answer.changes_on
