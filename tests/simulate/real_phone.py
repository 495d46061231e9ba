"""A phone of the simulation over the true application: the network is ours, nothing else."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import httpx2

from phone import act, outbox
from phone.day import PhoneClock
from phone.exchange import (
    Asked,
    NotEnrolled,
    Taken,
    plan_exchange,
    read_today,
    take_answer,
    take_outdated,
)
from phone.store import Store
from phone.sync import Phone, enrol
from phone.timeline import ShownCard, read_timeline
from phone.transport import DeviceUnknown, Transport
from phone.vault import new_vault
from phone.wire import OutdatedAnswer, SyncAnswer
from tests.support.house import FixedClock

POISON = "card.poison"
FUTURE = "card.future"


@dataclass
class SkewedClock:
    """A phone's clock that is off from the house's."""

    clock: FixedClock
    skew: timedelta

    def now_utc(self) -> datetime:
        return self.clock.now_utc() + self.skew


@dataclass
class RealPhone:
    """One installation, and what lies in the network between it and the server."""

    number: int
    person: UUID
    http: httpx2.AsyncClient
    clock: PhoneClock
    store: Store = field(default_factory=lambda: Store(None, new_vault()))
    going_up: list[Asked] = field(default_factory=list)
    going_down: list[tuple[Asked, SyncAnswer | OutdatedAnswer]] = field(default_factory=list)
    made: list[UUID] = field(default_factory=list)
    kept: tuple[bytes, list[UUID]] | None = None

    def __post_init__(self) -> None:
        self.phone = Phone(self.store, Transport(self.http, self.person), self.clock)

    @property
    def today(self) -> date:
        return read_today(self.store, self.clock.now_utc())

    def timeline(self) -> list[ShownCard]:
        return read_timeline(self.store, self.today)

    async def ask(self) -> None:
        """A request leaves; nobody knows when it arrives."""
        try:
            self.going_up.append(plan_exchange(self.store))
        except NotEnrolled:
            await enrol(self.phone)

    async def carry_up(self, place: int) -> None:
        """The server hears a request, and its answer is on its way."""
        asked = self.going_up[place]
        try:
            self.going_down.append((asked, await self.phone.transport.sync(asked.request)))
        except DeviceUnknown:
            await enrol(self.phone)

    def carry_down(self, place: int) -> Taken:
        """The phone takes an answer."""
        asked, answer = self.going_down[place]
        if isinstance(answer, OutdatedAnswer):
            return take_outdated(self.store, asked, answer)
        return take_answer(self.store, asked, answer, phone_utc=self.clock.now_utc())

    def do(self, what: int, which: int) -> str:
        """An act of its owner on a card that is held; its name."""
        cards = self.timeline()
        if not cards:
            return "-"
        shown = cards[which % len(cards)]
        key, now = shown.card.key, self.clock.now_utc()
        name = ("acknowledge", "snooze", "dismiss", "undo", "undo", "poison", "future")[what % 7]
        if name == "acknowledge":
            self.made.append(act.acknowledge(self.store, key, now=now))
        elif name == "snooze":
            until = self.today + timedelta(days=which % 40)
            self.made.append(act.snooze(self.store, key, until, now=now))
        elif name == "dismiss":
            self.made.append(act.dismiss(self.store, key, now=now))
        elif name == "undo":
            self._undo(shown)
        else:
            with self.store.transaction():
                command = POISON if name == "poison" else FUTURE
                self.made.append(outbox.put(self.store, command, {"key": key}, made_at=now))
        return name

    def back_up(self) -> None:
        """What the phone's own backup holds."""
        self.kept = (self.store.connection.serialize(), list(self.made))

    def restore(self) -> bool:
        """Back to the backup: acts made since then are gone with the old phone."""
        if self.kept is None:
            return False
        self.store.connection.deserialize(self.kept[0])
        self.made = list(self.kept[1])
        return True

    def _undo(self, shown: ShownCard) -> None:
        before = {one.id for one in outbox.list_acts(self.store)}
        done = act.undo(self.store, shown.card.key, shown.number, now=self.clock.now_utc())
        if done is not None:
            self.made.append(done)
        gone = before - {one.id for one in outbox.list_acts(self.store)}
        self.made = [one for one in self.made if one not in gone]
