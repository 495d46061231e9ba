"""The tree of a compiled condition: what the plain reading, the bound of its cost and "by how much"
go by.

Read from the bytes of CEL's own `CheckedExpr`, so that what is read is what is run. Only what
`domain/rule/condition.py` lets through is known: names, literals, lists, operators.
Source: google/api cel-spec, proto/cel/expr/checked.proto and syntax.proto.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Operator = Literal[
    "&&", "||", "!", "?:", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "neg"
]

_OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "_&&_": "&&",
        "_||_": "||",
        "!_": "!",
        "_?_:_": "?:",
        "_==_": "==",
        "_!=_": "!=",
        "_<_": "<",
        "_<=_": "<=",
        "_>_": ">",
        "_>=_": ">=",
        "@in": "in",
        "_+_": "+",
        "_-_": "-",
        "_*_": "*",
        "_/_": "/",
        "_%_": "%",
        "-_": "neg",
    }
)
# Field numbers of the messages read here.
_ANY_VALUE = 2
_CHECKED_EXPR = 4
_CONST, _IDENT, _CALL, _LIST = 3, 4, 6, 7
_BOOL, _INT, _STRING = 2, 3, 6
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIGN, _RANGE = 1 << 63, 1 << 64


class TreeError(ValueError):
    """The condition holds something that is neither name, literal, list nor operator."""


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    value: bool | int | str


@dataclass(frozen=True, slots=True)
class Several:
    """A list, as it stands on the right of `in`."""

    items: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Operation:
    operator: Operator
    operands: tuple["Tree", ...]


Tree = Name | Constant | Several | Operation


def read_tree(serialized: bytes) -> Tree:
    """The tree of `cel.Expression.serialize()`. Raises: TreeError."""
    checked = _only(serialized, _ANY_VALUE)
    return _expression(_only(checked, _CHECKED_EXPR))


def nodes_of(tree: Tree) -> Iterator[Tree]:
    """Every node, the tree's own first."""
    yield tree
    for inner in _below(tree):
        yield from nodes_of(inner)


def _below(tree: Tree) -> tuple[Tree, ...]:
    match tree:
        case Several(items):
            return items
        case Operation(_, operands):
            return operands
        case _:
            return ()


def _expression(body: bytes) -> Tree:
    fields = dict(_fields(body))
    if _CONST in fields:
        return Constant(_constant(_as_bytes(fields[_CONST])))
    if _IDENT in fields:
        return Name(_as_bytes(dict(_fields(_as_bytes(fields[_IDENT])))[1]).decode())
    if _LIST in fields:
        elements = [_as_bytes(v) for n, v in _fields(_as_bytes(fields[_LIST])) if n == 1]
        return Several(tuple(_expression(element) for element in elements))
    if _CALL in fields:
        call = list(_fields(_as_bytes(fields[_CALL])))
        function = next((_as_bytes(value).decode() for number, value in call if number == 2), "")
        operator = _OPERATORS.get(function)
        if operator is None or any(number == 1 for number, _ in call):
            raise TreeError(f"{function!r} is called")
        return Operation(
            operator, tuple(_expression(_as_bytes(value)) for number, value in call if number == 3)
        )
    raise TreeError("it is not made of names, literals, lists and operators")


def _constant(body: bytes) -> bool | int | str:
    for number, value in _fields(body):
        if number == _BOOL:
            return bool(value)
        if number == _INT and isinstance(value, int):
            return value - _RANGE if value >= _SIGN else value
        if number == _STRING:
            return _as_bytes(value).decode()
    raise TreeError("a literal is neither true, false, a whole number nor a text")


def _only(body: bytes, number: int) -> bytes:
    return _as_bytes(dict(_fields(body))[number])


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise TreeError("a field has another wire type than its definition")
    return value


def _fields(body: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) of one message, in order: Protocol Buffers' wire format."""
    place = 0
    while place < len(body):
        tag, place = _varint(body, place)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, place = _varint(body, place)
            yield number, value
        elif wire == _BYTES:
            size, place = _varint(body, place)
            yield number, body[place : place + size]
            place += size
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
            yield number, body[place : place + size]
            place += size
        else:
            raise TreeError("its bytes are not Protocol Buffers")


def _varint(body: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return value, place
