"""The phone's own shape: one clock, one commit, nothing of the server."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.shape.test_clock import readings
from tests.shape.test_one_commit import openings

CHECKOUT = Path(__file__).parents[2]
SERVER = {"api", "schema", "sync", "push", "content", "gov", "identity", "timeline", "store"}
SERVER |= {"domain", "simulators", "tests", "bench"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((CHECKOUT / "phone").rglob("*.py")):
        yield path.relative_to(CHECKOUT).as_posix(), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.AST) -> set[str]:
    """The top-level packages that a module imports, however it does."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_phone_knows_the_contract_alone() -> None:
    assert len(dict(modules())) > 10
    assert not {path for path, tree in modules() if imported(tree) & SERVER}


def test_the_phone_reads_one_clock() -> None:
    assert {path for path, tree in modules() if readings(tree)} == {"phone/day.py"}


def test_the_phone_commits_in_one_place() -> None:
    assert {path for path, tree in modules() if openings(tree)} == {"phone/store.py"}
