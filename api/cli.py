"""`osrati`: the command line. Each command opens what it needs, and says what went wrong in
words.
"""

import argparse
import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable

from api.run import prepare_databases, run
from api.serve import run_api
from api.settings import CHECKOUT, Settings, SettingsError, read_settings
from api.worker import run_worker
from content.pack import SHIPPED_PACK
from content.publish import publish_pack
from domain.document import CatalogueError
from store.clock import SystemClock
from store.embedded import EmbeddedError, default_data_dir
from store.session import Database

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main() -> None:
    """Runs one command; the exit code says whether it did what it was asked."""
    parser = argparse.ArgumentParser(prog="osrati", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (about, _) in COMMANDS.items():
        commands.add_parser(name, help=about)
    asked = parser.parse_args()
    try:
        settings = read_settings(data_dir=default_data_dir(CHECKOUT))
        sys.exit(COMMANDS[asked.command][1](settings))
    except (SettingsError, EmbeddedError, CatalogueError) as refused:
        print(f"osrati: {refused}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _api(settings: Settings) -> int:
    _end_with_parent()
    asyncio.run(run_api(_with_urls(settings)))
    return 0


def _worker(settings: Settings) -> int:
    _end_with_parent()
    asyncio.run(run_worker(_with_urls(settings)))
    return 0


def _migrate(settings: Settings) -> int:
    asyncio.run(prepare_databases(_with_urls(settings)))
    return 0


def _publish(settings: Settings) -> int:
    async def publish() -> int:
        database = Database(str(_with_urls(settings).database_url))
        try:
            return await publish_pack(database, SystemClock(settings.today), SHIPPED_PACK)
        finally:
            await database.close()

    print(f"catalogue version {asyncio.run(publish())} in force")
    return 0


COMMANDS: dict[str, tuple[str, Callable[[Settings], int]]] = {
    "run": ("everything on this machine, with the demonstration families", run),
    "api": ("the web process alone", _api),
    "worker": ("the worker process alone", _worker),
    "migrate": ("bring both databases to this version's schema", _migrate),
    "publish": ("publish the shipped catalogue, if it differs from the one in force", _publish),
}


def _with_urls(settings: Settings) -> Settings:
    for name, url in (
        ("DATABASE_URL", settings.database_url),
        ("KEYSTORE_URL", settings.keystore_url),
        ("REDIS_URL", settings.redis_url),
    ):
        if url is None:
            raise SettingsError(
                f"{name} is not set: set it, or use `osrati run`, which starts its own servers."
            )
    return settings


def _end_with_parent() -> None:
    """A process that `osrati run` started ends when that one is killed, however it is killed."""
    parent = os.environ.get("OSRATI_PARENT")
    if parent is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)


if __name__ == "__main__":
    main()
