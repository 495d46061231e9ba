"""A simulated world: a server, phones of two members, a bad network, and what must always hold.

Every event is a name and two small numbers that choose; so a hypothesis machine and a seeded
run (`tests/simulate/__main__.py`) drive the same world.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from phone import outbox, stream
from phone.exchange import Taken
from store.seal import new_key
from tests.simulate.model_server import Cut, ModelClock, ModelServer, ModelState
from tests.simulate.model_stream import KEY_END, Cursor, ModelCard, ModelStream
from tests.simulate.sim_phone import SimPhone

BEGIN = datetime(2026, 11, 21, 8, tzinfo=UTC)
SETTLE_ROUNDS_MAX = 60  # five failures of each poisonous act, a few minutes apart, and every page
SKEWS = (timedelta(0), timedelta(days=3652), timedelta(days=-3652), timedelta(hours=-5))
PEOPLE = (b"A" * 16, b"B" * 16)
CIRCLES = 2


class Violation(AssertionError):
    """What must hold does not."""


def require(holds: bool, law: str) -> None:
    """Raises: Violation."""
    if not holds:
        raise Violation(law)


@dataclass
class World:
    """Two members of two circles, three phones: two of the first member's, one of the other's."""

    server_kind: type[ModelServer] = ModelServer
    phone_kind: type[SimPhone] = SimPhone
    restores: int = 0
    keys: int = 0
    backup: ModelState | None = None
    phones: list[SimPhone] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = ModelClock(BEGIN)
        self.server = self.server_kind(self.clock)
        for person in PEOPLE:
            for circle in range(CIRCLES):
                self.server.open_stream(person, circle)
        for number, person in enumerate((PEOPLE[0], PEOPLE[0], PEOPLE[1])):
            self.phones.append(self.phone_kind(number, person, self.server, SKEWS[number]))

    def happen(self, name: str, a: int, b: int) -> str:
        """One event; what it was about, in few characters. Raises: Violation."""
        return EVENTS[name](self, a, b)

    def phone(self, a: int) -> SimPhone:
        return self.phones[a % len(self.phones)]

    def stream(self, a: int) -> ModelStream:
        streams = list(self.server.state.streams.values())
        return streams[a % len(streams)]

    def new_key(self) -> bytes:
        """A record key: looks like chance, and is the same in every run of a seed."""
        self.keys += 1
        return hashlib.sha256(self.keys.to_bytes(8, "big")).digest()[:16]

    # What must hold

    def check_taken(self, phone: SimPhone, taken: Taken) -> None:
        """After each answer: the replay law, and no way back."""
        history = {one.stream: one.history for one in self.server.state.streams.values()}
        held: dict[bytes, set[tuple[bytes, int, bytes]]] = {}
        for row in stream.held_rows(phone.store):
            held.setdefault(row.stream, set()).add((row.key, row.number, row.sealed))
        for stream_id, given in stream.cursors(phone.store).items():
            cursor = Cursor.decode(given)
            assert cursor is not None
            if cursor.loading or cursor.place[1] != KEY_END:
                continue
            if phone.store.connection.execute(
                "SELECT complete FROM stream WHERE stream = ?", (stream_id,)
            ).fetchone() != (1,):
                continue
            snapshot = history[stream_id][cursor.incarnation, cursor.seen]
            require(held.get(stream_id, set()) == snapshot, "replay: a phone at a head differs")
            place = (stream_id, cursor.incarnation)
            require(cursor.seen >= phone.furthest.get(place, 0), "a phone went back in time")
            phone.furthest[place] = cursor.seen
        require(not self.restarted(phone), "a digest did not fit: rows were lost or kept")
        del taken

    def restarted(self, phone: SimPhone) -> bool:
        found = phone.store.connection.execute(
            "SELECT 1 FROM stream WHERE restarted_on IS NOT NULL OR alarm"
        )
        return found.fetchone() is not None

    def settle(self) -> None:
        """Good days: every phone syncs until nothing is left to do; then everything must be so."""
        self.server.minimum, self.server.crash_at, self.server.busy_at = 1, None, None
        for phone in (*self.phones, *self.phones):  # again: what the later ones did came after
            phone.going_up.clear()
            phone.going_down.clear()
            for _ in range(SETTLE_ROUNDS_MAX):
                taken = phone.sync()
                if taken is None:
                    continue
                self.check_taken(phone, taken)
                if not taken.again and not self.pending(phone):
                    break
                if taken.retry_after_seconds is not None:
                    self.clock.now += timedelta(minutes=3)
            else:
                require(False, "a phone never comes to rest")
        for phone in self.phones:
            self.check_settled(phone)

    def pending(self, phone: SimPhone) -> bool:
        return any(one.state in ("waiting", "sent") for one in outbox.list_acts(phone.store))

    def check_settled(self, phone: SimPhone) -> None:
        visible = self.server.visible(phone.person)
        require(stream.held_streams(phone.store) == visible.keys(), "a phone holds other streams")
        rows: dict[bytes, set[tuple[bytes, int, bytes]]] = {one: set() for one in visible}
        for row in stream.held_rows(phone.store):
            rows[row.stream].add((row.key, row.number, row.sealed))
        for stream_id, one in visible.items():
            require(rows[stream_id] == one.snapshot(), "a phone differs from its server")
        self.check_shown(phone, visible)
        self.check_acts(phone)

    def check_shown(self, phone: SimPhone, visible: dict[bytes, ModelStream]) -> None:
        """At rest the timeline says what the server's cards say."""
        cards = {key: card for one in visible.values() for key, card in one.cards.items()}
        shown = {one.card.key: one for one in phone.timeline()}
        require(shown.keys() == cards.keys(), "a timeline shows other cards")
        for key, card in cards.items():
            names = {name for _, name, _ in card.acts}
            said = shown[key].card
            require(said.dismissed == ("card.dismiss" in names), "a card shows another state")
            require(
                said.acknowledged == ("card.acknowledge" in names), "a card shows another state"
            )
            require(not shown[key].pending, "an act is shown as pending for ever")

    def check_acts(self, phone: SimPhone) -> None:
        acts = {one.id: one for one in outbox.list_acts(phone.store)}
        require(set(phone.made) <= acts.keys(), "an act was lost")
        for one in acts.values():
            require(one.state in ("applied", "refused", "quarantined"), "an act has no outcome")
            known = self.server.state.outcomes.get((phone.person, one.id.bytes))
            if self.restores == 0:
                require(known is not None, "an act has an outcome that the server never gave")
        applied = self.server.state.applied
        require(len(applied) == len(set(applied)), "an act was applied twice")
        order = {one.bytes: place for place, one in enumerate(phone.made)}
        for key in {key for _, key, _ in applied}:
            mine = [order[c] for _, about, c in applied if about == key and c in order]
            require(mine == sorted(mine), "acts on a card were applied in another order")

    # What happens

    def agency_writes(self, a: int, b: int) -> str:
        """Cards come or change; rows of one transaction share a number."""
        one = self.stream(a)
        changes: dict[bytes, ModelCard | None] = {}
        for step in range(1 + b % 5):
            known = sorted(one.cards)
            key = (
                known[(a + step) % len(known)] if known and (b + step) % 3 == 0 else self.new_key()
            )
            acts = one.cards[key].acts if key in one.cards else ()
            visible_on = self.server.today() + timedelta(days=b - 20)
            changes[key] = ModelCard((a + step) % 3, f"text {b}", visible_on, acts)
        one.write(changes, self.server.today())
        return f"{len(changes)} rows"

    def agency_removes(self, a: int, b: int) -> str:
        one = self.stream(a)
        keys = sorted(one.cards)[b % 4 :: 2]
        if keys:
            one.write(dict.fromkeys(keys), self.server.today())
        return f"{len(keys)} rows"

    def time_passes(self, a: int, b: int) -> str:
        del a
        self.clock.now += timedelta(minutes=b, days=(0, 0, 0, 1, 30, 91)[b % 6])
        for one in self.server.state.streams.values():
            one.purge(self.server.today())
        return f"{self.server.today()}"

    def rights_change(self, a: int, b: int) -> str:
        """A right ends, or comes again as a stream with another life."""
        del b
        one = self.stream(a)
        one.visible = not one.visible
        return "given" if one.visible else "taken"

    def key_rotates(self, a: int, b: int) -> str:
        del b
        one = self.stream(a)
        one.secrets[max(one.secrets) + 1] = new_key()
        return f"epoch {max(one.secrets)}"

    def server_backs_up(self, a: int, b: int) -> str:
        del a, b
        self.backup = self.server.backup()
        return ""

    def server_restores(self, a: int, b: int) -> str:
        del a, b
        if self.backup is None:
            return "-"
        self.server.restore(self.backup)
        self.backup = self.server.backup()
        self.restores += 1
        return ""

    def server_stumbles(self, a: int, b: int) -> str:
        """The next requests meet a crash between two transactions, or a passing fault."""
        if b % 2:
            self.server.crash_at = a % 3
            return f"crash at {a % 3}"
        self.server.busy_at = a % 3
        return f"busy at {a % 3}"

    def minimum_moves(self, a: int, b: int) -> str:
        del a
        self.server.minimum = 1 + b % 2
        return f"minimum {self.server.minimum}"

    def owner_acts(self, a: int, b: int) -> str:
        phone = self.phone(a)
        return f"{phone.number} {phone.do(b, a)}"

    def phone_asks(self, a: int, b: int) -> str:
        del b
        self.phone(a).ask()
        return f"{a % len(self.phones)}"

    def request_arrives(self, a: int, b: int) -> str:
        phone = self.phone(a)
        if not phone.going_up:
            phone.ask()
        place = b % len(phone.going_up)
        try:
            phone.carry_up(place)
        except Cut:
            return f"{phone.number} cut"
        if b % 3:  # else it arrives once more, later
            del phone.going_up[place]
        return f"{phone.number} {'' if b % 3 else 'again later'}"

    def answer_arrives(self, a: int, b: int) -> str:
        phone = self.phone(a)
        if not phone.going_down:
            return f"{phone.number} -"
        place = b % len(phone.going_down)
        taken = phone.carry_down(place)
        if b % 3:
            del phone.going_down[place]
        self.check_taken(phone, taken)
        return f"{phone.number} {'fresh' if taken.fresh else 'late'}"

    def message_is_lost(self, a: int, b: int) -> str:
        phone = self.phone(a)
        for flying in (phone.going_up, phone.going_down):
            if flying:
                del flying[b % len(flying)]
        return f"{phone.number}"

    def phone_syncs(self, a: int, b: int) -> str:
        phone = self.phone(a)
        for _ in range(1 + b % 4):
            try:
                taken = phone.sync()
            except Cut:
                return f"{phone.number} cut"
            if taken is not None:
                self.check_taken(phone, taken)
        return f"{phone.number}"

    def phone_reinstalls(self, a: int, b: int) -> str:
        del b
        self.phone(a).enrol(new_device=True)
        return f"{a % len(self.phones)}"

    def phone_backs_up(self, a: int, b: int) -> str:
        del b
        self.phone(a).back_up()
        return f"{a % len(self.phones)}"

    def phone_restores(self, a: int, b: int) -> str:
        del b
        phone = self.phone(a)
        return f"{phone.number} {'' if phone.restore() else '-'}"


Event = Callable[[World, int, int], str]
EVENTS: dict[str, Event] = {
    "agency writes": World.agency_writes,
    "agency removes": World.agency_removes,
    "time passes": World.time_passes,
    "rights change": World.rights_change,
    "key rotates": World.key_rotates,
    "server backs up": World.server_backs_up,
    "server restores": World.server_restores,
    "server stumbles": World.server_stumbles,
    "minimum moves": World.minimum_moves,
    "owner acts": World.owner_acts,
    "phone asks": World.phone_asks,
    "request arrives": World.request_arrives,
    "answer arrives": World.answer_arrives,
    "message is lost": World.message_is_lost,
    "phone syncs": World.phone_syncs,
    "phone reinstalls": World.phone_reinstalls,
    "phone backs up": World.phone_backs_up,
    "phone restores": World.phone_restores,
}
COMMON = ("agency writes", "owner acts", "phone asks", "request arrives", "answer arrives")
WEIGHTED = (*EVENTS, *COMMON * 4, *("phone syncs",) * 3, *("agency removes", "time passes") * 2)
"""Events as often as they are drawn: what is common comes more often."""
