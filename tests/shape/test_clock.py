"""The clock is read in `store/clock.py` alone; everybody else is handed the time."""

import ast
import re

import pytest

from tests.shape.test_one_commit import sources

READING = {
    "date.today",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "time.strftime",
    "time.ctime",
}
# PostgreSQL's own clock would be a second one beside it.
SQL_CLOCK = re.compile(r"\b(?:now\(\)|CURRENT_(?:DATE|TIME|TIMESTAMP)|clock_timestamp\(\))")
SQL_FUNCTIONS = {"func.now", "func.current_date", "func.current_timestamp"}
CLOCKS = {"date", "datetime", "time"}

ALLOWED = {
    "store/clock.py": "the clock",
    "simulators/uae_pass.py": "another's system: whose accounts it has follows from the day",
    "simulators/agency.py": "an agency's own system: it signs by its own clock, outside the server",
    "migrations/keys/versions/0001_wrapped_key.py": "when a key was made, for its keepers; no rule",
}


def readings(tree: ast.AST) -> set[str]:
    """Every reading of a clock of the calendar. A monotonic one measures waiting, not days."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            found |= {name} & (READING | SQL_FUNCTIONS)
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found |= {f"time.{alias.name}" for alias in node.names} & READING
        elif isinstance(node, ast.ImportFrom) and node.module == "datetime":
            # Under another name it would not be seen.
            found |= {alias.name for alias in node.names if alias.asname} & CLOCKS
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(SQL_CLOCK.findall(node.value))
    return found


def test_the_clock_is_read_where_it_is_allowed_alone() -> None:
    found = {path for path, tree in sources() if readings(tree)}
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    "planted",
    [
        "x = date.today()",
        "x = datetime.now(UTC)",
        "field(default_factory=datetime.utcnow)",
        "import datetime\nx = datetime.datetime.now()",
        "from time import time\nx = time()",
        "from datetime import date as day\nx = day.today()",
        "import datetime as dt\nx = dt.datetime.now()",
        "x = time.time()",
        "text('SELECT now()')",
        "text('WHERE day < CURRENT_DATE')",
        "sa.func.now()",
    ],
)
def test_a_planted_clock_would_be_seen(planted: str) -> None:
    assert readings(ast.parse(planted))


@pytest.mark.parametrize("innocent", ["clock.today()", "time.monotonic()", "'what is known now'"])
def test_being_handed_the_time_is_not_reading_it(innocent: str) -> None:
    assert not readings(ast.parse(innocent))
