"""Every shipped scenario holds, every service has one, and a failing one says what differs."""

from datetime import date
from pathlib import Path

import pytest

from api.scenarios import scenarios
from content.day_walk import draw_walk
from content.scenario import SHIPPED_SCENARIOS, Scenario, read_scenarios, run_scenario
from domain.catalogue import Catalogue
from domain.compile.document import CatalogueError

SCENARIOS = read_scenarios()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_family_sees_what_its_scenario_says(scenario: Scenario, catalogue: Catalogue) -> None:
    assert [str(found) for found in run_scenario(scenario, catalogue)] == []


def test_every_service_is_met_in_a_scenario(catalogue: Catalogue) -> None:
    told = {
        card.split(".")[0]
        for scenario in SCENARIOS
        for step in scenario.steps
        for cards in step.sees.values()
        for card in cards
    }
    assert set(catalogue.services) - told == set()


def test_every_scenario_says_where_its_dates_come_from() -> None:
    for file in SHIPPED_SCENARIOS.glob("*.yaml"):
        assert file.read_text("utf-8").startswith("# "), file.name
        assert f"\nscenario: {file.stem}\n" in file.read_text("utf-8"), file.name


STORY = """# A story.
scenario: story
title: A marriage
about: [family_book]
people:
  salem: {nationality: ARE}
  noura: {}
events:
  - {on: 2027-03-01, kind: marriage.registered, husband: salem, wife: noura}
walk:
  - on: 2027-03-01
    sees: {salem: [family_book.offer due], noura: []}
"""


def write(directory: Path, text: str) -> Path:
    (directory / "story.yaml").write_text(text, "utf-8")
    return directory


def test_a_failing_scenario_says_which_day_who_expected_and_seen(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    wrong = STORY.replace("family_book.offer due", "family_book.offer overdue")
    (story,) = read_scenarios(write(tmp_path, wrong))
    (found,) = run_scenario(story, catalogue)
    assert (found.on, found.who) == (date(2027, 3, 1), "salem")
    assert str(found) == (
        "story: on 2027-03-01, salem: expected family_book.offer overdue;"
        " seen family_book.offer due"
    )


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("kind: marriage.registered", "kind: stork.landed", "has no known kind"),
        ("wife: noura}", "wife: mona}", "'mona'"),
        ("sees: {salem", "sees: {mona", "'mona' is none of its people"),
        ("about:", "aboot:", "aboot"),
        ("on: 2027-03-01, kind", "on: 2027-13-01, kind", "month"),
        ("nationality: ARE", "nation: ARE", "nation"),
    ],
)
def test_a_scenario_that_cannot_be_read_is_refused_with_its_file(
    tmp_path: Path, was: str, now: str, said: str
) -> None:
    assert was in STORY
    with pytest.raises(CatalogueError) as caught:
        read_scenarios(write(tmp_path, STORY.replace(was, now)))
    assert str(caught.value).startswith("story.yaml: ")
    assert said in str(caught.value)


def test_a_walk_draws_every_day_that_changes_something(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    longer = STORY + "  - on: 2028-03-02\n    sees: {salem: []}\n"
    (story,) = read_scenarios(write(tmp_path, longer))
    # Due 90 days, through 30 May 2027; twelve months from the contract end on 1 March 2028.
    assert draw_walk(story, catalogue).splitlines() == [
        "story: A marriage",
        "  2027-03-01  marriage.registered",
        "    salem      + family_book.offer due",
        "  2027-05-31",
        "    salem      - family_book.offer due",
        "    salem      + family_book.offer overdue",
        "  2028-03-02",
        "    salem      - family_book.offer overdue",
    ]


def test_the_command_says_how_many_hold_and_fails_when_one_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scenarios(["family_book", "--walk"]) == 0
    assert "1 of 1 scenarios hold" in capsys.readouterr().out
    wrong = STORY.replace("family_book.offer due", "family_book.offer overdue")
    assert scenarios(["--from", str(write(tmp_path, wrong))]) == 1
    assert "FAILED story" in capsys.readouterr().out
    assert scenarios(["nobody"]) == 2
    write(tmp_path, "a: [")
    assert scenarios(["--from", str(tmp_path)]) == 2
