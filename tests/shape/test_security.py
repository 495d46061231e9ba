"""`docs/asvs.md` claims nothing that no test shows, and passes over no requirement.

Each number of the standard's levels 1 and 2 stands once; a row that says "met" names tests or files
that are there, and one that says "part" or "open" what is missing.
"""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).parents[2]
ASVS, SECURITY = CHECKOUT / "docs" / "asvs.md", CHECKOUT / "docs" / "security.md"
NUMBERS = Path(__file__).with_name("asvs_numbers.txt")
STATES = ("met", "part", "open", "n/a")
_COUNTED = re.compile(r"met (\d+), part (\d+), open (\d+), n/a (\d+)")
_COMMAND = re.compile(r"`(T [^`]+)`")
_FILE = re.compile(r"`([\w./-]*[\w-](?:\.(?:py|md|toml|txt|yaml)|/run)|make \w+)`")
_MISSING = re.compile(r"\b(no|not|none|nor|nothing|nobody|without|never|operator's)\b")
_ROW = re.compile(r"\| V([\d.]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")


class Requirement(NamedTuple):
    """One row."""

    number: str
    state: str
    text: str


def rows(text: str) -> list[Requirement]:
    """Every row of the tables, in their order."""
    lines = [line for line in text.splitlines() if line.startswith("| V")]
    found = [_ROW.fullmatch(line) for line in lines]
    wrong = [line for line, match in zip(lines, found, strict=True) if match is None]
    assert wrong == [], "a row has another form"
    return [Requirement(match[1], match[3], match[4]) for match in found if match is not None]


def numbers() -> list[str]:
    lines = NUMBERS.read_text(encoding="utf-8").splitlines()
    return [number for line in lines if not line.startswith("#") for number in line.split()]


def problems(row: Requirement) -> list[str]:
    """What is wrong with a row by itself."""
    commands, files = _COMMAND.findall(row.text), _FILE.findall(row.text)
    found = [problem for each in commands for problem in absent(each)]
    found += [f"{file} is not there" for file in files if not is_there(file)]
    if row.state not in STATES:
        found.append(f"{row.state!r} is no state")
    if row.state == "met" and not commands and not files:
        found.append("is met and names no test and no file")
    if row.state in ("part", "open") and not _MISSING.search(row.text):
        found.append("does not say what is missing")
    return found


def is_there(file: str) -> bool:
    if file.startswith("make "):
        return f"\n{file.removeprefix('make ')}:" in (CHECKOUT / "Makefile").read_text("utf-8")
    return (CHECKOUT / file).exists()


def test_each_requirement_of_both_levels_stands_once() -> None:
    known = numbers()
    assert len(known) == len(set(known)) == 259
    assert [row.number for row in rows(ASVS.read_text(encoding="utf-8"))] == known


def test_each_row_is_of_a_state_and_shows_what_it_says() -> None:
    every = rows(ASVS.read_text(encoding="utf-8"))
    wrong = {row.number: found for row in every if (found := problems(row))}
    assert wrong == {}


@pytest.mark.parametrize("document", [ASVS, SECURITY])
def test_the_counts_are_those_of_the_rows(document: Path) -> None:
    counts = Counter(row.state for row in rows(ASVS.read_text(encoding="utf-8")))
    (said,) = _COUNTED.findall(document.read_text(encoding="utf-8"))
    assert dict(zip(STATES, map(int, said), strict=True)) == counts


@pytest.mark.parametrize(
    ("state", "text", "found"),
    [
        ("met", "`T tests/shape/test_security.py -k planted`", []),
        ("met", "`api/log.py`", []),
        ("met", "`make check`", []),
        ("met", "well", ["is met and names no test and no file"]),
        ("met", "`T tests/shape/test_gone.py`", ["tests/shape/test_gone.py"]),
        ("met", "`api/gone.py`", ["api/gone.py is not there"]),
        ("met", "`make gone`", ["make gone is not there"]),
        ("met", '`T tests/shape/test_security.py -k "planted or zebra"`', ["zebra"]),
        ("done", "`api/log.py`", ["'done' is no state"]),
        ("part", "half of it", ["does not say what is missing"]),
        ("open", "no vault", []),
    ],
)
def test_a_planted_row_is_judged(state: str, text: str, found: list[str]) -> None:
    assert problems(Requirement("1.1.1", state, text)) == found


def absent(command: str) -> list[str]:
    """What a command names that is not there."""
    paths = re.findall(r"tests/[\w./-]+", command)
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
