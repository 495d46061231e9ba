"""The tables of `docs/services.md` are true: no service and no variant without a story of it."""

from pathlib import Path

import pytest

from content.scenario import read_scenarios
from domain.catalogue import Catalogue
from domain.ids import EntryId

DOCUMENT = Path(__file__).parents[2] / "docs" / "services.md"
STORIES = {one.name: one for one in read_scenarios()}
VARIANTS = {
    *("every emirate", "already have children", "determination", "divorce", "pilot", "Basher"),
    *("death of a parent", "death of a child", "pregnancy loss", "stillbirth"),
    "outside federal government",
}
Row = tuple[str, list[str], list[str]]  # what it is about, its entries, its stories


def rows() -> list[Row]:
    found = []
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[-1] not in ("stories", "story") and "---" not in line:
            about, entries, stories = cells[-3:]
            found.append((about, entries.split(", "), stories.split(", ")))
    return found


def met_in(story: str) -> set[str]:
    """The services that somebody sees in a story."""
    steps = STORIES[story].steps
    return {card.split(".")[0] for step in steps for cards in step.sees.values() for card in cards}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_row_has_entries_that_its_stories_meet(row: Row, catalogue: Catalogue) -> None:
    about, entries, stories = row
    assert set(stories) <= STORIES.keys(), about
    met = set[str]().union(*(met_in(story) for story in stories))
    assert set(entries) <= catalogue.services.keys() & met, about


def test_every_row_service_variant_and_story_is_in_a_table(catalogue: Catalogue) -> None:
    told = rows()
    assert {entry for _, entries, _ in told for entry in entries} == set(catalogue.services)
    assert [about for about in VARIANTS if not any(about in row[0] for row in told)] == []
    numbered = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line[2:3].isdigit()]
    assert len(numbered) == 16
    shown = {story for _, _, stories in told for story in stories}
    assert shown | {"birth_contradicted"} == STORIES.keys()


@pytest.mark.parametrize(
    ("word", "field"),
    [
        *((word, "criterion") for word in ("time", "state", "dependency", "place", "law")),
        *((word, "nature") for word in ("reminder", "eligibility", "information", "procedure")),
    ],
)
def test_each_criterion_and_kind_is_shown_by_an_entry_of_it(
    word: str, field: str, catalogue: Catalogue
) -> None:
    (entries,) = [entries for about, entries, _ in rows() if about == word]
    assert {getattr(catalogue.services[EntryId(entry)], field) for entry in entries} == {word}
