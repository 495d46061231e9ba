"""The bench: what it writes, what it says, and that its measurements run. Never how fast."""

from datetime import date
from pathlib import Path

import orjson
import pytest

from bench.__main__ import BENCHMARKS, UnknownBenchmark, choose, main
from bench.couple import COUPLES_MAX, Couple
from bench.evaluate import measure_evaluate, measure_tenfold
from bench.event import FAST_COUNT, PACED_COUNT
from bench.event_to_push import BirthTimed, is_growing, measure_event_to_push
from bench.family import family_of_five
from bench.graphql import measure_graphql
from bench.loop_wait import measure_loop_wait
from bench.medicine import TODAY as MEDICINE_TODAY
from bench.medicine import five_year_old, measure_forecasts, measure_growth, measure_tables
from bench.notice_plan import HISTORY, NOON, Person, list_people, measure_plan
from bench.notices import measure_fan_out
from bench.result import (
    RESULTS_PATH,
    compare,
    ratio_at_least,
    render_table,
    value_below,
    write_results,
)
from bench.seal import measure_seal
from content.schedule.packed import read_supporting_data
from domain.immunization.forecast import forecast
from domain.immunization.schedule import make_schedule
from push.hours import Hours
from push.plan import Step, plan

TODAY = date(2026, 11, 21)
TINY_SECONDS = 0.01
LAST = ("ratio", "goal", "met")

PLAIN = compare("plain", 50.0, "things/s", baseline="bare", baseline_value=200.0)
MISSED = compare("missed", 300.0, "MB", baseline="bare", baseline_value=50.0, goal=value_below(250))


def test_the_file_is_a_list_of_figures_each_beside_its_baseline(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_results(path, [PLAIN, MISSED])
    assert orjson.loads(path.read_bytes()) == [
        {
            "name": "plain",
            "value": 50.0,
            "unit": "things/s",
            "baseline": "bare",
            "baseline_value": 200.0,
            "ratio": 0.25,
            "goal": None,
            "met": None,
        },
        {
            "name": "missed",
            "value": 300.0,
            "unit": "MB",
            "baseline": "bare",
            "baseline_value": 50.0,
            "ratio": 6.0,
            "goal": "value < 250",
            "met": False,
        },
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


def test_a_goal_is_met_on_one_side_of_its_limit() -> None:
    def met(value: float) -> list[bool | None]:
        goals = (ratio_at_least(1.8), value_below(180))
        return [
            compare("x", value, "", baseline="", baseline_value=100.0, goal=goal).met
            for goal in goals
        ]

    assert met(179.0) == [False, True]
    assert met(180.0) == [True, False]


def test_the_table_says_which_goal_is_missed() -> None:
    heading, plain, missed = render_table([PLAIN, MISSED]).splitlines()
    assert heading.split() == ["name", "value", "unit", *["baseline"] * 2, "value", *LAST]
    assert plain.split() == ["plain", "50", "things/s", "bare", "200", "0.25"]
    assert missed.split()[-4:] == ["value", "<", "250", "NO"]


@pytest.mark.parametrize(
    "measure", [measure_evaluate, measure_tenfold, measure_graphql, measure_loop_wait, measure_seal]
)
def test_a_pure_benchmark_gives_its_figures(measure: object) -> None:
    (benchmark,) = [one for one in BENCHMARKS if one.measure is measure]
    results = measure(seconds=TINY_SECONDS)  # type: ignore[operator]  # parametrize is untyped
    assert tuple(result.name for result in results) == benchmark.figures
    assert all(result.value > 0 and result.baseline_value > 0 for result in results)


def test_planning_gives_its_figure_over_people_of_all_kinds() -> None:
    (result,) = measure_plan(seconds=TINY_SECONDS, people_count=50)
    assert result.name == "notice-plan"
    assert result.value > 0
    assert result.baseline_value > 0
    steps = {type(step).__name__ for person in list_people(50) for step in _planned(person)}
    assert steps == {"Send", "Hold", "Close"}


def _planned(person: Person) -> tuple[Step, ...]:
    return plan(
        person.waiting,
        preferences=person.preferences,
        hours=Hours(),
        history=HISTORY,
        reach=person.reach,
        local=NOON,
    )


def test_the_calculators_give_their_figures() -> None:
    results = [
        *measure_forecasts(seconds=TINY_SECONDS, calls=5),
        *measure_tables(),
        *measure_growth(seconds=TINY_SECONDS),
    ]
    medicine = [one for one in BENCHMARKS if one.name in ("forecast", "tables", "z-scores")]
    assert [result.name for result in results] == [f for one in medicine for f in one.figures]
    assert all(result.value > 0 and result.baseline_value > 0 for result in results)
    assert [r.goal for r in results if r.goal] == ["value < 10", "value < 30"]


def test_the_child_of_the_forecasts_has_twenty_doses_of_many_groups() -> None:
    history = five_year_old()
    assert len(history.doses) == 20
    answer = forecast(history, make_schedule(read_supporting_data()), on=MEDICINE_TODAY)
    assert all(dose.verdicts and dose.flag is None for dose in answer.doses)
    assert len(answer.groups) >= 10


def test_a_benchmark_is_chosen_by_its_name_or_by_a_figure() -> None:
    (events,) = choose("event-to-timeline")
    assert choose("resident-memory-api") == [events]
    (beside,) = choose("kinto-poll")
    assert list(choose(None)) == [one for one in BENCHMARKS if one is not beside]
    figures = [figure for one in BENCHMARKS for figure in one.figures]
    assert len(set(figures)) == len(figures)
    (replay,) = choose("inbox-replay-memory")
    assert replay.measure_whole is not None, "by its name, all of its rows"


def test_an_unknown_name_is_refused_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(UnknownBenchmark, match="evaluate"):
        choose("evaluation")
    assert main(["evaluation"]) == 2
    assert "No benchmark is named 'evaluation'" in capsys.readouterr().err
    assert main(["evaluate", "seal"]) == 2


def test_a_family_has_as_many_facts_as_its_docstring_says() -> None:
    family = family_of_five(TODAY)
    assert (len(family.facts), len(family.later)) == (45, 12)
    parts = {(fact.source, fact.source_id, fact.part) for fact in family.facts + family.later}
    assert len(parts) == 57
    other = family_of_five(TODAY, number=2)
    assert not {family.husband, family.wife} & {other.husband, other.wife}


def test_every_couple_of_the_load_is_in_the_sample_range() -> None:
    assert PACED_COUNT + FAST_COUNT <= COUPLES_MAX
    last = Couple(COUPLES_MAX - 1)
    assert last.birth(TODAY)["id"] != last.marriage(TODAY)["id"]
    assert last.father_digits != last.mother_digits


def test_the_results_are_not_committed() -> None:
    ignored = (RESULTS_PATH.parents[1] / ".gitignore").read_text().splitlines()
    assert str(RESULTS_PATH.relative_to(RESULTS_PATH.parents[1])) in ignored


def test_fan_out_gives_its_figures_and_every_message_is_accepted() -> None:
    results = measure_fan_out(rounds=1, each=120, pyfcm_each=20)
    (benchmark,) = [one for one in BENCHMARKS if one.name == "notices"]
    assert tuple(result.name for result in results) == benchmark.figures
    assert all(result.value > 0 and result.baseline_value > 0 for result in results)


def test_event_to_push_gives_its_figures_and_every_birth_is_pushed() -> None:
    results = measure_event_to_push(idle_count=2, fast_count=2, steady_count=2, shares=(0.5,))
    (benchmark,) = [one for one in BENCHMARKS if one.name == "event-to-push"]
    assert tuple(result.name for result in results) == benchmark.figures
    assert all(result.value > 0 and result.baseline_value > 0 for result in results)


@pytest.mark.parametrize(("last_for", "grows"), [(2.0, False), (40.0, True)])
def test_a_queue_grows_where_more_wait_at_the_end_than_at_half_time(
    last_for: float, grows: bool
) -> None:
    """Twenty births, one a second: each pushed after two seconds, or those of the second half not
    before forty.
    """
    timed = [BirthTimed(float(at), 0.001, at + (2.0 if at < 10 else last_for)) for at in range(20)]
    assert is_growing(timed) is grows
