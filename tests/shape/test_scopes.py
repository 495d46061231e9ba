"""Every session has a scope, and no module holds an engine, a client or settings of its own."""

import ast
import importlib
import socket
from types import ModuleType

import httpx2
import pytest
import redis
import redis.asyncio
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from api.settings import Settings
from api.wire import House
from store import scope
from store.keys import KeyRing
from store.session import Database
from tests.shape.test_one_commit import sources
from timeline.catalogue import Catalogues
from timeline.ground import Ground

SCOPES = {name for name, value in vars(scope).items() if isinstance(value, type)} & {
    "CircleScope",
    "MemberScope",
    "PersonScope",
    "PeopleScope",
    "CirclesScope",
    "LookupScope",
    "ReferenceScope",
    "SweepScope",
    "PopulationScope",
}
HELD = (
    Engine,
    AsyncEngine,
    Database,
    KeyRing,
    Catalogues,
    Ground,
    House,
    Settings,
    httpx2.Client,
    httpx2.AsyncClient,
    redis.Redis,
    redis.asyncio.Redis,
    socket.socket,
)


def sessions(tree: ast.AST) -> list[tuple[int, bool]]:
    """Every session opened on a database, with its line: whether its scope is made on the spot."""
    found = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("read", "unit", "glance", "stroke")
            and ast.unparse(node.func.value).split(".")[-1].lstrip("_") == "database"
        ):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            scoped = (
                len(given) == 1
                and isinstance(given[0], ast.Call)
                and ast.unparse(given[0].func).split(".")[-1] in SCOPES
            )
            found.append((node.lineno, scoped))
    return found


def test_every_session_is_opened_with_a_scope() -> None:
    assert len(SCOPES) == 9
    count = 0
    for path, tree in sources():
        for line, scoped in sessions(tree):
            assert scoped, f"{path}:{line}"
            count += 1
    assert count > 30


@pytest.mark.parametrize(
    ("planted", "scoped"),
    [
        ("database.read()", [False]),
        ("ground.database.unit(None)", [False]),
        ("self._database.read(everything)", [False]),
        ("ground.database.read(CircleScope(circle_id))", [True]),
        ("ground.database.stroke(None)", [False]),
        ("file.read(10)", []),
    ],
)
def test_a_planted_session_would_be_seen(planted: str, scoped: list[bool]) -> None:
    assert [found for _, found in sessions(ast.parse(planted))] == scoped


def held_by(module: ModuleType) -> set[str]:
    """The names in a module that are engines, clients or settings."""
    found = set()
    for name, value in vars(module).items():
        values = [value, *(value.values() if isinstance(value, dict) else ())]
        if any(isinstance(one, HELD) for one in values):
            found.add(name)
    return found


def test_no_module_holds_an_engine_a_client_or_settings() -> None:
    count = 0
    for path, _ in sources():
        name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if not name.startswith("migrations.") and not name.endswith("__main__"):
            assert held_by(importlib.import_module(name)) == set(), name
            count += 1
    assert count > 50


def test_a_planted_engine_would_be_seen() -> None:
    module = ModuleType("planted")
    vars(module)["database"] = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none")
    vars(module)["clients"] = {"a": redis.Redis()}
    vars(module)["LIMIT"] = 3
    assert held_by(module) == {"database", "clients"}
