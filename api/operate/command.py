"""What every operator's command shares: the databases it works on, who gave it, how it fails.

Beside `osrati run` a command finds the servers that run on OSRATI_DATA_DIR; else it needs
DATABASE_URL and KEYSTORE_URL.
"""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from api.fault import explain
from api.run import DATABASE, KEYSTORE
from api.settings import CHECKOUT, Settings, SettingsError, read_settings
from api.wire import House, open_house
from domain.calendar_date import DUBAI
from domain.error import Refusal
from store.embedded import EmbeddedError, default_data_dir
from store.embedded_postgres import EmbeddedPostgres

DONE, REFUSED, WRONG = 0, 1, 2


class Wrong(Exception):
    """What was asked makes no sense: the message names the argument, the cause, the next step."""


def operate(work: Callable[[House], Awaitable[int]]) -> int:
    """Runs one command in an opened house; the exit code: 0 done, 1 refused, 2 not possible."""
    settings = None
    try:
        settings = _with_servers(read_settings(data_dir=default_data_dir(CHECKOUT)))
        return asyncio.run(_opened(settings, work))
    except Refusal as refused:
        detail = f" ({refused.detail})" if refused.detail else ""
        print(f"osrati: {refused.en}{detail}\n{refused.ar}", file=sys.stderr)
        return REFUSED
    except (Wrong, SettingsError, EmbeddedError) as wrong:
        print(f"osrati: {wrong}", file=sys.stderr)
        return WRONG
    except Exception as error:
        said = explain(error, settings)
        if said is None:
            raise  # a bug: its traceback is wanted
        print(f"osrati: {said}", file=sys.stderr)
        return WRONG


async def _opened(settings: Settings, work: Callable[[House], Awaitable[int]]) -> int:
    async with open_house(settings) as house:
        return await work(house)


def _with_servers(settings: Settings) -> Settings:
    found = replace(
        settings,
        database_url=settings.database_url
        or EmbeddedPostgres.find_running(settings.data_dir, DATABASE),
        keystore_url=settings.keystore_url
        or EmbeddedPostgres.find_running(settings.data_dir, KEYSTORE),
    )
    if found.database_url is None or found.keystore_url is None:
        raise SettingsError(
            "DATABASE_URL and KEYSTORE_URL are not set, and nothing runs on OSRATI_DATA_DIR: set "
            "both, or start `osrati run` beside this command."
        )
    return found


def operator() -> str:
    """Who gives the command: the name of the account on this machine."""
    return getpass.getuser()


def read_instant(text: str) -> datetime:
    """An instant with its offset, or a day: its beginning in Asia/Dubai. Raises: Wrong."""
    try:
        if len(text) == len("2026-12-01"):
            return datetime.combine(date.fromisoformat(text), time(), DUBAI)
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(
            f"{text!r} is no instant: write 2026-12-01 or 2026-12-01T08:00:00+04:00."
        ) from None
    if instant.tzinfo is None:
        raise Wrong(f"{text!r} has no offset: write it as {text}+04:00.")
    return instant


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as lines of aligned columns; the first row is the heading."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
