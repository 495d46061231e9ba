"""Reads a pack: YAML documents, one a file, in a directory and those below it.

`api` calls it to publish what is shipped; the tests call it for every pack. It checks YAML alone;
what a document means is the business of `domain/compile/catalogue.py`.
"""

import re
from pathlib import Path
from typing import Protocol

import yaml

from domain.compile.document import CatalogueError, Problem

SHIPPED_PACK = Path(__file__).parent / "packs" / "osrati"

FILES_MAX = 1_000  # of one pack; the guide's journey has some hundred and fifty documents
FILE_BYTES_MAX = 256 * 1024  # the largest shipped has 9 KiB
DEPTH_MAX = 16  # of nested lists and mappings; a service needs 8


def read_pack(directory: Path) -> list[tuple[str, dict[str, object]]]:
    """The documents of a pack with their files' paths below it, sorted.

    Raises: CatalogueError with every file that is too large, not YAML, not one mapping, repeats a
    key, or uses anchors and aliases (a document says everything where it is read).
    """
    problems: list[Problem] = []
    documents: list[tuple[str, dict[str, object]]] = []
    found = sorted(directory.rglob("*")) if directory.is_dir() else []
    problems += [
        Problem(_name(file, directory), "", "is not read: rename it to .yaml")
        for file in found
        if file.suffix == ".yml"
    ]
    files = [file for file in found if file.suffix == ".yaml"]
    if not 1 <= len(files) <= FILES_MAX:
        count = f"has {len(files)} .yaml files: a pack has 1 to {FILES_MAX}"
        raise CatalogueError([*problems, Problem(directory.name, "", count)])
    for file in files:
        where = _name(file, directory)
        try:
            documents.append((where, _read(file, where)))
        except CatalogueError as error:
            problems += error.errors
    if problems:
        raise CatalogueError(problems)
    return documents


def parse_document(text: str, *, where: str) -> dict[str, object]:
    """The one mapping that `text` holds. Raises: CatalogueError with `where` and the line."""
    try:
        _check_shape(text, where)
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 -- a SafeLoader of narrower words
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        cause = error.problem or "is not YAML"
        raise _refusal(where, mark, f"{cause}: mend the YAML here") from error
    except yaml.YAMLError as error:
        raise _refusal(where, None, f"{error}: mend the YAML") from error
    if not isinstance(document, dict):
        raise _refusal(where, None, "expected keys and values, beginning with kind: service")
    return document


def _name(file: Path, directory: Path) -> str:
    return file.relative_to(directory).as_posix()


def _read(file: Path, where: str) -> dict[str, object]:
    with file.open("rb") as source:
        body = source.read(FILE_BYTES_MAX + 1)
    if len(body) > FILE_BYTES_MAX:
        raise _refusal(where, None, f"is larger than {FILE_BYTES_MAX} bytes: split it")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refusal(where, None, "is not UTF-8: save it as UTF-8") from error
    return parse_document(text, where=where)


def _check_shape(text: str, where: str) -> None:
    """Before anything is built: one document, no aliases, a bounded depth."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _refusal(
                where, event.start_mark, "anchors and aliases are not read: write it out"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if depth > DEPTH_MAX:
            raise _refusal(where, event.start_mark, f"is nested past {DEPTH_MAX}: flatten it")
        if documents > 1:
            raise _refusal(where, event.start_mark, "holds two documents: one a file, split it")


def _refusal(where: str, mark: "_Mark | None", message: str) -> CatalogueError:
    place = where if mark is None else f"{where}:{mark.line + 1}"
    return CatalogueError([Problem(place, "", message)])


class _Mark(Protocol):
    """A place as either of PyYAML's parsers gives it."""

    line: int


class _Loader(yaml.SafeLoader):
    """Safe YAML of few words: true, false, null, whole numbers; everything else is text.

    So neither `no` (Norway) nor `08` (a CVX code) nor `2026-01-01` becomes something else.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is not a word", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
    ("tag:yaml.org,2002:null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))
