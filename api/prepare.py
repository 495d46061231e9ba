"""What a start needs: both databases at this code's schema, the shipped catalogue in force; and the
issuer's key renewed when it is to be."""

from api.settings import Settings
from api.wire import open_house
from content.pack import SHIPPED_PACK
from content.publish import publish_pack
from gov.issuer import renew_issuer_key
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


async def renew_issuer(settings: Settings) -> str:
    """A new key signs documents from now on; its id. What earlier keys signed stays good."""
    async with open_house(settings) as house:
        return (await renew_issuer_key(house.ground.keys)).public.kid
