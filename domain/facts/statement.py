"""What every kind of fact has in common: whom it is about, and which circles it follows them to.

A kind declares both by itself: its fields of type `PersonId` are those it is about, the first of
them foremost, and `carried` is its policy. So a new kind touches no other rule.
"""

from functools import cache
from typing import ClassVar, Literal, get_args, get_type_hints

import msgspec

from domain.ids import PersonId

Carried = Literal[
    "own",
    "business",
    "person",
    "child",
    "wife",
    "couple",
    "document",
    "pregnancy",
    "stage",
    "visit",
    "correction",
    "act",
    "review",
]
"""Where a fact goes beside the single circles of those it is about (`timeline/carry.py`).

- own: nowhere else.
- business: to the circle of the business that it names.
- person: to every circle of its first person; with a child into the circles of its parents.
- child: with a child into the circles of its parents; of a grown-up it stays their own.
- wife: to every circle of the wife; which husband a child is at home with follows from all hers.
- couple: to the circle of its first two.
- document: as child; that of two persons as couple.
- pregnancy: to the circle of mother and father, named or by marriage.
- stage: where the pregnancy of its time went.
- visit: as stage, and as child.
- correction: where what it takes back went.
- act: to every circle of its member: where the card has moved, what was done to it goes too.
- review: where the fact went that is under review.
"""


class Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one fact says: its payload."""

    carried: ClassVar[Carried] = "own"

    def subjects(self) -> tuple[PersonId, ...]:
        """The people it is about, the foremost first: each one's single circle holds it."""
        named = (getattr(self, role) for role in list_roles(type(self)))
        return tuple(person for person in named if person is not None)

    def policy(self) -> Carried:
        """Where it goes beside those single circles."""
        return self.carried


@cache
def list_roles(kind: type[Statement]) -> tuple[str, ...]:
    """The fields of a kind that are persons, in its order."""
    hints = get_type_hints(kind)
    return tuple(
        name
        for name in kind.__struct_fields__
        if hints[name] is PersonId or PersonId in get_args(hints[name])
    )
