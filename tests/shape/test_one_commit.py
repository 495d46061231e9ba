"""Law 7, one commit: a unit of work is committed in `store/session.py` and nowhere else.

Whoever opens an engine, a connection or a transaction of its own stands in `ALLOWED`, with its
reason; a line that no longer needs to stand there fails too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
# The phone is no part of the server: its own database has rules of its own (`test_phone.py`).
BESIDE = {"tests", "bench", "phone"}

OPENING = {
    "commit",
    "rollback",
    "begin",
    "begin_nested",
    "connect",
    "create_async_engine",
    "create_pool",
}
OPENING_WORDS = {"COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT", "START TRANSACTION"}

ALLOWED = {
    ("store/session.py", "commit"): "the one commit",
    ("store/session.py", "connect"): "the kinds of session, and the ping of health",
    ("store/session.py", "create_async_engine"): "the one engine of a process",
    ("api/worker.py", "create_pool"): "the queue's, of arq",
    ("push/smpp.py", "connect"): "to the message centre: no database",
    ("push/smtp.py", "connect"): "to the mail relay: no database",
    ("store/keys.py", "begin"): "a key is committed apart, before the first row sealed under it",
    ("store/migrate.py", "begin"): "a migration is one transaction under its own lock",
    ("store/migrate.py", "create_async_engine"): "migrations run without the pool",
    ("api/run.py", "connect"): "CREATE DATABASE of development runs outside every transaction",
    ("api/run.py", "create_async_engine"): "the same: before any database of ours is there",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the product, by its path in the checkout, parsed."""
    packages = sorted(path.parent for path in CHECKOUT.glob("*/__init__.py"))
    for package in [one for one in packages if one.name not in BESIDE] + [CHECKOUT / "migrations"]:
        for path in sorted(package.rglob("*.py")):
            yield path.relative_to(CHECKOUT).as_posix(), ast.parse(path.read_text("utf-8"))


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call by the last part of its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr, node
            elif isinstance(node.func, ast.Name):
                yield node.func.id, node


def openings(tree: ast.AST) -> set[str]:
    """What a module opens or commits by itself, in Python or in SQL."""
    found = {name for name, _ in called(tree)} & OPENING
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.strip().upper().rstrip(";")
            if words in OPENING_WORDS:
                found.add(words)
    return found


def test_transactions_are_opened_and_committed_only_where_it_is_allowed() -> None:
    modules = dict(sources())
    assert len(modules) > 50
    found = {(path, name) for path, tree in modules.items() for name in openings(tree)}
    assert found == set(ALLOWED)


def test_the_commit_of_a_unit_stands_once() -> None:
    commits = [path for path, tree in sources() for name, _ in called(tree) if name == "commit"]
    assert commits == ["store/session.py"]


@pytest.mark.parametrize(
    ("planted", "seen"),
    [
        ("async def f(unit): await unit._connection.commit()", {"commit"}),
        ("async def f(e):\n  async with e.begin() as c: pass", {"begin"}),
        ("x = create_async_engine(url)", {"create_async_engine"}),
        ("async def f(c): await c.execute('commit;')", {"COMMIT"}),
        ("def commit() -> None: ...", set()),
        ("x = 'a commit in words'", set()),
    ],
)
def test_a_planted_transaction_would_be_seen(planted: str, seen: set[str]) -> None:
    assert openings(ast.parse(planted)) == seen
