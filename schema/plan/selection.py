"""A selection compiled to a function from an object to what stands in the answer for it.

Only attributes are read, so that reading them twice tells the same: fields that call something,
take arguments, or are of an interface or a union leave their selection without a plan.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple, Protocol, TypeAlias  # Any: a field's value

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from schema.field import attribute_of
from schema.plan.leaf import NotPlain, Write, leaf_writer, refuse_unusual

Read: TypeAlias = Callable[[Any], Any]


class Collecting(Protocol):
    """GraphQL's own grouping of a selection by fragments and aliases."""

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList
    ) -> CollectedFields: ...


class _Step(NamedTuple):
    """One field of the answer."""

    name: str
    read: Read
    write: Write


def compile_selection(
    collecting: Collecting, parent: GraphQLObjectType, details: FieldDetailsList
) -> Write | None:
    """What writes an object of `parent`, or None where a field needs more than being read."""
    grouped, _, _ = collecting.collect_subfields(parent, details)
    steps = []
    for name, selected in grouped.items():
        step = _step(collecting, parent, name, selected)
        if step is None:
            return None
        steps.append(step)
    return _object_writer(parent, tuple(steps))


def _step(
    collecting: Collecting, parent: GraphQLObjectType, name: str, selected: FieldDetailsList
) -> _Step | None:
    field_name = selected[0].node.name.value
    if field_name == "__typename":
        return _Step(name, lambda _: parent.name, lambda value: value)
    field = parent.fields.get(field_name)
    attribute = None if field is None else _attribute(field)
    if field is None or attribute is None:
        return None
    write = _writer(collecting, field.type, selected)
    return None if write is None else _Step(name, attrgetter(attribute), write)


def _attribute(field: GraphQLField) -> str | None:
    declared = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if field.args or not isinstance(declared, StrawberryField):
        return None
    return attribute_of(declared)


def _writer(
    collecting: Collecting, shown: GraphQLOutputType, selected: FieldDetailsList
) -> Write | None:
    nullable = not is_non_null_type(shown)
    inner = shown.of_type if is_non_null_type(shown) else shown
    if is_leaf_type(inner):
        return leaf_writer(inner, nullable=nullable)
    if is_list_type(inner):
        item = _writer(collecting, inner.of_type, selected)
        write = None if item is None else _list_writer(item)
    elif is_object_type(inner):
        write = compile_selection(collecting, inner, selected)
    else:
        write = None
    return _or_null(write) if write is not None and nullable else write


def _object_writer(parent: GraphQLObjectType, steps: tuple[_Step, ...]) -> Write:
    is_type_of = parent.is_type_of

    def write(value: Any) -> dict[str, Any]:
        refuse_unusual(value)
        if is_type_of is not None and is_type_of(value, _NO_INFO) is not True:
            raise NotPlain
        return {name: write(read(value)) for name, read, write in steps}

    return write


def _list_writer(item: Write) -> Write:
    def write(value: Any) -> list[Any]:
        if type(value) is not list and type(value) is not tuple:  # others may be read once only
            raise NotPlain
        return [item(one) for one in value]

    return write


def _or_null(write: Write) -> Write:
    return lambda value: None if value is None else write(value)


_NO_INFO: Any = None  # of our types none looks at it; one that did would raise, which is not plain
