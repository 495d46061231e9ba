"""The page of what phones received, in a real browser, over the simulators as real processes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import date
from pathlib import Path

import cbor2
import httpx2
import pytest
import uvicorn
from playwright.async_api import Browser, expect

from api.app import build_app
from api.demo import DemoParent
from api.demo_phone import read_phones, register_phones
from api.notices import tell_until
from api.received import read_received, read_screen
from api.received_text import RECEIVED_TEXT
from api.settings import SettingsError, Simulators, read_settings
from api.wire import House
from domain.facts.person import ContactReported
from domain.ids import PersonId
from push.seal_push import seal_push
from simulators.telling import Story, StoryParent, sample_emirates_id
from tests.support.browser import launch_browser
from tests.support.builders import CITIZEN, described, fact, married
from tests.support.fcm import running_fcm
from tests.support.house import TestHouse
from tests.support.intake import HeldHints
from tests.support.smpp import PASSWORD, running_centre
from tests.support.smtp import running_mail
from timeline.people import identify

TODAY = date(2026, 11, 21)
SMALL, WIDE = {"width": 360, "height": 780}, {"width": 1280, "height": 900}
SECONDS_MAX = 60.0
SALEM = StoryParent("father", "ar", "سالم التجريبي", "Salem Al-Tajribi", sample_emirates_id(1))
NOURA = StoryParent(
    "mother", "en", "نورة التجريبي", "Noura Al-Tajribi", sample_emirates_id(2), has_phone=False
)
STORY = Story("one", "أسرة واحدة", "One family", (SALEM, NOURA), ())


async def person_of(house: TestHouse, parent: StoryParent) -> PersonId:
    digits = parent.emirates_id.replace("-", "")
    return await identify(house.ground, system="emirates_id", value=f"/{digits}")


async def demo_parents(house: TestHouse) -> list[DemoParent]:
    return [
        DemoParent(
            await person_of(house, each),
            STORY.id,
            STORY.title_ar,
            STORY.title_en,
            each.role,
            each.name_ar,
            each.name_en,
            each.language,
            each.emirates_id,
        )
        for each in STORY.parents
    ]


@asynccontextmanager
async def serving(house: House, parents: list[DemoParent]) -> AsyncIterator[str]:
    async def demo() -> list[DemoParent]:
        return parents

    app = build_app(house, HeldHints(), demo_parents=demo)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listening]))
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launch_browser() as launched:
        yield launched


async def until_received(simulators: Simulators, house: House) -> None:
    """Lets the worker tell until something came by each way."""
    stop = asyncio.Event()
    working = asyncio.create_task(tell_until(house, stop))
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            received = await read_received(simulators)
            if received.pushes and received.texts and received.emails:
                break
            await asyncio.sleep(0.2)
        stop.set()
        await working


async def test_each_push_is_opened_and_each_text_and_email_is_shown(
    house: TestHouse, browser: Browser, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        fcm = stack.enter_context(running_fcm(tmp_path))
        mail = stack.enter_context(running_mail(tmp_path))
        centre = stack.enter_context(running_centre())
        environ = {
            **mail.environ,
            "OSRATI_FCM_ACCOUNT": str(fcm.access.account_file),
            "OSRATI_FCM_URL": fcm.origin,
            "OSRATI_FCM_CERTIFICATE": str(fcm.access.certificate_file),
            "OSRATI_SMPP_URL": f"smpp://osrati@127.0.0.1:{centre.access.port}",
            "OSRATI_SMPP_PASSWORD": PASSWORD,
            "OSRATI_SIMULATORS": f"fcm={fcm.http} sms={centre.http} email={mail.http}",
        }
        settings = read_settings(environ, data_dir=tmp_path)
        opened = House(settings, house.ground, house.registry, house.schemas)
        await register_phones(house.ground, tmp_path, [STORY])
        await tell_of(house)
        assert settings.simulators is not None
        await until_received(settings.simulators, opened)
        async with serving(opened, await demo_parents(house)) as origin:
            await look(origin, browser)


async def tell_of(house: TestHouse) -> None:
    """A wedding that he is told of by push and SMS, and she by e-mail alone."""
    salem, noura = await person_of(house, SALEM), await person_of(house, NOURA)
    await house.apply(fact(ContactReported(salem, mobile="+971501234567"), TODAY, source="icp"))
    await house.apply(
        fact(ContactReported(noura, email="noura@family.example", language="en"), TODAY)
    )
    await house.apply(
        married(salem, noura, TODAY),
        described(salem, TODAY, nationality=CITIZEN),
    )


async def look(origin: str, browser: Browser) -> None:
    page = await browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    await page.goto(origin)
    await page.get_by_role("link", name="ما وصل إلى الهواتف").click()
    assert await page.get_attribute("html", "lang") == "ar"
    assert await page.get_attribute("html", "dir") == "rtl"
    his, hers = page.locator(".parent").nth(0), page.locator(".parent").nth(1)
    await expect(his.locator(".push h4", has_text="مبارك زواجكما")).to_be_visible()
    await expect(his.locator(".sms")).to_contain_text("خدماتك في منصة أسرتي جاهزة")
    await expect(his.locator(".email")).to_have_count(0)
    await expect(hers).to_contain_text("لا هاتف مسجَّل بهذا الاسم.")
    await expect(hers.locator(".push")).to_have_count(0)
    await expect(hers.locator(".email h4").first).to_have_text("You have a new notice in Osrati")
    await expect(page.get_by_role("alert")).to_have_count(0)

    await page.get_by_role("link", name="English").click()
    assert await page.get_attribute("html", "dir") == "ltr"
    await expect(page.locator("h1")).to_have_text("What the families' phones received")
    await expect(his.locator("h3")).to_have_text("Salem Al-Tajribi")
    for size in (SMALL, WIDE):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        assert await page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert complaints == []


async def test_a_simulator_that_is_gone_is_named_and_the_page_stands(
    house: TestHouse, tmp_path: Path
) -> None:
    gone = {"OSRATI_SIMULATORS": "fcm=http://127.0.0.1:9 email=http://127.0.0.1:9"}
    opened = House(
        read_settings(gone, data_dir=tmp_path), house.ground, house.registry, house.schemas
    )
    async with serving(opened, []) as origin, httpx2.AsyncClient() as client:
        page = await client.get(f"{origin}/received?language=en")
    assert page.status_code == 200
    for name in ("fcm", "sms", "email"):
        assert RECEIVED_TEXT["en"][f"silent_{name}"] in page.text


async def test_without_simulators_there_is_no_such_page(house: TestHouse, tmp_path: Path) -> None:
    opened = House(
        read_settings({}, data_dir=tmp_path), house.ground, house.registry, house.schemas
    )
    async with serving(opened, []) as origin, httpx2.AsyncClient() as client:
        assert (await client.get(f"{origin}/received")).status_code == 404
        assert "/received" not in (await client.get(origin)).text


async def test_a_phone_is_the_same_after_a_restart(house: TestHouse, tmp_path: Path) -> None:
    await register_phones(house.ground, tmp_path, [STORY])
    phones = read_phones(tmp_path)
    assert phones.keys() == {SALEM.emirates_id}
    await register_phones(house.ground, tmp_path, [STORY])
    assert read_phones(tmp_path) == phones
    assert (tmp_path / "demonstration-phones").stat().st_mode & 0o777 == 0o600


def test_a_screen_shows_each_notice_once_and_marks_what_was_taken_off() -> None:
    key = bytes(32)
    one, two = b"1" * 16, b"2" * 16

    def sealed(**wake: object) -> bytes:
        return seal_push(key, 1, cbor2.dumps(wake))

    pushes = [
        sealed(id=one, title="one"),
        sealed(id=one, title="one"),
        sealed(id=two, title="two", count=3),
        sealed(id=one, count=0, removed=[one]),
        seal_push(b"o" * 32, 1, b"\xa0"),
    ]
    screen = read_screen(key, pushes)
    assert [(each.title, each.count, each.taken_back) for each in screen if each.opened] == [
        ("two", 3, False),
        ("one", 1, True),
    ]
    assert sum(not each.opened for each in screen) == 1


@pytest.mark.parametrize("said", ["fcm", "fax=http://127.0.0.1:1", "fcm=http://example.org:1"])
def test_simulators_elsewhere_are_refused(said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="OSRATI_SIMULATORS"):
        read_settings({"OSRATI_SIMULATORS": said}, data_dir=tmp_path)


def test_both_languages_have_every_word() -> None:
    assert RECEIVED_TEXT["ar"].keys() == RECEIVED_TEXT["en"].keys()
    assert all((*RECEIVED_TEXT["ar"].values(), *RECEIVED_TEXT["en"].values()))
