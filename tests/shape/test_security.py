"""`docs/security.md` claims nothing that no test shows: each row of its table that says "met" names
tests that are there, and each that does not says what is missing.
"""

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
SECURITY = CHECKOUT / "docs" / "security.md"
STATES = {"met", "part", "open", "n/a"}
_COMMAND = re.compile(r"`(T [^`]+|make check)`")
_MISSING = re.compile(r"\*\*open\*\*|\b(no|not|nobody|operator's)\b", re.IGNORECASE)
_ROW = re.compile(r"\| (V[^|]+) \| ([^|]+) \| (.+) \|")


def rows() -> list[tuple[str, set[str], str]]:
    """Chapter, states and text of each row of the ASVS table."""
    text = SECURITY.read_text(encoding="utf-8").partition("## ASVS")[2]
    found = [_ROW.fullmatch(line) for line in text.splitlines() if line.startswith("| V")]
    assert all(found), "a row has another form"
    return [(row[1], set(row[2].strip().split(", ")), row[3]) for row in found if row is not None]


def test_every_chapter_is_there_in_a_state_that_is_known() -> None:
    every = rows()
    assert {state for _, states, _ in every for state in states} == STATES
    chapters = {int(number) for name, _, _ in every for number in re.findall(r"V(\d+)", name)}
    assert chapters == set(range(1, 15))


def test_what_is_met_names_tests_that_are_there() -> None:
    wrong = []
    for name, states, text in rows():
        commands = _COMMAND.findall(text)
        if "met" in states and not commands:
            wrong.append(f"{name}: names no test")
        wrong += [f"{name}: {problem}" for each in commands for problem in _problems(each)]
    assert wrong == []


def test_what_is_not_met_says_what_is_missing() -> None:
    silent = [
        name
        for name, states, text in rows()
        if states & {"part", "open"} and not _MISSING.search(text)
    ]
    assert silent == []
    hidden = [name for name, states, text in rows() if states == {"met"} and "**open**" in text]
    assert hidden == [], "something open makes a row `part`"


def _problems(command: str) -> list[str]:
    """What a command names that is not there."""
    if command == "make check":
        return []
    paths = re.findall(r"tests/\S+", command)
    missing = [path for path in paths if not (CHECKOUT / path).exists()]
    chosen = re.search(r'-k (?:"([^"]+)"|(\S+))', command)
    if missing or chosen is None:
        return missing
    names = "\n".join(
        name
        for path in paths
        for file in _files(CHECKOUT / path)
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    )
    words = re.findall(r"\w+", chosen[1] or chosen[2])
    return [word for word in words if word not in ("or", "and", "not") and word not in names]


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
