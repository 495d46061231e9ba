"""Figures: their shape, the table that is printed and the file that is written.

A ratio is always value / baseline: of a rate, what share of the bare thing is left; of a time or of
memory, how many times more than the bare thing it takes.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

RESULTS_PATH = Path(__file__).parent / "results.json"

_HEADINGS = ("name", "value", "unit", "baseline", "baseline value", "ratio", "goal", "met")


@dataclass(frozen=True, slots=True)
class Goal:
    """What was promised, in words, and whether a value and its ratio keep it."""

    words: str
    holds: Callable[[float, float], bool]


def ratio_at_least(least: float) -> Goal:
    """The value is at least `least` times the baseline."""
    return Goal(f"ratio >= {least:g}", lambda _, ratio: ratio >= least)


def ratio_at_most(most: float) -> Goal:
    """The value is at most `most` times the baseline."""
    return Goal(f"ratio <= {most:g}", lambda _, ratio: ratio <= most)


def value_below(limit: float) -> Goal:
    """The value is below `limit`, whatever the baseline."""
    return Goal(f"value < {limit:g}", lambda value, _: value < limit)


class Result(msgspec.Struct, frozen=True):
    """One figure. `goal` and `met` are None where nothing was promised."""

    name: str
    value: float
    unit: str
    baseline: str
    baseline_value: float
    ratio: float
    goal: str | None
    met: bool | None


def compare(
    name: str,
    value: float,
    unit: str,
    *,
    baseline: str,
    baseline_value: float,
    goal: Goal | None = None,
) -> Result:
    """The figure, with its ratio and, where a goal is stated, whether it is met."""
    ratio = value / baseline_value
    return Result(
        name=name,
        value=value,
        unit=unit,
        baseline=baseline,
        baseline_value=baseline_value,
        ratio=ratio,
        goal=goal.words if goal else None,
        met=goal.holds(value, ratio) if goal else None,
    )


def render_table(results: Iterable[Result]) -> str:
    """The figures as lines of aligned columns."""
    rows = [_HEADINGS, *(_cells(result) for result in results)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADINGS))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def write_results(path: Path, results: Iterable[Result]) -> None:
    """Writes the figures as a JSON list, by one rename: never half a file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(list(results)), indent=2) + b"\n")
    draft.replace(path)


def _cells(result: Result) -> tuple[str, ...]:
    met = {None: "", True: "yes", False: "NO"}[result.met]
    return (
        result.name,
        _number(result.value),
        result.unit,
        result.baseline,
        _number(result.baseline_value),
        f"{result.ratio:.3g}",
        result.goal or "",
        met,
    )


def _number(value: float) -> str:
    """Three significant digits: more would claim what no run repeats."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
