"""A phone whose other end is the model server behind HTTP."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2

from phone.backoff import Backoff
from phone.store import Store
from phone.sync import Phone, come_back
from phone.transport import Transport
from phone.vault import new_vault
from tests.simulate.model_http import BadDays, ModelHttp
from tests.simulate.model_server import ModelClock, ModelServer
from tests.simulate.model_stream import ModelCard
from tests.simulate.world import BEGIN

PERSON = UUID("7b9c1f0e-5d7a-4c1b-9a55-3f0d2e6c8a41")


@dataclass
class SkewedClock:
    """A phone's clock that is off."""

    clock: ModelClock
    skew: timedelta = timedelta(0)

    def now_utc(self) -> datetime:
        return self.clock.now + self.skew


@dataclass
class PhoneBench:
    """A model server with one member, and phones of theirs."""

    __test__ = False

    clock: ModelClock = field(default_factory=lambda: ModelClock(BEGIN))
    waited: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = ModelServer(self.clock)
        self.http = ModelHttp(self.server)
        self.stream = self.server.open_stream(PERSON.bytes, 0)

    def cards(self, count: int) -> list[bytes]:
        """Writes that many cards; their keys."""
        keys = [number.to_bytes(16, "big") for number in range(1, count + 1)]
        today = self.server.today()
        self.stream.write({key: ModelCard(1, "text", today) for key in keys}, today)
        return keys

    def phone(
        self,
        *days: str,
        path: Path | None = None,
        skew: timedelta = timedelta(0),
        store: Store | None = None,
        schema: int = 1,
    ) -> Phone:
        """A phone whose next calls meet these days; after them all is well."""
        http = httpx2.AsyncClient(
            base_url="http://server", transport=BadDays(self.http.app, list(days))
        )
        held = store or Store(path, new_vault())
        clock = SkewedClock(self.clock, skew)
        return Phone(held, Transport(http, PERSON), clock, schema=schema)

    async def pause(self, seconds: float) -> None:
        """Waits in the world's time."""
        self.waited.append(seconds)
        self.clock.now += timedelta(seconds=seconds)

    async def come_back(self, phone: Phone) -> int:
        return await come_back(phone, self.pause, backoff=Backoff())
