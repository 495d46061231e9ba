"""The least that a request of GraphQL could be: Starlette, uvicorn, a body read and bytes sent.
`python -m bench.bare_graphql PORT FILE`.

A baseline of `bench/request.py`: no parsing, no sign-in, no database; the file's bytes are the
answer.
"""

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def bare_app(answer: bytes) -> Starlette:
    """The route, and one that says it is there."""

    async def graphql(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    async def ready(_: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"]), Route("/ready", ready)])


if __name__ == "__main__":
    port, path = sys.argv[1:]
    app = bare_app(Path(path).read_bytes())
    uvicorn.run(app, port=int(port), log_level="warning", access_log=False)
