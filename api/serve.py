"""The web process: opens the house, serves until told to end, finishes what it has begun."""

import uvicorn
from starlette.applications import Starlette

from api.app import build_app
from api.demo import DemoParent, begun_stories, list_parents
from api.guarded_protocol import GuardedProtocol
from api.log import configure_logs
from api.settings import HOST, Settings
from api.wire import open_house, settle
from api.worker import close_hints, connect_hints

KEEP_ALIVE_SECONDS = 15
GRACEFUL_SECONDS = 10
CONNECTIONS_MAX = 1_000


async def run_api(settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM."""
    configure_logs()
    assert settings.redis_url is not None
    async with open_house(settings) as house:
        hints = await connect_hints(settings.redis_url)

        async def demo_parents() -> list[DemoParent]:
            return await list_parents(house.ground, begun_stories(settings.data_dir))

        app = build_app(house, hints, demo_parents=demo_parents)
        await settle(house)
        try:
            await uvicorn.Server(server_config(app, settings.port)).serve()
        finally:
            await close_hints(hints)


def server_config(app: Starlette, port: int) -> uvicorn.Config:
    """How the application is served, and that the server logs by `api/log.py` alone."""
    return uvicorn.Config(
        app,
        host=HOST,
        port=port,
        http=GuardedProtocol,
        ws="none",  # nothing here speaks it
        log_config=None,  # its own would print exceptions with their text
        log_level="warning",
        access_log=False,  # an address with a person's id in it would be personal
        server_header=False,
        forwarded_allow_ips=[HOST],  # whatever an environment says: only what stands before us
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        limit_concurrency=CONNECTIONS_MAX,
    )
