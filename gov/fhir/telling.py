"""What a resource tells, before anybody knows who the person is: facts yet without their person."""

from collections.abc import Callable
from datetime import date

import msgspec

from domain.error import Refusal
from domain.fact import Payload
from domain.ids import PersonId


class Telling(msgspec.Struct, frozen=True):
    """One fact to be: `part` tells it apart from others of one resource, `about` makes it."""

    occurred_on: date
    about: Callable[[PersonId], Payload]
    part: str = ""


Told = tuple[Telling, ...] | type[Refusal]
"""What a resource tells; or why it is no fact, a reason of `gov/fhir/reason.py`."""
