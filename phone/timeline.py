"""The timeline as its owner sees it, with no network: rows opened, pending acts on top, states of
today.
"""

from datetime import date

import msgspec

from phone.act import target, with_act
from phone.card_state import CardState, state_of
from phone.envelope import EnvelopeBroken, StreamKeys, UnknownCoding
from phone.outbox import list_unsettled
from phone.record import Card, UnknownRecord, decode_card
from phone.store import Store
from phone.stream import held_rows


class HeldCard(msgspec.Struct, frozen=True):
    """A card as its row says, and the row's number."""

    card: Card
    number: int
    stream: bytes


class ShownCard(msgspec.Struct, frozen=True):
    """A card as it shows today. `pending`: an act on it has not come through yet."""

    card: Card
    number: int
    stream: bytes
    state: CardState
    pending: bool

    @property
    def order(self) -> tuple[int, date, bytes]:
        """Rank, then the day it is due, then key."""
        window = self.card.window
        return (self.card.rank, window.due_from if window else date.max, self.card.key)


def read_cards(store: Store) -> dict[bytes, HeldCard]:
    """Every card by its key, as the rows say. A card in two streams is one.

    A row that does not open is left out: the digest or a new load will mend it.
    """
    keys = StreamKeys(store)
    cards: dict[bytes, HeldCard] = {}
    for row in held_rows(store):
        if row.key in cards and cards[row.key].stream < row.stream:
            continue
        try:
            card = decode_card(row.key, keys.read(row))
        except (EnvelopeBroken, UnknownCoding, UnknownRecord):
            continue
        cards[row.key] = HeldCard(card, row.number, row.stream)
    return cards


def read_timeline(store: Store, today: date) -> list[ShownCard]:
    """Every card with its state of `today`, in timeline order, pending acts applied."""
    acts = list_unsettled(store)
    shown: list[ShownCard] = []
    for key, held in read_cards(store).items():
        card, pending = held.card, False
        for act in acts:
            if target(act) == key:
                card, pending = with_act(card, act), True
        shown.append(ShownCard(card, held.number, held.stream, state_of(card, today), pending))
    return sorted(shown, key=lambda one: one.order)
