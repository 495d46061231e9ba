"""Records as a phone reads them: known fields typed, unknown kinds and fields left as they are.

The body of a row is CBOR (`mobile-contract/sync/`). A phone that is older than the server keeps
what it does not know: the sealed bytes stay as they came, and an unknown kind is not shown.
"""

from datetime import date
from typing import Literal

import cbor2
import msgspec

CITATION_BYTES = 8
Truth = Literal["met", "not_met", "unknown"]


class Parameter(msgspec.Struct, frozen=True, array_like=True):
    """One value that a text needs."""

    name: str
    value: str | int | tuple[str, ...]


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One eligibility line and how it stood."""

    id: str
    truth: Truth


class Provenance(msgspec.Struct, frozen=True, array_like=True):
    """A fact that the card rests on."""

    kind: str
    source: str
    occurred_on: date
    asserted_on: date


class MemberSaid(msgspec.Struct, frozen=True, array_like=True):
    """What its owner says instead of a fact."""

    claim: str
    on: date | None
    words: str | None


class Review(msgspec.Struct, frozen=True, array_like=True):
    """A fact under review: the `place` of it in the why. `registry` is empty until the server has
    said which agency has it.
    """

    place: int
    state: str
    registry: str
    since_on: date | None
    due_on: date | None
    is_draft: bool
    answered_on: date | None
    said: MemberSaid | None


class Why(msgspec.Struct, frozen=True, array_like=True):
    """Why the card is here."""

    lines: tuple[Line, ...]
    facts: tuple[Provenance, ...]


class Window(msgspec.Struct, frozen=True, array_like=True):
    """The four days of a card, in this order."""

    visible_from: date
    due_from: date
    due_until: date
    expires_on: date


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One card of one member, as its row says."""

    key: bytes
    entry: str
    version: int
    card: str
    occurrence: str
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
    cited: bytes = b""
    reviews: tuple[Review, ...] = ()
    photo: bytes | None = None

    def citation(self, place: int) -> bytes:
        """How a command names one of the why's facts; empty on a row of an older server."""
        return self.cited[place * CITATION_BYTES : (place + 1) * CITATION_BYTES]


class UnknownRecord(Exception):
    """A body of a kind that this phone does not know: kept, not shown."""


def decode_card(key: bytes, body: bytes) -> Card:
    """The card in a row's body. Raises: UnknownRecord when it is no card that this phone reads."""
    try:
        said = msgspec.convert(cbor2.loads(body), _Body, builtin_types=(bytes,))
        if said.kind != "card":
            raise UnknownRecord(said.kind)
        return Card(
            key=key,
            entry=said.entry,
            version=said.version,
            card=said.card,
            occurrence=said.occurrence,
            rank=said.rank,
            waiting=said.waiting,
            window=None if said.window is None else Window(*map(_date, said.window)),
            resolved_on=_day(said.resolved_on),
            parameters=said.parameters,
            why=Why(
                said.why.lines,
                tuple(
                    Provenance(kind, source, _date(occurred), _date(asserted))
                    for kind, source, occurred, asserted in said.why.facts
                ),
            ),
            acknowledged=said.acknowledged,
            dismissed=said.dismissed,
            quiet=said.quiet,
            snoozed_until=_day(said.snoozed_until),
            cited=said.cited,
            reviews=tuple(map(_review, said.reviews)),
            photo=said.photo,
        )
    except (cbor2.CBORDecodeError, msgspec.ValidationError, OverflowError) as error:
        raise UnknownRecord(str(error)) from None


class _Why(msgspec.Struct, frozen=True, array_like=True):
    lines: tuple[Line, ...]
    facts: tuple[tuple[str, str, int, int], ...]


class _Review(msgspec.Struct, frozen=True, array_like=True):
    place: int
    state: str
    registry: str
    since_on: int
    due_on: int
    is_draft: bool
    answered_on: int | None
    said: tuple[str, int | None, str | None] | None


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """`body` of the contract: days are counted from 1970-01-01, absent fields have a meaning."""

    entry: str = ""
    version: int = 0
    card: str = ""
    occurrence: str = ""
    rank: int = 0
    parameters: tuple[Parameter, ...] = ()
    why: _Why = _Why((), ())
    kind: str = "card"
    waiting: bool = False
    window: tuple[int, int, int, int] | None = None
    resolved_on: int | None = None
    acknowledged: bool = False
    dismissed: bool = False
    quiet: bool = False
    snoozed_until: int | None = None
    cited: bytes = b""
    reviews: tuple[_Review, ...] = ()
    photo: bytes | None = None


_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def _review(said: _Review) -> Review:
    own = None
    if said.said is not None:
        claim, on, words = said.said
        own = MemberSaid(claim, _day(on), words)
    days = (_date(said.since_on), _date(said.due_on))
    return Review(
        said.place, said.state, said.registry, *days, said.is_draft, _day(said.answered_on), own
    )


def _date(days: int) -> date:
    try:
        return date.fromordinal(_EPOCH_ORDINAL + days)
    except (ValueError, OverflowError):
        raise UnknownRecord("a day outside the calendar") from None


def _day(days: int | None) -> date | None:
    return None if days is None else _date(days)
