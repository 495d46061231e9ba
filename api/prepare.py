"""What a start needs: both databases at this code's schema, the shipped catalogue in force."""

from api.settings import Settings
from content.pack import SHIPPED_PACK
from content.publish import publish_pack
from store.clock import SystemClock
from store.migrate import migrate
from store.session import Database


async def prepare_databases(settings: Settings) -> None:
    """Brings both databases to the schema of this code."""
    assert settings.database_url is not None
    assert settings.keystore_url is not None
    await migrate(settings.database_url, "main")
    await migrate(settings.keystore_url, "keys")


async def publish_shipped(settings: Settings) -> int:
    """Publishes the shipped pack if it differs from what is in force; the version in force."""
    database = Database(str(settings.database_url))
    try:
        return await publish_pack(database, SystemClock(settings.today), SHIPPED_PACK)
    finally:
        await database.close()
