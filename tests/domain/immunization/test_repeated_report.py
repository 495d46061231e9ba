"""One dose reported twice with different dates is counted once, and both reports are kept."""

from datetime import date, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.immunization.forecast import forecast
from domain.immunization.history import GivenDose
from domain.immunization.repeated_report import RepeatRule, find_repeats
from tests.domain.immunization.schedules import after_previous, dose, person, schedule, series

RULE = RepeatRule(days_max=14, same_codes=(frozenset({"03", "94"}),))
DAY = date(2025, 3, 10)


def report(number: int, days: int, by: str | None, **rows: object) -> GivenDose:
    given: dict[str, object] = {
        "id": str(number),
        "cvx": "03",
        "administered_on": DAY + timedelta(days=days),
        "reported_by": by,
        **rows,
    }
    return GivenDose(**given)  # type: ignore[arg-type]  # rows by name, as tests write them


def repeats(*doses: GivenDose) -> dict[str, str]:
    """By id: the repeated report, and the one that counts."""
    return {doses[a].id: doses[b].id for a, b in find_repeats(doses, RULE).items()}


def test_two_exchanges_a_few_days_apart_told_of_one_dose_and_the_later_counts() -> None:
    assert repeats(report(1, 0, "a"), report(2, 14, "b")) == {"1": "2"}
    assert repeats(report(1, 0, "a"), report(2, 0, "b")) == {"1": "2"}
    assert repeats(report(1, 0, "a"), report(2, 15, "b")) == {}


def test_whoever_gave_the_dose_is_believed() -> None:
    assert repeats(report(1, 0, "a", primary_source=True), report(2, 5, "b")) == {"2": "1"}


def test_one_exchange_that_tells_of_two_doses_means_two() -> None:
    assert repeats(report(1, 0, "a"), report(2, 5, "a")) == {}
    assert repeats(report(1, 0, None), report(2, 5, None)) == {}
    assert repeats(report(1, 0, "a"), report(2, 5, None)) == {}


def test_other_vaccines_and_other_lots_are_other_doses() -> None:
    assert repeats(report(1, 0, "a"), report(2, 5, "b", cvx="21")) == {}
    assert repeats(report(1, 0, "a"), report(2, 5, "b", cvx="94")) == {"1": "2"}
    lots = report(1, 0, "a", lot_number="X"), report(2, 5, "b", lot_number="Y")
    assert repeats(*lots) == {}
    assert repeats(lots[0], report(2, 5, "b", lot_number="X")) == {"1": "2"}
    assert repeats(lots[0], report(2, 5, "b")) == {"1": "2"}


def test_the_nearest_reports_are_joined() -> None:
    # Exchange a tells of two doses twelve days apart, b of one a day after the second.
    assert repeats(report(1, 0, "a"), report(2, 12, "a"), report(3, 13, "b")) == {"2": "3"}


def test_the_answer_shows_both_and_counts_one() -> None:
    plan = schedule(series(dose(1), dose(2, intervals=(after_previous("4 weeks", "4 weeks"),))))
    history = person(date(2024, 1, 1), report(1, 0, "a"), report(2, 3, "b"))
    told = forecast(history, plan, on=date(2025, 6, 1), repeats=RULE)
    assert [(d.id, d.flag, d.same_as, len(d.verdicts)) for d in told.doses] == [
        ("1", "repeated_report", "2", 0),
        ("2", None, None, 1),
    ]
    assert told.groups[0].dose_number == 2
    assert told.groups[0].earliest_on == date(2025, 4, 10)  # 13 March + 28 days
    # Without the rule the second report would be a dose given three days after the first.
    assert forecast(history, plan, on=date(2025, 6, 1)).doses[1].verdicts[0].status == "not_valid"


def test_a_report_entered_in_error_stands_for_nothing() -> None:
    plan = schedule(series(dose(1)))
    doses = report(1, 0, "a"), report(2, 3, "b", entered_in_error=True)
    told = forecast(person(date(2024, 1, 1), *doses), plan, on=date(2025, 6, 1), repeats=RULE)
    assert [(d.flag, d.same_as) for d in told.doses] == [(None, None), ("entered_in_error", None)]


reports = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from(["03", "94", "21"]),
        st.sampled_from(["X", "Y", None]),
        st.booleans(),
    ),
    max_size=8,
).map(
    lambda rows: [
        report(n, days, by, cvx=cvx, lot_number=lot, primary_source=primary)
        for n, (days, by, cvx, lot, primary) in enumerate(rows)
    ]
)


@given(reports, st.randoms(use_true_random=False))
def test_the_order_of_telling_means_nothing(doses: list[GivenDose], chance: object) -> None:
    mixed = list(doses)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert repeats(*mixed) == repeats(*doses)


@given(reports)
def test_what_is_left_holds_no_repeat_of_its_neighbour(doses: list[GivenDose]) -> None:
    found = find_repeats(doses, RULE)
    assert not set(found) & set(found.values())
    for place, kept in found.items():
        assert doses[place].reported_by != doses[kept].reported_by
        gap = doses[place].administered_on - doses[kept].administered_on
        assert abs(gap.days) <= RULE.days_max
    same = [msgspec.structs.replace(item, reported_by="a") for item in doses]
    assert find_repeats(same, RULE) == {}
