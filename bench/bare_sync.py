"""The least that an idle poll and a first sync could be: Starlette, uvicorn, asyncpg, two routes.
`python -m bench.bare_sync PORT DSN`.

The baseline of `bench/sync.py`: one row read and compared with a tag, and every row of a stream
read and sent as it lies. No sign-in, no signature, no second statement.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CONNECTIONS = 4  # as many as our process has for single statements
_PLACE = "{circle:uuid}/{person:uuid}"


def bare_app(dsn: str) -> Starlette:
    """The two routes over a pool of their own."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
            app.state.pool = pool
            yield

    async def ready(_: Request) -> Response:
        return Response()

    async def head(request: Request) -> Response:
        row = await request.app.state.pool.fetchrow(
            "SELECT head FROM stream WHERE circle_id = $1 AND person_id = $2",
            request.path_params["circle"],
            request.path_params["person"],
        )
        tag = f'"{row[0]}"'
        same = request.headers.get("if-none-match") == tag
        return Response(status_code=304 if same else 200, headers={"ETag": tag})

    async def rows(request: Request) -> Response:
        found = await request.app.state.pool.fetch(
            "SELECT record_key, number, sealed FROM stream_record"
            " WHERE circle_id = $1 AND person_id = $2 AND sealed IS NOT NULL",
            request.path_params["circle"],
            request.path_params["person"],
        )
        return Response(b"".join(row[2] for row in found))

    routes = [
        Route("/ready", ready),
        Route(f"/head/{_PLACE}", head),
        Route(f"/rows/{_PLACE}", rows),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    port, dsn = sys.argv[1:]
    uvicorn.run(bare_app(dsn), port=int(port), log_level="warning", access_log=False)
