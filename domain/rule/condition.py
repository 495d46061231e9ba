"""Conditions: what a service asks of a family, in Google's CEL, over declared variables.

The compiler of catalogues makes them; `evaluate` asks them. They know nothing of time: `today` is
never a variable. The language is CEL without calls, macros, fields and maps: names, literals,
lists, comparisons, `!`, `&&`, `||`, `in`, `? :` and arithmetic, so that a condition costs no more
than its length.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

from cel_expr_python import cel  # type: ignore[import-untyped]  # has .pyi, lacks py.typed

from domain.card.record import Truth
from domain.rule.condition_tree import Several, Tree, TreeError, nodes_of, read_tree

SOURCE_CHARACTERS_MAX = 500  # the longest shipped has 57; the library itself takes any length
NODES_MAX = 120  # names, literals and operators; what the longest condition can hold is 250
LIST_ITEMS_MAX = 50  # of one list; the longest shipped names the seven emirates
CONDITIONS_KEPT = 1_024  # a version of the catalogue has some 130, and the next one mostly the same
NESTING_MAX = 8  # brackets and `?` open at once; the library's own parser gives up at 32

VariableType = Literal["bool", "int", "string"]

_CEL_TYPES: Mapping[VariableType, cel.Type] = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "string": cel.Type.STRING,
}
_PYTHON_TYPES: Mapping[VariableType, type] = {"bool": bool, "int": int, "string": str}
_WORDS = frozenset({"true", "false", "null", "in"})
_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*)
      | (?P<literal>[rRbB]{0,2}(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
                   | \d[\w.]*)
      | (?P<call>[A-Za-z_]\w*\s*\()
      | (?P<name>[A-Za-z_]\w*)
      | (?P<symbol>.)""",
    re.VERBOSE | re.DOTALL,
)
_CEL_PLACE = re.compile(r"^\w+: ERROR: <input>:1:(?P<column>\d+): (?P<cause>.*)$")


class ConditionError(ValueError):
    """A condition that cannot be published: which one, what is wrong, what may have been meant."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. Two are equal when their source is."""

    source: str
    variables: frozenset[str] = field(compare=False)
    tree: Tree = field(compare=False, repr=False)
    _types: Mapping[str, type] = field(compare=False, repr=False)
    _program: cel.Expression = field(compare=False, repr=False)

    def evaluate(self, values: Mapping[str, bool | int | str]) -> Truth:
        """Whether the condition holds; "unknown" when what it needs is not among `values`.

        `&&` and `||` are three-valued: `false && missing` is not met, `true || missing` is met. An
        overflow or a division by zero is "unknown" too. Values nobody asks for are ignored.

        Raises: TypeError when a value has not its declared type: a defect of the caller.
        """
        data: dict[str, bool | int | str] = {}
        for name, declared in self._types.items():
            value = values.get(name)
            if value is None:
                continue
            if type(value) is not declared:
                found = type(value).__name__
                raise TypeError(f"{name} is declared {declared.__name__}, got {found}")
            data[name] = value
        outcome = self._program.eval(data=data).value()
        if outcome is True:
            return "met"
        return "not_met" if outcome is False else "unknown"


def compile_condition(source: str, variables: Mapping[str, VariableType]) -> Condition:
    """The condition that `source` says over `variables`.

    Raises: ConditionError when it is empty, too long or too deep, names something undeclared, calls
    a function or a macro, or is not a yes-or-no expression.
    """
    if not source.strip():
        raise ConditionError("a condition is empty: write an expression such as marriage_in_force")
    if len(source) > SOURCE_CHARACTERS_MAX:
        raise ConditionError(
            f"condition {source[:40]!r}… has {len(source)} characters; at most"
            f" {SOURCE_CHARACTERS_MAX} are allowed: split it into eligibility lines"
        )
    names = _scan(source)
    for name in sorted(names - variables.keys()):
        raise ConditionError(
            f"condition {source!r}: {name!r} is not declared; {_suggest(name, variables)}"
        )
    return _compile(source, tuple(sorted(variables.items())))


@lru_cache(maxsize=CONDITIONS_KEPT)
def _compile(source: str, variables: tuple[tuple[str, VariableType], ...]) -> Condition:
    """The condition, whose names are all declared. Raises: ConditionError."""
    try:
        program = _environment(variables).compile(source)
    except RuntimeError as error:  # the library's only error
        raise ConditionError(f"condition {source!r}: {_plain_cause(str(error))}") from error
    if program.return_type() != cel.Type.BOOL:
        kind = program.return_type().name().lower()
        raise ConditionError(
            f"condition {source!r} gives {kind}, not bool: compare it with something, such as =="
        )
    names, declared = _scan(source), dict(variables)
    types = {name: _PYTHON_TYPES[declared[name]] for name in sorted(names)}
    return Condition(source, names, _bounded_tree(source, program), types, program)


def _bounded_tree(source: str, program: cel.Expression) -> Tree:
    """What is run, as a tree. Raises: ConditionError where it costs more than a family may."""
    try:
        tree = read_tree(program.serialize())
    except TreeError as error:
        raise ConditionError(f"condition {source!r}: {error}") from error
    nodes = list(nodes_of(tree))
    if len(nodes) > NODES_MAX:
        raise ConditionError(
            f"condition {source!r} has {len(nodes)} names, literals and operators; at most"
            f" {NODES_MAX} are allowed: split it into eligibility lines"
        )
    longest = max((len(node.items) for node in nodes if isinstance(node, Several)), default=0)
    if longest > LIST_ITEMS_MAX:
        raise ConditionError(
            f"condition {source!r} has a list of {longest}; at most {LIST_ITEMS_MAX} are allowed:"
            " declare a variable that holds its result"
        )
    return tree


@lru_cache(maxsize=32)
def _environment(variables: tuple[tuple[str, VariableType], ...]) -> cel.Env:
    """One environment for each set of declarations: building one costs a millisecond."""
    return cel.NewEnv(variables={name: _CEL_TYPES[kind] for name, kind in variables})


def _scan(source: str) -> frozenset[str]:
    """The names in `source`. Raises: ConditionError at a call, a field, a map or past the depth."""
    names: set[str] = set()
    levels = [0]  # for each open bracket, the `?` seen inside it
    for token in _TOKEN.finditer(source):
        text = token.group()
        if token.lastgroup == "name" and text not in _WORDS:
            names.add(text)
        elif token.lastgroup == "call" and text.rstrip("( \t\n") not in _WORDS:
            raise ConditionError(
                f"condition {source!r}: {text.rstrip('( ')!r} is called; functions and macros"
                " are not allowed: declare a variable that holds its result"
            )
        elif token.lastgroup == "symbol" and text in ".{`":
            raise ConditionError(
                f"condition {source!r}: {text!r} is not allowed: variables have no fields"
                " and there are no maps"
            )
        if text in ("(", "[") or token.lastgroup == "call":
            levels.append(0)
        elif text in (")", "]") and len(levels) > 1:
            levels.pop()
        elif text == "?":
            levels[-1] += 1
        if len(levels) - 1 + sum(levels) > NESTING_MAX:
            raise ConditionError(
                f"condition {source!r} is nested more than {NESTING_MAX} deep:"
                " split it into eligibility lines"
            )
    return frozenset(names)


def _suggest(name: str, variables: Mapping[str, VariableType]) -> str:
    close = get_close_matches(name, variables, n=1, cutoff=0.0)
    declared = ", ".join(sorted(variables))
    return f"the closest is {close[0]!r} (declared: {declared})" if close else "none is declared"


def _plain_cause(message: str) -> str:
    """The library's first line, without its code and its drawing of the place."""
    first = message.splitlines()[0]
    place = _CEL_PLACE.match(first)
    return f"{place['cause']} (at character {place['column']})" if place else first
