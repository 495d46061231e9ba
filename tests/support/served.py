"""An application on a free port of loopback: real HTTP for whoever is not of this process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from api.app import build_app
from api.settings import Environment, read_settings
from api.wire import House
from tests.support.house import TestHouse
from tests.support.intake import HeldHints


def loopback_socket() -> socket.socket:
    """A socket on a free port, which says that it is TCP: asyncio sends small answers at once only
    through such a one. Through another, an answer of two parts waits 40 ms for the client's word
    that it has the first.
    """
    listening = socket.socket(proto=socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Its address while it is served."""
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    with loopback_socket() as listening:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listening]))
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True


def app_of(house: TestHouse, environment: Environment) -> Starlette:
    """The whole application as that environment has it. The settings of production are made by
    hand: no process can be started with them yet."""
    settings = replace(read_settings({}, data_dir=Path("/nowhere")), environment=environment)
    return build_app(House(settings, house.ground, house.registry, house.schemas), HeldHints())
