"""Life events as agencies report them: bytes to typed values, once, at the edge.

Called by `gov/receive.py` before anything is stored and by `gov/interpret.py` when a stored event
is applied. It knows no database and no identity: persons are the numbers an agency knows them by.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from unicodedata import category, normalize

import msgspec

from domain.calendar_date import local_date
from gov.event_data import (
    BirthReport,
    DeathReport,
    ErrorReport,
    EventData,
    FamilyBookReport,
    Identifier,
    MarriageReport,
    Person,
    PregnancyEndReport,
    PregnancyReport,
    VaccinationReport,
)
from gov.event_error import (
    CHECK_DIGIT_WARNING,
    AssertedInFuture,
    ContentTypeRefused,
    DateContradiction,
    DateImpossible,
    DateOutOfRange,
    NameCharacters,
    ReversesItself,
    SamePerson,
)
from gov.event_json import read_json_object
from gov.event_schema import EventSchemas

YEAR_MIN = 1900
YEAR_MAX = 2100
# An agency abroad may be a day ahead of Dubai when it says "today".
OCCURRED_AHEAD_DAYS_MAX = 1
# A full pregnancy is 280 days from the last period; 300 leaves room for one dated late.
DUE_AHEAD_DAYS_MAX = 300
ASSERTED_AHEAD_SECONDS_MAX = 600  # ten minutes: a clock that nobody set


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
    """An event of a known kind, wholly checked."""

    envelope: Envelope
    data: EventData
    warnings: tuple[EventWarning, ...] = ()

    def persons(self) -> tuple[tuple[str, Person], ...]:
        """Each person named, by role ("husband", "child", "person" …), in the order of the kind."""
        named = ((role, getattr(self.data, role)) for role in self.data.__struct_fields__)
        return tuple((role, person) for role, person in named if isinstance(person, Person))


class UnknownEvent(msgspec.Struct, frozen=True):
    """A sound envelope of a kind that nothing here understands: kept and counted, not refused."""

    envelope: Envelope
    raw: bytes


def check_content_type(value: str | None) -> None:
    """Raises: ContentTypeRefused unless it is `application/json`, at most with `charset=utf-8`."""
    media_type, *parameters = [part.strip().lower() for part in (value or "").split(";")]
    if media_type != "application/json":
        raise ContentTypeRefused()
    if any(part not in ("charset=utf-8", 'charset="utf-8"') for part in parameters):
        raise ContentTypeRefused()


def parse_event(body: bytes, *, schemas: EventSchemas, now_utc: datetime) -> Event | UnknownEvent:
    """The event that `body` is.

    `now_utc` is when the body arrived, so that a stored event reads the same when it is applied.

    Raises: a Refusal of `gov/event_error.py` and nothing else, whatever the bytes are.
    """
    document = read_json_object(body)
    schemas.check_envelope(document)
    envelope = _read_envelope(document, now_utc)
    if envelope.kind not in schemas.kinds:
        return UnknownEvent(envelope=envelope, raw=body)
    schemas.check_kind(envelope.kind, document)
    reading = _Reading(document["data"], envelope)
    data = _READERS[envelope.kind](reading)
    event = Event(envelope=envelope, data=data, warnings=tuple(reading.warnings))
    _refuse_same_person(event)
    return event


def _read_envelope(document: dict[str, Any], now_utc: datetime) -> Envelope:
    occurred_on = _read_day(document["occurred_on"], "/occurred_on")
    asserted_at = _read_instant(document["asserted_at"], "/asserted_at")
    if asserted_at > now_utc + timedelta(seconds=ASSERTED_AHEAD_SECONDS_MAX):
        raise AssertedInFuture("/asserted_at")
    if occurred_on > local_date(asserted_at) + timedelta(days=OCCURRED_AHEAD_DAYS_MAX):
        raise DateContradiction("/occurred_on")
    return Envelope(
        id=document["id"], kind=document["kind"], occurred_on=occurred_on, asserted_at=asserted_at
    )


def _read_day(text: str, pointer: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise DateImpossible(pointer) from None
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise DateOutOfRange(pointer)
    return day


def _read_instant(text: str, pointer: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise DateImpossible(pointer) from None
    if not YEAR_MIN <= instant.year <= YEAR_MAX:  # which also keeps the conversion in range
        raise DateOutOfRange(pointer)
    return instant.astimezone(UTC)


class _Reading:
    """Reads the members of `data`, whose shape the schema has proven, and gathers the warnings."""

    # Any: JSON that the schema of the kind has accepted.
    def __init__(self, data: dict[str, Any], envelope: Envelope) -> None:
        self.data = data
        self.envelope = envelope
        self.warnings: list[EventWarning] = []

    def person(self, role: str) -> Person:
        pointer, said = f"/data/{role}", self.data[role]
        name = said.get("name", {})
        return Person(
            identifier=self._identifier(said["identifier"], pointer + "/identifier/value"),
            name_ar=_read_name(name.get("ar"), pointer + "/name/ar"),
            name_en=_read_name(name.get("en"), pointer + "/name/en"),
            sex=said.get("sex"),
            born_on=self._born_on(said.get("born_on"), pointer + "/born_on"),
            nationality=said.get("nationality"),
        )

    def find_person(self, role: str) -> Person | None:
        return self.person(role) if role in self.data else None

    def newborn(self, role: str) -> Person:
        return msgspec.structs.replace(self.person(role), born_on=self.envelope.occurred_on)

    def due_on(self) -> date:
        due_on = _read_day(self.data["due_on"], "/data/due_on")
        days_ahead = (due_on - self.envelope.occurred_on).days
        if not 0 <= days_ahead <= DUE_AHEAD_DAYS_MAX:
            raise DateContradiction("/data/due_on")
        return due_on

    def other_event_id(self) -> str:
        event_id: str = self.data["event_id"]
        if event_id == self.envelope.id:
            raise ReversesItself("/data/event_id")
        return event_id

    def _identifier(self, said: dict[str, str], pointer: str) -> Identifier:
        if said["system"] != "emirates_id":
            return msgspec.convert(said, Identifier)
        digits = said["value"].replace("-", "")
        if not _has_luhn_digit(digits):
            self.warnings.append(EventWarning(code=CHECK_DIGIT_WARNING, pointer=pointer))
        return Identifier(system="emirates_id", value=digits)

    def _born_on(self, text: str | None, pointer: str) -> date | None:
        if text is None:
            return None
        born_on = _read_day(text, pointer)
        if born_on > self.envelope.occurred_on:
            raise DateContradiction(pointer)
        return born_on


# Embeddings, overrides and isolates (Unicode Standard Annex 9): they show a name as another name.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Invisible, and part of ordinary spelling or direction: joiners (Persian, Urdu), the three marks.
_ALLOWED_FORMAT = frozenset("\u200c\u200d\u200e\u200f\u061c")


def _read_name(text: str | None, pointer: str) -> str | None:
    """The name in NFC without outer spaces. Its digits stay as they are: some names have them."""
    if text is None:
        return None
    if any(_is_refused_in_names(char) for char in text):
        raise NameCharacters(pointer)
    return normalize("NFC", text).strip()


def _is_refused_in_names(char: str) -> bool:
    if char in _TURNING:
        return True
    return category(char) in ("Cc", "Cf", "Zl", "Zp") and char not in _ALLOWED_FORMAT


def _has_luhn_digit(digits: str) -> bool:
    """Whether the last digit is Luhn's. A warning only: no official text says that it must be.

    Source: community practice (PyPI `idnumbers` 1.22.0); 784-1979-1234567-1 passes.
    """
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _refuse_same_person(event: Event) -> None:
    """Nobody is their own spouse, no child its own mother (hospitals reuse a mother's number)."""
    seen: set[Identifier] = set()
    for role, person in event.persons():
        if person.identifier in seen:
            raise SamePerson(f"/data/{role}/identifier")
        seen.add(person.identifier)


def _read_marriage(reading: _Reading) -> MarriageReport:
    return MarriageReport(
        husband=reading.person("husband"),
        wife=reading.person("wife"),
        contract_number=reading.data.get("contract_number"),
        emirate=reading.data.get("emirate"),
    )


def _read_family_book(reading: _Reading) -> FamilyBookReport:
    return FamilyBookReport(
        husband=reading.person("husband"),
        wife=reading.person("wife"),
        number=reading.data.get("number"),
    )


def _read_pregnancy(reading: _Reading) -> PregnancyReport:
    return PregnancyReport(
        mother=reading.person("mother"),
        father=reading.find_person("father"),
        due_on=reading.due_on(),
    )


def _read_pregnancy_end(reading: _Reading) -> PregnancyEndReport:
    return PregnancyEndReport(mother=reading.person("mother"), outcome=reading.data["outcome"])


def _read_birth(reading: _Reading) -> BirthReport:
    place = reading.data.get("place", {})
    return BirthReport(
        child=reading.newborn("child"),
        mother=reading.person("mother"),
        father=reading.find_person("father"),
        facility=place.get("facility"),
        emirate=place.get("emirate"),
    )


def _read_vaccination(reading: _Reading) -> VaccinationReport:
    return VaccinationReport(
        person=reading.person("person"),
        vaccine_code=f"{int(reading.data['vaccine_code']):02}",
        lot_number=reading.data.get("lot_number"),
    )


def _read_death(reading: _Reading) -> DeathReport:
    return DeathReport(person=reading.person("person"))


def _read_error(reading: _Reading) -> ErrorReport:
    return ErrorReport(event_id=reading.other_event_id())


_READERS: Mapping[str, Callable[[_Reading], EventData]] = MappingProxyType(
    {
        "marriage.registered": _read_marriage,
        "family_book.issued": _read_family_book,
        "pregnancy.confirmed": _read_pregnancy,
        "pregnancy.ended": _read_pregnancy_end,
        "birth.notified": _read_birth,
        "vaccination.given": _read_vaccination,
        "person.died": _read_death,
        "entered_in_error": _read_error,
    }
)
KINDS = frozenset(_READERS)
"""The kinds that are read here: the same as the published schemas, which a test proves."""
