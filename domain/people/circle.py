"""Circles: the people who share one set of life events; the unit of evaluation and of locking."""

from typing import Literal

import msgspec

from domain.ids import CircleId, PersonId

CircleKind = Literal["business", "couple", "single"]


class Circle(msgspec.Struct, frozen=True):
    """A circle and its members: a couple's two sorted by id. Roles follow from facts.

    A business has its `registration`, and no members of its own: who owns it follows from facts.
    """

    id: CircleId
    kind: CircleKind
    members: tuple[PersonId, ...]
    registration: str | None = None


def couple_members(one: PersonId, other: PersonId) -> tuple[PersonId, PersonId]:
    """The two sorted: whoever reports a couple first or second, it is the same circle."""
    return (one, other) if one.bytes < other.bytes else (other, one)
