"""A phone before the real application, with UAE PASS's simulator as a process of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from api.settings import read_settings
from tests.support.door import Phone, open_phone, uae_pass_process
from tests.support.house import TestHouse


@pytest.fixture(scope="session")
def uae_pass() -> Iterator[str]:
    """The simulator's base URL."""
    with uae_pass_process() as url:
        yield url


@pytest.fixture
async def phone(house: TestHouse, uae_pass: str, tmp_path: Path) -> AsyncIterator[Phone]:
    """A phone that nobody has signed in on."""
    settings = read_settings({}, data_dir=tmp_path)
    async with open_phone(house, settings, uae_pass) as opened:
        yield opened
        await opened.weather()
