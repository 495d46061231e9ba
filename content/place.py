"""Where in a YAML file a value stands: the line for a problem's path, for every problem.

The compiler names a value by its path (`cards[0].window.due`); an author needs the line. Called
when there are problems, never otherwise.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import yaml

from domain.compile.document import Problem

_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")


def with_lines(problems: Iterable[Problem], directory: Path) -> list[Problem]:
    """The problems, each with `file:line` in place of its file; one of no file is as it was."""
    read: dict[str, yaml.Node | None] = {}
    placed: list[Problem] = []
    for problem in problems:
        file = directory / problem.where
        if problem.where not in read:
            read[problem.where] = _compose(file) if file.is_file() else None
        root = read[problem.where]
        if root is None:
            placed.append(problem)
        else:
            line = line_of(root, problem.path)
            placed.append(replace(problem, where=f"{problem.where}:{line}"))
    return placed


def line_of(root: yaml.Node, path: str) -> int:
    """The line of the value at `path`, or of the nearest thing around it that is there."""
    node, line = root, root.start_mark.line
    for step in _STEP.finditer(path):
        key, index = step.groups()
        found = _below(node, key, index)
        if found is None:
            break
        mark, node = found
        line = mark.start_mark.line
    return line + 1


def _below(
    node: yaml.Node, key: str | None, index: str | None
) -> tuple[yaml.Node, yaml.Node] | None:
    """What says where the inner value is (its key, or itself in a list), and the value."""
    if key is not None and isinstance(node, yaml.MappingNode):
        return next(((name, value) for name, value in node.value if name.value == key), None)
    if index is not None and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
        return node.value[int(index)], node.value[int(index)]
    return None


def _compose(file: Path) -> yaml.Node | None:
    try:
        composed: yaml.Node | None = yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError):
        return None  # said already, with its own line
    return composed
