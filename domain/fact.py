"""Facts: what happened, append-only. Everything a family sees is computed from these.

A fact names people by their ids (identity is resolved before a fact is recorded) and is the same in
every circle it is applied to. A reversal is a fact too. What kind a fact is, is the type of its
payload.
"""

from datetime import date, datetime
from typing import Literal

import msgspec

from domain.calendar_date import Sex, local_date
from domain.ids import PersonId, RecordKey

MEMBER_SOURCE = "member"  # the source of what a member did; agencies cannot take this id

PregnancyOutcome = Literal["birth", "loss", "stillbirth", "termination"]


class MarriageRegistered(msgspec.Struct, frozen=True, tag="marriage.registered"):
    husband: PersonId
    wife: PersonId


class FamilyBookIssued(msgspec.Struct, frozen=True, tag="family_book.issued"):
    husband: PersonId
    wife: PersonId


class PregnancyConfirmed(msgspec.Struct, frozen=True, tag="pregnancy.confirmed"):
    """`due_on` is the estimated date of delivery, as the reporting hospital dated it."""

    mother: PersonId
    father: PersonId | None
    due_on: date


class PregnancyEnded(msgspec.Struct, frozen=True, tag="pregnancy.ended"):
    mother: PersonId
    outcome: PregnancyOutcome


class BirthNotified(msgspec.Struct, frozen=True, tag="birth.notified"):
    """`occurred_on` of the fact is the day of birth in Asia/Dubai."""

    child: PersonId
    mother: PersonId
    father: PersonId | None


class VaccinationGiven(msgspec.Struct, frozen=True, tag="vaccination.given"):
    """`vaccine_code` is a CVX code (CDC), kept as it came even where nothing here knows it."""

    person: PersonId
    vaccine_code: str


class PersonDied(msgspec.Struct, frozen=True, tag="person.died"):
    person: PersonId


class PersonDescribed(msgspec.Struct, frozen=True, tag="person.described"):
    """What an agency said of a person beside an event. A field that is None was not said."""

    person: PersonId
    name_ar: str | None = None
    name_en: str | None = None
    sex: Sex | None = None
    born_on: date | None = None
    nationality: str | None = None  # ISO 3166-1 alpha-3


class PersonFirstSeen(msgspec.Struct, frozen=True, tag="person.first_seen"):
    """Somebody signed in here with this number for the first time: registries are asked about
    them, once for each number.
    """

    person: PersonId
    system: str
    value: str


class EnteredInError(msgspec.Struct, frozen=True, tag="entered_in_error"):
    """Reverses every fact with this (source, source id), whichever arrived first."""

    target_source: str
    target_source_id: str


class CardAct(msgspec.Struct, frozen=True, tag="card.act"):
    """What a member did to a card of theirs. `undone` takes back the latest act that still stands.

    `sequence` is the facts version it was given on arrival: acts are ordered by it, never by a
    phone's clock.
    """

    person: PersonId
    record_key: RecordKey
    act: Literal["acknowledged", "snoozed", "dismissed", "undone"]
    sequence: int
    snoozed_until: date | None = None


Payload = (
    MarriageRegistered
    | FamilyBookIssued
    | PregnancyConfirmed
    | PregnancyEnded
    | BirthNotified
    | VaccinationGiven
    | PersonDied
    | PersonDescribed
    | PersonFirstSeen
    | EnteredInError
    | CardAct
)


class Fact(msgspec.Struct, frozen=True):
    """One thing that happened, as one source asserted it.

    `part` tells apart several facts of one event ("" is the event itself, "person:mother" what it
    said of the mother). `asserted_at` is the source's instant, in UTC; `received_on` the day on
    which it reached us.
    """

    source: str
    source_id: str
    part: str
    occurred_on: date
    asserted_at: datetime
    payload: Payload
    received_on: date | None = None

    @property
    def kind(self) -> str:
        """The payload's tag, such as `birth.notified`."""
        return str(self.payload.__struct_config__.tag)

    @property
    def known_on(self) -> date:
        """The first day it could be acted on: not before it was said, nor before it came."""
        said_on = local_date(self.asserted_at)
        return said_on if self.received_on is None else max(said_on, self.received_on)

    @property
    def precedence(self) -> tuple[datetime, str, str, str]:
        """The order in which facts are read: later assertions win; ties fall the same way
        everywhere.
        """
        return (self.asserted_at, self.source, self.source_id, self.part)


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Fact)


def encode_fact(fact: Fact) -> bytes:
    """Canonical JSON of a fact: equal facts give equal bytes."""
    return _encoder.encode(fact)


def decode_fact(body: bytes) -> Fact:
    """The fact that `encode_fact` wrote.

    Raises: msgspec.ValidationError when the bytes are not such a fact: a defect, never bad input.
    """
    return _decoder.decode(body)
