"""A real browser for tests: the Chromium that `make browser` unpacked, driven by Playwright.

A missing browser is a failure that names the next step, never a skipped test.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

CHECKOUT = Path(__file__).parents[2]
UNPACKED = CHECKOUT / "node_modules" / ".chromium"

# No sandbox: it needs rights that a container's root and a plain user lack, and the tests open
# nothing but our own pages. The others keep the browser from calling home.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class BrowserMissing(RuntimeError):
    """There is no browser to test with."""


def find_browser() -> tuple[Path, dict[str, str]]:
    """The program and the variables it needs beside our own environment.

    Raises: BrowserMissing when neither the unpacked one nor one on PATH is there.
    """
    program = UNPACKED / "chromium"
    if program.exists():
        return program, {
            "LD_LIBRARY_PATH": str(UNPACKED / "lib"),
            "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf"),
        }
    installed = shutil.which("chromium")
    if installed is None:
        raise BrowserMissing(f"No chromium in {UNPACKED}, and none on PATH. Run `make browser`.")
    return Path(installed), {}


@asynccontextmanager
async def launch_browser() -> AsyncIterator[Browser]:
    """A fresh headless browser: `async with launch_browser() as browser`. Ready in about 1 s."""
    program, variables = find_browser()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
            headless=True,
            args=list(FLAGS),
            env={**os.environ, **variables},
        )
        try:
            yield browser
        finally:
            await browser.close()
