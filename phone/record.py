"""Records as a phone reads them: known fields typed, unknown kinds and fields left as they are.

The body of a row is CBOR (`mobile-contract/sync/`). A phone that is older than the server keeps
what it does not know: the sealed bytes stay as they came, and an unknown kind is not shown.
"""

from datetime import date
from typing import Literal

import cbor2
import msgspec

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
        )
    except (cbor2.CBORDecodeError, msgspec.ValidationError, OverflowError) as error:
        raise UnknownRecord(str(error)) from None


class _Why(msgspec.Struct, frozen=True, array_like=True):
    lines: tuple[Line, ...]
    facts: tuple[tuple[str, str, int, int], ...]


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


_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def _date(days: int) -> date:
    try:
        return date.fromordinal(_EPOCH_ORDINAL + days)
    except (ValueError, OverflowError):
        raise UnknownRecord("a day outside the calendar") from None


def _day(days: int | None) -> date | None:
    return None if days is None else _date(days)
