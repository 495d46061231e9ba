"""A phone of the simulation: the real one, with a network that loses, doubles and delays."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from phone import act, outbox
from phone.enrol import plan_enrolment, take_enrolment
from phone.exchange import (
    Asked,
    Taken,
    plan_exchange,
    read_today,
    take_answer,
    take_outdated,
)
from phone.store import Store
from phone.timeline import ShownCard, read_timeline
from phone.vault import Vault, new_vault
from phone.wire import SCHEMA, OutdatedAnswer, SyncAnswer
from tests.simulate.model_server import POISON, DeviceUnknown, ModelServer


@dataclass
class SimPhone:
    """One installation, and what lies in the network between it and the server."""

    number: int
    person: bytes
    server: ModelServer
    skew: timedelta
    vault: Vault = field(default_factory=new_vault)
    going_up: list[Asked] = field(default_factory=list)
    going_down: list[tuple[Asked, SyncAnswer | OutdatedAnswer]] = field(default_factory=list)
    made: list[UUID] = field(default_factory=list)
    schema: int = SCHEMA
    kept: tuple[bytes, list[UUID]] | None = None
    furthest: dict[tuple[bytes, bytes], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = Store(None, self.vault)
        self.enrol()

    @property
    def now(self) -> datetime:
        return self.server.clock.now + self.skew

    @property
    def today(self) -> date:
        return read_today(self.store, self.now)

    def enrol(self, *, new_device: bool = False) -> None:
        request = plan_enrolment(self.store, new_device=new_device)
        take_enrolment(self.store, self.server.enrol(self.person, request))

    def ask(self) -> None:
        self.going_up.append(plan_exchange(self.store, schema=self.schema))

    def carry_up(self, place: int) -> None:
        """The server answers a request; Cut and DeviceUnknown are what the phone makes of them."""
        asked = self.going_up[place]
        try:
            self.going_down.append((asked, self.server.sync(asked.request)))
        except DeviceUnknown:
            self.enrol()

    def carry_down(self, place: int) -> Taken:
        """The phone takes an answer."""
        return self.take(*self.going_down[place])

    def take(self, asked: Asked, answer: SyncAnswer | OutdatedAnswer) -> Taken:
        if isinstance(answer, OutdatedAnswer):
            return take_outdated(self.store, asked, answer)
        return take_answer(self.store, asked, answer, phone_utc=self.now)

    def sync(self) -> Taken | None:
        """A whole round trip on a good day; None when the device had to be enrolled again."""
        asked = plan_exchange(self.store, schema=self.schema)
        try:
            answer = self.server.sync(asked.request)
        except DeviceUnknown:
            self.enrol()
            return None
        return self.take(asked, answer)

    def timeline(self) -> list[ShownCard]:
        return read_timeline(self.store, self.today)

    def do(self, what: int, which: int) -> str:
        """An act of its owner on a card that shows; its name."""
        cards = self.timeline()
        if not cards:
            return "-"
        shown = cards[which % len(cards)]
        key = shown.card.key
        name = ("acknowledge", "snooze", "dismiss", "undo", "undo", "poison", "future")[what % 7]
        if name == "acknowledge":
            self.made.append(act.acknowledge(self.store, key, now=self.now))
        elif name == "snooze":
            until = self.today + timedelta(days=1 + which % 20)
            self.made.append(act.snooze(self.store, key, until, now=self.now))
        elif name == "dismiss":
            self.made.append(act.dismiss(self.store, key, now=self.now))
        elif name == "undo":
            self.undo(shown)
        else:
            command = POISON if name == "poison" else "card.future"
            with self.store.transaction():
                made = outbox.put(self.store, command, {"key": key}, made_at=self.now)
            self.made.append(made)
        return name

    def undo(self, shown: ShownCard) -> None:
        before = {one.id for one in outbox.list_acts(self.store)}
        done = act.undo(self.store, shown.card.key, shown.number, now=self.now)
        if done is not None:
            self.made.append(done)
        gone = before - {one.id for one in outbox.list_acts(self.store)}
        self.made = [one for one in self.made if one not in gone]

    def back_up(self) -> None:
        """What the phone's own backup holds: the database, and who knows what was in it."""
        self.kept = (self.store.connection.serialize(), list(self.made))

    def restore(self) -> bool:
        """Back to the backup: acts made since then are gone with the old phone."""
        if self.kept is None:
            return False
        body, self.made = self.kept[0], list(self.kept[1])
        self.store.connection.deserialize(body)
        self.furthest.clear()
        return True
