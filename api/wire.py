"""Wiring: settings become a database, keys, catalogue, queue, registry. Both processes call it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from api.failing import FailingCircles
from api.settings import CHECKOUT, Settings, SettingsError
from gov.event_schema import EventSchemas
from store.clock import SystemClock
from store.key_keeper import FileKeyKeeper
from store.keys import KeyRing
from store.session import Database
from timeline import act
from timeline.catalogue import Catalogues
from timeline.command import CommandRegistry
from timeline.ground import Ground

MASTER_KEY_FILE = "master.key"
KEYSTORE_CONNECTIONS = 4
INTAKE_SCHEMAS = CHECKOUT / "mobile-contract" / "intake"


@dataclass(frozen=True, slots=True)
class House:
    """Everything a process needs, ready."""

    settings: Settings
    ground: Ground
    registry: CommandRegistry
    schemas: EventSchemas
    failing: FailingCircles = field(default_factory=FailingCircles)


def build_registry() -> CommandRegistry:
    """Every command of every package."""
    return CommandRegistry(act.COMMANDS)


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Opens what the settings name (both databases migrated before) and closes it at the end."""
    assert settings.database_url is not None
    assert settings.keystore_url is not None
    database = Database(settings.database_url)
    keystore = Database(settings.keystore_url, pool_connections=KEYSTORE_CONNECTIONS)
    try:
        keeper = _open_keeper(master_key_path(settings.data_dir))
        keys = await KeyRing.unlock(keystore.engine, keeper)
        ground = Ground(database, keys, SystemClock(settings.today), Catalogues(database))
        yield House(settings, ground, build_registry(), EventSchemas.load(INTAKE_SCHEMAS))
    finally:
        await database.close()
        await keystore.close()


def _open_keeper(path: Path) -> FileKeyKeeper:
    try:
        return FileKeyKeeper(path)
    except (ValueError, PermissionError) as error:  # its words name the file and the next step
        raise SettingsError(str(error)) from None


def master_key_path(data_dir: Path) -> Path:
    """Where the development master key lies."""
    return data_dir / MASTER_KEY_FILE
