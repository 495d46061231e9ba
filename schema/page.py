"""Relay paging over a sorted list: cursors that outlive the card they point at, limits, page info.

A cursor is a card's place in the order of a timeline, so a page goes on from it even when that
card has gone since.
Source: GraphQL Cursor Connections Specification, sections 4 and 5.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from struct import Struct
from typing import TypeAlias

import msgspec

from domain.error import Refusal
from schema.node import from_base64, to_base64

PAGE_DEFAULT = 20  # two screens of a phone
PAGE_MAX = 100  # about 60 KB of answer with every field asked

Order: TypeAlias = tuple[int, date, bytes]
"""Rank, the day it is due, key: `TimelineCard.order`."""

_FORM = 1  # another order will have another number: an old cursor is then refused, not misread
_PLACE = Struct(">BxhI16s")  # form, nothing, rank, day, key: 24 bytes, so no padding in base64


class PageOutOfRange(Refusal):
    code = "page.out_of_range"
    ar = "اطلب من صفر إلى مئة بطاقة في الصفحة، باستخدام first أو last وحدها."
    en = "Ask for 0 to 100 cards a page, by `first` or by `last`, not both."


class CursorMalformed(Refusal):
    code = "page.cursor_malformed"
    ar = "مؤشر الصفحة غير صالح. ابدأ من الصفحة الأولى."
    en = "This page cursor is not valid. Begin again at the first page."


class Page(msgspec.Struct, frozen=True):
    """A slice `[start:stop]` of the list, and whether there is more on either side."""

    start: int
    stop: int
    has_previous: bool
    has_next: bool


def plan_page(
    orders: Sequence[Order],
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Page:
    """The page of `orders` (sorted) that the four arguments of Relay ask for.

    With neither `first` nor `last`: the first PAGE_DEFAULT.
    Raises: PageOutOfRange, CursorMalformed.
    """
    if first is not None and last is not None:
        raise PageOutOfRange("last")
    for name, asked in (("first", first), ("last", last)):
        if asked is not None and not 0 <= asked <= PAGE_MAX:
            raise PageOutOfRange(name)
    start = 0 if after is None else bisect_right(orders, decode_cursor(after))
    stop = len(orders) if before is None else bisect_left(orders, decode_cursor(before))
    stop = max(start, stop)
    if last is not None:
        start = max(start, stop - last)
    else:
        stop = min(stop, start + (PAGE_DEFAULT if first is None else first))
    return Page(start, stop, start > 0, stop < len(orders))


def encode_cursor(order: Order) -> str:
    """The opaque cursor of a place in the order."""
    rank, due_from, key = order
    return to_base64(_PLACE.pack(_FORM, rank, due_from.toordinal(), key))


def decode_cursor(cursor: str) -> Order:
    """The place that `encode_cursor` wrote. Raises: CursorMalformed for anything else."""
    body = from_base64(cursor)
    if body is None or len(body) != _PLACE.size:
        raise CursorMalformed
    form, rank, day, key = _PLACE.unpack(body)
    if form != _FORM or not 1 <= day <= date.max.toordinal():
        raise CursorMalformed
    return (rank, date.fromordinal(day), key)
