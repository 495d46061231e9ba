"""Wiring: settings become a database, keys, catalogue, queue, registry. Both processes call it."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from api.failing import FailingCircles
from api.refreshing import Refreshing
from api.settings import CHECKOUT, Settings, SettingsError
from gov.event.schema import EventSchemas
from identity.door import Door, open_door
from identity.limit import Counters
from identity.sign_in import CALLBACK_PATH
from identity.staff_provider import StaffProvider, StaffProviderSettings
from identity.staff_route import STAFF_CALLBACK_PATH, StaffDoor
from identity.uae_pass import UaePass, UaePassSettings
from push import prefer, receipt
from push.bell import Bell
from store.clock import SystemClock
from store.key_keeper import FileKeyKeeper
from store.keys import KeyRing
from store.session import Database
from timeline import act, dispute
from timeline.catalogue import Catalogues
from timeline.command import CommandRegistry
from timeline.ground import Ground

MASTER_KEY_FILE = "master.key"
KEYSTORE_CONNECTIONS = 4

# Families are evaluated in threads; each step of the event loop waits as long for its turn beside
# one. Python's own 5 ms made an answer of ten steps 50 ms late (decision 0022, BENCH=loop-wait).
THREAD_SWITCH_SECONDS = 0.001

INTAKE_SCHEMAS = CHECKOUT / "mobile-contract" / "intake"


@dataclass(frozen=True, slots=True)
class House:
    """Everything a process needs, ready."""

    settings: Settings
    ground: Ground
    registry: CommandRegistry
    schemas: EventSchemas
    failing: FailingCircles = field(default_factory=FailingCircles)
    refreshing: Refreshing = field(default_factory=Refreshing)
    telling: Bell = field(default_factory=Bell)
    door: Door | None = None
    staff: StaffDoor | None = None


def build_registry() -> CommandRegistry:
    """Every command of every package."""
    return CommandRegistry((*act.COMMANDS, *dispute.COMMANDS, *prefer.COMMANDS, *receipt.COMMANDS))


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Opens what the settings name (both databases migrated before) and closes it at the end."""
    assert settings.database_url is not None
    assert settings.keystore_url is not None
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
    database = Database(settings.database_url)
    keystore = Database(settings.keystore_url, pool_connections=KEYSTORE_CONNECTIONS)
    try:
        keeper = _open_keeper(master_key_path(settings.data_dir))
        keys = await KeyRing.unlock(keystore, keeper)
        ground = Ground(database, keys, SystemClock(settings.today), Catalogues(database))
        schemas = EventSchemas.load(INTAKE_SCHEMAS)
        async with _open_door(settings, ground) as door, _open_staff(settings, ground) as staff:
            yield House(settings, ground, build_registry(), schemas, door=door, staff=staff)
    finally:
        await database.close()
        await keystore.close()


async def settle(house: House) -> None:
    """Compiles the catalogue in force before anybody waits for it, and takes all that the process
    holds by now out of the rounds of the garbage collector.

    A round over modules and catalogue, some 200,000 objects that live as long as the process, held
    every answer up for 130 ms, and each publication brought one. Called once, by a process that
    serves.
    """
    await house.ground.catalogues.current()
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def _open_door(settings: Settings, ground: Ground) -> AsyncIterator[Door | None]:
    """Sign-in, where the settings name an identity provider."""
    if settings.uae_pass is None:
        yield None
        return
    named = UaePassSettings(
        settings.uae_pass.base_url,
        settings.uae_pass.client_id,
        settings.uae_pass.client_secret,
        f"{settings.origin}{CALLBACK_PATH}",
    )
    door = open_door(
        ground,
        origin=settings.origin,
        apps=settings.apps,
        provider=UaePass(named),
        redis_url=settings.redis_url,
    )
    try:
        yield door
    finally:
        await door.aclose()


@asynccontextmanager
async def _open_staff(settings: Settings, ground: Ground) -> AsyncIterator[StaffDoor | None]:
    """The staff's sign-in, where the settings name its provider."""
    if settings.staff is None:
        yield None
        return
    named = StaffProviderSettings(
        settings.staff.issuer,
        settings.staff.client_id,
        settings.staff.client_secret,
        f"{settings.origin}{STAFF_CALLBACK_PATH}",
        settings.staff.acr,
    )
    provider, counters = StaffProvider(named, ground.clock), Counters(settings.redis_url)
    try:
        yield StaffDoor(ground, settings.origin, provider, counters)
    finally:
        await provider.aclose()
        await counters.aclose()


def _open_keeper(path: Path) -> FileKeyKeeper:
    try:
        return FileKeyKeeper(path)
    except (ValueError, PermissionError) as error:  # its words name the file and the next step
        raise SettingsError(str(error)) from None


def master_key_path(data_dir: Path) -> Path:
    """Where the development master key lies."""
    return data_dir / MASTER_KEY_FILE
