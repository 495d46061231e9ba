"""Every body of a request is read by `timeline/request_body.py`, within its bytes and its seconds.

A route that reads one by itself holds a connection for as long as whoever sends it likes.
"""

import ast

import pytest

from tests.shape.test_one_commit import sources

READER = "timeline/request_body.py"
READING = {"body", "form", "json", "stream"}


def readings(tree: ast.AST) -> list[int]:
    """The lines on which something called `request` is read by itself."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in READING
        and isinstance(node.value, ast.Name)
        and node.value.id.lstrip("_") == "request"
    ]


def test_a_body_is_read_in_one_place() -> None:
    ours = ((path, tree) for path, tree in sources() if not path.startswith("simulators/"))
    found = {path: lines for path, tree in ours if (lines := readings(tree))}
    assert set(found) == {READER}, found


@pytest.mark.parametrize("planted", ["await request.body()", "request.stream()", "_request.form()"])
def test_a_planted_reading_would_be_seen(planted: str) -> None:
    assert readings(ast.parse(f"async def route(request, _request):\n    {planted}")) == [2]
