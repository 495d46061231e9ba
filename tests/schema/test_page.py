"""Relay paging: where pages begin and end, and what is no page at all."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.node import decode_id, encode_id, from_base64, to_base64
from schema.page import (
    PAGE_DEFAULT,
    PAGE_MAX,
    CursorMalformed,
    Order,
    PageOutOfRange,
    decode_cursor,
    encode_cursor,
    plan_page,
)

ORDERS: list[Order] = [
    (number // 4, date(2026, 11, 1) + timedelta(days=number), number.to_bytes(16))
    for number in range(130)
]


def cursor(place: int) -> str:
    return encode_cursor(ORDERS[place])


def span(**asked: int | str) -> tuple[int, int, bool, bool]:
    page = plan_page(ORDERS, **asked)  # type: ignore[arg-type]  # as a caller would spell them
    return (page.start, page.stop, page.has_previous, page.has_next)


def test_a_page_is_the_first_twenty_unless_asked() -> None:
    assert span() == (0, PAGE_DEFAULT, False, True)


def test_forward_pages_begin_after_their_cursor() -> None:
    assert span(first=10, after=cursor(9)) == (10, 20, True, True)
    assert span(first=10, after=cursor(119)) == (120, 130, True, False)
    assert span(first=10, after=cursor(129)) == (130, 130, True, False)


def test_backward_pages_end_before_their_cursor() -> None:
    assert span(last=10) == (120, 130, True, False)
    assert span(last=10, before=cursor(10)) == (0, 10, False, True)
    assert span(last=3, before=cursor(10)) == (7, 10, True, True)
    assert span(last=100, before=cursor(5)) == (0, 5, False, True)


def test_after_and_before_together_leave_what_lies_between() -> None:
    assert span(after=cursor(3), before=cursor(6)) == (4, 6, True, True)
    assert span(after=cursor(6), before=cursor(3)) == (7, 7, True, True)


def test_no_cards_is_a_page_too() -> None:
    assert span(first=0) == (0, 0, False, True)
    empty = plan_page([])
    assert (empty.start, empty.stop, empty.has_previous, empty.has_next) == (0, 0, False, False)


def test_a_page_has_a_hundred_cards_at_most() -> None:
    assert span(first=PAGE_MAX) == (0, PAGE_MAX, False, True)
    assert span(last=PAGE_MAX) == (30, 130, True, False)
    for outside in (-1, PAGE_MAX + 1):
        with pytest.raises(PageOutOfRange):
            plan_page(ORDERS, first=outside)
        with pytest.raises(PageOutOfRange):
            plan_page(ORDERS, last=outside)
    with pytest.raises(PageOutOfRange):
        plan_page(ORDERS, first=1, last=1)


def test_a_cursor_outlives_its_card() -> None:
    gone = cursor(9)
    left = ORDERS[:9] + ORDERS[10:]
    page = plan_page(left, first=1, after=gone)
    assert left[page.start] == ORDERS[10]


@given(st.integers(-(2**15), 2**15 - 1), st.dates(), st.binary(min_size=16, max_size=16))
def test_a_cursor_gives_its_place_back(rank: int, due_from: date, key: bytes) -> None:
    assert decode_cursor(encode_cursor((rank, due_from, key))) == (rank, due_from, key)


def test_a_waiting_card_has_a_cursor() -> None:
    place: Order = (10, date.max, bytes(16))
    assert decode_cursor(encode_cursor(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "نص",
        cursor(1)[:-1],
        cursor(1) + "A",
        "=" * 32,
        "\x00" * 32,
        to_base64(bytes(24)),
        to_base64(b"\x01" + bytes(23)),
        to_base64(b"\x01\x00\x00\x01\xff\xff\xff\xff" + bytes(16)),
    ],
)
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(CursorMalformed):
        decode_cursor(text)


def test_an_id_is_of_its_type_alone() -> None:
    key = bytes(range(16))
    assert decode_id("Card", encode_id("Card", key)) == key
    assert decode_id("Person", encode_id("Card", key)) is None
    assert decode_id("Card", to_base64(b"Card:" + key[:-1])) is None


@given(st.text())
def test_any_text_may_be_asked_for_as_an_id(text: str) -> None:
    raw = decode_id("Card", text)
    assert raw is None or encode_id("Card", raw) == text
    body = from_base64(text)
    assert body is None or to_base64(body) == text
