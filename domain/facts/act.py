"""What takes facts back, and what a member did."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from domain.facts.statement import Carried, Statement
from domain.ids import PersonId, RecordKey


class EnteredInError(Statement, frozen=True, tag="entered_in_error"):
    """Reverses every fact with this (source, source id), whichever arrived first."""

    carried: ClassVar[Carried] = "correction"
    target_source: str
    target_source_id: str


class CardAct(Statement, frozen=True, tag="card.act"):
    """What a member did to a card of theirs. `undone` takes back the latest act that still stands.

    `sequence` is the facts version it was given on arrival: acts are ordered by it, never by a
    phone's clock. `photo` is the blob that a photo came as, by the id that its sender gave it.
    """

    carried: ClassVar[Carried] = "act"
    person: PersonId
    record_key: RecordKey
    act: Literal["acknowledged", "snoozed", "dismissed", "photo_attached", "undone"]
    sequence: int
    snoozed_until: date | None = None
    photo: UUID | None = None
