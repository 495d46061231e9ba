"""What we serve to a browser, seen in a real one: no other host, and Arabic in our own font."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import find_browser, launch_browser

STATIC = Path(__file__).parents[2] / "api" / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self'"
)
TYPE = {"kind": "OBJECT", "name": "Query", "fields": [], "interfaces": []}
ANSWER = {
    "data": {"greeting": "أسرتي", "__schema": {"queryType": {"name": "Query"}, "types": [TYPE]}}
}


class Files(SimpleHTTPRequestHandler):
    """The static files under a strict policy, and one answer to every query."""

    posted: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.posted.append({"path": self.path, **json.loads(body)})
        answer = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def end_headers(self) -> None:
        self.send_header("content-security-policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(STATIC)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Files.posted.clear()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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


async def test_the_explorer_works_from_one_origin(origin: str) -> None:
    async with launch_browser() as browser:
        page = await browser.new_page()
        asked, complaints = watch(page)
        await page.goto(f"{origin}/graphiql/index.html")
        editor = page.locator(".graphiql-query-editor .CodeMirror textarea")
        await editor.focus()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("{ greeting }")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".result-window")).to_contain_text("أسرتي")

        assert complaints == []
        assert asked
        assert [url for url in asked if not url.startswith((origin, "data:"))] == []
        assert {post["path"] for post in Files.posted} == {"/graphql"}
        assert any("greeting" in post["query"] for post in Files.posted)


async def test_arabic_is_drawn_in_our_own_font(origin: str) -> None:
    async with launch_browser() as browser:
        page = await browser.new_page()
        await page.goto(f"{origin}/fonts/osrati.css")  # any page of the origin, to be filled
        await page.set_content(
            f"""<link rel="stylesheet" href="{origin}/fonts/osrati.css">
            <p dir="rtl" lang="ar" style="font: 400 32px Osrati">تطعيم طفلك في موعده ٣ Osrati</p>
            <p dir="rtl" lang="ar" style="font: 600 32px Osrati">أسرتي</p>"""
        )
        await page.evaluate("document.fonts.ready")
        session = await page.context.new_cdp_session(page)
        await session.send("DOM.enable")
        await session.send("CSS.enable")
        root = (await session.send("DOM.getDocument"))["root"]["nodeId"]
        for number in (1, 2):
            found = await session.send(
                "DOM.querySelector", {"nodeId": root, "selector": f"p:nth-of-type({number})"}
            )
            fonts = await session.send("CSS.getPlatformFontsForNode", {"nodeId": found["nodeId"]})
            names = {font["familyName"] for font in fonts["fonts"]}
            assert names in ({"IBM Plex Sans Arabic"}, {"IBM Plex Sans Arabic SemiBold"})
            assert all(font["isCustomFont"] for font in fonts["fonts"])


def test_the_browser_is_found() -> None:
    program, _ = find_browser()
    assert program.exists()
