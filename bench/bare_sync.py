"""The least that an idle poll and a first sync could be: Starlette, uvicorn, asyncpg, two routes.
`python -m bench.bare_sync PORT DSN CIRCLE PERSON`.

The baseline of `bench/sync.py`: one row read and compared with a tag, and every row of the stream
read and sent as it lies. No sign-in, no signature, no second statement.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CONNECTIONS = 12  # as many as our process has


def bare_app(dsn: str, circle_id: UUID, person_id: UUID) -> Starlette:
    """The two routes over a pool of their own."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
            app.state.pool = pool
            yield

    async def head(request: Request) -> Response:
        row = await request.app.state.pool.fetchrow(
            "SELECT head FROM stream WHERE circle_id = $1 AND person_id = $2", circle_id, person_id
        )
        tag = f'"{row[0]}"'
        same = request.headers.get("if-none-match") == tag
        return Response(status_code=304 if same else 200, headers={"ETag": tag})

    async def rows(request: Request) -> Response:
        found = await request.app.state.pool.fetch(
            "SELECT record_key, number, sealed FROM stream_record"
            " WHERE circle_id = $1 AND person_id = $2 AND sealed IS NOT NULL",
            circle_id,
            person_id,
        )
        return Response(b"".join(row[2] for row in found))

    routes = [Route("/head", head), Route("/rows", rows)]
    return Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    port, dsn, circle, person = sys.argv[1:]
    app = bare_app(dsn, UUID(circle), UUID(person))
    uvicorn.run(app, port=int(port), log_level="warning", access_log=False)
