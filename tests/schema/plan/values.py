"""Objects of the real types with values that fit or do not, and selections of what they show.

Values are drawn for each attribute that a type reads: mostly what its GraphQL type shows, now and
then null, an error, an awaitable, something of another type, or nothing at all.
"""

from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Any  # whatever an attribute may hold
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    is_list_type,
    is_non_null_type,
)
from hypothesis import strategies as st
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.field import attribute_of

ITEMS_MAX = 3
DEPTH_MAX = 5
SEVEN = 7  # one value in so many is an odd one

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Later:
    """Awaitable as often as it is asked: one object may be shown under two aliases."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __await__(self) -> Any:
        yield from ()
        return self.value


class Odd(str):
    """A text that is no `str` exactly."""


_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "String": st.text(max_size=5),
    "ID": st.text(max_size=5),
    "Boolean": st.booleans(),
    "Int": st.integers(-(2**31), 2**31 - 1),
    "Float": st.floats(),
    "Date": st.dates(),
    "DateTime": st.datetimes(),
    "UUID": st.uuids(),
}
_ODD = st.one_of(
    st.none(),
    st.just(ValueError("Hind")),
    st.builds(Later, st.one_of(st.none(), st.text(max_size=3), st.integers(0, 9))),
    st.builds(Odd, st.text(max_size=3)),
    st.integers(2**31, 2**32),
    st.floats(),
    st.booleans(),
    st.text(max_size=5),
    st.just(b"x"),
    st.just(UUID(int=1)),
    st.just(date(2026, 11, 9)),
    st.just(datetime(2026, 11, 9)),  # noqa: DTZ001  # any value at all
    st.lists(st.text(max_size=2), max_size=2),
    st.just({}),
    st.just({"a": 1}.keys()),
    st.just(object()),
)
_MISSING = object()


class Making:
    """Values of the schema's types."""

    def __init__(self, schema: GraphQLSchema, draw: Draw) -> None:
        self._schema = schema
        self._draw = draw

    def value(self, shown: GraphQLOutputType, depth: int = 0) -> Any:
        """One value for a field of this type, odd ones among them."""
        if self._draw(st.integers(1, SEVEN * (depth + 1))) == SEVEN:
            return self._draw(_ODD)
        return self._fitting(shown, depth)

    def _fitting(self, shown: GraphQLOutputType, depth: int) -> Any:
        if is_non_null_type(shown):
            return self._fitting(shown.of_type, depth)
        if is_list_type(shown):
            count = self._draw(st.integers(0, ITEMS_MAX)) if depth < DEPTH_MAX else 0
            items = [self.value(shown.of_type, depth + 1) for _ in range(count)]
            return self._draw(st.sampled_from([items, tuple(items), items, items]))
        if isinstance(shown, GraphQLEnumType):
            members: list[Enum] = list(shown.wrapped_cls)  # type: ignore[attr-defined]  # strawberry's
            member = self._draw(st.sampled_from(members))
            return self._draw(st.sampled_from([member, member.value]))
        if isinstance(shown, GraphQLUnionType | GraphQLInterfaceType):
            return self.object(
                self._draw(
                    st.sampled_from(sorted(self._schema.get_possible_types(shown), key=str))
                ),
                depth,
            )
        if isinstance(shown, GraphQLObjectType):
            return self.object(shown, depth)
        return self._draw(_SCALARS[str(shown)])

    def object(self, shown: GraphQLObjectType, depth: int) -> Any:
        """An object of the type's own class, made without its `__init__`."""
        definition: Any = shown.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        made = object.__new__(definition.origin)
        for field in shown.fields.values():
            attribute = attribute_of(field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF])
            if attribute is None or self._draw(st.integers(0, 40)) == 0:
                continue  # reading it raises AttributeError
            made.__dict__[attribute] = self.value(field.type, depth + 1)
        return made


class Selecting:
    """Operations over the schema's types, with aliases, fragments and `__typename`."""

    def __init__(self, schema: GraphQLSchema, draw: Draw) -> None:
        self._schema = schema
        self._draw = draw
        self._fragments: list[str] = []

    def operation(self) -> str:
        assert self._schema.query_type is not None
        selected = self._selection(self._schema.query_type, 0)
        return f"query {selected} " + " ".join(self._fragments)

    def _selection(self, parent: Any, depth: int) -> str:
        parts = [self._part(parent, depth) for _ in range(self._draw(st.integers(1, 4)))]
        return "{ " + " ".join(parts) + " }"

    def _part(self, parent: Any, depth: int) -> str:
        kind = self._draw(st.integers(0, 9))
        if kind == 0 or isinstance(parent, GraphQLUnionType):
            if isinstance(parent, GraphQLUnionType) and kind > 1:
                return self._inline(self._possible(parent), depth)
            return "__typename" if kind else "name: __typename"
        if kind == 1 and isinstance(parent, GraphQLInterfaceType):
            return self._inline(self._possible(parent), depth)
        if kind in (2, 3) and depth < DEPTH_MAX:
            if kind == 2:
                return self._inline(parent, depth)
            name = f"F{len(self._fragments)}"
            self._fragments.append("")
            place = len(self._fragments) - 1
            body = self._selection(parent, depth + 1)
            self._fragments[place] = f"fragment {name} on {parent} {body}"
            return f"...{name}"
        return self._field(parent, depth)

    def _field(self, parent: Any, depth: int) -> str:
        simple = {
            name: field
            for name, field in parent.fields.items()
            if not field.args and (depth < DEPTH_MAX or not _fields_of(field.type))
        }
        if not simple:
            return "__typename"
        name = self._draw(st.sampled_from(sorted(simple)))
        # An alias that tells its field and type: two of one name never mean two fields.
        alias = self._draw(st.sampled_from(["", f"{parent}_{name}: ", f"{parent}_{name}: "]))
        inner = _fields_of(simple[name].type)
        written = f"{alias}{name}"
        return f"{written} {self._selection(inner, depth + 1)}" if inner else written

    def _inline(self, parent: Any, depth: int) -> str:
        return f"... on {parent} {self._selection(parent, depth + 1)}"

    def _possible(self, parent: Any) -> Any:
        return self._draw(st.sampled_from(sorted(self._schema.get_possible_types(parent), key=str)))


def _fields_of(shown: GraphQLOutputType) -> Any:
    """The type whose selection a field needs, or None for a leaf."""
    while is_non_null_type(shown) or is_list_type(shown):
        shown = shown.of_type
    composite = (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)
    return shown if isinstance(shown, composite) else None
