"""One stream of the model server: rows, head, tombstones, floor, epochs, and its whole history.

It is written from `mobile-contract/sync/README.md` with plain dictionaries, so that it can be
read at a glance; the real server shares no line with it but the envelope.
"""

import zlib
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import cbor2

from phone.contract import CONTRACT
from phone.stream import digest_of
from phone.wire import Page, Row, join_rows
from store.seal import Place, new_key, seal, sealing_key

TOMBSTONE_DAYS = 90
KEY_END = b"\xff" * 16
DEFLATED = 1
DICTIONARY = (CONTRACT / "sync" / "dictionary-1.bin").read_bytes()

FLAGS = {"card.acknowledge": "acknowledged", "card.dismiss": "dismissed"}

Snapshot = frozenset[tuple[bytes, int, bytes]]


@dataclass(frozen=True)
class ModelCard:
    """What a card says here: enough for acts to show."""

    rank: int
    text: str
    visible_on: date
    acts: tuple[tuple[bytes, str, str], ...] = ()  # command id, name, until

    def body(self) -> bytes:
        days = [
            (day - date(1970, 1, 1)).days
            for day in (self.visible_on + timedelta(days=step) for step in (0, 10, 30, 60))
        ]
        said: dict[str, object] = {
            "entry": self.text,
            "version": 1,
            "card": "card",
            "occurrence": "one",
            "subject": bytes(16),
            "rank": self.rank,
            "window": days,
            "parameters": [],
            "why": [[], []],
        }
        for _, name, until in self.acts:
            if name == "card.snooze":
                said["snoozed_until"] = (date.fromisoformat(until) - date(1970, 1, 1)).days
            else:
                said[FLAGS[name]] = True
        return cbor2.dumps(said)


@dataclass(frozen=True)
class Cursor:
    """Where a phone stands. `seen`: every row of this number or a lower one was sent."""

    incarnation: bytes
    loading: bool
    place: tuple[int, bytes]  # (rank, key) of a load, (number, key) of a delta
    seen: int

    def encode(self) -> bytes:
        return cbor2.dumps([self.incarnation, self.loading, list(self.place), self.seen])

    @classmethod
    def decode(cls, body: bytes) -> "Cursor | None":
        try:
            incarnation, loading, (number, key), seen = cbor2.loads(body)
        except (cbor2.CBORDecodeError, TypeError, ValueError):
            return None
        return cls(incarnation, loading, (number, key), seen)


@dataclass(frozen=True)
class ModelRow:
    """A row as the server keeps it; `sealed` None is a tombstone."""

    number: int
    rank: int
    sealed: bytes | None
    removed_on: date | None = None


@dataclass
class ModelStream:
    """What one member sees of one circle."""

    stream: bytes = field(default_factory=lambda: uuid4().bytes)
    incarnation: bytes = field(default_factory=lambda: uuid4().bytes)
    visible: bool = True
    head: int = 0
    floor: int = 0
    cards: dict[bytes, ModelCard] = field(default_factory=dict)
    rows: dict[bytes, ModelRow] = field(default_factory=dict)
    secrets: dict[int, bytes] = field(default_factory=lambda: {1: new_key()})
    history: dict[tuple[bytes, int], Snapshot] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.remember()

    def copy(self) -> "ModelStream":
        """A copy that goes its own way; `history` stays one: it is the world's memory."""
        return replace(
            self,
            cards=dict(self.cards),
            rows=dict(self.rows),
            secrets=dict(self.secrets),
        )

    def write(self, changes: dict[bytes, ModelCard | None], today: date) -> None:
        """One transaction: its rows share one number. None removes."""
        self.head += 1
        epoch = max(self.secrets)
        key = sealing_key(self.secrets[epoch], "stream", epoch=epoch)
        for record, card in changes.items():
            if card is None:
                if self.cards.pop(record, None) is not None:
                    rank = self.rows[record].rank
                    self.rows[record] = ModelRow(self.head, rank, None, today)
                continue
            self.cards[record] = card
            place = Place(UUID(bytes=self.stream), record, self.head)
            sealed = seal(key, place, deflate(card.body()), flags=DEFLATED)
            self.rows[record] = ModelRow(self.head, card.rank, sealed)
        self.remember()

    def purge(self, today: date) -> None:
        """Tombstones that are 90 days old go; the floor remembers the highest."""
        for record, row in list(self.rows.items()):
            if row.removed_on is not None and today - row.removed_on >= timedelta(TOMBSTONE_DAYS):
                del self.rows[record]
                self.floor = max(self.floor, row.number)

    def snapshot(self) -> Snapshot:
        """What a phone at the head holds."""
        return frozenset(
            (record, row.number, row.sealed)
            for record, row in self.rows.items()
            if row.sealed is not None
        )

    def remember(self) -> None:
        self.history[self.incarnation, self.head] = self.snapshot()

    def page(self, given: bytes | None, rows_max: int) -> Page:
        """The next page for a cursor; None is a stream that was not named."""
        cursor, reset = self.place_of(given)
        if cursor.loading:
            page = self.load_page(cursor, rows_max)
        else:
            page = self.delta_page(cursor, rows_max)
        if not page.more:
            live = [(record, number) for record, number, _ in self.snapshot()]
            return Page(page.rows, page.next, False, reset, digest_of(live), len(live))
        return Page(page.rows, page.next, True, reset)

    def place_of(self, given: bytes | None) -> tuple[Cursor, str | None]:
        fresh = Cursor(self.incarnation, True, (-1, b""), self.head)
        if given is None:
            return fresh, "new"
        cursor = Cursor.decode(given)
        if cursor is None:
            return fresh, "cursor"
        if cursor.incarnation != self.incarnation:
            return fresh, "incarnation"
        return (fresh, "too_old") if self.is_too_old(cursor) else (cursor, None)

    def is_too_old(self, cursor: Cursor) -> bool:
        """A tombstone it has not seen may have been purged."""
        return cursor.seen < self.floor

    def load_page(self, cursor: Cursor, rows_max: int) -> Page:
        live = sorted(
            ((row.rank, record), row)
            for record, row in self.rows.items()
            if row.sealed is not None and (row.rank, record) > cursor.place
        )
        page, left = live[:rows_max], live[rows_max:]
        frames = join_rows(Row(place[1], row.number, row.sealed) for place, row in page)
        if left:
            following = replace(cursor, place=page[-1][0])
        else:
            following = Cursor(self.incarnation, False, (cursor.seen, KEY_END), cursor.seen)
        return Page(frames, following.encode(), bool(left) or self.head > cursor.seen)

    def delta_page(self, cursor: Cursor, rows_max: int) -> Page:
        changed = sorted(
            ((row.number, record), row)
            for record, row in self.rows.items()
            if (row.number, record) > cursor.place and self.is_sent(row)
        )
        page, left = changed[:rows_max], changed[rows_max:]
        frames = join_rows(Row(place[1], row.number, row.sealed) for place, row in page)
        if left:
            following = self.after(page[-1][0])
        else:
            following = Cursor(self.incarnation, False, (self.head, KEY_END), self.head)
        return Page(frames, following.encode(), bool(left))

    def after(self, place: tuple[int, bytes]) -> Cursor:
        """A page ended at `place`, perhaps inside a number."""
        return Cursor(self.incarnation, False, place, place[0] - 1)

    def is_sent(self, row: ModelRow) -> bool:
        """Tombstones are sent, too."""
        del row
        return True


def deflate(body: bytes) -> bytes:
    """Raw DEFLATE with the contract's dictionary."""
    packer = zlib.compressobj(level=1, wbits=-15, zdict=DICTIONARY)
    return packer.compress(body) + packer.flush()
