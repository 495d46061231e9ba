"""The state of a card follows from its dates: the rule of `mobile-contract/card-state/`, with its
vectors.
"""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card.record import Record, Why, Window
from domain.card.state import OPEN_STATES, CardState, card_state
from domain.ids import EntryId, PersonId, RecordKey

CONTRACT = Path(__file__).parents[2] / "mobile-contract" / "card-state"
VECTORS = json.loads((CONTRACT / "vectors.json").read_text(encoding="utf-8"))
STATES = frozenset(get_args(CardState))
NOBODY = PersonId(UUID(int=1))


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def card(said: dict[str, Any]) -> Record:  # Any: JSON of the contract
    window = said["window"]
    return Record(
        key=RecordKey(bytes(16)),
        recipient=NOBODY,
        entry=EntryId("entry"),
        version=1,
        card="card",
        occurrence="",
        subject=NOBODY,
        rank=1,
        waiting=said["waiting"],
        window=window and Window(**{name: date.fromisoformat(on) for name, on in window.items()}),
        resolved_on=day(said["resolved_on"]),
        parameters=(),
        why=Why((), ()),
        dismissed=said["dismissed"],
        snoozed_until=day(said["snoozed_until"]),
    )


CASES = [
    pytest.param(vector["card"], date.fromisoformat(on), state, id=f"{vector['name']}: {on}")
    for vector in VECTORS
    for on, state in vector["days"]
]


@pytest.mark.parametrize(("said", "today", "state"), CASES)
def test_a_card_has_the_state_of_the_contract(
    said: dict[str, Any], today: date, state: str
) -> None:
    assert card_state(card(said), today) == state


def test_the_vectors_show_every_state() -> None:
    assert {state for vector in VECTORS for _, state in vector["days"]} == STATES


def test_the_vectors_lie_on_both_sides_of_every_boundary() -> None:
    one = timedelta(days=1)
    seen = {on for vector in VECTORS[:1] for on, _ in vector["days"]}
    window = VECTORS[0]["card"]["window"]
    for first in (window["visible_from"], window["due_from"]):  # a state begins on these
        assert {first, str(date.fromisoformat(first) - one)} <= seen
    for last in (window["due_until"], window["expires_on"]):  # a state ends with these
        assert {last, str(date.fromisoformat(last) + one)} <= seen


def test_the_guide_names_every_state_in_the_order_of_the_rule() -> None:
    guide = (CONTRACT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)
    assert told == [
        "waiting",
        "done",
        "dismissed",
        "scheduled",
        "expired",
        "snoozed",
        "upcoming",
        "due",
        "overdue",
    ]
    assert set(told) == STATES
    assert frozenset({"upcoming", "due", "overdue"}) == OPEN_STATES


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.tuples(*[st.integers(0, 40)] * 3),
    st.integers(-50, 200),
)
def test_a_day_of_a_window_has_one_state_and_they_come_in_order(
    first: date, steps: tuple[int, ...], offset: int
) -> None:
    days = [first + timedelta(days=sum(steps[:count])) for count in range(4)]
    names = ("visible_from", "due_from", "due_until", "expires_on")
    said = VECTORS[0]["card"] | {"window": dict(zip(names, map(str, days), strict=True))}
    order = ["scheduled", "upcoming", "due", "overdue", "expired"]
    today = first + timedelta(days=offset)
    before, after = card_state(card(said), today), card_state(card(said), today + timedelta(days=1))
    assert order.index(before) <= order.index(after)
    assert (before in OPEN_STATES) == (days[0] <= today <= days[3])
    assert (before == "due") == (days[1] <= today <= days[2])
