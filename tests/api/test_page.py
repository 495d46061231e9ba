"""The development page in a real browser: Arabic first, right to left, and its buttons act."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from api.app import STATIC, act_as
from api.demo import AGENCIES, DemoParent
from api.headers import SecurityHeaders
from api.page import page_routes
from api.page_text import PAGE_TEXT
from api.problem import render_osrati_error
from domain.error import OsratiError
from domain.ids import AgencyId
from gov.agency import add_agency
from schema.card import CardState, Nature
from schema.http import graphql_route
from schema.why import Criterion, Truth
from tests.support.browser import launch_browser
from tests.support.builders import CITIZEN, born, described, married, pregnant, vaccinated
from tests.support.house import TestHouse, person

SALEM, NOURA, HIND, SULTAN, LATIFA, SALAMA, BABY = (person(number) for number in range(1, 8))
SMALL, WIDE = {"width": 360, "height": 780}, {"width": 1280, "height": 900}
NARROW = {"width": 380, "height": 780}  # where the setting of the day does not end its line


def parents() -> list[DemoParent]:
    whole = ("whole-life", "من العقد إلى أول تطعيم", "From the contract to the first vaccination")
    new = ("newly-married", "زواج جديد", "Newly married")
    alone = ("mother-alone", "أم دون أب مسجَّل", "A mother without a registered father")
    return [
        DemoParent(SALEM, *whole, "father", "سالم التجريبي", "Salem Al-Tajribi", "ar"),
        DemoParent(NOURA, *whole, "mother", "نورة التجريبي", "Noura Al-Tajribi", "ar"),
        DemoParent(SULTAN, *new, "husband", "سلطان التجريبي", "Sultan Al-Tajribi", "ar"),
        DemoParent(LATIFA, *new, "wife", "لطيفة التجريبي", "Latifa Al-Tajribi", "en"),
        DemoParent(SALAMA, *alone, "mother", "سلامة التجريبي", "Salama Al-Tajribi", "ar"),
    ]


async def tell(house: TestHouse) -> None:
    """A family with a newborn; a couple five days married; a mother whose child waits."""
    for agency_id, (name_ar, name_en) in AGENCIES.items():
        await add_agency(
            house.ground.database, AgencyId(agency_id), name_ar=name_ar, name_en=name_en
        )
    birth, wedding = date(2026, 11, 9), date(2026, 11, 16)
    await house.apply(married(SALEM, NOURA, date(2025, 9, 17)))
    await house.apply(pregnant(NOURA, date(2026, 4, 1), due_on=date(2026, 11, 12), father=SALEM))
    await house.apply(
        born(HIND, NOURA, birth, father=SALEM),
        described(HIND, birth, name_ar="هند التجريبي", name_en="Hind Al-Tajribi"),
        described(SALEM, birth, nationality=CITIZEN),
    )
    await house.apply(vaccinated(HIND, "19", birth))
    await house.apply(
        married(SULTAN, LATIFA, wedding), described(SULTAN, wedding, nationality="ARE")
    )
    await house.apply(born(BABY, SALAMA, date(2026, 11, 1)))


@asynccontextmanager
async def serving(house: TestHouse) -> AsyncIterator[str]:
    """The page, GraphQL and the static files on a free port, under the headers of the house."""

    async def demo_parents() -> list[DemoParent]:
        return parents()

    app = Starlette(
        routes=[
            graphql_route(house.ground, house.registry, authenticate=act_as, production=False),
            *page_routes(house.ground, house.registry, demo_parents),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={OsratiError: render_osrati_error},
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listening]))
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True


@pytest.fixture
async def origin(house: TestHouse) -> AsyncIterator[str]:
    await tell(house)
    async with serving(house) as address:
        yield address


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launch_browser() as launched:
        yield launched


def watch(page: Page) -> tuple[list[str], list[str]]:
    """What the page asks for, and what it complains of, from now on."""
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    return asked, complaints


async def test_the_page_is_arabic_and_right_to_left_first(origin: str, browser: Browser) -> None:
    page = await browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    asked, complaints = watch(page)
    await page.goto(origin)
    assert await page.get_attribute("html", "lang") == "ar"
    assert await page.get_attribute("html", "dir") == "rtl"
    await expect(page.locator("h1")).to_have_text("أسرتي")
    await expect(page.locator(".parent")).to_have_count(5)
    await expect(page.locator(".intro time")).to_have_attribute("datetime", "2026-11-21")
    bundle = page.locator(".card.due", has_text="مبروك ما ياك").first
    await expect(bundle).to_contain_text("هند")
    await expect(bundle.locator(".draft")).to_contain_text("مسودة")

    await page.get_by_role("link", name="English").click()
    assert await page.get_attribute("html", "dir") == "ltr"
    await expect(page.locator("h1")).to_have_text("Osrati")
    await expect(page.locator(".card", has_text="Hind").first).to_be_visible()
    await page.goto(origin)
    assert await page.get_attribute("html", "lang") == "en", "the language chosen is remembered"

    assert complaints == []
    assert [url for url in asked if not url.startswith((origin, "data:"))] == []


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["360", "1280"])
async def test_nothing_overflows_sideways(
    origin: str, browser: Browser, language: str, size: dict[str, int]
) -> None:
    page = await browser.new_page(viewport=size)  # type: ignore[arg-type]
    await page.goto(f"{origin}/?language={language}")
    for details in await page.locator("details.group").all():
        await details.evaluate("details => details.open = true")
    for details in await page.locator("details.why").all():
        await details.evaluate("details => details.open = true")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide == size["width"]
    outside = await page.evaluate(
        """() => [...document.querySelectorAll("main *")].filter((node) => {
            const box = node.getBoundingClientRect();
            return box.width > 1 && (box.left < -1 || box.right > innerWidth + 1);
        }).map((node) => node.className || node.tagName)"""
    )
    assert outside == []


async def test_the_setting_of_the_day_stands_on_one_line(origin: str, browser: Browser) -> None:
    page = await browser.new_page(viewport=NARROW)  # type: ignore[arg-type]
    for language in ("ar", "en"):
        await page.goto(f"{origin}/?language={language}")
        setting = page.locator(".intro code")
        await expect(setting).to_have_text("OSRATI_TODAY=2026-11-21")
        assert await setting.evaluate("code => code.getClientRects().length") == 1


async def test_why_says_each_line_and_each_fact_with_source_and_day(
    origin: str, browser: Browser
) -> None:
    page = await browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    await page.goto(f"{origin}/?language=en")
    alone = page.locator("#family-mother-alone .parent")
    await alone.locator("details.group > summary", has_text="Later").click()
    waiting = alone.locator(".card.waiting").first
    await waiting.locator(".why > summary", has_text="Why not yet?").click()
    await expect(waiting.locator(".line.unknown")).to_contain_text("unknown")
    await expect(waiting.locator(".line.met").first).to_contain_text("met")
    fact = waiting.locator(".fact").first
    await expect(fact).to_contain_text("Birth notified")
    await expect(fact).to_contain_text("1 November 2026")
    await expect(fact).to_contain_text("Ministry of Health and Prevention")


async def test_the_buttons_act_as_the_parent_of_their_section(
    origin: str, browser: Browser
) -> None:
    page = await browser.new_page(viewport=SMALL)  # type: ignore[arg-type]
    _, complaints = watch(page)
    await page.goto(f"{origin}/?language=en")
    latifa = page.locator(f'[data-person="{LATIFA}"]')
    card = latifa.locator(".card", has_text="come to you here before you ask")
    await card.get_by_role("button", name="Seen").click()
    await expect(page.locator("#notice")).to_have_text("Marked as seen.")
    await expect(card.locator(".seen")).to_be_visible()
    await expect(card.get_by_role("button", name="Seen")).to_have_count(0)

    await card.get_by_role("button", name="Undo").click()
    await expect(card.get_by_role("button", name="Seen")).to_be_visible()

    await card.get_by_role("button", name="Remind me in a week").click()
    await expect(latifa.locator(".nothing")).to_be_visible()
    await latifa.locator("details.group > summary", has_text="put away").click()
    await expect(card).to_contain_text("28 November 2026")
    await card.get_by_role("button", name="Undo").click()
    await expect(latifa.locator(".card.due")).to_be_visible()

    await card.get_by_role("button", name="Put away").click()
    await expect(latifa.locator(".nothing")).to_be_visible()
    put_away = latifa.locator("details.group > summary", has_text="put away")
    await expect(put_away).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(card.get_by_role("button", name="Undo")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(latifa.locator(".card.due")).to_be_visible()
    assert complaints == []


async def test_a_refusal_is_shown_in_its_own_words(origin: str, browser: Browser) -> None:
    page = await browser.new_page(viewport=SMALL)  # type: ignore[arg-type]
    await page.goto(f"{origin}/?language=en")
    button = page.locator(f'[data-person="{SULTAN}"] [data-act="Snooze"]').first
    await button.evaluate("button => (button.dataset.until = '2027-11-21')")
    await button.click()
    await expect(page.locator("#notice.refused")).to_contain_text("up to thirty days")


async def test_the_page_renews_itself_and_keeps_what_is_unfolded(
    house: TestHouse, origin: str, browser: Browser
) -> None:
    page = await browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    await page.goto(f"{origin}/?language=en")
    hers = page.locator(f'[data-person="{LATIFA}"]')
    salem = page.locator(f'[data-person="{SALEM}"]')
    await salem.locator(".why > summary").first.click()
    plan = hers.locator(".card.due", has_text="Congratulations on your pregnancy")
    await expect(plan).to_have_count(0)
    confirmed = pregnant(LATIFA, date(2026, 11, 20), due_on=date(2027, 7, 10), father=SULTAN)
    await house.apply(confirmed)
    await expect(plan).to_be_visible(timeout=15_000)
    await expect(salem.locator(".why").first).to_have_attribute("open", "")


async def test_the_explorer_acts_as_the_parent_chosen(origin: str, browser: Browser) -> None:
    page = await browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    asked, complaints = watch(page)
    await page.goto(f"{origin}/?language=en")
    sultan = page.locator(f'[data-person="{SULTAN}"]')
    await sultan.get_by_role("button", name="Explore as this parent").click()
    await page.wait_for_url("**/graphiql/index.html")
    editor = page.locator(".graphiql-query-editor .CodeMirror textarea")
    await editor.focus()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("{ me { timeline { edges { node { service")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".result-window")).to_contain_text("family_book")
    assert complaints == []
    assert [url for url in asked if not url.startswith((origin, "data:"))] == []


async def test_only_the_page_itself_chooses_whom_to_act_as(origin: str, browser: Browser) -> None:
    context = await browser.new_context()
    chosen: dict[str, str | float | bool] = {"person_id": str(SALEM)}
    foreign = {"sec-fetch-site": "cross-site"}
    refused = await context.request.post(f"{origin}/dev/act-as", form=chosen, headers=foreign)
    assert (refused.status, (await refused.json())["code"]) == (403, "foreign_site")
    stranger: dict[str, str | float | bool] = {"person_id": str(person(99))}
    refused = await context.request.post(f"{origin}/dev/act-as", form=stranger)
    assert (refused.status, (await refused.json())["code"]) == (404, "not_found")
    assert await context.cookies() == []


def test_both_languages_have_every_word_of_the_page() -> None:
    arabic, english = PAGE_TEXT["ar"], PAGE_TEXT["en"]
    assert arabic.keys() == english.keys()
    assert all(arabic.values())
    assert all(english.values())
    for prefix, kinds in (
        ("state", CardState),
        ("nature", Nature),
        ("criterion", Criterion),
        ("truth", Truth),
    ):
        assert {f"{prefix}_{kind.name}" for kind in kinds} <= arabic.keys()
