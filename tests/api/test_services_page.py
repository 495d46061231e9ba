"""The public catalogue: as JSON, and in a real browser, Arabic first and right to left."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.middleware import Middleware

from api.headers import SecurityHeaders
from api.problem import render_osrati_error
from api.services_page import ServicesPage
from api.services_text import SERVICES_TEXT
from content.pack import SHIPPED_PACK
from content.publish import publish_pack
from domain.error import OsratiError
from tests.support.browser import launch_browser
from tests.support.house import TestHouse

START_SECONDS_MAX = 20
CLEAR_PIXELS_MIN = 16  # of paper between the head of a page and what follows

ARTICLE = """
kind: article
format: 1
id: first_days
version: 1
revision: 1
draft: true
sign_off: {ar: "طبيب", en: "a doctor"}
sources:
  - text: a test's own
    sure: memory
stage: newborn
topic: health
audience: [mother]
agency: mohap
title: {ar: "الأيام الأولى", en: "The first days"}
summary: {ar: "ما يلزم", en: "What is needed"}
body:
  ar: "## النوم\\n\\nرسم الشهادة **{birth_certificate_fee}** درهمًا، ولا وسوم."
  en: "## Sleep\\n\\nThe certificate costs **{birth_certificate_fee}** dirhams."
"""


def app_of(house: TestHouse) -> Starlette:
    return Starlette(
        routes=ServicesPage(house.ground).routes(),
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={OsratiError: render_osrati_error},
    )


@pytest.fixture
async def http(house: TestHouse) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app_of(house))
    async with httpx2.AsyncClient(transport=transport, base_url="http://osrati.test") as client:
        yield client


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with launch_browser() as launched:
        yield launched


@pytest.fixture
async def address(house: TestHouse) -> AsyncIterator[str]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app_of(house), log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    async with asyncio.timeout(START_SECONDS_MAX):
        while not server.started:  # noqa: ASYNC110  # uvicorn says so by this alone
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


async def publish_changed(house: TestHouse, tmp_path: Path) -> None:
    """The shipped pack with an article more and an agency less of one commitment."""
    pack = tmp_path / "pack"
    shutil.copytree(SHIPPED_PACK, pack)
    (pack / "articles").mkdir(exist_ok=True)
    # The fee is unsigned, so the article that names it is a draft.
    (pack / "articles" / "first_days.yaml").write_text(ARTICLE, "utf-8")
    await publish_pack(house.ground.database, house.clock, pack)


async def test_json_has_every_service_and_agency_in_both_languages(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    catalogue = await house.ground.catalogues.current()
    said = (await http.get("/services.json")).json()
    order = [one["id"] for one in said["services"]]
    assert sorted(order) == sorted(catalogue.services)
    assert order[0] == "marriage_contract", "a family's life begins with it"
    for one in said["services"]:
        starts_alike = {
            two["id"] for two in said["services"] if two["starts_with"] == one["starts_with"]
        }
        for following in starts_alike & set(one["leads_to"]):
            assert order.index(one["id"]) < order.index(following)
    assert order.index("vaccination") < order.index("bereavement_family")
    assert [one["id"] for one in said["agencies"]] == sorted(catalogue.entries.agencies)
    book = next(one for one in said["services"] if one["id"] == "family_book")
    assert book["agency_name"]["en"].endswith("(ICP)")
    line = next(one for one in book["lines"] if one["id"] == "husband_citizen")
    assert line["shown"] is True
    assert line["reading"]["ar"] == "جنسية الزوج: الإمارات"
    assert line["text"]["en"].startswith("This service is for a husband who is a citizen")
    assert any(agency["centres"] for agency in said["agencies"])
    assert any(agency["commitments"] and agency["duties"] for agency in said["agencies"])
    for one in said["services"]:
        for text in [one["name"], *(line["text"] for line in one["lines"])]:
            assert text["ar"].strip()
            assert text["en"].strip()
            assert not {"{", "}"} & set(text["ar"] + text["en"])


async def test_it_updates_itself_when_something_is_published(
    house: TestHouse, http: httpx2.AsyncClient, tmp_path: Path
) -> None:
    first = await http.get("/services")
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await http.get("/services", headers=tag)).status_code == 304
    assert (await http.get("/services/articles/first_days")).status_code == 404
    await publish_changed(house, tmp_path)
    after = await http.get("/services", headers=tag)
    assert after.status_code == 200
    assert "الأيام الأولى" in after.text
    article = await http.get("/services/articles/first_days?language=en")
    assert "<h2>Sleep</h2>" in article.text
    assert "<strong>65</strong>" in article.text
    assert str(SERVICES_TEXT["en"]["draft"]) in article.text
    assert (await http.get("/services/articles/nothing")).json()["code"] == "not_found"
    browsing = {"Accept": "text/html,application/xhtml+xml"}
    missing = await http.get("/services/articles/nothing", headers=browsing)
    assert missing.status_code == 404
    assert '<html lang="ar" dir="rtl">' in missing.text
    assert str(SERVICES_TEXT["ar"]["no_article_next"]) in missing.text
    assert (await http.get("/services/look/services.css")).headers["content-type"] == (
        "text/css; charset=utf-8"
    )
    assert (await http.get("/services/look/LICENSE.txt")).status_code == 404


async def overflows(page: Page) -> bool:
    wide: bool = await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide


@pytest.mark.parametrize("width", [360, 1280])
async def test_the_page_is_arabic_first_and_fits_the_screen(
    browser: Browser, address: str, width: int, house: TestHouse
) -> None:
    page = await browser.new_page(viewport={"width": width, "height": 800})
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("console", lambda said: failed.append(said.text) if said.type == "error" else None)
    await page.goto(f"{address}/services")
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await expect(page.get_by_role("heading", level=1)).to_have_text("دليل خدمات أسرتي")
    services = (await house.ground.catalogues.current()).services
    assert await page.locator("#services article").count() == len(services)
    assert not await overflows(page)
    start = await page.locator("#service-family_book h3").bounding_box()
    assert start is not None
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("dir", "ltr")
    await expect(page.get_by_role("heading", name="Issue of the family book")).to_be_visible()
    assert not await overflows(page)
    assert not failed


async def test_an_article_is_read_in_the_browser(
    browser: Browser, address: str, house: TestHouse, tmp_path: Path
) -> None:
    await publish_changed(house, tmp_path)
    page = await browser.new_page()
    await page.goto(f"{address}/services")
    await page.get_by_role("link", name="الأيام الأولى").click()
    await expect(page.get_by_role("heading", level=2)).to_have_text("النوم")
    await expect(page.locator(".prose strong")).to_have_text("65")
    head = await page.locator("body > header").bounding_box()
    marks = await page.locator(".marks").bounding_box()
    assert head is not None
    assert marks is not None
    assert marks["y"] - (head["y"] + head["height"]) >= CLEAR_PIXELS_MIN


@pytest.mark.parametrize(
    ("language", "day"), [("ar", "21 نوفمبر 2026"), ("en", "21 November 2026")]
)
async def test_the_day_of_the_catalogue_is_said_in_the_readers_words(
    browser: Browser, address: str, language: str, day: str
) -> None:
    page = await browser.new_page()
    await page.goto(f"{address}/services?language={language}")
    await expect(page.locator("footer time")).to_have_text(day)
    await expect(page.locator("footer time")).to_have_attribute("datetime", "2026-11-21")
