"""What an event says: its envelope, the persons it names, and the rest by the fields of its fact.

Read by `gov/event/read.py`, used by `gov/interpret.py`. Persons are the numbers by which an agency
knows them; who they are is resolved later, and only then is the fact made.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, TypeVar

import msgspec

from domain.calendar_date import Sex
from domain.facts.statement import Statement, list_roles
from domain.ids import PersonId

S = TypeVar("S", bound=Statement)

IdentifierSystem = Literal["emirates_id", "hospital_number", "temporary_number"]


class Identifier(msgspec.Struct, frozen=True):
    """One number of one person. An Emirates ID is its 15 digits and has no assigner."""

    system: IdentifierSystem
    value: str
    assigner: str | None = None


class Person(msgspec.Struct, frozen=True):
    """A person as an event names them. None: it was not said. A newborn always has `born_on`.

    `born_in` is a birth known by its year or month alone: "1961", "1961-07".
    """

    identifier: Identifier
    name_ar: str | None = None
    name_en: str | None = None
    sex: Sex | None = None
    born_on: date | None = None
    nationality: str | None = None
    born_in: str | None = None

    @property
    def is_described(self) -> bool:
        """Whether anything but the number was said."""
        return any(
            (
                self.name_ar,
                self.name_en,
                self.sex,
                self.born_on,
                self.nationality,
                self.born_in,
            )
        )


class Envelope(msgspec.Struct, frozen=True):
    """`asserted_at` is in UTC."""

    id: str
    kind: str
    occurred_on: date
    asserted_at: datetime


class EventWarning(msgspec.Struct, frozen=True):
    """What an agency should look at in an event that was accepted. `pointer` is a JSON pointer."""

    code: str
    pointer: str


class Event(msgspec.Struct, frozen=True):
    """An event of a known kind, wholly checked.

    `people` has each person named, by role ("husband", "child", "person" …), in the order of the
    kind. `said` has the other fields of the kind's fact. `corrects` is the id of the event that an
    `entered_in_error` takes back; such an event makes its fact when that one is found.
    """

    envelope: Envelope
    people: tuple[tuple[str, Person], ...] = ()
    said: Mapping[str, object] = {}
    corrects: str | None = None
    warnings: tuple[EventWarning, ...] = ()

    def payload(self, kind: type[S], people: Mapping[str, PersonId]) -> S:
        """The fact's payload, once it is known who is who. A person who is absent was not named.

        Raises: msgspec.ValidationError when schema and payload differ: a defect, never bad input.
        """
        named = {role: people.get(role) for role in list_roles(kind)}
        return msgspec.convert({**self.said, **named}, kind)


class UnknownEvent(msgspec.Struct, frozen=True):
    """A sound envelope of a kind that nothing here understands: kept and counted, not refused."""

    envelope: Envelope
    raw: bytes
