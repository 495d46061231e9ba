"""A father's phone, and the real application at the other end of a bad line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx2
from starlette.applications import Starlette

from phone import act, outbox
from phone.exchange import read_today
from phone.outbox import Act, list_acts
from phone.store import Store
from phone.sync import Phone, come_back
from phone.timeline import ShownCard, read_timeline
from phone.transport import Transport
from phone.vault import new_vault
from tests.simulate.model_http import BadDays
from tests.support.builders import CITIZEN, born, described, married
from tests.support.house import TestHouse, person
from tests.support.phone import make_app

HUSBAND, WIFE, CHILD = (person(number) for number in range(1, 4))
TODAY = date(2026, 11, 21)
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 2_500  # three chunks


@dataclass
class Line:
    """A father's phone and the real application at the other end of a bad line."""

    house: TestHouse
    app: Starlette
    store: Store

    __test__ = False

    def phone(self, network: httpx2.AsyncBaseTransport) -> Phone:
        http = httpx2.AsyncClient(base_url="http://server", transport=network)
        return Phone(self.store, Transport(http, HUSBAND), self.house.clock)

    async def come_back(self, *days: str) -> None:
        """Through these days, one a call; after them all is well."""
        await self.come_back_over(BadDays(self.app, list(days)))

    async def come_back_over(self, network: httpx2.AsyncBaseTransport) -> None:
        await come_back(self.phone(network), self.pause)

    async def pause(self, seconds: float) -> None:
        self.house.clock.instant += timedelta(seconds=seconds)

    def cards(self) -> list[ShownCard]:
        today = read_today(self.store, self.house.clock.now_utc())
        states = ("upcoming", "due", "overdue")
        return [one for one in read_timeline(self.store, today) if one.state in states]

    def attach(self, one: ShownCard, body: bytes = JPEG) -> Act:
        command = act.attach_photo(
            self.store, one.card.key, one.stream, body, now=self.house.clock.now_utc()
        )
        found = outbox.find_act(self.store, command)
        assert found is not None
        return found

    def states(self) -> list[str]:
        return [one.state for one in list_acts(self.store)]

    def photos(self) -> int:
        (count,) = self.store.connection.execute("SELECT count(*) FROM photo").fetchone()
        return int(count)


@asynccontextmanager
async def open_line(house: TestHouse, tmp_path: Path) -> AsyncIterator[Line]:
    """The phone is in step."""
    await house.apply(
        married(HUSBAND, WIFE, date(2024, 3, 1)),
        described(HUSBAND, date(2024, 3, 1), nationality=CITIZEN, part="husband"),
        born(CHILD, WIFE, TODAY - timedelta(days=70), father=HUSBAND),
    )
    found = Line(house, make_app(house, tmp_path), Store(None, new_vault()))
    await found.come_back()
    assert len(found.cards()) > 1
    yield found
    found.store.close()
