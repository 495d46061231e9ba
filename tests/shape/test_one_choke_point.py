"""Each table is written by the modules its docstring names, and by no other.

`stream` and `stream_record` have one writer that raises a head and writes rows together; facts have
one writer under the circle's lock. A writer that is named and writes nothing fails, too.
"""

import ast
import re
from functools import cache

import pytest
from sqlmodel import SQLModel

from store import circle_tables, notice_tables, person_tables, reference_tables
from tests.shape.test_one_commit import called, sources

TABLE_MODULES = (circle_tables, notice_tables, person_tables, reference_tables)
MODELS: dict[str, type[SQLModel]] = {
    str(model.__tablename__): model
    for module in TABLE_MODULES
    for model in vars(module).values()
    if isinstance(model, type)
    and issubclass(model, SQLModel)
    and model.__module__ == module.__name__
}
TABLE_OF_CLASS = {model.__name__: name for name, model in MODELS.items()}
WRITING = {"insert", "update", "delete", "upsert"}
WRITING_SQL = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|MERGE\s+INTO|COPY)\s+"
    r"(?:ONLY\s+)?\"?(\w+)\"?",
)
WRITER = re.compile(r"`((?:\w+/)+\w+\.py)`")
# Tables of the key store have no model: their one writer is the ring.
WITHOUT_MODEL = {"wrapped_key": {"store/keys.py"}}


def written(tree: ast.AST) -> set[str]:
    """The tables that a module writes, through Core or in SQL of its own."""
    found: set[str] = set()
    for name, call in called(tree):
        if name in WRITING and call.args and isinstance(call.args[0], ast.Name):
            target = call.args[0].id
            if target in TABLE_OF_CLASS:
                found.add(TABLE_OF_CLASS[target])
            elif target.removeprefix("_") in WITHOUT_MODEL:
                found.add(target.removeprefix("_"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            tables = {name.lower() for name in WRITING_SQL.findall(node.value)}
            found |= tables & (MODELS.keys() | WITHOUT_MODEL.keys())
    return found


@cache
def writers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in (*MODELS, *WITHOUT_MODEL)}
    for path, tree in sources():
        for table in written(tree):
            found[table].add(path)
    return found


def named(model: type[SQLModel]) -> set[str]:
    """The writers that a table's docstring names."""
    words = re.sub(r"\s+", " ", model.__doc__ or "")
    _, found, rest = words.partition("Writer: ")
    assert found, f"{model.__name__} names no writer"
    return set(WRITER.findall(rest.split(". ")[0]))


@pytest.mark.parametrize("table", sorted(MODELS))
def test_a_table_is_written_by_the_writers_it_names_alone(table: str) -> None:
    assert named(MODELS[table]) == writers()[table]


def test_the_key_store_is_written_by_the_ring_alone() -> None:
    assert {table: writers()[table] for table in WITHOUT_MODEL} == WITHOUT_MODEL


def test_streams_and_facts_have_one_writer() -> None:
    found = writers()
    assert found["stream"] == found["stream_record"] == {"timeline/stream.py"}
    assert found["fact"] == {"timeline/record.py"}
    # A refresh writes effects; what it took back of them is claimed and settled apart.
    assert found["effect"] == {"timeline/effect.py", "timeline/effect_lease.py"}


def test_a_row_is_never_written_by_building_its_model() -> None:
    """Models describe tables: a session that collects changed objects would write past the unit."""
    for path, tree in sources():
        built = [
            name
            for name, call in called(tree)
            if name in TABLE_OF_CLASS and isinstance(call.func, ast.Name)
        ]
        assert built == [], path


@pytest.mark.parametrize(
    ("planted", "seen"),
    [
        ("insert(StreamRecordRow).values(x=1)", {"stream_record"}),
        ("pg.insert(FactRow)", {"fact"}),
        ("update(CircleRow).where(True)", {"circle"}),
        ("delete(EffectRow)", {"effect"}),
        ("c.execute('UPDATE stream SET head = 1')", {"stream"}),
        ("c.execute('insert into x select 1; DELETE FROM fact')", {"fact"}),
        ("upsert(_wrapped_key).values()", {"wrapped_key"}),
        ("select(FactRow)", set()),
        ("'DO UPDATE SET x'", set()),
    ],
)
def test_a_planted_writer_would_be_seen(planted: str, seen: set[str]) -> None:
    assert written(ast.parse(planted)) == seen
