"""Comparing two states of the catalogue, and the line at which a problem stands."""

from pathlib import Path

import pytest
import yaml

from content.change import Change, check_numbers, list_changes, rules_of
from content.place import line_of, with_lines
from domain.compile.document import Problem

OLD: dict[str, object] = {
    "id": "a",
    "version": 3,
    "revision": 2,
    "name": {"ar": "ا", "en": "a"},
    "cards": [{"rank": 1, "title": {"ar": "ب", "en": "b"}}],
}


def changed(**said: object) -> dict[str, object]:
    return OLD | said


def test_words_are_no_rules_and_rules_are_no_words() -> None:
    assert rules_of(OLD) == rules_of(changed(name={"ar": "x", "en": "y"}, sources=[1], draft=True))
    assert rules_of(OLD) != rules_of(changed(cards=[{"rank": 2, "title": {"ar": "", "en": ""}}]))
    assert rules_of(OLD) != rules_of(changed(withdrawn=True))


def test_every_difference_is_listed_with_its_paths() -> None:
    words = changed(name={"ar": "ا", "en": "other"})
    rules = changed(id="b", cards=[{"rank": 2, "title": {"ar": "ب", "en": "b"}}])
    before = {"a": OLD, "b": changed(id="b"), "c": changed(id="c"), "d": OLD}
    after = {"a": words, "b": rules, "d": OLD | {"withdrawn": True}, "e": OLD}
    assert list_changes(before, after) == (
        Change("a", "words", ("name.en",)),
        Change("b", "rules", ("cards[0].rank",)),
        Change("c", "gone"),
        Change("d", "withdrawn", ("withdrawn",)),
        Change("e", "added"),
    )
    assert list_changes({"d": after["d"]}, {"d": OLD})[0].how == "restored"
    assert list_changes(before, before) == ()


RULES = [{"rank": 9, "title": {"ar": "ب", "en": "b"}}]
WORDS = {"ar": "ا", "en": "other"}


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (changed(cards=RULES), "version: its rules are not those published as version 3"),
        (changed(cards=RULES, revision=9), "raise it to 4"),
        (changed(cards=RULES, version=4), ""),
        (changed(name=WORDS), "revision: its words are not those published as revision 2"),
        (changed(name=WORDS, revision=3), ""),
        (changed(name=WORDS, revision=1, version=4), ""),
        (changed(version=2, revision=9), "a version never falls"),
        (changed(), ""),
        (changed(id="b", cards=RULES), ""),
    ],
)
def test_what_changed_is_numbered_anew(new: dict[str, object], said: str) -> None:
    problems = check_numbers({"a": OLD}, [("a.yaml", new)])
    assert [said in str(problem) for problem in problems] == ([True] if said else [])


TEXT = """# a comment
kind: service
name:
  ar: x
cards:
  - id: one
    window: {anchor: born_on,
      due: {days: 3}}
  - id: two
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 2),
        ("kind", 2),
        ("name", 3),
        ("name.ar", 4),
        ("name.en", 3),  # what is missing is said where it is missing
        ("cards[0]", 6),
        ("cards[0].window.due.days", 8),
        ("cards[1].id", 9),
        ("cards[2].id", 5),
        ("nothing[0].at.all", 2),
    ],
)
def test_a_path_has_a_line(path: str, line: int) -> None:
    root = yaml.compose(TEXT, Loader=yaml.SafeLoader)
    assert root is not None
    assert line_of(root, path) == line


def test_only_a_problem_of_a_readable_file_gets_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(TEXT)
    (tmp_path / "b.yaml").write_text("a: [")
    problems = [
        Problem("a.yaml", "name.ar", "x"),
        Problem("b.yaml:1", "", "y"),
        Problem("c", "z", ""),
    ]
    placed = with_lines(problems, tmp_path)
    assert [problem.where for problem in placed] == ["a.yaml:4", "b.yaml:1", "c"]
