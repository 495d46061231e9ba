"""A phone in the terminal signs in through UAE PASS's simulator, over true HTTP, and syncs so."""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette

from api.app import build_app
from api.serve import server_config
from api.settings import DEVELOPMENT_APPS, Settings, read_settings
from api.wire import House
from identity.door import open_door
from identity.session import end_every_session
from identity.sign_in import CALLBACK_PATH
from identity.uae_pass import UaePass, UaePassSettings
from simulators.family_story import stories
from simulators.telling import sample_emirates_id
from tests.shape.test_documents import CHECKOUT, play
from tests.support.door import CLIENT_ID, CLIENT_SECRET, uae_pass_process
from tests.support.house import TestHouse
from timeline.hint import NoHints
from timeline.people import find_person

SALEM = sample_emirates_id(11)


@dataclass(frozen=True)
class Terminal:
    """The server, the provider, and where the phone lies."""

    house: TestHouse
    url: str
    provider: str
    phones: Path

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        common = ("--as", "salem", "--language", "en", "--url", self.url)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "phone", *common, "--directory", str(self.phones), *words),
            cwd=CHECKOUT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def run(self, *words: str) -> tuple[int, str]:
        process = await self.start(*words)
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    async def sign_in(self, *, decision: str = "approve") -> tuple[int, str]:
        """The phone's command, and its owner at the browser."""
        process = await self.start("sign-in")
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert line.startswith("open in a browser: http"), line
        async with httpx2.AsyncClient() as browser:
            page = await browser.get(line.split()[-1], follow_redirects=True)
            found = re.search(r'name="request" value="([^"]+)"', page.text)
            assert found is not None, page.text
            form = {"request": found[1], "account": SALEM, "decision": decision}
            address = f"{self.provider}/idshub/authorize"
            shown = await browser.post(address, data=form, follow_redirects=True)
            assert "عُد إلى هاتفك" in shown.text
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()


@pytest.fixture
async def terminal(house: TestHouse, tmp_path: Path) -> AsyncIterator[Terminal]:
    house.clock.instant = datetime.now(UTC)  # a phone has the machine's clock
    await play(house, stories(house.clock.today()))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = read_settings({}, data_dir=tmp_path)
        with uae_pass_process(url) as provider:
            named = UaePassSettings(
                f"{provider}/idshub", CLIENT_ID, CLIENT_SECRET, f"{url}{CALLBACK_PATH}"
            )
            async with application(house, settings, url, named) as app:
                config = server_config(app, 0)
                config.lifespan = "off"
                server = uvicorn.Server(config)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(server.serve([listening]))
                    yield Terminal(house, url, provider, tmp_path / "phones")
                    server.should_exit = True


@asynccontextmanager
async def application(
    house: TestHouse, settings: Settings, url: str, named: UaePassSettings
) -> AsyncIterator[Starlette]:
    door = open_door(
        house.ground, origin=url, apps=DEVELOPMENT_APPS, provider=UaePass(named), redis_url=None
    )
    opened = House(settings, house.ground, house.registry, house.schemas, door=door)
    yield build_app(opened, NoHints())
    await door.aclose()


async def test_a_phone_signs_in_pulls_and_ends_with_its_session(terminal: Terminal) -> None:
    assert await terminal.sign_in() == (0, "signed in\n")
    assert (await terminal.run("pull")) == (0, "salem: open cards 3, acts waiting 0\n")
    code, shown = await terminal.run("timeline")
    assert (code, "Mabrouk Ma Yak" in shown) == (0, True), shown
    assert (await terminal.run("do", "acknowledge", "1"))[0] == 0
    assert "applied" in (await terminal.run("outbox"))[1]
    ground = terminal.house.ground
    person = await find_person(ground, system="emirates_id", value=f"/{SALEM.replace('-', '')}")
    assert person is not None
    assert await end_every_session(ground, person) == 1
    for _ in range(2):  # nor does it ever fall back to being believed
        code, said = await terminal.run("pull")
        assert (code, "sign in again" in said) == (1, True), said
    assert await terminal.sign_in() == (0, "signed in\n")
    assert (await terminal.run("pull"))[0] == 0


async def test_who_cancels_is_not_signed_in(terminal: Terminal) -> None:
    assert await terminal.sign_in(decision="cancel") == (1, "not signed in: access_denied\n")


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("http://127.0.0.1:49152/signed-in", True),
        ("http://127.0.0.1/signed-in", True),
        ("http://127.0.0.1:49152/other", False),
        ("http://127.0.0.1:49152/signed-in?x=1", False),
        ("http://127.0.0.1:49152@evil.example/signed-in", False),
        ("http://127.0.0.1:0/signed-in", False),
        ("http://127.0.0.1.evil.example:80/signed-in", False),
        ("http://localhost:49152/signed-in", False),
        ("https://127.0.0.1:49152/signed-in", False),
        ("ae.osrati.app:/signed-in", True),
    ],
)
def test_of_a_loopback_address_any_port_counts_and_nothing_else(address: str, taken: bool) -> None:
    assert DEVELOPMENT_APPS[0].allows(address) == taken
