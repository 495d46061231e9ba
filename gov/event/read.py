"""Life events as agencies report them: bytes to typed values, once, at the edge.

Called by `gov/receive.py` before anything is stored and by `gov/interpret.py` when a stored event
is applied. It knows no database and no identity: persons are the numbers an agency knows them by.
"""

from datetime import date, datetime, timedelta
from typing import Any, get_args, get_type_hints

from domain.calendar_date import local_date
from gov.event.data import Envelope, Event, EventWarning, Identifier, Person, UnknownEvent
from gov.event.error import (
    AssertedInFuture,
    ContentTypeRefused,
    DateContradiction,
    ReversesItself,
    SamePerson,
)
from gov.event.json_object import read_json_object
from gov.event.kind import EVENT_KINDS, EventKind
from gov.event.person import read_person
from gov.event.schema import EventSchemas
from gov.event.value import read_day, read_instant

# An agency abroad may be a day ahead of Dubai when it says "today".
OCCURRED_AHEAD_DAYS_MAX = 1
ASSERTED_AHEAD_SECONDS_MAX = 600  # ten minutes: a clock that nobody set


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

    Raises: a Refusal of `gov/event/error.py` and nothing else, whatever the bytes are.
    """
    return read_event(read_json_object(body), body, schemas=schemas, now_utc=now_utc)


def read_event(
    document: dict[str, Any], raw: bytes = b"", *, schemas: EventSchemas, now_utc: datetime
) -> Event | UnknownEvent:
    """The same of a document already parsed, or made from another form (a FHIR resource)."""
    schemas.check_envelope(document)
    envelope = _read_envelope(document, now_utc)
    kind = EVENT_KINDS.get(envelope.kind)
    if kind is None or envelope.kind not in schemas.kinds:
        return UnknownEvent(envelope=envelope, raw=raw)
    schemas.check_kind(envelope.kind, document)
    if envelope.kind == "entered_in_error":
        return _read_correction(document["data"], envelope)
    return _read_known(document["data"], envelope, kind)


def _read_envelope(document: dict[str, Any], now_utc: datetime) -> Envelope:
    occurred_on = read_day(document["occurred_on"], "/occurred_on")
    asserted_at = read_instant(document["asserted_at"], "/asserted_at")
    if asserted_at > now_utc + timedelta(seconds=ASSERTED_AHEAD_SECONDS_MAX):
        raise AssertedInFuture("/asserted_at")
    if occurred_on > local_date(asserted_at) + timedelta(days=OCCURRED_AHEAD_DAYS_MAX):
        raise DateContradiction("/occurred_on")
    return Envelope(
        id=document["id"], kind=document["kind"], occurred_on=occurred_on, asserted_at=asserted_at
    )


def _read_correction(data: dict[str, Any], envelope: Envelope) -> Event:
    if data["event_id"] == envelope.id:
        raise ReversesItself("/data/event_id")
    return Event(envelope, corrects=data["event_id"])


def _read_known(data: dict[str, Any], envelope: Envelope, kind: EventKind) -> Event:
    people: list[tuple[str, Person]] = []
    warnings: tuple[EventWarning, ...] = ()
    for role in kind.roles:
        if role in data:
            said = data[role]
            if role == kind.newborn:
                said = {**said, "born_on": envelope.occurred_on.isoformat()}
            person, noted = read_person(said, f"/data/{role}", occurred_on=envelope.occurred_on)
            people.append((role, person))
            warnings += noted
    _refuse_same_person(people)
    values = {
        name: _read_value(kind, name, value, envelope)
        for name, value in data.items()
        if name not in kind.roles
    }
    return Event(envelope, tuple(people), values, warnings=warnings)


def _read_value(kind: EventKind, name: str, value: Any, envelope: Envelope) -> object:
    pointer = f"/data/{name}"
    reader = kind.readers.get(name)
    if reader is not None:
        return reader(value, pointer, envelope.occurred_on)
    hint = get_type_hints(kind.payload)[name]
    if hint is date or date in get_args(hint):
        return read_day(value, pointer)
    if hint is datetime or datetime in get_args(hint):
        return read_instant(value, pointer)
    return value


def _refuse_same_person(people: list[tuple[str, Person]]) -> None:
    """Nobody is their own spouse, no child its own mother (hospitals reuse a mother's number)."""
    seen: set[Identifier] = set()
    for role, person in people:
        if person.identifier in seen:
            raise SamePerson(f"/data/{role}/identifier")
        seen.add(person.identifier)
