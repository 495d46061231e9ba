"""Circles: the people who share one set of life events; the unit of evaluation and of locking."""

from typing import Literal

import msgspec

from domain.ids import CircleId, PersonId

CircleKind = Literal["business", "couple", "single"]


class Business(msgspec.Struct, frozen=True):
    """What makes a business one: its licence's number, and the emirate that gave it.

    Where nobody said an emirate, the number is one among all that this source reports so.
    """

    number: str
    emirate: str | None = None
    reported_by: str | None = None


class Circle(msgspec.Struct, frozen=True):
    """A circle and its members: a couple's two sorted by id. Roles follow from facts.

    A business has its `registration`, `emirate` or who reported it without one, and no members of
    its own: who owns it follows from facts. One opened before businesses were told apart by
    emirate has neither, and nothing is of it any more.
    """

    id: CircleId
    kind: CircleKind
    members: tuple[PersonId, ...]
    registration: str | None = None
    emirate: str | None = None
    reported_by: str | None = None

    @property
    def business(self) -> Business | None:
        """The business whose circle this is."""
        if self.registration is None or (self.emirate is None and self.reported_by is None):
            return None
        return Business(self.registration, self.emirate, self.reported_by)


def couple_members(one: PersonId, other: PersonId) -> tuple[PersonId, PersonId]:
    """The two sorted: whoever reports a couple first or second, it is the same circle."""
    return (one, other) if one.bytes < other.bytes else (other, one)
