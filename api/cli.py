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
from importlib import import_module
from typing import Any  # a command's function is found by its name

from api.settings import CHECKOUT, Settings, SettingsError, read_settings
from domain.compile.document import CatalogueError
from store.embedded import EmbeddedError, default_data_dir

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main() -> None:
    """Runs one command; the exit code says whether it did what it was asked."""
    if len(sys.argv) > 1 and sys.argv[1] in OPERATIONS:
        sys.exit(_of(f"api.operate.{sys.argv[1]}", sys.argv[1])(sys.argv[2:]))
    if len(sys.argv) > 1 and sys.argv[1] in TOOLS:
        module = TOOL_MODULES.get(sys.argv[1], "api.tools")
        sys.exit(_of(module, sys.argv[1])(sys.argv[2:]))
    parser = argparse.ArgumentParser(prog="osrati", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (about, _) in COMMANDS.items():
        commands.add_parser(name, help=about)
    for name, about in (OPERATIONS | TOOLS).items():
        commands.add_parser(name, help=about, add_help=False)
    asked = parser.parse_args()
    settings = None
    try:
        settings = read_settings(data_dir=default_data_dir(CHECKOUT))
        sys.exit(COMMANDS[asked.command][1](settings))
    except (SettingsError, EmbeddedError, CatalogueError) as refused:
        print(f"osrati: {refused}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        said = _of("api.fault", "explain")(error, settings)
        if said is None:
            raise  # a bug: its traceback is wanted
        print(f"osrati: {said}", file=sys.stderr)
        sys.exit(2)


def _run(settings: Settings) -> int:
    return int(_of("api.run", "run")(settings))


def _api(settings: Settings) -> int:
    _end_with_parent()
    _serve("api.serve", "run_api", settings)
    return 0


def _worker(settings: Settings) -> int:
    _end_with_parent()
    _serve("api.worker", "run_worker", settings)
    return 0


def _serve(module: str, name: str, settings: Settings) -> None:
    """Runs a process that serves, on uvloop: its reads and writes cost less than asyncio's own."""
    _of("uvloop", "run")(_of(module, name)(_require_urls(settings, *SERVERS)))


def _migrate(settings: Settings) -> int:
    named = _require_urls(settings, "DATABASE_URL", "KEYSTORE_URL")
    asyncio.run(_of("api.prepare", "prepare_databases")(named))
    return 0


def _publish(settings: Settings) -> int:
    version = asyncio.run(
        _of("api.prepare", "publish_shipped")(_require_urls(settings, "DATABASE_URL"))
    )
    print(f"catalogue version {version} in force")
    return 0


def _renew_issuer(settings: Settings) -> int:
    named = _require_urls(settings, "DATABASE_URL", "KEYSTORE_URL")
    key_id = asyncio.run(_of("api.prepare", "renew_issuer")(named))
    print(f"documents are signed by key {key_id} from now on")
    return 0


COMMANDS: dict[str, tuple[str, Callable[[Settings], int]]] = {
    "run": ("everything on this machine, with the demonstration families", _run),
    "api": ("the web process alone", _api),
    "worker": ("the worker process alone", _worker),
    "migrate": ("bring both databases to this version's schema", _migrate),
    "publish": ("publish the shipped catalogue, if it differs from the one in force", _publish),
    "renew-issuer": ("a new key to sign documents; earlier documents stay good", _renew_issuer),
}
OPERATIONS: dict[str, str] = {
    "agency": "who may report what, by which keys: add, change, rotate, revoke, list, show, log",
    "catalogue": "entries: check, load, diff, export, read a rule in words, roll out, withdraw",
    "funnel": "how far notices came, by service and emirate: show, recount",
    "inbox": "what agencies sent: count, list, show, and replay what was held",
    "notice": "what did not go, and why: dead count, list, retry; closed count, list, texts",
    "people": "suspected duplicates: duplicates list, show, join, dismiss",
    "projection": "the audience projection: status, rebuild, log",
    "replay": "what a member saw on a day, and whether it is made the same again",
}
"""Commands of `api/operate/`: they work on the databases, and what they change is recorded."""
TOOLS: dict[str, str] = {
    "forecast": "CDC's case files against the immunization forecast: --cases FILE.csv",
    "intake": "send FHIR or event files through the public intake, signed: FILE…",
    "growth": "reference outputs against the growth scores: --cases FILE.csv",
    "scenarios": "run the stories of families against the catalogue: [NAME…] [--walk]",
    "schedule": "import published tables: import cdsi DIRECTORY FILE, import who SOURCE FILE",
}
"""Commands that read their own arguments and need no server: `api/tools.py`, else as said below."""
TOOL_MODULES: dict[str, str] = {"intake": "api.operate.intake", "scenarios": "api.scenarios"}
SERVERS = ("DATABASE_URL", "KEYSTORE_URL", "REDIS_URL")


def _of(module: str, name: str) -> Callable[..., Any]:
    """A command's own code, imported when it is asked for: a start imports GraphQL only where it is
    served (two seconds of processor time on a small machine)."""
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def _require_urls(settings: Settings, *names: str) -> Settings:
    urls = {
        "DATABASE_URL": settings.database_url,
        "KEYSTORE_URL": settings.keystore_url,
        "REDIS_URL": settings.redis_url,
    }
    for name in names:
        if urls[name] is None:
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
