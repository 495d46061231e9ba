"""Each kind of leaf with each odd value: a plan writes what GraphQL does, or gives up.

A drawn selection meets a given pair of kind and value too seldom to be relied on for its edges.
"""

from datetime import date
from typing import Any  # whatever a field may hold

import pytest
from graphql import Undefined

from schema.build import build_schema
from schema.plan.leaf import INT_BOUND, leaf_writer
from tests.schema.plan.values import Later, Odd

TYPES = build_schema(production=True)._schema.type_map
LEAVES = ["String", "ID", "Boolean", "Int", "Float", "Date", "DateTime", "CardState"]
VALUES = [
    *("", "due", "DUE", "1", Odd("due"), True, False, 0, 1, 1.0, 1.5, 10**400),
    *(INT_BOUND - 1, INT_BOUND, -INT_BOUND, -INT_BOUND - 1),
    *(float("nan"), float("inf"), b"x", date(2026, 11, 9), [], {}, object),
]


def told(coerce: Any, value: Any) -> object:
    """What is written, with its type; None where nothing is."""
    try:
        written = coerce(value)
    except Exception:
        return None
    return (type(written), written)


@pytest.mark.parametrize("name", LEAVES)
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_leaf_is_written_as_graphql_does(name: str, value: Any) -> None:
    leaf: Any = TYPES[name]
    for nullable in (True, False):
        written = told(leaf_writer(leaf, nullable=nullable), value)
        assert written == told(leaf.coerce_output_value, value)


@pytest.mark.parametrize("name", LEAVES)
def test_what_is_no_value_is_not_written(name: str) -> None:
    leaf: Any = TYPES[name]
    for value in (Undefined, ValueError("Hind"), Later("due")):
        assert told(leaf_writer(leaf, nullable=True), value) is None
    assert told(leaf_writer(leaf, nullable=True), None) == (type(None), None)
    assert told(leaf_writer(leaf, nullable=False), None) is None
