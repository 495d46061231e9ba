"""A described resolver keeps its type: strawberry's own decorator with arguments forgets it."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])  # Any: a resolver of any shape, given back as it came


def described(description: str) -> Callable[[F], F]:
    """`strawberry.field(description=...)`, for queries and mutations."""
    return cast(Callable[[F], F], strawberry.field(description=description))
