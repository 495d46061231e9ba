"""How a leaf is written: scalars and enums, with or without null."""

from collections.abc import Callable
from math import isfinite
from typing import Any, TypeAlias  # Any: what a field holds, and what JSON holds of it

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)

INT_BOUND = 2**31  # GraphQL's Int has 32 bits

Write: TypeAlias = Callable[[Any], Any]
"""What stands in the answer for a value. It may raise anything for a value that is not plain."""


class NotPlain(Exception):
    """The value needs GraphQL's own algorithm."""


def leaf_writer(leaf: GraphQLLeafType, *, nullable: bool) -> Write:
    """Values of the usual type by a shorter way, any other by the type's own coercion."""
    coerce = leaf.coerce_output_value

    def write_any(value: Any) -> Any:
        if value is None and nullable:
            return None
        refuse_unusual(value)
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise NotPlain
        return coerced

    if isinstance(leaf, GraphQLEnumType):
        return _enum_writer(leaf, write_any)
    shorter = _SHORTER.get(leaf)
    return write_any if shorter is None else shorter(write_any)


def refuse_unusual(value: object) -> None:
    """Raises NotPlain for what is no value to GraphQL: nothing, an error, an awaitable."""
    if value is None or value is Undefined or isinstance(value, Exception):
        raise NotPlain
    if hasattr(type(value), "__await__"):
        raise NotPlain


def _enum_writer(enum: GraphQLEnumType, write_any: Write) -> Write:
    names = {item.value: name for name, item in enum.values.items() if isinstance(item.value, str)}

    def write(value: Any) -> Any:
        return names[value] if type(value) is str and value in names else write_any(value)

    return write


def _text_writer(write_any: Write) -> Write:
    return lambda value: value if type(value) is str else write_any(value)


def _boolean_writer(write_any: Write) -> Write:
    return lambda value: value if type(value) is bool else write_any(value)


def _int_writer(write_any: Write) -> Write:
    def write(value: Any) -> Any:
        plain = type(value) is int and -INT_BOUND <= value < INT_BOUND
        return value if plain else write_any(value)

    return write


def _float_writer(write_any: Write) -> Write:
    return lambda value: value if type(value) is float and isfinite(value) else write_any(value)


_SHORTER = {
    GraphQLString: _text_writer,
    GraphQLID: _text_writer,
    GraphQLBoolean: _boolean_writer,
    GraphQLInt: _int_writer,
    GraphQLFloat: _float_writer,
}
