"""Reads ICU MessageFormat into a tree: the part of it that authored texts use.

`domain/text/message.py` calls it and gives meaning to the tree. A descent of its own, because the
one parser on PyPI without a C++ library (pyicumessageformat, 2021) is untyped and no longer kept.
Source: ICU User Guide, "Formatting Messages", and "Quoting/Escaping" in its default mode
(DOUBLE_OPTIONAL).
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

NESTING_MAX = 4  # arguments inside options inside arguments; a translator can read two

DateStyle = Literal["long", "short"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SELECTOR = re.compile(r"=[0-9]+|[a-zA-Z][a-zA-Z0-9_]*")
_BLANK = re.compile(r"\s*")


class MessageSyntaxError(ValueError):
    """The message is not ICU MessageFormat: what is wrong, and at which character."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words as they stand."""

    text: str


@dataclass(frozen=True, slots=True)
class Hash:
    """`#`: the number of the plural around it."""

    name: str


@dataclass(frozen=True, slots=True)
class Plain:
    """`{name}`."""

    name: str


@dataclass(frozen=True, slots=True)
class Dated:
    """`{name, date, style}`."""

    name: str
    style: DateStyle


@dataclass(frozen=True, slots=True)
class Choice:
    """`{name, plural, …}` or `{name, select, …}`."""

    name: str
    kind: Literal["plural", "select"]
    options: tuple[tuple[str, tuple["Node", ...]], ...]


Node = Words | Hash | Plain | Dated | Choice


def parse_message(source: str) -> tuple[Node, ...]:
    """The tree of `source`. Raises: MessageSyntaxError."""
    parser = _Parser(source)
    nodes = parser.message(depth=0, within=None)
    if parser.place < len(source):
        raise parser.error("a '}' closes nothing: remove it, or quote it as '}'")
    return nodes


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.place = 0

    def error(self, cause: str) -> MessageSyntaxError:
        return MessageSyntaxError(f"{cause} (at character {self.place + 1})")

    def message(self, *, depth: int, within: Choice | None) -> tuple[Node, ...]:
        """Nodes up to the end or to the `}` of the option; `within` is what the option is of."""
        nodes: list[Node] = []
        words: list[str] = []
        while self.place < len(self.source) and self.source[self.place] != "}":
            mark = self.source[self.place]
            if mark == "'":
                words.append(self._apostrophe(plural=within is not None))
                continue
            if mark not in "{#" or (mark == "#" and within is None):
                words.append(mark)
                self.place += 1
                continue
            if words:
                nodes.append(Words("".join(words)))
                words.clear()
            nodes.append(self._argument(depth=depth + 1) if mark == "{" else self._hash(within))
        if words:
            nodes.append(Words("".join(words)))
        return tuple(nodes)

    def _hash(self, within: Choice | None) -> Hash:
        if within is None or within.kind != "plural":
            # ICU prints it as it is, other libraries put the outer plural's number: so, neither
            raise self.error("'#' inside a select is ambiguous: name the number, such as {week}")
        self.place += 1
        return Hash(within.name)

    def _apostrophe(self, *, plural: bool) -> str:
        """What an apostrophe stands for: itself, or the start of a quotation before { } (and #)."""
        following = self.source[self.place + 1 : self.place + 2]
        if following == "'":
            self.place += 2
            return "'"
        if not following or following not in ("{}#" if plural else "{}"):
            self.place += 1
            return "'"
        end = self.place + 1
        while (end := self.source.find("'", end)) >= 0 and self.source[end + 1 : end + 2] == "'":
            end += 2
        if end < 0:
            raise self.error("a quotation is not closed: add an apostrophe after it")
        quoted = self.source[self.place + 1 : end].replace("''", "'")
        self.place = end + 1
        return quoted

    def _argument(self, *, depth: int) -> Node:
        if depth > NESTING_MAX:
            raise self.error(f"nested more than {NESTING_MAX} deep: split the text")
        self.place += 1
        name = self._read(_NAME, "a placeholder's name, in small letters such as {child_name}")
        if self._accept("}"):
            return Plain(name)
        self._expect(",", "either '}' or ',' after a placeholder's name")
        kind = self._read(_NAME, "plural, select or date")
        if kind not in ("plural", "select", "date"):
            raise self.error(f"unknown kind {kind!r}: use plural, select or date")
        self._expect(",", f"',' after {kind!r}")
        if kind == "date":
            style = self._read(_NAME, "long or short")
            if style not in ("long", "short"):
                raise self.error(f"unknown date style {style!r}: use long or short")
            self._expect("}", "'}' after the date's style")
            return Dated(name, cast(DateStyle, style))
        return self._options(name, "plural" if kind == "plural" else "select", depth=depth)

    def _options(self, name: str, kind: Literal["plural", "select"], *, depth: int) -> Choice:
        options: list[tuple[str, tuple[Node, ...]]] = []
        while not self._accept("}"):
            selector = self._read(_SELECTOR, "an option such as other{…}")
            if kind == "select" and selector.startswith("="):
                raise self.error(f"{selector!r} belongs to a plural: name the value itself")
            if selector in dict(options):
                raise self.error(f"option {selector!r} stands twice")
            self._expect("{", f"'{{' after {selector!r} (offset is not supported)")
            nodes = self.message(depth=depth, within=Choice(name, kind, ()))
            self._expect("}", f"'}}' closing {selector!r}")
            options.append((selector, nodes))
        if "other" not in dict(options):
            raise self.error(f"{{{name}, {kind}, …}} has no other{{…}}")
        return Choice(name, kind, tuple(options))

    def _read(self, pattern: re.Pattern[str], expected: str) -> str:
        self._skip_blank()
        found = pattern.match(self.source, self.place)
        if found is None:
            raise self.error(f"expected {expected}")
        self.place = found.end()
        return found.group()

    def _accept(self, mark: str) -> bool:
        self._skip_blank()
        if not self.source.startswith(mark, self.place):
            return False
        self.place += len(mark)
        return True

    def _expect(self, mark: str, expected: str) -> None:
        if not self._accept(mark):
            raise self.error(f"expected {expected}")

    def _skip_blank(self) -> None:
        blank = _BLANK.match(self.source, self.place)
        self.place = blank.end() if blank else self.place
