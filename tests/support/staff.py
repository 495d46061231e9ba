"""Staff before the real application, with npm `oidc-provider` as a process of its own."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2

from api.app import build_app
from api.settings import Settings
from api.wire import House
from identity.limit import Counters
from identity.staff_provider import StaffProvider, StaffProviderSettings
from identity.staff_route import STAFF_CALLBACK_PATH, StaffDoor
from tests.support.door import ORIGIN, START_SECONDS, until_listening
from tests.support.house import TestHouse
from tests.support.intake import HeldHints

CHECKOUT = Path(__file__).parents[2]
STAFF_CLIENT, STAFF_SECRET = "osrati-staff", "a secret: of/the+tests"
HOPS_MAX = 10


@contextmanager
def staff_provider_process() -> Iterator[str]:
    """The provider on a free port; its issuer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    node = shutil.which("node", path=f"{CHECKOUT / '.venv' / 'bin'}:{os.environ['PATH']}")
    assert node is not None, "No node. Run `make setup`."
    script = str(CHECKOUT / "simulators" / "staff_provider.mjs")
    process = subprocess.Popen(
        [node, script, str(port), STAFF_CLIENT, f"{ORIGIN}{STAFF_CALLBACK_PATH}"],
        env={**os.environ, "OSRATI_STAFF_CLIENT_SECRET": STAFF_SECRET},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(START_SECONDS)
        assert process.stdin is not None
        process.stdin.close()


@dataclass
class Desk:
    """A browser of a member of staff: at our pages, and at the provider's."""

    house: TestHouse
    door: StaffDoor
    browser: httpx2.AsyncClient
    outside: httpx2.AsyncClient

    async def start(self) -> str:
        """The address at the provider that we send the browser to."""
        answer = await self.browser.get("/staff/sign-in")
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def decide(self, address: str, account: str) -> str:
        """Signs in at the provider; the address that it sends the browser to."""
        self.outside.cookies.clear()
        answer = await self.outside.get(address)
        for _ in range(HOPS_MAX):
            if answer.status_code in (302, 303):
                address = urljoin(str(answer.url), answer.headers["location"])
                if address.startswith(ORIGIN):
                    return address
                answer = await self.outside.get(address)
                continue
            found = re.search(r'action="([^"]+)"', answer.text)
            assert found is not None, answer.text
            form = {"prompt": "login", "login": account, "password": "any"}
            answer = await self.outside.post(urljoin(str(answer.url), found[1]), data=form)
        raise AssertionError("the provider goes round in circles")

    async def come_back(self, address: str) -> httpx2.Response:
        """The browser at our callback."""
        parts = urlsplit(address)
        return await self.browser.get(f"{parts.path}?{parts.query}")

    async def sign_in(self, account: str) -> httpx2.Response:
        return await self.come_back(await self.decide(await self.start(), account))

    async def me(self) -> httpx2.Response:
        return await self.browser.get("/staff/me", headers={"accept": "application/json"})


@asynccontextmanager
async def open_desk(
    house: TestHouse, settings: Settings, issuer: str, *, origin: str = ORIGIN, acr: str = ""
) -> AsyncIterator[Desk]:
    """A browser before the application, which asks the provider at `issuer`."""
    named = StaffProviderSettings(
        issuer, STAFF_CLIENT, STAFF_SECRET, f"{origin}{STAFF_CALLBACK_PATH}", acr
    )
    door = StaffDoor(house.ground, origin, StaffProvider(named, house.clock), Counters(None))
    app = build_app(
        House(settings, house.ground, house.registry, house.schemas, staff=door), HeldHints()
    )
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        httpx2.AsyncClient(transport=transport, base_url=origin) as browser,
        httpx2.AsyncClient(timeout=START_SECONDS) as outside,
    ):
        try:
            yield Desk(house, door, browser, outside)
        finally:
            await door.provider.aclose()
            await door.counters.aclose()
