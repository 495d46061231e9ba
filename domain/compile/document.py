"""Walks an authored document and collects everything that is wrong with it.

The compiler of catalogues reads through it: a value of the wrong shape is noted with its path and
stands in for itself, so that an author sees every error at once, not the first alone.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from typing import TypeVar

from domain.ids import EntryId

ITEMS_MAX = 100  # of any list or mapping; the longest shipped, WHO's table of contacts, has 38
TEXT_CHARACTERS_MAX = 2_000  # of any single value but an article's body

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MISSING = object()

Option = TypeVar("Option", bound=str)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: the file (and line, where a parser knew it), the path, what and how."""

    where: str
    path: str
    message: str

    def __str__(self) -> str:
        return (
            f"{self.where}: {self.path}: {self.message}"
            if self.path
            else (f"{self.where}: {self.message}")
        )


class CatalogueError(ValueError):
    """Documents that cannot become a catalogue. `errors` has every problem, in document order."""

    def __init__(self, errors: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Reference:
    """That a document names another entry, by kind and id, and where it does."""

    kind: str
    entry_id: str
    node: "Node"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document, where it stands, and the lists that what is noted goes to."""

    value: object
    where: str
    problems: list[Problem]
    path: str = ""
    references: list[Reference] = field(default_factory=list)

    @property
    def missing(self) -> bool:
        """Whether a required key was absent: that is noted already, so nothing more is."""
        return self.value is _MISSING

    def refuse(self, message: str) -> None:
        """Note what is wrong here and how to mend it."""
        if not self.missing:
            self.problems.append(Problem(self.where, self.path, message))

    def fields(
        self, *, required: Collection[str] = (), optional: Collection[str] = ()
    ) -> dict[str, "Node"]:
        """The keys that are there, and a stand-in for each required one that is not."""
        allowed = [*required, *optional]
        found = self.entries()
        for key in found.keys() - set(allowed):
            found.pop(key).refuse(f"unknown key: {nearest(key, allowed)}")
        for key in required:
            if key not in found:
                self.refuse(f"the key {key!r} is missing: add it")
                found[key] = replace(self, value=_MISSING, path=self._below(key))
        return found

    def entries(self) -> dict[str, "Node"]:
        """Every key with its value, when the keys are the author's own."""
        if not isinstance(self.value, Mapping):
            self.refuse(f"expected keys and values, got {_shown(self.value)}")
            return {}
        self._bound(len(self.value))
        found: dict[str, Node] = {}
        for key, value in self.value.items():
            if isinstance(key, str):
                found[key] = replace(self, value=value, path=self._below(key))
            else:
                self.refuse(f"the key {key!r} is not a word: put it in quotes")
        return found

    def at_key(self, key: str) -> "Node":
        """The key that this value stands under, as a value: for keys of a closed list."""
        return replace(self, value=key)

    def named(self) -> dict[str, "Node"]:
        """Every key with its value, when the keys are ids of the author's own."""
        found = self.entries()
        for key, node in found.items():
            replace(node, value=key).identifier()
        return found

    def items(self, *, minimum: int = 0) -> list["Node"]:
        """The items of a list."""
        if not isinstance(self.value, list | tuple):
            self.refuse(f"expected a list, got {_shown(self.value)}")
            return []
        if len(self.value) < minimum:
            self.refuse(f"expected at least {minimum} in this list")
        self._bound(len(self.value))
        return [
            replace(self, value=value, path=f"{self.path}[{index}]")
            for index, value in enumerate(self.value)
        ]

    def text(self, *, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
        """A text that is not blank."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.refuse(f"expected a text, got {_shown(self.value)}")
            return "?"
        if len(self.value) > characters_max:
            self.refuse(f"has {len(self.value)} characters; at most {characters_max}: shorten it")
        return self.value

    def day(self) -> date:
        """A day, written 2026-11-21."""
        if isinstance(self.value, str) and _DAY.fullmatch(self.value):
            try:
                return date.fromisoformat(self.value)
            except ValueError:
                pass  # such as 2026-02-30: said below
        self.refuse(f"{_shown(self.value)} is no day: write it as 2026-11-21")
        return date.min

    def identifier(self) -> str:
        """A name of the document's own: small letters, digits and underscores."""
        if isinstance(self.value, str) and _IDENTIFIER.fullmatch(self.value):
            return self.value
        self.refuse(
            f"{_shown(self.value)} is not an id: use small letters, digits and '_', at most 64,"
            " a letter first"
        )
        return "unreadable"

    def refers_to(self, kind: str) -> EntryId:
        """The id of another entry of that kind, which is looked for when all are known."""
        if self.missing:
            return EntryId("unreadable")
        noted = len(self.problems)
        entry_id = self.identifier()
        if len(self.problems) == noted:
            self.references.append(Reference(kind, entry_id, self))
        return EntryId(entry_id)

    def integer(self, minimum: int, maximum: int) -> int:
        """A whole number within the bounds, both allowed."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.refuse(f"expected a whole number, got {_shown(self.value)}")
            return minimum
        if not minimum <= self.value <= maximum:
            self.refuse(f"{self.value} is out of bounds: use {minimum} to {maximum}")
            return minimum
        return self.value

    def boolean(self) -> bool:
        """true or false."""
        if not isinstance(self.value, bool):
            self.refuse(f"expected true or false, got {_shown(self.value)}")
            return False
        return self.value

    def choice(self, options: Sequence[Option]) -> Option:
        """One of the options."""
        for option in options:
            if self.value == option:
                return option
        self.refuse(f"{_shown(self.value)} is unknown: {nearest(str(self.value), options)}")
        return options[0]

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _bound(self, count: int) -> None:
        if count > ITEMS_MAX:
            self.refuse(f"has {count} entries; at most {ITEMS_MAX}: split it")


def nearest(word: str, options: Collection[str]) -> str:
    """How to mend an unknown word: the nearest known one, and all there are."""
    known = ", ".join(sorted(options)) or "none"
    close = get_close_matches(word, options, n=1)
    return f"did you mean {close[0]!r}? (known: {known})" if close else f"known: {known}"


def _shown(value: object) -> str:
    shown = "nothing" if value is None else repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"
