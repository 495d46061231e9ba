"""Records: what a member sees. Small: entry, version and parameters; never the authored text.

`evaluate` makes them, `store` seals their bytes, a phone and GraphQL read them. Their state is
not in them: it follows from their dates (`domain/card/state.py`).
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

import cbor2
import msgspec

from domain.facts.dispute import Claim
from domain.ids import ActKey, EntryId, PersonId, RecordKey
from domain.projection import Projection

Truth = Literal["met", "not_met", "unknown"]
Nature = Literal["reminder", "eligibility", "information", "procedure"]  # the guide's four kinds
Criterion = Literal["time", "state", "dependency", "place", "law"]  # the guide's five criteria


RecordKind = Literal["card", "vaccination_record"]


class Parameter(msgspec.Struct, frozen=True, array_like=True):
    """One value that a text needs, by the type `domain/rule/variable.py` declares for its name.

    A day is written `2026-11-21` (RFC 3339); a list names entries of the service's terms.
    """

    name: str
    value: str | int | tuple[str, ...]


class Gap(msgspec.Struct, frozen=True, array_like=True):
    """By how much a number of the family is above or below what is asked. `unit` is an
    `entry.Unit`, or empty."""

    name: str
    is_above: bool
    amount: int
    unit: str


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One eligibility line and how it stood. Its text is the catalogue's.

    Of a line that is not met, `gaps` say by how much, and `met_from` the day from which a change of
    law that is decided already would have it met.
    """

    id: str
    truth: Truth
    gaps: tuple[Gap, ...] = ()
    met_from: date | None = None


class Provenance(msgspec.Struct, frozen=True, array_like=True):
    """A fact that a card rests on: what, from whom, when it happened, when it was said."""

    kind: str
    source: str
    occurred_on: date
    asserted_on: date


class Reason(msgspec.Struct, frozen=True, array_like=True):
    """Why a calculator asks for one thing: such as the second dose of a vaccine group. `code` has
    its words in `domain/immunization/reason_text.py`."""

    about: str
    number: int | None
    code: str


class Why(msgspec.Struct, frozen=True, array_like=True):
    """Why a card is here (or not yet): every line, every fact used, a calculator's reasons."""

    lines: tuple[Line, ...]
    facts: tuple[Provenance, ...]
    reasons: tuple[Reason, ...] = ()


class Window(msgspec.Struct, frozen=True, array_like=True):
    """visible_from <= due_from <= due_until <= expires_on; all local dates, Asia/Dubai.

    A card is upcoming before `due_from`, due through `due_until`, overdue through `expires_on`.
    """

    visible_from: date
    due_from: date
    due_until: date
    expires_on: date


ReviewState = Literal["open", "upheld", "corrected"]


class MemberSaid(msgspec.Struct, frozen=True, array_like=True):
    """What a member says instead of a fact."""

    claim: Claim
    on: date | None
    words: str | None


class FactReview(msgspec.Struct, frozen=True, array_like=True):
    """A fact that a card rests on is under review, or was: the `place` of it in the why.

    `registry` owes an answer by `due_on`, a figure that may be a draft; whether that day has passed
    is derived by whoever reads. `said` is there for the one who disputes it alone.
    """

    place: int
    state: ReviewState
    registry: str
    since_on: date
    due_on: date
    is_draft: bool
    answered_on: date | None
    said: MemberSaid | None


class DoseReport(msgspec.Struct, frozen=True, array_like=True):
    """Who reported a dose, for which day, and when it was said."""

    source: str
    given_on: date
    asserted_on: date


class DosePart(msgspec.Struct, frozen=True, array_like=True):
    """What a dose was worth for one vaccine group; `number` is the dose of it that it was."""

    group: str
    number: int | None
    status: str
    reasons: tuple[str, ...]


class RecordedDose(msgspec.Struct, frozen=True, array_like=True):
    """One dose as it was told, by whoever told it. Without parts nothing of it was counted, and
    `flag` says why; the code is kept as it came."""

    code: str
    given_on: date
    reports: tuple[DoseReport, ...]
    flag: str | None
    parts: tuple[DosePart, ...]


class GroupStanding(msgspec.Struct, frozen=True, array_like=True):
    """How a vaccine group stands: `left_out` is "refused", "contraindicated", "immune" or
    "unplanned" where a dose that the tables ask for is in no plan; the days are of the next dose.
    """

    group: str
    status: str
    reasons: tuple[str, ...]
    number: int | None
    earliest_on: date | None
    recommended_on: date | None
    latest_on: date | None
    left_out: str | None


class VaccinationRecord(msgspec.Struct, frozen=True, array_like=True):
    """Every dose of one child, and how each vaccine group stands, by one programme's tables.

    `refusal` is the code of what kept it from being worked out, if anything did.
    """

    schedule: str
    programme_version: str
    draft: bool
    assessed_on: date
    doses: tuple[RecordedDose, ...]
    groups: tuple[GroupStanding, ...]
    refusal: str | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One card of one member, or, with `vaccinations`, a vaccination record: no card.

    `cited` names each fact of the why by 8 bytes, in their order (`domain/citation.py`); `reviews`
    are of those that are disputed.

    `waiting` means that the service's lines are not all met: the card answers "why not yet" and has
    no window. `quiet` cards come without a notice. `rank` is small; lower matters more; it never
    depends on today. `photo` is the blob that its recipient attached.
    """

    key: RecordKey
    recipient: PersonId
    entry: EntryId
    version: int
    card: str
    occurrence: str
    subject: PersonId
    rank: int
    waiting: bool
    window: Window | None
    resolved_on: date | None
    parameters: tuple[Parameter, ...]
    why: Why
    acknowledged: bool = False
    dismissed: bool = False
    quiet: bool = False
    snoozed_until: date | None = None
    kind: RecordKind = "card"
    vaccinations: VaccinationRecord | None = None
    cited: bytes = b""
    reviews: tuple[FactReview, ...] = ()
    photo: UUID | None = None

    @property
    def is_card(self) -> bool:
        return self.kind == "card"


EffectKind = Literal["tell", "look_up", "submit", "dispute"]


class LookUp(msgspec.Struct, frozen=True):
    """Whom a registry is asked about: a number within its system, as it was shown at sign-in."""

    system: str
    value: str


class FilledField(msgspec.Struct, frozen=True):
    """One field of a submission: its value, and the registry and day it came from."""

    name: str
    value: str
    source: str
    said_on: date


class Submission(msgspec.Struct, frozen=True):
    """What an agency is sent. `subject` is whom it is about."""

    kind: str
    agency: str
    subject: PersonId
    fields: tuple[FilledField, ...]


class DisputeStep(msgspec.Struct, frozen=True):
    """What a registry is to be told of a dispute: that an answer is owed, or is asked no more."""

    dispute: str
    registry: str
    step: Literal["ask", "withdraw"]


class Effect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something a refresh wants done elsewhere, once per act key.

    To tell a member of a card: then the fields from `record_key` to `attachment` say of which, why
    now, and by what: without a message in the card's own words, without channels by push, or by SMS
    at once where no app is enrolled. To look a person up in a registry: then `look_up` says whom.
    To send an agency what a service does by itself: then `submission` says what; `recipient` is who
    is told of the card. To ask a registry about a fact that is disputed: then `dispute` says of
    which dispute.
    """

    key: ActKey
    kind: EffectKind
    recipient: PersonId
    not_before_on: date
    not_after_on: date
    record_key: RecordKey = RecordKey(b"")
    entry: EntryId = EntryId("")
    version: int = 0
    card: str = ""
    act: str = ""
    message: EntryId = EntryId("")
    channels: tuple[str, ...] = ()
    attachment: str | None = None
    look_up: LookUp | None = None
    submission: Submission | None = None
    dispute: DisputeStep | None = None


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What a circle's members see, what is to be done, and the first day on which either may
    change.

    Records and effects are sorted by key. `members` are those who have a stream in the circle;
    every record is one of theirs. `next_change_on` is None when nothing changes by itself.
    `projections` is what the audience projection says of each member.
    """

    records: tuple[Record, ...]
    effects: tuple[Effect, ...]
    next_change_on: date | None
    members: tuple[PersonId, ...] = ()
    projections: Mapping[PersonId, Projection] = MappingProxyType({})


def record_image(record: Record) -> bytes:
    """Bytes that tell a change: equal records give equal bytes. A tenth of the cost of canonical
    CBOR, which a refresh paid for every record, though few had changed.
    """
    return msgspec.msgpack.encode(record)


def effect_image(effect: Effect) -> bytes:
    """Bytes that tell a change of an effect."""
    return msgspec.msgpack.encode(effect)


def encode_record(record: Record) -> bytes:
    """Canonical CBOR (RFC 8949 section 4.2) of a record: equal records give equal bytes."""
    plain: Any = msgspec.to_builtins(record, builtin_types=(bytes, date))
    return cbor2.dumps(plain, canonical=True, date_as_datetime=False)


def decode_record(body: bytes) -> Record:
    """The record that `encode_record` wrote."""
    return msgspec.convert(cbor2.loads(body), Record, builtin_types=(bytes, date))


def encode_effect(effect: Effect) -> bytes:
    """Canonical CBOR of an effect."""
    plain: Any = msgspec.to_builtins(effect, builtin_types=(bytes, date))
    return cbor2.dumps(plain, canonical=True, date_as_datetime=False)


def decode_effect(body: bytes) -> Effect:
    """The effect that `encode_effect` wrote."""
    return msgspec.convert(cbor2.loads(body), Effect, builtin_types=(bytes, date))
