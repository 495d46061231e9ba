"""The phone's states are those of the contract's vectors."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from phone.card_state import state_of
from phone.record import Card, Why, Window

CONTRACT = Path(__file__).parents[2] / "mobile-contract" / "card-state"
VECTORS = json.loads((CONTRACT / "vectors.json").read_text(encoding="utf-8"))

PLAIN = Card(
    key=bytes(16),
    entry="entry",
    version=1,
    card="card",
    occurrence="",
    rank=1,
    waiting=False,
    window=None,
    resolved_on=None,
    parameters=(),
    why=Why((), ()),
)


def card(said: dict[str, Any]) -> Card:  # Any: JSON of the contract
    window = said["window"]
    return msgspec.structs.replace(
        PLAIN,
        waiting=said["waiting"],
        window=window and Window(**{name: date.fromisoformat(on) for name, on in window.items()}),
        resolved_on=said["resolved_on"] and date.fromisoformat(said["resolved_on"]),
        dismissed=said["dismissed"],
        snoozed_until=said["snoozed_until"] and date.fromisoformat(said["snoozed_until"]),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_card_has_the_state_of_the_contract_on_every_day(vector: dict[str, Any]) -> None:
    for on, state in vector["days"]:
        assert state_of(card(vector["card"]), date.fromisoformat(on)) == state, on
