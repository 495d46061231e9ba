"""How a field is declared: a described resolver, and an attribute of an object made by hand."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.field import StrawberryField

F = TypeVar("F", bound=Callable[..., Any])  # Any: a resolver of any shape, given back as it came


def described(description: str) -> Callable[[F], F]:
    """`strawberry.field(description=...)`, for queries and mutations: a resolver keeps its type,
    which strawberry's own decorator with arguments forgets.
    """
    return cast(Callable[[F], F], strawberry.field(description=description))


def attribute(description: str | None = None, *, graphql_type: Any = None) -> Any:
    """A field read from the object as it is, for a type that a timeline shows many times over.

    A type checker takes it for a default, so only types whose objects are never made by their
    generated `__init__` have such fields. Any: whatever type the field is annotated with.
    """
    shown_as = StrawberryAnnotation.from_annotation(graphql_type)
    return _Attribute(description=description, type_annotation=shown_as)


def attribute_of(field: StrawberryField) -> str | None:
    """The attribute that a field is read from as it is; None where anything is called for it."""
    if not field.is_basic_field or field.default_resolver is not getattr:
        return None
    reads_as_it_is = (StrawberryField.get_result, _Attribute.get_result)
    return field.python_name if type(field).get_result in reads_as_it_is else None


class _Attribute(StrawberryField):
    """Strawberry's own asks each time whether there is a resolver, and what the field is called:
    a thirtieth of the whole answer.
    """

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        return getattr(source, self.name)
